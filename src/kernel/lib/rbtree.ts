// Red-black trees over guest `struct rb_node`: the rebalancing that the inlined rb_link_node() and rb_erase_augmented() leave
// to the kernel. Parent and colour share one word, lowest bit 1 for black. Every rotation tells `rotated`, so that augmented
// trees keep their subtree values. Algorithms: Cormen et al., Introduction to Algorithms, ch. 13. Linux: lib/rbtree.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';

export type Node = Ptr<'rb_node'>;
export type Root = Ptr<'rb_root'>;
/** `next` took the place of `old` at the top of a subtree. */
export type Rotated = (old: Node, next: Node) => void;

const RED = 0;
const BLACK = 1;
type Side = 'left' | 'right';
const other = (side: Side): Side => side === 'left' ? 'right' : 'left';

export class RbTree {
  readonly #ram: Ram;
  readonly #offset: { readonly parent: number; readonly left: number; readonly right: number };

  constructor(ram: Ram, abi: Abi) {
    this.#ram = ram;
    const s = abi.struct('rb_node');
    this.#offset = { parent: s.offset('__rb_parent_color'), left: s.offset('rb_left'), right: s.offset('rb_right') };
  }

  child(node: Node, side: Side): Node { return this.#ram.readPtr(node + this.#offset[side]); }
  parent(node: Node): Node {
    const word = this.#ram.readPtr(node + this.#offset.parent);
    return word - (word & 1);
  }
  isBlack(node: Node): boolean { return node === 0 || (this.#ram.readU8(node + this.#offset.parent) & 1) === BLACK; }
  top(root: Root): Node { return this.#ram.readPtr(root); }
  #setChild(node: Node, side: Side, child: Node): void { this.#ram.writePtr(node + this.#offset[side], child); }
  #setParent(node: Node, parent: Node, color: number): void { this.#ram.writePtr(node + this.#offset.parent, parent + color); }
  #color(node: Node): number { return this.isBlack(node) ? BLACK : RED; }
  #paint(node: Node, color: number): void { this.#setParent(node, this.parent(node), color); }
  #sideOf(node: Node, parent: Node): Side { return this.child(parent, 'left') === node ? 'left' : 'right'; }

  /** rb_link_node(): a red leaf, to be followed by insertFixup(). */
  link(node: Node, parent: Node, side: Side, root: Root): void {
    this.#setParent(node, parent, RED);
    this.#setChild(node, 'left', 0);
    this.#setChild(node, 'right', 0);
    if (parent === 0) this.#ram.writePtr(root, node);
    else this.#setChild(parent, side, node);
  }
  /** RB_CLEAR_NODE(): a node that is in no tree is its own parent. */
  clear(node: Node): void { this.#ram.writePtr(node + this.#offset.parent, node); }

  /** `next` becomes what `old` was to its parent (or the top). */
  #replaceChild(parent: Node, root: Root, old: Node, next: Node): void {
    if (parent === 0) this.#ram.writePtr(root, next);
    else this.#setChild(parent, this.#sideOf(old, parent), next);
  }
  /** Moves `node` down to `side`; its other child takes its place and is told to the augmentation. Colours stay. */
  #rotate(node: Node, side: Side, root: Root, rotated: Rotated): Node {
    const up = this.child(node, other(side));
    const inner = this.child(up, side);
    const parent = this.parent(node);
    this.#replaceChild(parent, root, node, up);
    this.#setParent(up, parent, this.#color(up));
    this.#setChild(up, side, node);
    this.#setParent(node, up, this.#color(node));
    this.#setChild(node, other(side), inner);
    if (inner !== 0) this.#setParent(inner, node, this.#color(inner));
    rotated(node, up);
    return up;
  }

  /** rb_insert_color(): `start` was linked red as a leaf. */
  insertFixup(start: Node, root: Root, rotated: Rotated): void {
    let node = start;
    for (;;) {
      let parent = this.parent(node);
      if (parent === 0) {
        this.#paint(node, BLACK);
        return;
      }
      if (this.isBlack(parent)) return;
      const grandparent = this.parent(parent);
      const side = this.#sideOf(parent, grandparent);
      const uncle = this.child(grandparent, other(side));
      if (!this.isBlack(uncle)) {
        this.#paint(uncle, BLACK);
        this.#paint(parent, BLACK);
        this.#paint(grandparent, RED);
        node = grandparent;
        continue;
      }
      if (this.#sideOf(node, parent) !== side) parent = this.#rotate(parent, side, root, rotated);
      this.#paint(parent, BLACK);
      this.#paint(grandparent, RED);
      this.#rotate(grandparent, other(side), root, rotated);
      return;
    }
  }

  /** rb_erase(): takes `node` out of the tree and rebalances. `update` recomputes what an augmented tree keeps in a node. */
  erase(node: Node, root: Root, update?: (node: Node) => void): void {
    const { changed, missing } = this.#unlink(node, root);
    if (update) for (let at = changed; at !== 0; at = this.parent(at)) update(at);
    if (missing !== undefined) {
      this.eraseFixup(missing, root, (old, next) => {
        update?.(old);
        update?.(next);
      });
    }
  }
  /** Removes the node. `changed`: the lowest node whose subtree is another now. `missing`: the parent of a place that lacks a black node. */
  #unlink(node: Node, root: Root): { changed: Node; missing: Node | undefined } {
    const left = this.child(node, 'left');
    const right = this.child(node, 'right');
    const parent = this.parent(node);
    if (left === 0 || right === 0) {
      const child = left === 0 ? right : left;
      this.#replaceChild(parent, root, node, child);
      // A single child is red and inherits the black.
      if (child !== 0) this.#setParent(child, parent, this.#color(node));
      return { changed: parent, missing: child === 0 && this.isBlack(node) && parent !== 0 ? parent : undefined };
    }
    // The successor takes the node's place and colour; what goes missing is the successor's own colour where it was.
    let successor = right;
    while (this.child(successor, 'left') !== 0) successor = this.child(successor, 'left');
    const orphan = this.child(successor, 'right');
    const wasBlack = this.isBlack(successor);
    let hole = this.parent(successor);
    if (hole === node) hole = successor;
    else {
      this.#setChild(hole, 'left', orphan);
      this.#setChild(successor, 'right', right);
      this.#setParent(right, successor, this.#color(right));
    }
    this.#setChild(successor, 'left', left);
    this.#setParent(left, successor, this.#color(left));
    this.#replaceChild(parent, root, node, successor);
    this.#setParent(successor, parent, this.#color(node));
    if (orphan !== 0) this.#setParent(orphan, hole, BLACK);
    return { changed: hole, missing: orphan === 0 && wasBlack ? hole : undefined };
  }

  /** __rb_erase_color(): one side of `start` (the one without child) has one black node too few. */
  eraseFixup(start: Node, root: Root, rotated: Rotated): void {
    let node: Node = 0;
    let parent = start;
    for (;;) {
      const side: Side = this.child(parent, 'left') === node ? 'left' : 'right';
      let sibling = this.child(parent, other(side));
      if (!this.isBlack(sibling)) {
        this.#paint(sibling, BLACK);
        this.#paint(parent, RED);
        this.#rotate(parent, side, root, rotated);
        sibling = this.child(parent, other(side));
      }
      const inner = this.child(sibling, side);
      const outer = this.child(sibling, other(side));
      if (this.isBlack(inner) && this.isBlack(outer)) {
        this.#paint(sibling, RED);
        if (!this.isBlack(parent)) {
          this.#paint(parent, BLACK);
          return;
        }
        node = parent;
        parent = this.parent(node);
        if (parent === 0) return;
        continue;
      }
      if (this.isBlack(outer)) {
        this.#paint(inner, BLACK);
        this.#paint(sibling, RED);
        sibling = this.#rotate(sibling, other(side), root, rotated);
      }
      this.#paint(sibling, this.#color(parent));
      this.#paint(parent, BLACK);
      this.#paint(this.child(sibling, other(side)), BLACK);
      this.#rotate(parent, side, root, rotated);
      return;
    }
  }

  /** rb_replace_node(): `next` takes over the links of `victim`. */
  replace(victim: Node, next: Node, root: Root): void {
    const parent = this.parent(victim);
    this.#ram.copy(next, victim, 24);
    for (const side of ['left', 'right'] as const) {
      const child = this.child(victim, side);
      if (child !== 0) this.#setParent(child, next, this.#color(child));
    }
    this.#replaceChild(parent, root, victim, next);
  }

  /** Outermost node on one side, 0 for an empty tree. */
  extreme(top: Node, side: Side): Node {
    let node = top;
    while (node !== 0 && this.child(node, side) !== 0) node = this.child(node, side);
    return node;
  }
  /** The neighbour in order: 'right' is rb_next(). A node that is in no tree (its own parent) has none. */
  neighbour(start: Node, side: Side): Node {
    if (this.parent(start) === start) return 0;
    const child = this.child(start, side);
    if (child !== 0) return this.extreme(child, other(side));
    let node = start;
    let parent = this.parent(node);
    while (parent !== 0 && this.child(parent, side) === node) {
      node = parent;
      parent = this.parent(node);
    }
    return parent;
  }
  /** First node of a walk that visits children before their parent. */
  firstPostorder(top: Node): Node {
    let node = top;
    for (;;) {
      const next = node === 0 ? 0 : this.child(node, 'left') || this.child(node, 'right');
      if (next === 0) return node;
      node = next;
    }
  }
  nextPostorder(node: Node): Node {
    const parent = node === 0 ? 0 : this.parent(node);
    if (parent !== 0 && node === this.child(parent, 'left') && this.child(parent, 'right') !== 0) return this.firstPostorder(this.child(parent, 'right'));
    return parent;
  }
}
