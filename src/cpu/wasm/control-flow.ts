// Control-flow graph of one function as the structuring needs it: blocks in reverse postorder, dominators, loops. The root
// need not be the function's entry: a resumable version starts at any block, and only what is reachable from there exists.

import type { Block, IrFunction } from '../../ir/ir.ts';
import { successors } from '../../ir/work.ts';

export interface Loop {
  readonly header: FlowNode;
  readonly parent: Loop | undefined;
}

export interface FlowNode {
  /** Position in reverse postorder; the root is 0. An edge to a smaller or equal index goes backward. */
  readonly index: number;
  readonly block: Block;
  readonly successors: FlowNode[];
  readonly predecessors: FlowNode[];
  dominator: FlowNode | undefined;
  /** Nodes whose immediate dominator this is. */
  readonly dominated: FlowNode[];
  isLoopHeader: boolean;
  /** More than one forward edge comes in: the node is reached by a branch to a label. */
  isMerge: boolean;
  /** Innermost loop around the node. */
  loop: Loop | undefined;
}

export interface ControlFlow {
  readonly nodes: readonly FlowNode[];
  readonly byStart: ReadonlyMap<number, FlowNode>;
  /** Every backward edge goes to a dominator. */
  readonly isReducible: boolean;
}

/** Undefined when a block jumps to an address that is no block of the function. */
export function controlFlow(fn: IrFunction, root = fn.entry): ControlFlow | undefined {
  const order = reversePostorder(fn, root);
  if (!order) return undefined;
  const nodes = order.map((block, index): FlowNode => ({
    index, block, successors: [], predecessors: [], dominator: undefined, dominated: [], isLoopHeader: false, isMerge: false, loop: undefined,
  }));
  const byStart = new Map(nodes.map((node) => [node.block.start, node]));
  for (const node of nodes) {
    for (const target of successors(node.block)) {
      const successor = byStart.get(target)!;
      node.successors.push(successor);
      successor.predecessors.push(node);
    }
  }
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
  if (isReducible) findLoops(nodes);
  return { nodes, byStart, isReducible };
}

function reversePostorder(fn: IrFunction, root: number): Block[] | undefined {
  const first = fn.blocks.get(root);
  if (!first) return undefined;
  const postorder: Block[] = [];
  const seen = new Set([root]);
  const stack: { block: Block; targets: readonly number[]; position: number }[] = [{ block: first, targets: successors(first), position: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    if (top.position === top.targets.length) {
      postorder.push(top.block);
      stack.pop();
      continue;
    }
    const target = top.targets[top.position++]!;
    if (seen.has(target)) continue;
    const block = fn.blocks.get(target);
    if (!block) return undefined;
    seen.add(target);
    stack.push({ block, targets: successors(block), position: 0 });
  }
  return postorder.reverse();
}

/** Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm. */
function findDominators(nodes: readonly FlowNode[]): void {
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

export function dominates(upper: FlowNode, lower: FlowNode): boolean {
  let node: FlowNode | undefined = lower;
  while (node && node.index > upper.index) node = node.dominator;
  return node === upper;
}

/** Natural loops of a reducible graph, innermost first, so that each node keeps its innermost one. */
function findLoops(nodes: readonly FlowNode[]): void {
  const parents = new Map<Loop, Loop>();
  const outermost = (loop: Loop): Loop => {
    let outer = loop;
    for (let next = parents.get(outer); next; next = parents.get(outer)) outer = next;
    return outer;
  };
  for (let i = nodes.length - 1; i >= 0; i--) {
    const header = nodes[i]!;
    if (!header.isLoopHeader) continue;
    const loop: Loop = { header, get parent() { return parents.get(loop); } };
    const work = header.predecessors.filter((node) => node.index >= header.index);
    const claim = (node: FlowNode): void => {
      if (node.loop === undefined) {
        node.loop = loop;
        if (node !== header) work.push(...node.predecessors);
        return;
      }
      const outer = outermost(node.loop);
      if (outer === loop) return;
      parents.set(outer, loop);
      work.push(...outer.header.predecessors);
    };
    claim(header);
    for (let node = work.pop(); node; node = work.pop()) claim(node);
  }
}
