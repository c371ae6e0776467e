// Our decoder against iced-x86: random byte strings over every opcode map, and the code of real programs.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SHF_EXECINSTR } from '../../src/elf/constants.ts';
import { parseElf64 } from '../../src/elf/elf64.ts';
import { Decoder } from '../../src/x86/decoder.ts';
import { BAD } from '../../src/x86/instruction.ts';
import { IcedComparison } from './against-iced.ts';
import { RandomCode } from './random-code.ts';

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

describe('decoder', () => {
  it('agrees with iced on random bytes', () => {
    const seed = Date.now() % 100000;
    const code = new RandomCode(seed);
    const comparison = new IcedComparison();
    let nrValid = 0;
    for (let i = 0; i < 150_000; i++) {
      const bytes = code.next();
      const { isValid, difference } = comparison.compare(bytes, -0x7f000000 + i);
      if (isValid) nrValid++;
      if (difference !== '') expect.fail(`seed ${seed}: ${hex(bytes)}: ${difference}`);
    }
    expect(nrValid).toBeGreaterThan(50_000);
  });

  // The C library has hand-written code for every vector extension; the programs are integer code of compilers.
  for (const path of ['/lib/x86_64-linux-gnu/libc.so.6', '/bin/bash', '/lib/x86_64-linux-gnu/libm.so.6']) {
    it.skipIf(!existsSync(path))(`agrees with iced on the code of ${path}`, () => {
      const comparison = new IcedComparison();
      const elf = parseElf64(new Uint8Array(readFileSync(path)));
      let nrInsns = 0;
      for (const section of elf.sections) {
        if ((section.flags & SHF_EXECINSTR) === 0) continue;
        const bytes = elf.content(section);
        for (let at = 0; at < bytes.length;) {
          const { difference, length } = comparison.compare(bytes.subarray(at, at + 15), section.address + at);
          if (difference !== '') expect.fail(`${elf.nameOf(section)}+0x${at.toString(16)}: ${hex(bytes.subarray(at, at + 15))}: ${difference}`);
          at += length;
          nrInsns++;
        }
      }
      expect(nrInsns).toBeGreaterThan(50_000);
    });
  }

  it('takes truncated and overlong instructions for bad ones', () => {
    const decoder = new Decoder();
    for (const text of ['', '48', '0f', '0f 38', '81 c0 01 02 03', 'c4 e2', '62 f1 7c', '66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90']) {
      const bytes = Uint8Array.from(text.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16));
      expect(decoder.decode(bytes, 0, 0).mnemonic, text).toBe(BAD);
    }
  });
});
