// Control flow as WebAssembly's nested blocks and loops, out of the dominator tree (Norman Ramsey, Beyond Relooper, 2022): a
// node is written inside the node that dominates it; a node with several forward predecessors follows the end of a block
// that they branch out of. Irreducible graphs get a dispatch loop: one `br_table` over all nodes, forward edges direct.

import { assert } from '../../base/assert.ts';
import type { Code, Label } from '../../wasm/code.ts';
import { I32 } from '../../wasm/opcodes.ts';
import type { ControlFlow, FlowNode } from './control-flow.ts';

/** What stands inside the structure. */
export interface NodeWriter {
  /** Statements of a node. */
  body(node: FlowNode): void;
  /** Its terminator; control goes on by `transfer`. */
  terminator(node: FlowNode, transfer: Transfer): void;
}
export interface Transfer {
  /** Control goes to `target`; code after it is not reached. */
  to(target: FlowNode): void;
  /** The label to branch to when nothing but a branch is needed, else undefined. */
  label(target: FlowNode): Label | undefined;
}

/** Nesting in JavaScript follows nesting in the code; larger functions are left to the interpreter. */
export const MAX_NODES = 1500;

export function writeStructured(code: Code, flow: ControlFlow, writer: NodeWriter): void {
  const labels = new Map<FlowNode, Label>();

  const branch = (from: FlowNode, target: FlowNode): void => {
    if (target.index <= from.index || target.isMerge) code.br(labelOf(target));
    else tree(target);
  };
  const labelOf = (node: FlowNode): Label => {
    const label = labels.get(node);
    assert(label !== undefined, 'a branch goes to an open block');
    return label;
  };
  const tree = (node: FlowNode): void => {
    if (!node.isLoopHeader) {
      followers(node, merges(node), 0);
      return;
    }
    const outer = labels.get(node);
    labels.set(node, code.loop());
    followers(node, merges(node), 0);
    code.end();
    if (outer === undefined) labels.delete(node);
    else labels.set(node, outer);
  };
  /** Merge nodes that `node` dominates, the one written last first. */
  const merges = (node: FlowNode): FlowNode[] => node.dominated.filter((child) => child.isMerge).sort((a, b) => b.index - a.index);
  const followers = (node: FlowNode, rest: readonly FlowNode[], position: number): void => {
    const follower = rest[position];
    if (!follower) {
      writer.body(node);
      writer.terminator(node, {
        to: (target) => branch(node, target),
        label: (target) => (target.index <= node.index || target.isMerge ? labelOf(target) : undefined),
      });
      return;
    }
    labels.set(follower, code.block());
    followers(node, rest, position + 1);
    code.end();
    labels.delete(follower);
    tree(follower);
  };
  tree(flow.nodes[0]!);
}

/** All nodes behind one `br_table`; `selector` is an i32 local, 0 at first. */
export function writeDispatch(code: Code, flow: ControlFlow, writer: NodeWriter, selector = code.local(I32)): void {
  const { nodes } = flow;
  const again = code.loop();
  const ends: Label[] = new Array(nodes.length);
  for (let i = nodes.length - 1; i >= 0; i--) ends[i] = code.block();
  code.get(selector);
  code.brTable(ends.slice(0, -1), ends[nodes.length - 1]!);
  for (const node of nodes) {
    code.end();
    writer.body(node);
    writer.terminator(node, {
      to: (target) => {
        if (target.index > node.index) {
          code.br(ends[target.index]!);
          return;
        }
        code.i32(target.index);
        code.set(selector);
        code.br(again);
      },
      label: (target) => (target.index > node.index ? ends[target.index] : undefined),
    });
  }
  code.end();
}
