// Random instructions over everything the lifters know and a user process may execute, with states in which they do something:
// memory operands fall into the window, branches go to TAKEN, divisions rarely overflow.

import { Decoder } from '../../src/x86/decoder.ts';
import type { Instruction, MemoryOperand } from '../../src/x86/instruction.ts';
import { liftedMnemonics } from '../../src/x86/lift.ts';
import { type Form, OpcodeMap } from '../../src/x86/opcode-forms.ts';
import { map0f38, oneByteMap, twoByteMap, vexIntegerMaps } from '../../src/x86/opcode-tables.ts';
import { sse0f, sse0f38, sse0f3a } from '../../src/x86/sse-tables.ts';
import { ALL_FLAGS, baseState, INSN_OFFSET, NATIVE_CODE, NATIVE_INSN, NATIVE_WINDOW, type State, TAKEN_OFFSET, WINDOW_OFFSET, } from './layout.ts';
import type { Random } from './random.ts';

/** Privileged, asynchronous, or without an answer that two machines share. */
const EXCLUDED = new Set(('in out cpuid rdtsc rdtscp rdpmc rdmsr wrmsr xgetbv xsetbv rdpkru wrpkru cli sti clac stac clts swapgs mwait monitor hlt int int1 int3 '
  + 'ud0 ud1 ud2 sldt str smsw sgdt sidt lldt ltr lmsw lgdt lidt invlpg wrfsbase wrgsbase rdfsbase rdgsbase verr verw rdpid rdrand rdseed wbinvd wbnoinvd invd '
  + 'ins outs serialize movdiri ldmxcsr stmxcsr lddqu').split(' '));
const STACK = new Set(['push', 'pop', 'pushf', 'popf', 'call', 'ret', 'enter', 'leave']);
const STRINGS = new Set(['movs', 'stos', 'lods', 'cmps', 'scas']);
const BRANCHES = /^(j|loop)/;
/** Instructions that read or write rax, rcx, rdx or rbx without naming them. */
const IMPLICIT = new Set(['mul', 'imul', 'div', 'idiv', 'cmpxchg', 'cmpxchg8b', 'cmpxchg16b', 'mulx', 'xlat', 'shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr', 'shld', 'shrd', 'loop']);
const BIT_TESTS = new Set(['bt', 'bts', 'btr', 'btc']);

interface Slot { readonly map: number; readonly vexMap: number; readonly opcode: number; readonly form: Form; readonly mnemonic: string }

/** An instruction at NATIVE_INSN, and where its memory operand points. */
export interface Case {
  readonly code: Uint8Array;
  readonly insn: Instruction;
  /** Offset of the memory operand in the window. */
  readonly target: number;
  /** Offset of the ModRM byte in the code, if it has one. */
  readonly modrmAt?: number;
  /** Flags that the comparison forgives, where they do not follow from the instruction. */
  readonly undefinedFlags?: number;
}

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

export class Generator {
  private readonly random: Random;
  private readonly decoder = new Decoder();
  /** Slots by mnemonic, so that rare instructions come as often as common ones. */
  private readonly slots = new Map<string, Slot[]>();
  private readonly names: string[];

  constructor(random: Random, only?: ReadonlySet<string>) {
    this.random = random;
    const allowed = new Set(liftedMnemonics().filter((name) => !EXCLUDED.has(name) && (!only || only.has(name))));
    const maps = [oneByteMap(), twoByteMap(), map0f38()].map((text) => new OpcodeMap(text));
    const vexMaps = vexIntegerMaps().split('|').map((text) => new OpcodeMap(text));
    for (const [number, map] of maps.entries()) this.collect(map, number, 0, allowed);
    for (const [number, map] of [sse0f(), sse0f38(), sse0f3a()].entries()) this.collect(new OpcodeMap(map), number + 1, 0, allowed);
    for (const [number, map] of vexMaps.entries()) this.collect(map, number + 2, number + 2, allowed);
    this.names = [...this.slots.keys()].sort();
  }

  private collect(map: OpcodeMap, number: number, vexMap: number, allowed: ReadonlySet<string>): void {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const form of map.lookup(opcode)) {
        for (const alternative of form.mnemonic.split('/')) {
          const mnemonic = alternative.replace('?', CONDITIONS[opcode & 15]!);
          if (!allowed.has(mnemonic)) continue;
          const family = mnemonic.replace(/^(j|set|cmov)(n?[ob]|ae|n?e|be|a|n?s|n?p|l|ge|le|g)$/, '$1cc');
          const list = this.slots.get(family) ?? [];
          list.push({ map: number, vexMap, opcode, form, mnemonic });
          this.slots.set(family, list);
        }
      }
    }
  }

  get families(): readonly string[] { return this.names; }

  next(): Case {
    for (;;) {
      const slot = this.random.pick(this.slots.get(this.random.pick(this.names))!);
      const made = this.encode(slot);
      if (made) return made;
    }
  }

  private encode(slot: Slot): Case | undefined {
    const { random } = this;
    const { form } = slot;
    const bytes: number[] = [];
    const mod = form.mod === 0 ? random.below(3) : form.mod === 1 ? 3 : random.below(4);
    const hasMemory = form.hasModrm && mod !== 3 || form.operands.some((o) => o.letter === 'O');
    const isXlat = slot.mnemonic === 'xlat';
    if (isXlat || (hasMemory && random.chance(0.6))) bytes.push(0x65);
    if (!isXlat && random.chance(0.08)) bytes.push(0x67);
    let rex = random.chance(0.6) ? 0x40 | random.below(16) : 0;
    if (form.w >= 0) rex = 0x40 | rex & 7 | form.w << 3;
    if (form.needsRexB) rex |= 0x41;
    if (slot.vexMap === 0) {
      if (form.prefix === 0x66 || (form.prefix !== 0 && random.chance(0.25))) bytes.push(0x66);
      if (form.prefix === 0xf3 || form.prefix === 0xf2) bytes.push(form.prefix);
      else if (STRINGS.has(slot.mnemonic) && random.chance(0.6)) bytes.push(random.chance(0.5) ? 0xf3 : 0xf2);
      if (hasMemory && random.chance(0.15)) bytes.push(0xf0);
      if (rex !== 0) bytes.push(rex);
      if (slot.map > 0) bytes.push(0x0f);
      if (slot.map === 2) bytes.push(0x38);
      if (slot.map === 3) bytes.push(0x3a);
    } else {
      const pp = form.prefix === 0x66 ? 1 : form.prefix === 0xf3 ? 2 : form.prefix === 0xf2 ? 3 : 0;
      const isVvvvUsed = form.operands.some((o) => o.letter === 'B');
      bytes.push(0xc4, random.below(8) << 5 | slot.vexMap, random.below(2) << 7 | (isVvvvUsed ? random.below(16) : 15) << 3 | pp);
    }
    bytes.push(slot.opcode);
    const modrmAt = bytes.length;
    if (form.hasModrm) bytes.push(form.modrm >= 0 ? form.modrm : mod << 6 | (form.reg >= 0 ? form.reg : random.below(8)) << 3 | random.below(8));
    while (bytes.length < 15) bytes.push(random.below(256));
    const code = Uint8Array.from(bytes);
    return this.arrange(code, modrmAt, slot.mnemonic);
  }

  /** Decodes, patches displacement or branch target, and refuses what cannot be arranged. */
  private arrange(code: Uint8Array, modrmAt: number, mnemonic: string): Case | undefined {
    const { random } = this;
    const pc = Number(NATIVE_INSN);
    let insn = this.decoder.decode(code, 0, pc);
    if (insn.mnemonic !== mnemonic) return undefined;
    const isAligned = insn.hasLock || mnemonic === 'xchg' || mnemonic === 'cmpxchg16b';
    let target = 96 + random.below(64);
    const memory = insn.operands.find((o) => o.kind === 'mem');
    if (isAligned || random.chance(memory?.size === 16 ? 0.9 : 0.3)) target &= ~15;
    // Away from what is pushed.
    if (STACK.has(mnemonic)) target = 16 + random.below(64);
    const view = new DataView(code.buffer);
    if (memory && mnemonic === 'lea') {
      if (memory.isRipRelative) {
        if (insn.size !== 8 || memory.addressSize === 4) return undefined;
        view.setInt32(modrmAt + 1, WINDOW_OFFSET + target - INSN_OFFSET - insn.length, true);
      }
    } else if (memory) {
      const has8 = memory.segment === 0;
      if (memory.segment === 4 || (has8 && memory.addressSize === 4)) return undefined;
      const isMoffs = modrmAt < 15 && insn.opcode >> 2 === 0xa0 >> 2;
      if (isMoffs) {
        if (has8) return undefined;
        if (memory.addressSize === 4) view.setUint32(modrmAt, target, true);
        else view.setBigUint64(modrmAt, BigInt(target), true);
      } else if (memory.isRipRelative) {
        if (memory.segment !== 0 || memory.addressSize === 4) return undefined;
        view.setInt32(modrmAt + 1, WINDOW_OFFSET + target - INSN_OFFSET - insn.length, true);
      } else if (memory.base < 0 && memory.index < 0) {
        if (has8) return undefined;
        view.setInt32(modrmAt + 2, target, true);
      } else if (memory.base < 0) {
        if (has8 || memory.addressSize === 4) return undefined;
        target &= ~7;
        view.setInt32(modrmAt + 2, view.getInt32(modrmAt + 2, true) & ~7, true);
      } else {
        if (memory.base === memory.index) return undefined;
        if (has8 && (this.isData(insn, memory.base) || memory.base === memory.index)) return undefined;
      }
    } else if (BRANCHES.test(mnemonic) || mnemonic === 'call') {
      const operand = insn.operands[0]!;
      if (operand.kind === 'branch') {
        const distance = TAKEN_OFFSET - INSN_OFFSET - insn.length;
        if (insn.length >= 5 && /^(0|1)$/.test(String(insn.opcode >> 8)) && operandBytes(insn) === 4) view.setInt32(insn.length - 4, distance, true);
        else view.setInt8(insn.length - 1, distance);
      } else if (operand.kind !== 'reg') return undefined;
    }
    // Intel and AMD differ on 66 before a near branch; stack frames of words have no translation.
    if ((BRANCHES.test(mnemonic) || /^(call|ret|enter|leave)$/.test(mnemonic)) && code.subarray(0, insn.length).includes(0x66)) return undefined;
    if (mnemonic === 'ret' && insn.operands.length > 0) view.setUint16(insn.length - 2, random.below(64), true);
    if (mnemonic === 'enter') {
      view.setUint16(insn.length - 3, random.below(64), true);
      code[insn.length - 1] = random.below(6);
    }
    if (insn.operands.some((o) => o.kind === 'special' && o.file !== 'xmm')) return undefined;
    if (STRINGS.has(mnemonic) && (insn.addressSize === 4 || insn.segment !== 0)) return undefined;
    if (mnemonic === 'xlat' && insn.segment === 0) return undefined;
    if (memory && STACK.has(mnemonic) && (memory.base === 4 || memory.base === 5)) return undefined;
    if (memory?.segment === 0 && mnemonic !== 'lea' && IMPLICIT.has(mnemonic) && memory.base >= 0 && memory.base < 4) return undefined;
    insn = this.decoder.decode(code, 0, pc);
    if (insn.mnemonic !== mnemonic) return undefined;
    if (BIT_TESTS.has(mnemonic) && memory) {
      const index = insn.operands[1]!;
      if (index.kind === 'reg' && (index.reg === memory.base || index.reg === memory.index || memory.addressSize === 4)) return undefined;
    }
    return { code: code.slice(0, insn.length), insn, target, modrmAt };
  }

  private isData(insn: Instruction, register: number): boolean {
    return insn.operands.some((o) => o.kind === 'reg' && o.reg === register);
  }

  state(test: Case): State {
    const { random } = this;
    const { insn } = test;
    const name = insn.mnemonic;
    const state = baseState(random.u32());
    state.hasPointersInMemory = STACK.has(name) || name === 'jmp';
    const { regs, memory } = state;
    const view = new DataView(memory.buffer);
    const taken = NATIVE_CODE + BigInt(TAKEN_OFFSET);

    if (name === 'div' || name === 'idiv') this.easeDivision(insn, regs);
    if (/^(shl|shr|sar|ro|rc|shld|shrd)/.test(name) && random.chance(0.5)) regs[1] = regs[1]! & ~0xffn | BigInt(random.below(70));
    if (name === 'cmpxchg' && random.chance(0.5)) this.makeEqual(test, state);
    if (STRINGS.has(name)) {
      regs[6] = NATIVE_WINDOW + BigInt(random.below(64));
      regs[7] = NATIVE_WINDOW + BigInt(96 + random.below(64));
      if (random.chance(0.2)) regs[7] = regs[6]! + BigInt(random.below(12));
      if (insn.repeat !== 'none') regs[1] = BigInt(random.below(8));
      if (name === 'cmps' || name === 'scas') {
        // Runs of equal bytes, so that comparisons go on for a while.
        const byte = random.below(256);
        if (random.chance(0.7)) memory.fill(byte, 0, 240);
        if (random.chance(0.5)) memory[random.below(200)] = random.below(256);
        if (name === 'scas' && random.chance(0.7)) regs[0] = BigInt(`0x${byte.toString(16).padStart(2, '0').repeat(8)}`);
      }
    }
    if (/^(loop|jrcxz)/.test(name) && random.chance(0.6)) regs[1] = BigInt(random.below(3)) | (random.chance(0.2) ? 1n << 32n : 0n);
    if (STACK.has(name)) {
      regs[4] = NATIVE_WINDOW + BigInt(128 + random.below(8));
      if (name === 'leave') regs[5] = NATIVE_WINDOW + BigInt(112 + random.below(32));
      // Pushed frame pointers must not overlap halfway.
      if (name === 'enter') {
        regs[4] = NATIVE_WINDOW + 136n;
        regs[5] = NATIVE_WINDOW + BigInt(96 + 8 * random.below(8));
      }
      const rsp = Number(regs[4]! - NATIVE_WINDOW);
      if (name === 'ret') view.setBigUint64(rsp, taken, true);
      if (name === 'popf') view.setBigUint64(rsp, BigInt((random.u32() & ALL_FLAGS) | 0x202), true);
    }
    if (name === 'jmp' || name === 'call') {
      const operand = insn.operands[0]!;
      if (operand.kind === 'reg') regs[operand.reg] = taken;
      else if (operand.kind === 'mem') view.setBigUint64(test.target, taken, true);
    }
    const popped = insn.operands[0];
    // pop sp changes the lower half of a pointer.
    if (name === 'pop' && popped?.kind === 'reg' && popped.reg === 4) state.pointer = insn.size === 2 ? 4 : -1;
    this.pointAt(test, state);
    return state;
  }

  /** Sets base (or index) so that the memory operand falls on the target. */
  private pointAt(test: Case, state: State): void {
    const { insn, target } = test;
    const { regs } = state;
    if (insn.mnemonic === 'lea') return;
    if (insn.mnemonic === 'xlat') {
      regs[3] = BigInt.asUintN(64, BigInt(target - 96) - (regs[0]! & 0xffn) + 40n);
      return;
    }
    const memory = insn.operands.find((o): o is MemoryOperand => o.kind === 'mem');
    if (memory && BIT_TESTS.has(insn.mnemonic) && insn.operands[1]!.kind === 'reg') {
      const bits = BigInt.asUintN(insn.size * 8, BigInt(this.random.below(1400) - 700));
      const index = insn.operands[1]!;
      regs[index.reg] = insn.size === 2 ? regs[index.reg]! & ~0xffffn | bits : insn.size === 4 ? regs[index.reg]! & ~0xffffffffn | bits : bits;
    }
    if (!memory || memory.isRipRelative || (memory.base < 0 && memory.index < 0)) return;
    const want = memory.segment === 5 ? BigInt(target) : NATIVE_WINDOW + BigInt(target);
    const rest = want - BigInt(memory.disp);
    if (memory.base < 0) {
      regs[memory.index] = BigInt.asUintN(64, rest / BigInt(memory.scale));
      return;
    }
    if (memory.segment === 0) state.pointer = memory.base;
    const scaled = memory.index >= 0 ? regs[memory.index]! * BigInt(memory.scale) : 0n;
    const base = rest - scaled;
    // Modulo 2^32 the upper half of a base does not matter.
    regs[memory.base] = memory.addressSize === 4 ? this.random.u64() & ~0xffffffffn | BigInt.asUintN(32, base) : BigInt.asUintN(64, base);
  }

  private easeDivision(insn: Instruction, regs: BigUint64Array): void {
    const { random } = this;
    if (random.chance(0.15)) return;
    const size = insn.size === 1 ? 1 : insn.size;
    const low = BigInt(size * 8);
    if (size === 1) {
      regs[0] = regs[0]! & ~0xffffn | BigInt(random.below(random.chance(0.5) ? 0x400 : 0x10000));
      return;
    }
    const isNegative = insn.mnemonic === 'idiv' && (regs[0]! >> (low - 1n) & 1n) === 1n;
    let high = isNegative ? (1n << low) - 1n : 0n;
    if (random.chance(0.4)) high = BigInt.asUintN(Number(low), high + BigInt(random.below(64) - 20));
    regs[2] = regs[2]! & ~((1n << low) - 1n) | high;
  }

  /** Makes cmpxchg find what it compares with. */
  private makeEqual(test: Case, state: State): void {
    const dest = test.insn.operands[0]!;
    if (dest.kind === 'mem') for (let i = 0; i < 8; i++) state.memory[test.target + i] = Number(state.regs[0]! >> BigInt(i * 8) & 0xffn);
    else if (dest.kind === 'reg' && !dest.isHigh) state.regs[dest.reg] = state.regs[0]!;
  }
}

/** Bytes of a branch displacement. */
const operandBytes = (insn: Instruction): number => {
  const opcode = insn.opcode & 0xff;
  return insn.opcode >> 8 === 1 || opcode === 0xe8 || opcode === 0xe9 ? 4 : 1;
};
