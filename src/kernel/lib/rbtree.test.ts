import { beforeEach, describe, expect, test } from 'vitest';
import { LibraryMachine, numbers } from '../../../test/kernel/library-machine.ts';
import type { Ptr } from '../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });

const right = (n: Ptr): Ptr => m.ram.readPtr(n + 8);
const left = (n: Ptr): Ptr => m.ram.readPtr(n + 16);
const parent = (n: Ptr): Ptr => { const w = m.ram.readPtr(n); return w - (w & 1); };
const isRed = (n: Ptr): boolean => n !== 0 && (m.ram.readU8(n) & 1) === 0;
const key = (n: Ptr): number => m.ram.readU32(n + 24);

/** Black height; throws when an invariant of red-black trees or a parent link is broken. */
function check(n: Ptr, up: Ptr): number {
  if (n === 0) return 1;
  if (parent(n) !== up) throw new Error('parent');
  if (isRed(n) && (isRed(left(n)) || isRed(right(n)))) throw new Error('red child of red');
  const height = check(left(n), n);
  if (height !== check(right(n), n)) throw new Error('black height');
  return height + (isRed(n) ? 0 : 1);
}
function link(root: Ptr, node: Ptr, fix = 'rb_insert_color', ...extra: Ptr[]): void {
  let at = root;
  let up = 0;
  for (let n = m.ram.readPtr(at); n !== 0; n = m.ram.readPtr(at)) {
    up = n;
    at = key(node) < key(n) ? n + 16 : n + 8;
  }
  m.ram.writePtr(node, up);
  m.ram.writePtr(node + 8, 0);
  m.ram.writePtr(node + 16, 0);
  m.ram.writePtr(at, node);
  m.call(fix, node, root, ...extra);
}
const newNode = (value: number): Ptr => {
  const node = m.alloc(40);
  m.ram.writeU32(node + 24, value);
  return node;
};
const inOrder = (root: Ptr): number[] => {
  const keys: number[] = [];
  for (let n = m.call('rb_first', root); n !== 0; n = m.call('rb_next', n)) keys.push(key(n));
  return keys;
};

describe('rbtree', () => {
  test('stays balanced and ordered under inserts and erases', () => {
    const next = numbers(5);
    const root = m.alloc(8);
    const nodes: Ptr[] = [];
    for (let i = 0; i < 1500; i++) {
      if (nodes.length === 0 || next(5) < 3) {
        const node = newNode(next(1000));
        link(root, node);
        nodes.push(node);
      } else m.call('rb_erase', nodes.splice(next(nodes.length), 1)[0]!, root);
      if (i % 7 === 0) {
        check(m.ram.readPtr(root), 0);
        expect(isRed(m.ram.readPtr(root))).toBe(false);
        expect(inOrder(root)).toEqual(nodes.map(key).sort((a, b) => a - b));
      }
    }
    const backwards: number[] = [];
    for (let n = m.call('rb_last', root); n !== 0; n = m.call('rb_prev', n)) backwards.push(key(n));
    expect(backwards.reverse()).toEqual(inOrder(root));
    for (const node of nodes) m.call('rb_erase', node, root);
    expect(m.ram.readPtr(root)).toBe(0);
  });

  test('augmented trees keep their subtree values', () => {
    // Each node holds the sum of its subtree at offset 32.
    const sum = (n: Ptr): number => n === 0 ? 0 : m.ram.readU32(n + 32);
    const compute = (n: Ptr): void => m.ram.writeU32(n + 32, key(n) + sum(left(n)) + sum(right(n)));
    const rotate = m.guestFunction((old, fresh) => {
      m.ram.writeU32(fresh + 32, sum(old));
      compute(old);
      return 0;
    });
    const verify = (n: Ptr): number => {
      if (n === 0) return 0;
      const total = key(n) + verify(left(n)) + verify(right(n));
      expect(sum(n)).toBe(total);
      return total;
    };
    const next = numbers(9);
    const root = m.alloc(8);
    for (let i = 0; i < 300; i++) {
      const node = newNode(next(1000));
      // What rb_insert_augmented()'s users do before: add to the path down.
      for (let n = m.ram.readPtr(root); n !== 0; n = key(node) < key(n) ? left(n) : right(n)) m.ram.writeU32(n + 32, sum(n) + key(node));
      m.ram.writeU32(node + 32, key(node));
      link(root, node, '__rb_insert_augmented', rotate);
    }
    check(m.ram.readPtr(root), 0);
    verify(m.ram.readPtr(root));
    // Erase leaves as the inlined rb_erase_augmented() does, and leave the colours to the kernel.
    for (let i = 0; i < 150; i++) {
      let leaf = m.ram.readPtr(root);
      while (left(leaf) !== 0 || right(leaf) !== 0) leaf = (next(2) === 0 ? left(leaf) : right(leaf)) || left(leaf) || right(leaf);
      const up = parent(leaf);
      m.ram.writePtr(up + (left(up) === leaf ? 16 : 8), 0);
      for (let n = up; n !== 0; n = parent(n)) compute(n);
      if (!isRed(leaf)) m.call('__rb_erase_color', up, root, rotate);
      check(m.ram.readPtr(root), 0);
    }
    verify(m.ram.readPtr(root));
  });

  test('postorder visits children first; replacing keeps the tree', () => {
    const root = m.alloc(8);
    const nodes = [50, 20, 80, 10, 30, 70, 90].map(newNode);
    for (const node of nodes) link(root, node);
    const seen: Ptr[] = [];
    for (let n = m.call('rb_first_postorder', root); n !== 0; n = m.call('rb_next_postorder', n)) {
      for (const child of [left(n), right(n)]) if (child !== 0) expect(seen).toContain(child);
      seen.push(n);
    }
    expect(seen.length).toBe(7);
    for (const symbol of ['rb_replace_node', 'rb_replace_node_rcu']) {
      const victim = m.ram.readPtr(root);
      const fresh = newNode(key(victim));
      m.call(symbol, victim, fresh, root);
      expect(m.ram.readPtr(root)).toBe(fresh);
      check(fresh, 0);
      expect(inOrder(root)).toEqual([10, 20, 30, 50, 70, 80, 90]);
    }
  });

  test('timerqueue knows its first node', () => {
    const head = m.alloc(16);
    const expires = m.abi.struct('timerqueue_node').offset('expires');
    const nodes = [30n, 10n, 20n].map((at) => {
      const node = m.alloc(40);
      m.ram.writePtr(node, node);
      m.ram.writeU64(node + expires, at);
      return node;
    });
    expect(nodes.map((node) => m.call('timerqueue_add', head, node))).toEqual([true, true, false]);
    expect(m.ram.readPtr(head + 8)).toBe(nodes[1]);
    expect(m.call('timerqueue_iterate_next', nodes[1]!)).toBe(nodes[2]);
    expect(m.call('timerqueue_del', head, nodes[1]!)).toBe(true);
    expect(m.ram.readPtr(head + 8)).toBe(nodes[2]);
    m.call('timerqueue_del', head, nodes[2]!);
    expect(m.call('timerqueue_del', head, nodes[0]!)).toBe(false);
    expect(m.ram.readPtr(nodes[0]!)).toBe(nodes[0]);
  });
});
