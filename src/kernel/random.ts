// The kernel's only source of randomness: a generator seeded at boot, so that a run can be repeated. SplitMix64 (Steele, Lea,
// Flood 2014), which passes the usual statistical tests; nothing here is secret.
// Differs from Linux: drivers/char/random.c gathers entropy and is cryptographically strong.

const GAMMA = 0x9e37_79b9_7f4a_7c15n;
const MASK = (1n << 64n) - 1n;

export class SeededRandom {
  #state: bigint;

  constructor(seed: number | bigint) { this.#state = BigInt.asUintN(64, BigInt(seed)); }

  next64(): bigint {
    this.#state = (this.#state + GAMMA) & MASK;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
    return z ^ (z >> 31n);
  }
  next32(): number { return Number(this.next64() >> 32n); }
}
