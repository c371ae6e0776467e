// Exported symbols of the red-black trees and what is built on them: timerqueue, interval trees. Linux: lib/rbtree.c,
// lib/timerqueue.c, lib/interval_tree.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { CallGuest } from './call-guest.ts';
import { type ExportTable, fn } from '../exports/define.ts';
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
  };
}

/** A tree of expiry times with its first node cached. */
function timerqueueExports(ram: Ram, abi: Abi, tree: RbTree): ExportTable {
  const expires = abi.struct('timerqueue_node').offset('expires');
  const root = abi.struct('timerqueue_head').offset('rb_root.rb_root');
  const leftmost = abi.struct('timerqueue_head').offset('rb_root.rb_leftmost');
  const { parent, left, right } = { parent: abi.struct('rb_node').offset('__rb_parent_color'), left: abi.struct('rb_node').offset('rb_left'), right: abi.struct('rb_node').offset('rb_right') };
  return {
    timerqueue_add: fn('timerqueue_add', (head: Ptr<'timerqueue_head'>, node: Ptr) => {
      const key = ram.readI64(node + expires);
      let link = head + root;
      let above: Ptr = 0;
      let isFirst = true;
      for (let at = ram.readPtr(link); at !== 0; at = ram.readPtr(link)) {
        above = at;
        const goesLeft = key < ram.readI64(at + expires);
        isFirst &&= goesLeft;
        link = at + (goesLeft ? left : right);
      }
      ram.writePtr(node + parent, above);
      ram.writePtr(node + left, 0);
      ram.writePtr(node + right, 0);
      ram.writePtr(link, node);
      if (isFirst) ram.writePtr(head + leftmost, node);
      tree.insertFixup(node, head + root, () => {});
      return isFirst;
    }),
    timerqueue_del: fn('timerqueue_del', (head: Ptr<'timerqueue_head'>, node: Ptr) => {
      if (ram.readPtr(head + leftmost) === node) ram.writePtr(head + leftmost, tree.neighbour(node, 'right'));
      tree.erase(node, head + root);
      // RB_CLEAR_NODE: a node that is in no tree is its own parent.
      ram.writePtr(node + parent, node);
      return ram.readPtr(head + leftmost) !== 0;
    }),
    timerqueue_iterate_next: fn('timerqueue_iterate_next', (node: Ptr) => (node === 0 ? 0 : tree.neighbour(node, 'right')) as number),
  };
}
