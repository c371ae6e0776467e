// Random numbers of the kernel: a seeded generator, so that a run can be repeated. xoshiro256** (Blackman and Vigna, public
// domain), seeded through splitmix64.
// Differs from Linux: get_random_bytes() is not cryptographic; nothing here keeps secrets from the guest.

const MASK = 0xffff_ffff_ffff_ffffn;
const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;

export class RandomSource {
  #state: [bigint, bigint, bigint, bigint];

  constructor(seed: bigint) {
    let x = seed & MASK;
    const next = (): bigint => {
      x = (x + 0x9e37_79b9_7f4a_7c15n) & MASK;
      let z = x;
      z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
      z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
      return z ^ (z >> 31n);
    };
    this.#state = [next(), next(), next(), next()];
  }

  u64(): bigint {
    let [a, b, c, d] = this.#state;
    const result = (rotl((b * 5n) & MASK, 7n) * 9n) & MASK;
    const t = (b << 17n) & MASK;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 45n);
    this.#state = [a, b, c, d];
    return result;
  }
  u32(): number { return Number(this.u64() >> 32n); }
  bytes(count: number): Uint8Array {
    const result = new Uint8Array(count);
    const view = new DataView(result.buffer);
    let at = 0;
    for (; at + 8 <= count; at += 8) view.setBigUint64(at, this.u64(), true);
    for (let rest = this.u64(); at < count; at++, rest >>= 8n) result[at] = Number(rest & 0xffn);
    return result;
  }
}
