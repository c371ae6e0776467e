// Compiled C through lifter, interpreter and translated code. The functions, compiled by gcc -O2 -mcmodel=kernel -mno-red-zone -fno-ipa-ra
// and linked at CODE:
//
//   long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
//   long warn_if(long c, long v) { if (c) asm("ud2"); return v + 1; }
//   long clear_and_sum(unsigned char *p, long n) { b[64] filled with 3 by rep stosb; for i < n: s += p[i] ^ b[i & 63], p[i] = s; return s; }
//   u64 flags_and_div(u64 a, u64 b) { f from pushf; pop, then cli; sti; return a / b + a % b + IF * 1000000; }
//   long indirect(long (*f)(long), long x) { return f(x) + x; }
//   long mix(long a, long b) { t[i] = fib(a + i) + warn_if(i == b, i) for i < 4; return t[0] * t[1] + (t[2] ^ t[3]); }

import { describe, expect, it } from 'vitest';
import { liftFunction } from '../x86/lift-function.ts';
import { CODE, DATA, TestRig } from './test-rig.ts';
import { createWasmBackEnd } from './wasm/back-end.ts';

const TEXT = Buffer.from(`
SIP/AX4yQVRJifxVMe1TSIn7SI17/0iD6wLo4f///0gBxUiD+wF/6kGD5AFbSY0ELF1BXMMPHwBIifjDDx9AAEiF/3QCDwtIjUYB
ww8fQABIg+xASYn4uUAAAAC4AwAAAEiJ5/OqSIX2fjUxwDHJkEiJwoPiPw+2FBRBMhQAD7bSSAHRQYgMAEiDwAFIOcZ130iJyEiD
xEDDDx+AAAAAADHJSIPEQEiJyMNmDx9EAABIificWfr7MdJIwekJSPf2g+EBSGnJQEIPAEgB0EgByMNmZi4PH4QAAAAAAA8fQABT
SIn4SInzSIn3/9BIAdhbw2ZmLg8fhAAAAAAADx9AAEFVSYn9QVRJifRVUzHbSIPsKEmNfB0A6OT+//8x/0w540iJ3kAPlMdIicXo
EP///0gBxUiJLNxIg8MBSIP7BHXRSIsEJEgPr0QkCEiLVCQQSDNUJBhIg8QoW11IAdBBXEFdww==
`, 'base64');
const FUNCTIONS = [['fib', 0, 0x3c], ['warn_if', 0x40, 0xc], ['clear_and_sum', 0x50, 0x5a], ['flags_and_div', 0xb0, 0x21], ['indirect', 0xe0, 0x11], ['mix', 0x100, 0x63]] as const;

const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const mix = (a: number): number => {
  const t = [0, 1, 2, 3].map((i) => fib(a + i) + i + 1);
  return t[0]! * t[1]! + (t[2]! ^ t[3]!);
};
function clearAndSum(bytes: number[]): number {
  let sum = 0;
  bytes.forEach((byte, i) => {
    sum += byte ^ 3;
    bytes[i] = sum & 0xff;
  });
  return sum;
}

describe.each([
  ['interpreter', {}],
  ['wasm from the first call', { wasm: createWasmBackEnd, tiering: { work: 0 } }],
  ['wasm when it is worth it', { wasm: createWasmBackEnd }],
] as const)('machine code: %s', (_name, options) => {
  const load = (): TestRig & { of(name: string): number } => {
    const rig = new TestRig({ ...options, lift: liftFunction });
    rig.ram.writeBytes(CODE, TEXT);
    const functions = FUNCTIONS.map(([name, offset, size]) => ({ name, address: CODE + offset, size }));
    rig.cpu.addCode({ base: CODE, size: TEXT.length, functions, owner: 'test' });
    return Object.assign(rig, { of: (name: string) => functions.find((f) => f.name === name)!.address });
  };

  it('computes what the compiler meant', () => {
    const rig = load();
    const from = rig.host('caller', () => {}) + 5;
    for (let round = 0; round < 4; round++) {
      expect(rig.cpu.call(rig.of('fib'), [15], from)).toBe(610);
      expect(rig.cpu.call(rig.of('mix'), [5 + round, 9], from)).toBe(mix(5 + round));
      expect(rig.cpu.call(rig.of('indirect'), [rig.of('fib'), 10], from)).toBe(65);
      expect(rig.cpu.call(rig.of('flags_and_div'), [1000, 7], from)).toBe(142 + 6 + 1_000_000);
      const bytes = Array.from({ length: 100 }, (_, i) => (i * 37 + round) & 0xff);
      rig.ram.writeBytes(DATA, Uint8Array.from(bytes));
      expect(rig.cpu.call(rig.of('clear_and_sum'), [DATA, 100], from)).toBe(clearAndSum(bytes));
      expect([...rig.ram.bytes(DATA, 100)]).toEqual(bytes);
    }
  });
  it('goes on behind a WARN, three frames deep', () => {
    const rig = load();
    const warns: unknown[] = [];
    rig.cpu.onException = (e) => {
      warns.push([e.vector, e.frame.functionName, e.frame.pc - CODE, [...rig.cpu.unwind(e.frame.pc, Number(e.frame.regs[4]))].map(({ pc, isReliable }) => [pc - CODE, isReliable])]);
      e.frame.pc += 2;
      return 'resume';
    };
    const from = CODE - 0x1000;
    for (let round = 0; round < 4; round++) expect(rig.cpu.call(rig.of('mix'), [6, 2], from)).toBe(mix(6));
    expect(warns).toEqual(new Array(4).fill([6, 'warn_if', 0x45, [[0x130, true], [-0x1000, true]]]));
  });
  it('reports a division by zero and a store to code at their instructions', () => {
    const rig = load();
    const from = CODE - 0x1000;
    for (let round = 0; round < 4; round++) {
      expect(() => rig.cpu.call(rig.of('flags_and_div'), [1, 0], from)).toThrow(expect.objectContaining({ vector: 0 }));
      expect(() => rig.cpu.call(rig.of('clear_and_sum'), [CODE, 10], from)).toThrow(expect.objectContaining({ vector: 14, errorCode: 3, address: CODE }));
    }
    expect(rig.exceptions.map((e) => e.frame.pc - CODE)).toEqual(new Array(4).fill([0xbd, 0x84]).flat());
  });
  it('spends the same work', () => {
    const work = (rig: ReturnType<typeof load>): number[] => {
      const from = CODE - 0x1000;
      rig.cpu.onException = (e) => {
        e.frame.pc += 2;
        return 'resume';
      };
      return [['fib', 12], ['mix', 4, 1], ['mix', 5, 3], ['clear_and_sum', DATA, 50], ['flags_and_div', 5, 3]].map(([name, ...args]) => {
        rig.cpu.call(rig.of(name as string), args as number[], from);
        return rig.cpu.workDone;
      });
    };
    const reference = new TestRig({ lift: liftFunction });
    reference.ram.writeBytes(CODE, TEXT);
    reference.cpu.addCode({ base: CODE, size: TEXT.length, owner: 'test', functions: FUNCTIONS.map(([name, offset, size]) => ({ name, address: CODE + offset, size })) });
    const expected = work(Object.assign(reference, { of: (name: string) => CODE + FUNCTIONS.find((f) => f[0] === name)![1] }));
    expect(work(load())).toEqual(expected);
  });
});

describe('machine code: changing engines', () => {
  it('gives the same results whenever a function is translated', () => {
    for (let work = 0; work < 1500; work += 83) {
      const rig = new TestRig({ wasm: createWasmBackEnd, tiering: { work }, lift: liftFunction });
      rig.ram.writeBytes(CODE, TEXT);
      rig.cpu.addCode({ base: CODE, size: TEXT.length, owner: 'test', functions: FUNCTIONS.map(([name, offset, size]) => ({ name, address: CODE + offset, size })) });
      for (let n = 0; n < 12; n++) {
        expect(rig.cpu.call(CODE, [n], CODE - 8)).toBe(fib(n));
        expect(rig.cpu.call(CODE + 0x100, [n, 9], CODE - 8)).toBe(mix(n));
      }
    }
  });
});
