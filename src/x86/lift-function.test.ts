import { describe, expect, it } from 'vitest';
import { Random } from '../../test/instructions/random.ts';
import { KERNEL_BASE } from '../base/ptr.ts';
import type { IrFunction } from '../ir/ir.ts';
import { verify } from '../ir/verifier.ts';
import { type LiftEnv, liftFunction, surveyFunction } from './lift-function.ts';

const BASE = KERNEL_BASE + 0x100000;
const THUNK_RETURN = BASE - 0x1000, THUNK_RAX = BASE - 0xff0, FENTRY = BASE - 0xfe0, PANIC = BASE - 0xfd0, PRINTK = BASE - 0xfc0;

/** Code from hex text; functions as [name, offset, size]. */
const envOf = (hex: string, functions: readonly (readonly [string, number, number])[] = []): LiftEnv => {
  const bytes = Uint8Array.from(hex.split(/\s+/).filter(Boolean), (byte) => Number.parseInt(byte, 16));
  return {
    readBytes: (addr) => (addr >= BASE && addr < BASE + bytes.length ? bytes.subarray(addr - BASE) : undefined),
    special: (addr) => (addr === THUNK_RETURN ? { kind: 'return' } : addr === THUNK_RAX ? { kind: 'indirect', reg: 0 } : addr === FENTRY ? { kind: 'nop' } : undefined),
    isNoReturn: (addr) => addr === PANIC,
    functionAt: (addr) => {
      const found = functions.find(([, offset, size]) => addr >= BASE + offset && addr < BASE + offset + size);
      return found && { address: BASE + found[1], size: found[2], name: found[0] };
    },
  };
};
/** rel32 bytes of a branch at `at` that is `length` long. */
const rel32 = (at: number, length: number, target: number): string => {
  const distance = target - (BASE + at + length);
  return [0, 8, 16, 24].map((shift) => ((distance >> shift) & 0xff).toString(16).padStart(2, '0')).join(' ');
};
const lifted = (env: LiftEnv, at = 0): IrFunction => {
  const fn = liftFunction(env, BASE + at);
  expect(verify(fn)).toEqual([]);
  return fn;
};
const term = (fn: IrFunction, offset: number) => fn.blocks.get(BASE + offset)?.term;

describe('liftFunction', () => {
  it('drops __fentry__, returns through the thunk', () => {
    const fn = lifted(envOf(`e8 ${rel32(0, 5, FENTRY)} 31 c0 e9 ${rel32(7, 5, THUNK_RETURN)} cc`, [['f', 0, 13]]));
    expect([...fn.blocks.keys()]).toEqual([BASE]);
    expect(term(fn, 0)).toEqual({ t: 'ret', popBytes: 0 });
    expect(fn.name).toBe('f');
  });

  it('splits a block where a later jump lands', () => {
    // 0: dec ecx; 2: inc eax; 4: jne 2; 6: ret
    const fn = lifted(envOf('ff c9 ff c0 75 fc c3'));
    expect([...fn.blocks.keys()]).toEqual([BASE, BASE + 2, BASE + 6]);
    expect(term(fn, 0)).toEqual({ t: 'jump', target: BASE + 2 });
    expect(fn.blocks.get(BASE)?.termPc).toBe(BASE + 2);
    expect(term(fn, 2)).toMatchObject({ t: 'branch', taken: BASE + 2, next: BASE + 6 });
  });

  it('ends blocks at calls; indirect thunks become indirect transfers', () => {
    const fn = lifted(envOf(`e8 ${rel32(0, 5, PRINTK)} e8 ${rel32(5, 5, THUNK_RAX)} e9 ${rel32(10, 5, THUNK_RAX)}`));
    expect(term(fn, 0)).toEqual({ t: 'call', target: PRINTK, next: BASE + 5 });
    expect(term(fn, 5)).toEqual({ t: 'call', target: { op: 'reg', type: 'i64', reg: 0 }, next: BASE + 10 });
    expect(term(fn, 10)).toEqual({ t: 'tail', target: { op: 'reg', type: 'i64', reg: 0 } });
  });

  it('takes jumps to other functions for tail calls, jumps into .cold for jumps', () => {
    // f: je g; jmp f.cold   g: ret   f.cold: call panic
    const env = envOf(`74 05 e9 02 00 00 00 c3 90 e8 ${rel32(9, 5, PANIC)}`, [['f', 0, 7], ['g', 7, 1], ['f.cold', 9, 5]]);
    const fn = lifted(env);
    expect(term(fn, 0)).toMatchObject({ t: 'branch', taken: BASE + 7, next: BASE + 2 });
    expect(fn.blocks.get(BASE + 7)).toEqual({ start: BASE + 7, insns: [], termPc: BASE + 7, term: { t: 'tail', target: BASE + 7 } });
    expect(term(fn, 2)).toEqual({ t: 'jump', target: BASE + 9 });
    expect(term(fn, 9)).toMatchObject({ t: 'call', target: PANIC, next: BASE + 14 });
    expect(term(fn, 14)).toMatchObject({ t: 'trap', kind: 'noreturn' });
  });

  it('goes on behind ud2, for WARN, but not beyond the function', () => {
    const fn = lifted(envOf('0f 0b 31 c0 0f 0b 90 90', [['f', 0, 6], ['g', 6, 2]]));
    expect(term(fn, 0)).toMatchObject({ t: 'trap', kind: 'ud', name: 'ud2' });
    expect(term(fn, 2)).toMatchObject({ t: 'trap', kind: 'ud' });
    expect(fn.blocks.has(BASE + 6)).toBe(false);
  });

  it('makes traps of what it cannot translate, and names it', () => {
    // vpxor xmm0,xmm0,xmm0; aesenc xmm1,xmm2; ret
    const env = envOf('c5 f9 ef c0 66 0f 38 dc ca c3', [['f', 0, 10]]);
    expect(term(lifted(env), 0)).toMatchObject({ t: 'trap', kind: 'undecodable', name: 'vpxor' });
    expect([...surveyFunction(env, BASE).untranslated]).toEqual([['vpxor', [BASE]], ['aesenc', [BASE + 4]]]);
  });

  it('divides 64 bits without an intrinsic behind cqo and xor edx,edx', () => {
    const names = (hex: string): string[] => [...lifted(envOf(hex)).blocks.values()].flatMap((b) => b.insns.flatMap((i) => i.stmts.map((s) => (s.s === 'intrinsic' ? s.name : s.s))));
    expect(names('48 99 48 f7 f9 c3')).not.toContain('idiv64');
    expect(names('31 d2 48 89 f0 48 f7 f1 c3')).not.toContain('div64');
    // rax changes after cqo; rdx comes from elsewhere; a jump lands on the division.
    expect(names('48 99 48 ff c0 48 f7 f9 c3')).toContain('idiv64');
    expect(names('48 f7 f1 c3')).toContain('div64');
    expect(names('31 d2 48 f7 f1 75 fb c3')).toContain('div64');
  });

  it('survives arbitrary bytes', () => {
    const random = new Random(5);
    for (let i = 0; i < 3000; i++) {
      const size = 1 + random.below(200);
      const bytes = Array.from({ length: size }, () => random.below(256).toString(16)).join(' ');
      const env = envOf(bytes, [['f', 0, random.below(size) + 1], ['g', random.below(size), 9]]);
      const fn = liftFunction(env, BASE);
      expect(verify(fn), bytes).toEqual([]);
      surveyFunction(env, BASE);
    }
  });
});
