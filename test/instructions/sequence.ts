// Random straight-line code with forward jumps: several instructions that feed each other registers, flags, memory and the stack.
// Where single instructions test their meaning, sequences test what engines do between them (dead flags, forwarded values,
// shared address checks). No instruction reads a flag that is undefined on some path.

import { Decoder } from '../../src/x86/decoder.ts';
import type { Instruction } from '../../src/x86/instruction.ts';
import { type Case, Generator } from './generator.ts';
import { ALL_FLAGS, baseState, FLAGS, NATIVE_INSN, NATIVE_WINDOW, type State } from './layout.ts';
import { MAX_CODE } from './native.ts';
import type { Random } from './random.ts';
import { ALWAYS_UNDEFINED, undefinedAfterShift } from './undefined.ts';

const { C, P, A, Z, S, O } = FLAGS;
const RSP = 4, RBP = 5, R13 = 13;
/** Pointers throughout: rsp to the stack in the window, rbp and r13 to data in it. */
const RESERVED = new Set([RSP, RBP, R13]);
const STACK_OFFSET = 192, DATA_OFFSET = 64;

/** Own control flow, faults, or a result that hangs on what is undefined. */
const EXCLUDED = new Set(('div idiv bsf bsr loop loope loopne jrcxz jmp call ret enter leave pushf popf xlat cmpxchg16b '
  + 'movs stos lods cmps scas').split(' '));
const CONDITION_FLAGS = [O, C, Z, C | Z, S, P, S | O, Z | S | O];
const READS: Readonly<Record<string, number>> = { adc: C, sbb: C, rcl: C, rcr: C, adcx: C, cmc: C, adox: O, lahf: C | P | A | Z | S };
/** Flags that instructions leave alone, of those that set some. */
const KEEPS: Readonly<Record<string, number>> = {
  inc: C, dec: C, bt: Z, bts: Z, btr: Z, btc: Z, cmpxchg8b: ALL_FLAGS & ~Z, clc: ALL_FLAGS & ~C, stc: ALL_FLAGS & ~C, cmc: ALL_FLAGS & ~C,
  adcx: ALL_FLAGS & ~C, adox: ALL_FLAGS & ~O, sahf: O, comiss: 0, comisd: 0, ucomiss: 0, ucomisd: 0, ptest: 0,
};
const SETS_ALL = new Set('add sub cmp adc sbb and or xor test neg mul imul xadd cmpxchg bzhi andn blsr blsi blsmsk bextr popcnt tzcnt lzcnt'.split(' '));

const isConditional = (insn: Instruction): boolean => /^(j|set|cmov)(n?[obspe]|ae|be|a|ge|le|l|g)$/.test(insn.mnemonic);
const flagsRead = (insn: Instruction): number =>
  READS[insn.mnemonic] ?? (isConditional(insn) ? CONDITION_FLAGS[insn.opcode >> 1 & 7]! : 0);

/** Flags that may be undefined after the instruction, given those before. */
const undefinedAfter = (insn: Instruction, before: number): number => {
  const name = insn.mnemonic;
  const shift = undefinedAfterShift(insn, before);
  if (shift !== undefined) return shift;
  const kept = SETS_ALL.has(name) ? 0 : KEEPS[name] ?? ALL_FLAGS;
  return (before & kept) | (ALWAYS_UNDEFINED[name] ?? 0);
};

/** A sequence as a test case; `undefinedFlags` is what the comparison forgives. */
export interface SequenceCase extends Case { readonly undefinedFlags: number; readonly insns: readonly Instruction[] }

export class SequenceGenerator {
  private readonly random: Random;
  private readonly single: Generator;
  private readonly decoder = new Decoder();

  constructor(random: Random) {
    this.random = random;
    this.single = new Generator(random);
  }

  next(): SequenceCase {
    const { random } = this;
    const bytes: number[] = [];
    const insns: Instruction[] = [];
    let isUndefined = 0;
    let pushed = 0;
    /** Where the last conditional jump lands, and what was undefined at it. */
    let joinAt = -1, undefinedAtJump = 0;
    const length = 3 + random.below(10);
    while (insns.length < length) {
      if (insns.length === joinAt) isUndefined |= undefinedAtJump;
      const { code, insn } = this.pick();
      if (bytes.length + code.length + 2 > MAX_CODE) break;
      if ((flagsRead(insn) & isUndefined) !== 0) continue;
      if (insn.mnemonic === 'push' || insn.mnemonic === 'pop') {
        // A skipped push would leave the stack at two depths.
        if (insns.length < joinAt) continue;
        const depth = pushed + (insn.mnemonic === 'push' ? insn.size : -insn.size);
        if (Math.abs(depth) > 40) continue;
        pushed = depth;
      } else if (insns.length >= joinAt && random.chance(0.15)) {
        const cc = random.below(16);
        if ((CONDITION_FLAGS[cc >> 1]! & isUndefined) === 0) {
          bytes.push(0x70 | cc, code.length);
          undefinedAtJump = isUndefined;
          joinAt = insns.length + 1;
        }
      }
      bytes.push(...code);
      insns.push(insn);
      isUndefined = undefinedAfter(insn, isUndefined);
    }
    if (insns.length === joinAt) isUndefined |= undefinedAtJump;
    const code = Uint8Array.from(bytes);
    return { code, insn: insns[0]!, target: DATA_OFFSET, undefinedFlags: isUndefined, insns };
  }

  private pick(): { code: Uint8Array; insn: Instruction } {
    for (;;) {
      const test = this.single.next();
      if (EXCLUDED.has(test.insn.mnemonic) || test.insn.mnemonic.startsWith('j') || test.code.includes(0x67)) continue;
      const code = test.insn.operands.some((o) => o.kind === 'mem') ? this.readdressed(test) : test.code;
      if (!code) continue;
      const insn = this.decoder.decode(code, 0, Number(NATIVE_INSN));
      if (insn.length === code.length && insn.mnemonic === test.insn.mnemonic && this.isAllowed(insn)) return { code, insn };
    }
  }

  private isAllowed(insn: Instruction): boolean {
    const name = insn.mnemonic;
    for (const operand of insn.operands) {
      // High bytes of the low registers are fine; `sp` and friends are not.
      if (operand.kind === 'reg' && RESERVED.has(operand.reg)) return false;
      if (operand.kind !== 'mem') continue;
      if (name === 'lea' || operand.index >= 0 || operand.isRipRelative || operand.addressSize === 4) return false;
      if (operand.base >= 0 ? operand.segment !== 0 || (operand.base !== RBP && operand.base !== R13) : operand.segment !== 5) return false;
    }
    const [first, second, third] = insn.operands;
    if (/^bt/.test(name) && first?.kind === 'mem' && second?.kind === 'reg') return false;
    // Undefined results: word-sized double shifts by more than 16, bswap of a word.
    if (/^sh[lr]d$/.test(name) && insn.size === 2 && !(third?.kind === 'imm' && (Number(third.value) & 31) <= 16)) return false;
    return !(name === 'bswap' && insn.size === 2);
  }

  /** The same instruction with [rbp/r13+disp8] or gs:[disp32] as its memory operand. */
  private readdressed(test: Case): Uint8Array | undefined {
    const { random } = this;
    const at = test.modrmAt!;
    const modrm = test.code[at]!;
    if (test.insn.operands.some((o) => o.kind === 'mem') && (modrm >= 0xc0 || /^a[0-3]$/.test((test.insn.opcode & 0xfff).toString(16)))) return undefined;
    const hasSib = (modrm & 7) === 4;
    const sib = test.code[at + 1]!;
    const mod = modrm >> 6;
    const dispBytes = mod === 1 ? 1 : mod === 2 || (modrm & 7) === 5 || (hasSib && (sib & 7) === 5) ? 4 : 0;
    const immediate = test.code.subarray(at + 1 + (hasSib ? 1 : 0) + dispBytes);
    const prefix = [...test.code.subarray(0, at)].filter((byte) => byte !== 0x65);
    const isVector = test.insn.operands.some((o) => o.kind === 'mem' && o.size === 16);
    const aligned = isVector ? ~15 : test.insn.hasLock || test.insn.mnemonic === 'xchg' ? ~7 : ~0;
    const offset = random.below(120) & aligned;
    if (random.chance(0.5)) return Uint8Array.from([...prefix, 0x45 | modrm & 0x38, (offset - DATA_OFFSET) & 0xff, ...immediate]);
    return Uint8Array.from([0x65, ...prefix, 0x04 | modrm & 0x38, 0x25, offset, 0, 0, 0, ...immediate]);
  }

  state(): State {
    const state = baseState(this.random.u32());
    state.regs[RSP] = NATIVE_WINDOW + BigInt(STACK_OFFSET);
    state.regs[RBP] = state.regs[R13] = NATIVE_WINDOW + BigInt(DATA_OFFSET);
    return state;
  }
}
