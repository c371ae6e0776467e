// The hierarchical timer wheel: nine levels of 64 buckets, each eight times as coarse as the one before, so that arming and removing
// cost the same at every distance and no timer moves between levels. A timer never fires early: its expiry is rounded up to the
// granularity of its level. Linux: kernel/time/timer.c, as described in its documentation and seen on real kernels:
// expiries below 63 ticks away fire one tick after `expires`, below 504 at multiples of 8, below 4032 at multiples of 64 ...
// Times are whole numbers of ticks, in jiffies: the coarse levels are aligned to those.

const LEVELS = 9;
const LEVEL_BITS = 6;
const BUCKETS = 1 << LEVEL_BITS;
const LEVEL_CLOCK_SHIFT = 3;
const granularity = (level: number): number => 2 ** (level * LEVEL_CLOCK_SHIFT);
/** First distance that goes to `level`. */
const levelStart = (level: number): number => (BUCKETS - 1) * granularity(level - 1);
const STARTS = Array.from({ length: LEVELS }, (_, level) => (level === 0 ? 0 : levelStart(level)));
/** Expiries further away are cut off here. */
const MAX_DISTANCE = levelStart(LEVELS) - granularity(LEVELS - 1);

/** A timer's place in the wheel. */
export interface WheelNode {
  /** Bucket it is in, by index over all levels; -1 when it is in none. */
  bucket: number;
  next: WheelNode | undefined;
  previous: WheelNode | undefined;
  /** Called when it expires, in no bucket any more. */
  readonly expire: () => void;
}

export const wheelNode = (expire: () => void): WheelNode => ({ bucket: -1, next: undefined, previous: undefined, expire });

/** A list of nodes, newest first: that is the order in which timers of one bucket fire. */
class NodeList {
  first: WheelNode | undefined;
}

const EXPIRING = LEVELS * BUCKETS;

export class TimerWheel {
  /** The next tick to be looked at. */
  #clock = 0;
  readonly #lists = Array.from({ length: LEVELS * BUCKETS + LEVELS }, () => new NodeList());
  /** Tick at which the timers of a bucket expire. */
  readonly #expiries = new Float64Array(LEVELS * BUCKETS);
  /** Non-empty buckets, 32 to a word. */
  readonly #used = new Uint32Array(LEVELS * BUCKETS / 32);
  #next = Number.POSITIVE_INFINITY;
  #isNextKnown = true;
  #isExpiring = false;

  /** Tick of the next expiry; infinity when the wheel is empty. */
  get nextTick(): number {
    if (!this.#isNextKnown) this.#findNext();
    return this.#next;
  }

  /** Arms `node`, which is in no bucket, for `expires`. `now` is the present tick. */
  add(node: WheelNode, expires: number, now: number): void {
    this.#forward(now);
    const distance = expires - this.#clock;
    let level = 0;
    let tick: number;
    if (distance < 0) tick = this.#clock;
    else {
      while (level < LEVELS - 1 && distance >= STARTS[level + 1]!) level++;
      const end = distance > MAX_DISTANCE ? this.#clock + MAX_DISTANCE : expires;
      const unit = granularity(level);
      tick = Math.floor((end + unit) / unit) * unit;
    }
    const bucket = level * BUCKETS + (Math.floor(tick / granularity(level)) & (BUCKETS - 1));
    this.#expiries[bucket] = tick;
    this.#used[bucket >> 5]! |= 1 << (bucket & 31);
    this.#link(node, bucket);
    if (this.#isNextKnown && tick < this.#next) this.#next = tick;
  }

  remove(node: WheelNode): void {
    const { bucket } = node;
    const list = this.#lists[bucket]!;
    if (node.previous) node.previous.next = node.next;
    else list.first = node.next;
    if (node.next) node.next.previous = node.previous;
    node.bucket = -1;
    node.next = undefined;
    node.previous = undefined;
    if (list.first || bucket >= EXPIRING) return;
    this.#used[bucket >> 5]! &= ~(1 << (bucket & 31));
    if (this.#expiries[bucket] === this.#next) this.#isNextKnown = false;
  }

  /** Fires everything that is due at tick `now`: tick by tick, coarse levels first. */
  run(now: number): void {
    if (this.#isExpiring) return;
    this.#isExpiring = true;
    try {
      while (this.nextTick <= now) this.#expireTick(this.#next);
    } finally {
      this.#isExpiring = false;
    }
  }

  #expireTick(tick: number): void {
    this.#clock = tick + 1;
    let isAny = false;
    for (let level = 0; level < LEVELS; level++) {
      const unit = granularity(level);
      if (tick % unit !== 0) break;
      const bucket = level * BUCKETS + (Math.floor(tick / unit) & (BUCKETS - 1));
      const list = this.#lists[bucket]!;
      if (!list.first || this.#expiries[bucket] !== tick) continue;
      // Timers that callbacks arm or remove meanwhile go to, and come from, lists of their own.
      const expiring = this.#lists[EXPIRING + level]!;
      expiring.first = list.first;
      list.first = undefined;
      this.#used[bucket >> 5]! &= ~(1 << (bucket & 31));
      for (let node = expiring.first as WheelNode | undefined; node; node = node.next) node.bucket = EXPIRING + level;
      isAny = true;
    }
    this.#isNextKnown = false;
    if (!isAny) return;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const expiring = this.#lists[EXPIRING + level]!;
      for (let node = expiring.first; node; node = expiring.first) {
        this.remove(node);
        node.expire();
      }
    }
  }

  /** Moves the clock to the present, but never past a bucket that has not expired. */
  #forward(now: number): void {
    if (now - this.#clock < 1) return;
    this.#clock = Math.min(now, Math.max(this.nextTick, this.#clock));
  }

  #link(node: WheelNode, bucket: number): void {
    const list = this.#lists[bucket]!;
    node.bucket = bucket;
    node.previous = undefined;
    node.next = list.first;
    if (list.first) list.first.previous = node;
    list.first = node;
  }

  #findNext(): void {
    let next = Number.POSITIVE_INFINITY;
    for (let word = 0; word < this.#used.length; word++) {
      for (let bits = this.#used[word]!; bits !== 0; bits &= bits - 1) {
        const tick = this.#expiries[word * 32 + 31 - Math.clz32(bits & -bits)]!;
        if (tick < next) next = tick;
      }
    }
    this.#next = next;
    this.#isNextKnown = true;
  }
}
