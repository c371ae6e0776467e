// The buddy system over page frame numbers: free blocks of 2^order frames, split and merged. Pure bookkeeping, no struct page
// and no bytes. Blocks may be larger than Linux's MAX_ORDER so that a long contiguous run (vmalloc, module data) can be cut
// out of one. Which block is taken depends on the history of calls alone, never on the host.

import type { PageRange } from './ram-map.ts';

/** 2^18 frames are 1 GiB, the largest block that can lie in RAM. */
const MAX_BLOCK_ORDER = 18;
const NR_ORDERS = MAX_BLOCK_ORDER + 1;

/** What a frame is: never handed out (still zero), in use, or free with old contents. */
const FRESH = 0, USED = 1, STALE = 2;

export class Buddy {
  /** By zone and order: first frame of the first free block, 0 for none (frame 0 is never managed). */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  /** Order + 1 at the first frame of a free block, else 0. */
  readonly #blockOrder: Uint8Array;
  readonly #state: Uint8Array;
  readonly #zoneStarts: readonly number[];
  readonly #zoneEnds: readonly number[];
  /** Free frames per zone. */
  readonly #free: number[];

  /** Each range is one zone; ranges are ascending and do not touch. */
  constructor(nrFrames: number, zones: readonly PageRange[]) {
    this.#first = new Int32Array(zones.length * NR_ORDERS);
    this.#next = new Int32Array(nrFrames);
    this.#prev = new Int32Array(nrFrames);
    this.#blockOrder = new Uint8Array(nrFrames);
    this.#state = new Uint8Array(nrFrames);
    this.#zoneStarts = zones.map((zone) => zone.start);
    this.#zoneEnds = zones.map((zone) => zone.end);
    this.#free = zones.map(() => 0);
    for (const zone of zones) {
      const blocks = [...alignedBlocks(zone.start, zone.end - zone.start)];
      // The list is last in, first out: the lowest block of each order ends up in front.
      for (const [frame, order] of blocks.reverse()) this.#insert(frame, order);
    }
  }

  get nrFree(): number { return this.#free.reduce((sum, n) => sum + n, 0); }
  isUsed(frame: number, nr = 1): boolean {
    for (let f = frame; f < frame + nr; f++) if (this.#state[f] !== USED) return false;
    return true;
  }
  #zoneOf(frame: number): number { return this.#zoneEnds.findIndex((end) => frame < end); }

  /**
   * Takes 2^order aligned frames of zone `zone`, or of a lower one when `zone` is exhausted; 0 when none is left.
   */
  take(order: number, zone: number): number {
    for (let z = zone; z >= 0; z--) {
      for (let o = order; o < NR_ORDERS; o++) {
        const frame = this.#first[z * NR_ORDERS + o]!;
        if (frame === 0) continue;
        this.#remove(frame, o, z);
        while (o > order) this.#insert(frame + (1 << --o), o);
        return frame;
      }
    }
    return 0;
  }
  /**
   * Takes `nr` frames in a row that no single block holds: free blocks that follow each other. 0 when there are none. Looks at
   * every frame, so it is the last resort for large areas.
   */
  takeRun(nr: number, zone: number): number {
    let start = this.#zoneStarts[zone]!;
    for (let frame = start; frame < this.#zoneEnds[zone]!;) {
      const order = this.#blockOrder[frame]! - 1;
      if (order < 0) {
        start = ++frame;
        continue;
      }
      frame += 1 << order;
      if (frame - start < nr) continue;
      for (let block = start; block < frame;) {
        const size = this.#blockOrder[block]! - 1;
        this.#remove(block, size, zone);
        block += 1 << size;
      }
      this.giveUntouched(start + nr, frame - start - nr);
      return start;
    }
    return 0;
  }
  /** Marks frames in use; true when any of them may hold old contents. */
  markUsed(frame: number, nr: number): boolean {
    const state = this.#state;
    let isStale = false;
    for (let f = frame; f < frame + nr; f++) {
      if (state[f] !== FRESH) isStale = true;
      state[f] = USED;
    }
    return isStale;
  }

  /** Gives any run of frames back. They must be in use. */
  give(frame: number, nr: number): void {
    this.#state.fill(STALE, frame, frame + nr);
    if ((nr & (nr - 1)) === 0 && frame % nr === 0) this.#merge(frame, 31 - Math.clz32(nr));
    else for (const [start, order] of alignedBlocks(frame, nr)) this.#merge(start, order);
  }
  /** Gives frames back that were taken but never marked as used. */
  giveUntouched(frame: number, nr: number): void {
    for (const [start, order] of alignedBlocks(frame, nr)) this.#merge(start, order);
  }

  #merge(start: number, blockOrder: number): void {
    let frame = start;
    let order = blockOrder;
    const zone = this.#zoneOf(frame);
    while (order < MAX_BLOCK_ORDER) {
      const buddy = frame ^ (1 << order);
      if (this.#blockOrder[buddy] !== order + 1) break;
      this.#remove(buddy, order, zone);
      frame &= ~(1 << order);
      order++;
    }
    this.#insert(frame, order);
  }
  #insert(frame: number, order: number): void {
    const zone = this.#zoneOf(frame);
    const list = zone * NR_ORDERS + order;
    const next = this.#first[list]!;
    this.#next[frame] = next;
    this.#prev[frame] = 0;
    if (next !== 0) this.#prev[next] = frame;
    this.#first[list] = frame;
    this.#blockOrder[frame] = order + 1;
    this.#free[zone]! += 1 << order;
  }
  #remove(frame: number, order: number, zone: number): void {
    const next = this.#next[frame]!;
    const prev = this.#prev[frame]!;
    if (next !== 0) this.#prev[next] = prev;
    if (prev !== 0) this.#next[prev] = next;
    else this.#first[zone * NR_ORDERS + order] = next;
    this.#blockOrder[frame] = 0;
    this.#free[zone]! -= 1 << order;
  }
}

/** A run as the fewest aligned powers of two, ascending. */
function* alignedBlocks(start: number, nr: number): Iterable<[frame: number, order: number]> {
  let frame = start;
  let left = nr;
  while (left > 0) {
    const alignment = frame === 0 ? MAX_BLOCK_ORDER : 31 - Math.clz32(frame & -frame);
    const order = Math.min(alignment, 31 - Math.clz32(left), MAX_BLOCK_ORDER);
    yield [frame, order];
    frame += 1 << order;
    left -= 1 << order;
  }
}
