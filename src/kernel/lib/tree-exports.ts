// Exported symbols of the red-black trees and what is built on them: timerqueue, interval trees. Linux: lib/rbtree.c,
// lib/timerqueue.c, lib/interval_tree.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { CallGuest } from './call-guest.ts';
import { RAX, RDI, RDX, RSI } from '../../ir/ir.ts';
import { type ExportTable, fn, raw } from '../exports/define.ts';
import { type Node, RbTree, type Root, type Rotated } from './rbtree.ts';

export function treeExports(ram: Ram, abi: Abi, callGuest: CallGuest): ExportTable {
  const tree = new RbTree(ram, abi);
  const none: Rotated = () => {};
  const guestRotate = (symbol: string, callback: Ptr): Rotated => (old, next) => { callGuest(symbol, callback, [old, next]); };
  return {
    rb_insert_color: fn('rb_insert_color', (node: Node, root: Root) => tree.insertFixup(node, root, none)),
    rb_erase: fn('rb_erase', (node: Node, root: Root) => tree.erase(node, root)),
    __rb_insert_augmented: fn('__rb_insert_augmented', (node: Node, root: Root, rotate: Ptr) => tree.insertFixup(node, root, guestRotate('__rb_insert_augmented', rotate))),
    __rb_erase_color: fn('__rb_erase_color', (parent: Node, root: Root, rotate: Ptr) => tree.eraseFixup(parent, root, guestRotate('__rb_erase_color', rotate))),
    rb_first: fn('rb_first', (root: Root) => tree.extreme(tree.top(root), 'left')),
    rb_last: fn('rb_last', (root: Root) => tree.extreme(tree.top(root), 'right')),
    rb_next: fn('rb_next', (node: Node) => tree.neighbour(node, 'right')),
    rb_prev: fn('rb_prev', (node: Node) => tree.neighbour(node, 'left')),
    rb_first_postorder: fn('rb_first_postorder', (root: Root) => tree.firstPostorder(tree.top(root))),
    rb_next_postorder: fn('rb_next_postorder', (node: Node) => tree.nextPostorder(node)),
    rb_replace_node: fn('rb_replace_node', (victim: Node, next: Node, root: Root) => tree.replace(victim, next, root)),
    rb_replace_node_rcu: fn('rb_replace_node_rcu', (victim: Node, next: Node, root: Root) => tree.replace(victim, next, root)),
    ...timerqueueExports(ram, abi, tree),
    ...intervalTreeExports(ram, abi, tree),
  };
}

/** A tree of expiry times with its first node cached. */
function timerqueueExports(ram: Ram, abi: Abi, tree: RbTree): ExportTable {
  const expires = abi.struct('timerqueue_node').offset('expires');
  const root = abi.struct('timerqueue_head').offset('rb_root.rb_root');
  const leftmost = abi.struct('timerqueue_head').offset('rb_root.rb_leftmost');
  return {
    timerqueue_add: fn('timerqueue_add', (head: Ptr<'timerqueue_head'>, node: Ptr) => {
      const key = ram.readI64(node + expires);
      let parent: Node = 0;
      let side: 'left' | 'right' = 'left';
      let isFirst = true;
      for (let up = tree.top(head + root); up !== 0; up = tree.child(up, side)) {
        parent = up;
        side = key < ram.readI64(up + expires) ? 'left' : 'right';
        isFirst &&= side === 'left';
      }
      tree.link(node, parent, side, head + root);
      if (isFirst) ram.writePtr(head + leftmost, node);
      tree.insertFixup(node, head + root, () => {});
      return isFirst;
    }),
    timerqueue_del: fn('timerqueue_del', (head: Ptr<'timerqueue_head'>, node: Ptr) => {
      if (ram.readPtr(head + leftmost) === node) ram.writePtr(head + leftmost, tree.neighbour(node, 'right'));
      tree.erase(node, head + root);
      tree.clear(node);
      return ram.readPtr(head + leftmost) !== 0;
    }),
    timerqueue_iterate_next: fn('timerqueue_iterate_next', (node: Ptr) => (node === 0 ? 0 : tree.neighbour(node, 'right')) as number),
  };
}

/** Intervals [start, last] by their start; each node knows the largest `last` below it. */
function intervalTreeExports(ram: Ram, abi: Abi, tree: RbTree): ExportTable {
  const layout = abi.struct('interval_tree_node');
  const at = { start: layout.offset('start'), last: layout.offset('last'), subtree: layout.offset('__subtree_last') };
  const leftmost = abi.struct('rb_root_cached').offset('rb_leftmost');
  const start = (node: Node): bigint => ram.readU64(node + at.start);
  const last = (node: Node): bigint => ram.readU64(node + at.last);
  const subtreeLast = (node: Node): bigint => ram.readU64(node + at.subtree);
  const update = (node: Node): void => {
    let largest = last(node);
    for (const side of ['left', 'right'] as const) {
      const child = tree.child(node, side);
      if (child !== 0 && subtreeLast(child) > largest) largest = subtreeLast(child);
    }
    ram.writeU64(node + at.subtree, largest);
  };
  /** First node in order, from `node` on, that overlaps. */
  const overlapping = (first: Node, low: bigint, high: bigint): Node => {
    for (let node = first; node !== 0 && start(node) <= high; node = tree.neighbour(node, 'right')) if (last(node) >= low) return node;
    return 0;
  };
  /** The leftmost node of a subtree that ends at or after `low`. */
  const firstEndingAfter = (top: Node, low: bigint): Node => {
    let node = top;
    if (node === 0 || subtreeLast(node) < low) return 0;
    for (;;) {
      const left = tree.child(node, 'left');
      if (left !== 0 && subtreeLast(left) >= low) node = left;
      else if (last(node) >= low) return node;
      else node = tree.child(node, 'right');
    }
  };
  return {
    interval_tree_insert: fn('interval_tree_insert', (node: Ptr, root: Ptr) => {
      let parent: Node = 0;
      let side: 'left' | 'right' = 'left';
      let isFirst = true;
      for (let up = tree.top(root); up !== 0; up = tree.child(up, side)) {
        if (subtreeLast(up) < last(node)) ram.writeU64(up + at.subtree, last(node));
        parent = up;
        side = start(node) < start(up) ? 'left' : 'right';
        isFirst &&= side === 'left';
      }
      ram.writeU64(node + at.subtree, last(node));
      tree.link(node, parent, side, root);
      if (isFirst) ram.writePtr(root + leftmost, node);
      tree.insertFixup(node, root, (old, next) => {
        update(old);
        update(next);
      });
    }),
    interval_tree_remove: fn('interval_tree_remove', (node: Ptr, root: Ptr) => {
      if (ram.readPtr(root + leftmost) === node) ram.writePtr(root + leftmost, tree.neighbour(node, 'right'));
      tree.erase(node, root, update);
    }),
    interval_tree_iter_first: raw((regs) => {
      const [low, high] = [BigInt.asUintN(64, regs.getBig(RSI)), BigInt.asUintN(64, regs.getBig(RDX))];
      regs.set(RAX, overlapping(firstEndingAfter(tree.top(regs.get(RDI)), low), low, high));
    }),
    interval_tree_iter_next: raw((regs) => {
      const [low, high] = [BigInt.asUintN(64, regs.getBig(RSI)), BigInt.asUintN(64, regs.getBig(RDX))];
      regs.set(RAX, overlapping(tree.neighbour(regs.get(RDI), 'right'), low, high));
    }),
  };
}
