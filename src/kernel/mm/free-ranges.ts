// First-fit allocator over one address range, with its bookkeeping outside the range: module text, per-CPU memory. Lowest
// fitting address first, so the same calls give the same addresses.

import { alignUp } from '../../base/ptr.ts';

export class FreeRanges {
  /** Free `[start, end)`, ascending, never touching. */
  readonly #free: { start: number; end: number }[];
  readonly #used = new Map<number, number>();

  constructor(start: number, end: number) { this.#free = [{ start, end }]; }

  /** Start of `size` free units, undefined when no gap holds them. */
  take(size: number, align: number): number | undefined {
    for (let i = 0; i < this.#free.length; i++) {
      const gap = this.#free[i]!;
      const start = alignUp(gap.start, align);
      if (start + size > gap.end) continue;
      const rest = [{ start: gap.start, end: start }, { start: start + size, end: gap.end }].filter((r) => r.end > r.start);
      this.#free.splice(i, 1, ...rest);
      this.#used.set(start, size);
      return start;
    }
    return undefined;
  }
  /** Size of the allocation that starts at `start`, undefined when none does. */
  sizeAt(start: number): number | undefined { return this.#used.get(start); }
  /** Gives an allocation back; its size, or undefined when nothing starts there. */
  give(start: number): number | undefined {
    const size = this.#used.get(start);
    if (size === undefined) return undefined;
    this.#used.delete(start);
    let i = this.#free.findIndex((gap) => gap.start > start);
    if (i < 0) i = this.#free.length;
    const before = this.#free[i - 1];
    const after = this.#free[i];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === start + size;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.#free.splice(i, 1);
    } else if (joinsBefore) before.end += size;
    else if (joinsAfter) after.start = start;
    else this.#free.splice(i, 0, { start, end: start + size });
    return size;
  }
}
