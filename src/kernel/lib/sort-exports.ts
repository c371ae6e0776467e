// Sorting and searching with the guest's comparison function. Linux: lib/sort.c, lib/bsearch.c, lib/list_sort.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { CallGuest } from './call-guest.ts';

export function sortExports(ram: Ram, callGuest: CallGuest): ExportTable {
  return {
    sort: fn('sort', (base: Ptr, n: number, size: number, compare: Ptr, swap: Ptr) => {
      heapSort(n, (a, b) => callGuest('sort', compare, [base + a * size, base + b * size]) | 0, swapper(ram, callGuest, 'sort', base, size, swap, []));
    }),
    sort_r: fn('sort_r', (base: Ptr, n: number, size: number, compare: Ptr, swap: Ptr, priv: Ptr) => {
      heapSort(n, (a, b) => callGuest('sort_r', compare, [base + a * size, base + b * size, priv]) | 0, swapper(ram, callGuest, 'sort_r', base, size, swap, [priv]));
    }),
    bsearch: fn('bsearch', (key: Ptr, base: Ptr, n: number, size: number, compare: Ptr) => {
      let low = 0;
      let high = n;
      while (low < high) {
        const middle = low + Math.floor((high - low) / 2);
        const order = callGuest('bsearch', compare, [key, base + middle * size]) | 0;
        if (order === 0) return base + middle * size;
        if (order < 0) high = middle;
        else low = middle + 1;
      }
      return 0;
    }),
    list_sort: fn('list_sort', (priv: Ptr, head: Ptr<'list_head'>, compare: Ptr) => {
      const items: Ptr[] = [];
      for (let at = ram.readPtr(head); at !== head; at = ram.readPtr(at)) items.push(at);
      if (items.length < 2) return;
      const sorted = mergeSort(items, (a, b) => callGuest('list_sort', compare, [priv, a, b]) | 0);
      let before: Ptr = head;
      for (const item of [...sorted, head]) {
        ram.writePtr(before, item);
        ram.writePtr(item + 8, before);
        before = item;
      }
    }),
  };
}

/** Not stable, in place, no worst case worse than n log n; at most one swap per comparison. */
function heapSort(n: number, compare: (a: number, b: number) => number, swap: (a: number, b: number) => void): void {
  const sift = (start: number, end: number): void => {
    for (let root = start; ;) {
      let child = root * 2 + 1;
      if (child >= end) return;
      if (child + 1 < end && compare(child, child + 1) < 0) child++;
      if (compare(root, child) >= 0) return;
      swap(root, child);
      root = child;
    }
  };
  for (let i = Math.floor(n / 2) - 1; i >= 0; i--) sift(i, n);
  for (let end = n - 1; end > 0; end--) {
    swap(0, end);
    sift(0, end);
  }
}

/** The caller's swap function, or an exchange of bytes. */
function swapper(ram: Ram, callGuest: CallGuest, symbol: string, base: Ptr, size: number, swap: Ptr, extra: readonly Ptr[]): (a: number, b: number) => void {
  if (swap !== 0) return (a, b) => { callGuest(symbol, swap, [base + a * size, base + b * size, size, ...extra]); };
  return (a, b) => {
    const x = ram.bytes(base + a * size, size);
    const kept = x.slice();
    ram.copy(base + a * size, base + b * size, size);
    ram.writeBytes(base + b * size, kept);
  };
}

/** Stable; `compare` > 0 means that the first argument goes behind the second. */
function mergeSort(items: readonly Ptr[], compare: (a: Ptr, b: Ptr) => number): readonly Ptr[] {
  if (items.length < 2) return items;
  const middle = items.length >> 1;
  const left = mergeSort(items.slice(0, middle), compare);
  const right = mergeSort(items.slice(middle), compare);
  const merged: Ptr[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) merged.push(compare(left[l]!, right[r]!) > 0 ? right[r++]! : left[l++]!);
  return [...merged, ...left.slice(l), ...right.slice(r)];
}
