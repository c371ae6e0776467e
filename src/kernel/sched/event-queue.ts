// What is to happen at a point of virtual time, in order of time, then of arrival. The hardware side of all timers: Linux's
// clock event device programmed for the next expiry.

export interface TimedEvent {
  readonly atNs: number;
  readonly run: () => void;
}

interface Entry extends TimedEvent { readonly sequence: number; isCancelled: boolean }

export class EventQueue {
  /** Binary heap. Cancelled entries stay until they reach the top. */
  readonly #heap: Entry[] = [];
  #sequence = 0;

  /** Returns the function that takes the event back. */
  add(atNs: number, run: () => void): () => void {
    const entry: Entry = { atNs, run, sequence: this.#sequence++, isCancelled: false };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return () => { entry.isCancelled = true; };
  }

  /** Time of the next event; infinity when there is none. */
  get nextNs(): number {
    this.#dropCancelled();
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.atNs;
  }

  /** Takes out the next event that is due at `nowNs`. */
  takeDue(nowNs: number): TimedEvent | undefined {
    this.#dropCancelled();
    const top = this.#heap[0];
    if (!top || top.atNs > nowNs) return undefined;
    this.#pop();
    return top;
  }

  /** Runs everything that is due. */
  runDue(nowNs: number): void {
    for (let event = this.takeDue(nowNs); event; event = this.takeDue(nowNs)) event.run();
  }

  #dropCancelled(): void { while (this.#heap[0]?.isCancelled) this.#pop(); }
  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }
  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i]!;
    const b = this.#heap[j]!;
    return a.atNs < b.atNs || (a.atNs === b.atNs && a.sequence < b.sequence);
  }
  #swap(i: number, j: number): void {
    const entry = this.#heap[i]!;
    this.#heap[i] = this.#heap[j]!;
    this.#heap[j] = entry;
  }
  #up(start: number): void {
    for (let i = start; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }
  #down(start: number): void {
    for (let i = start; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }
}
