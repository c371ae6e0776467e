// The budget of work: how much was granted, what is left of it in the register block, when to ask for more.

export class WorkMeter {
  readonly #left: Int32Array;
  #granted: number;

  constructor(left: Int32Array, grant: number) {
    this.#left = left;
    this.#granted = grant;
    left[0] = grant;
  }

  get isSpent(): boolean { return this.#left[0]! <= 0; }
  get done(): number { return this.#granted - this.#left[0]!; }
  /** Leaves at most `work`. */
  limit(work: number): void { if (work < this.#left[0]!) this.refill(work); }
  /** Replaces what is left by `grant` (at most 2^31-1). */
  refill(grant: number): void {
    this.#granted += grant - this.#left[0]!;
    this.#left[0] = grant;
  }
}
