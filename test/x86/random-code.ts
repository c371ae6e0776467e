// Byte strings that are often instructions: random bytes behind random prefixes and the escapes of every opcode map.

import { Random } from '../instructions/random.ts';

const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0x64, 0x65, 0xf0, 0x2e];

export class RandomCode {
  private readonly random: Random;
  constructor(seed: number) { this.random = new Random(seed); }

  next(): Uint8Array {
    const { random } = this;
    const bytes = Uint8Array.from({ length: 15 }, () => random.below(256));
    const map = random.below(10);
    if (map >= 7) return this.vector(bytes, map);
    let at = 0;
    while (at < 4 && random.chance(0.33)) bytes[at++] = random.pick(PREFIXES);
    if (random.chance(0.5)) bytes[at++] = 0x40 | random.below(16);
    if (map <= 3) bytes[at++] = 0x0f;
    if (map === 1) bytes[at] = 0x38;
    if (map === 2) bytes[at] = 0x3a;
    return bytes;
  }
  /** VEX with three and two bytes, EVEX. */
  private vector(bytes: Uint8Array, map: number): Uint8Array {
    const { random } = this;
    if (map === 7) {
      bytes[0] = 0xc4;
      bytes[1] = (bytes[1]! & 0xe0) | (1 + random.below(3));
    } else if (map === 8) bytes[0] = 0xc5;
    else {
      bytes[0] = 0x62;
      bytes[1] = (bytes[1]! & 0xf0) | (1 + random.below(3));
      bytes[2]! |= 4;
    }
    return bytes;
  }
}
