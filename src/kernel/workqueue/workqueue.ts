// A workqueue: a door to a worker pool that lets at most max_active of its items in at a time and knows which of them are still
// under way. Linux: struct workqueue_struct and its pool_workqueue.

import type { Ptr } from '../../base/ptr.ts';
import type { WorkItem } from './work-item.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Flags of alloc_workqueue() (include/linux/workqueue.h). */
export const WQ = { BH: 1 << 0, UNBOUND: 1 << 1, HIGHPRI: 1 << 4, ORDERED: 1 << 17 } as const;

/** Items queued between two flushes. */
export interface Generation { nrUnderWay: number }

export class Workqueue {
  readonly address: Ptr;
  readonly name: string;
  readonly flags: number;
  readonly pool: WorkerPool;
  maxActive: number;
  #nrActive = 0;
  readonly #inactive: WorkItem[] = [];
  /** Oldest first; the last one takes new items. */
  readonly #generations: Generation[] = [{ nrUnderWay: 0 }];
  nrDrainers = 0;

  constructor(address: Ptr, name: string, flags: number, maxActive: number, pool: WorkerPool) {
    this.address = address;
    this.name = name;
    this.flags = flags;
    this.maxActive = maxActive;
    this.pool = pool;
  }

  /** workqueue_congested(): items wait for others to end. */
  get isCongested(): boolean { return this.#inactive.length > 0; }
  get isBusy(): boolean { return this.#generations.some(({ nrUnderWay }) => nrUnderWay > 0); }

  add(item: WorkItem): void {
    item.generation = this.#generations.at(-1)!;
    item.generation.nrUnderWay++;
    if (this.#nrActive < this.maxActive && this.#inactive.length === 0) this.#activate(item);
    else {
      item.state = 'inactive';
      this.#inactive.push(item);
    }
  }
  /** Takes back an item that has not started. */
  remove(item: WorkItem): void {
    if (item.state === 'inactive') {
      this.#inactive.splice(this.#inactive.indexOf(item), 1);
      item.generation!.nrUnderWay--;
      return;
    }
    this.pool.remove(item);
    this.ended(item);
  }
  /** An active item has ended: the next one may start. */
  ended(item: WorkItem): void {
    item.generation!.nrUnderWay--;
    this.#nrActive--;
    this.activateNext();
  }
  activateNext(): void {
    while (this.#inactive.length > 0 && this.#nrActive < this.maxActive) this.#activate(this.#inactive.shift()!);
  }
  /** Draws a line: true as long as an item from before it is under way. */
  flushPoint(): () => boolean {
    const before = this.#generations.filter(({ nrUnderWay }) => nrUnderWay > 0);
    this.#generations.length = 0;
    this.#generations.push(...before, { nrUnderWay: 0 });
    return () => before.some(({ nrUnderWay }) => nrUnderWay > 0);
  }

  #activate(item: WorkItem): void {
    this.#nrActive++;
    item.state = 'pending';
    this.pool.add(item);
  }
}
