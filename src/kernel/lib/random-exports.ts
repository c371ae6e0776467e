// Exported random numbers. Linux: drivers/char/random.c, lib/random32.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { RandomSource } from './random.ts';

export function randomExports(ram: Ram, random: RandomSource): ExportTable {
  return {
    get_random_bytes: fn('get_random_bytes', (at: Ptr, count: number) => { if (count > 0) ram.writeBytes(at, random.bytes(count)); }),
    get_random_u8: fn('get_random_u8', () => random.u32() & 0xff),
    get_random_u16: fn('get_random_u16', () => random.u32() & 0xffff),
    get_random_u32: fn('get_random_u32', () => random.u32()),
    get_random_u64: fn('get_random_u64', () => random.u64()),
    __get_random_u32_below: fn('__get_random_u32_below', (limit: number) => Number(BigInt(random.u32()) * BigInt(limit) >> 32n)),
    rng_is_initialized: fn('rng_is_initialized', () => true),
    // The generator is seeded once: what is mixed in later does not change a run.
    add_device_randomness: fn('add_device_randomness', (_at: Ptr, _count: number) => {}),
    prandom_u32_state: fn('prandom_u32_state', (state: Ptr<'rnd_state'>) => tausworthe(ram, state)),
    prandom_bytes_state: fn('prandom_bytes_state', (state: Ptr<'rnd_state'>, at: Ptr, count: number) => {
      for (let i = 0; i < count; i += 4) {
        const word = tausworthe(ram, state);
        for (let byte = 0; byte < Math.min(4, count - i); byte++) ram.writeU8(at + i + byte, word >>> (byte * 8));
      }
    }),
  };
}

/** Parameters of L'Ecuyer's maximally equidistributed combined generator with four components (taus113), as inlined seeding expects. */
const COMPONENTS = [
  { q: 6, s: 18, mask: 0xffff_fffe, shift: 13 },
  { q: 2, s: 2, mask: 0xffff_fff8, shift: 27 },
  { q: 13, s: 7, mask: 0xffff_fff0, shift: 21 },
  { q: 3, s: 13, mask: 0xffff_ff80, shift: 12 },
] as const;

/** struct rnd_state { u32 s1, s2, s3, s4; }. */
function tausworthe(ram: Ram, state: Ptr): number {
  return COMPONENTS.reduce((sum, { q, s, mask, shift }, i) => {
    const word = ram.readU32(state + i * 4);
    const next = ((((word & mask) << s) >>> 0) ^ ((((word << q) >>> 0) ^ word) >>> shift)) >>> 0;
    ram.writeU32(state + i * 4, next);
    return (sum ^ next) >>> 0;
  }, 0);
}
