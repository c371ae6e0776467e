// A seeded random source: the same seed gives the same instructions and states on every machine.

export class Random {
  private state: number;
  constructor(seed: number) { this.state = seed >>> 0; }

  /** 32 random bits (mulberry32). */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ this.state >>> 15, this.state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return (t ^ t >>> 14) >>> 0;
  }
  /** 0 <= result < n. */
  below(n: number): number { return this.u32() % n; }
  chance(probability: number): boolean { return this.u32() < probability * 4294967296; }
  u64(): bigint { return BigInt(this.u32()) << 32n | BigInt(this.u32()); }
  pick<T>(list: readonly T[]): T { return list[this.below(list.length)]!; }

  /** 64 bits that like corners: zeros, ones, powers of two and their neighbours, narrow values. */
  value(): bigint {
    switch (this.below(8)) {
      case 0: return BigInt.asUintN(64, BigInt(this.below(5) - 2));
      case 1: return BigInt.asUintN(64, (1n << BigInt(this.below(64))) + BigInt(this.below(3) - 1));
      case 2: return BigInt.asUintN(64, BigInt(this.u32() | 0));
      case 3: return BigInt(this.u32());
      case 4: return BigInt(this.below(256));
      case 5: return BigInt.asUintN(64, ~(1n << BigInt(this.below(64))));
      default: return this.u64();
    }
  }
}
