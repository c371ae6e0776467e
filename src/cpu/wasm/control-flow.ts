// Control-flow graph of one function as the structuring needs it: blocks in reverse postorder, dominators, loops. The root
// need not be the function's entry: a resumable version starts at any block, and only what is reachable from there exists.

import type { Block, IrFunction } from '../../ir/ir.ts';
import { chargePoints, successors } from '../../ir/work.ts';

export interface FlowNode {
  /** Position in reverse postorder; the root is 0. An edge to a smaller or equal index goes backward. */
  readonly index: number;
  readonly block: Block;
  /** In the order of the terminator's fields: taken before next. */
  readonly successors: readonly FlowNode[];
  readonly predecessors: readonly FlowNode[];
  readonly dominator: FlowNode | undefined;
  /** Nodes whose immediate dominator this is. */
  readonly dominated: readonly FlowNode[];
  readonly isLoopHeader: boolean;
  /** More than one forward edge comes in: the node is reached by a branch to a label. */
  readonly isMerge: boolean;
  /** 0, or which of the further iterations of an unrolled loop this node is a copy for. */
  readonly copy: number;
  /** Of the header of an unrolled loop: iterations that one round of it makes; else 1. */
  readonly iterations: number;
}

interface Loop {
  readonly header: MutableNode;
  /** All nodes inside, those of inner loops too. */
  readonly nodes: readonly MutableNode[];
  readonly hasInner: boolean;
}

export interface ControlFlow {
  readonly nodes: readonly FlowNode[];
  /** Every backward edge goes to a dominator. */
  readonly isReducible: boolean;
}

interface MutableNode extends FlowNode {
  index: number;
  successors: MutableNode[];
  predecessors: MutableNode[];
  dominator: MutableNode | undefined;
  dominated: MutableNode[];
  isLoopHeader: boolean;
  isMerge: boolean;
  iterations: number;
}

/** Undefined when a block jumps to an address that is no block of the function. */
export function controlFlow(fn: IrFunction, root = fn.entry): ControlFlow | undefined {
  const first = graph(fn, root);
  if (!first) return undefined;
  const flow = analyze(first);
  return flow.isReducible && unroll(findLoops(flow.nodes), chargePoints(fn)) ? analyze(first) : flow;
}

const newNode = (block: Block, copy: number): MutableNode => ({
  index: -1, block, successors: [], predecessors: [], dominator: undefined, dominated: [], isLoopHeader: false, isMerge: false, copy, iterations: 1,
});

/** The root of the graph of blocks. */
function graph(fn: IrFunction, root: number): MutableNode | undefined {
  const nodes = new Map<number, MutableNode>();
  const nodeAt = (start: number): MutableNode | undefined => {
    const known = nodes.get(start);
    if (known) return known;
    const block = fn.blocks.get(start);
    if (!block) return undefined;
    const node = newNode(block, 0);
    nodes.set(start, node);
    work.push(node);
    return node;
  };
  const work: MutableNode[] = [];
  const first = nodeAt(root);
  for (let node = work.pop(); node; node = work.pop()) {
    for (const target of successors(node.block)) {
      const successor = nodeAt(target);
      if (!successor) return undefined;
      node.successors.push(successor);
    }
  }
  return first;
}

/** Order, predecessors, dominators of what is reachable from `first`. */
function analyze(first: MutableNode): { readonly nodes: readonly MutableNode[]; readonly isReducible: boolean } {
  const nodes = reversePostorder(first);
  nodes.forEach((node, index) => {
    node.index = index;
    node.predecessors = [];
    node.dominated = [];
    node.dominator = undefined;
    node.isLoopHeader = false;
  });
  for (const node of nodes) for (const successor of node.successors) successor.predecessors.push(node);
  findDominators(nodes);
  let isReducible = true;
  for (const node of nodes) {
    let forward = 0;
    for (const predecessor of node.predecessors) {
      if (predecessor.index < node.index) forward++;
      else {
        node.isLoopHeader = true;
        if (!dominates(node, predecessor)) isReducible = false;
      }
    }
    node.isMerge = forward > 1;
  }
  return { nodes, isReducible };
}

function reversePostorder(first: MutableNode): MutableNode[] {
  const postorder: MutableNode[] = [];
  const seen = new Set([first]);
  const stack: { node: MutableNode; position: number }[] = [{ node: first, position: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const target = top.node.successors[top.position++];
    if (!target) {
      postorder.push(top.node);
      stack.pop();
    } else if (!seen.has(target)) {
      seen.add(target);
      stack.push({ node: target, position: 0 });
    }
  }
  return postorder.reverse();
}

/** Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm. */
function findDominators(nodes: readonly MutableNode[]): void {
  const dominator = new Int32Array(nodes.length).fill(-1);
  dominator[0] = 0;
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (let i = 1; i < nodes.length; i++) {
      let common = -1;
      for (const { index } of nodes[i]!.predecessors) {
        if (dominator[index]! < 0) continue;
        if (common < 0) common = index;
        let other = index;
        while (other !== common) {
          while (other > common) other = dominator[other]!;
          while (common > other) common = dominator[common]!;
        }
      }
      if (common !== dominator[i]) {
        dominator[i] = common;
        isChanged = true;
      }
    }
  }
  for (let i = 1; i < nodes.length; i++) {
    const parent = nodes[dominator[i]!]!;
    nodes[i]!.dominator = parent;
    parent.dominated.push(nodes[i]!);
  }
}

function dominates(upper: FlowNode, lower: FlowNode): boolean {
  let node: FlowNode | undefined = lower;
  while (node && node.index > upper.index) node = node.dominator;
  return node === upper;
}

/** Natural loops of a reducible graph. Loops that share a header are one. */
function findLoops(nodes: readonly MutableNode[]): Loop[] {
  const loops: Loop[] = [];
  for (const header of nodes) {
    if (!header.isLoopHeader) continue;
    const inside = new Set([header]);
    const work = header.predecessors.filter((node) => node.index >= header.index);
    let hasInner = false;
    for (let node = work.pop(); node; node = work.pop()) {
      if (inside.has(node)) continue;
      inside.add(node);
      if (node.isLoopHeader) hasInner = true;
      work.push(...node.predecessors);
    }
    loops.push({ header, nodes: [...inside], hasInner });
  }
  return loops;
}

/** Instructions that the copies of a loop may have together. */
const UNROLLED_INSNS = 64;
const MAX_ITERATIONS = 8;

/**
 * Small loops without calls make several iterations a round: the engine's own check at the top of each loop, the comparison of the
 * work budget, and the address checks of pointers that move by a constant are then made once a round. Changes the graph; false
 * if there was no such loop.
 */
function unroll(loops: readonly Loop[], charged: ReadonlyMap<number, number>): boolean {
  let hasChanged = false;
  for (const loop of loops) {
    const { header, nodes } = loop;
    const isCharged = ({ block }: MutableNode): boolean => charged.has(block.start);
    // A round compares the budget once, at its top.
    if (loop.hasInner || !isCharged(header) || nodes.some((node) => leavesLoop(node.block) || (node !== header && isCharged(node)))) continue;
    const nrInsns = nodes.reduce((sum, { block }) => sum + block.insns.length + 1, 0);
    const iterations = Math.min(MAX_ITERATIONS, 2 ** Math.floor(Math.log2(UNROLLED_INSNS / nrInsns)));
    if (iterations < 2) continue;
    const copies = Array.from({ length: iterations }, (_, copy) => new Map(nodes.map((node) => [node, copy === 0 ? node : newNode(node.block, copy)])));
    const originals = new Map(nodes.map((node) => [node, node.successors]));
    copies.forEach((copy, number) => {
      const next = copies[(number + 1) % iterations]!;
      for (const [node, duplicate] of copy) {
        duplicate.successors = originals.get(node)!.map((target) => (target === header ? next.get(header)! : copy.get(target) ?? target));
      }
    });
    header.iterations = iterations;
    hasChanged = true;
  }
  return hasChanged;
}
const leavesLoop = ({ insns, term }: Block): boolean =>
  term.t === 'call' || insns.some((insn) => insn.stmts.some((stmt) => stmt.s === 'intrinsic' || stmt.s === 'string'));
