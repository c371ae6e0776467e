// Instructions about the processor itself: hints and fences (nothing to do on this machine), port I/O, identification, model
// registers, flags words. All but the hints are intrinsics (`intrinsics.ts`).

import { add, c64, fsbase, gsbase, reg, setReg } from '../ir/build.ts';
import { RAX, RBX, RCX, RDX, RSP } from '../ir/ir.ts';
import type { Instruction, Operand, RegisterOperand } from './instruction.ts';
import { FLAGS_MASK, type Lifter, type LifterTable, type Lifting, mask, maskOf, registerArgument } from './lifting.ts';

/** No effect: one thread, memory in program order, no caches. */
const HINTS = ('nop pause lfence mfence sfence prefetch prefetchw prefetchwt1 prefetchnta prefetcht0 prefetcht1 prefetcht2 prefetchit0 prefetchit1 '
  + 'clflush clflushopt clwb cldemote endbr64 endbr32 wbinvd wbnoinvd invd serialize monitor fwait').split(' ');
const liftHint = (): void => {};

/**
 * Intrinsics without operands: name, registers read, registers written. `std` is missing: the engines' string instructions only
 * go upward, so code that sets the direction flag is refused by name.
 */
const FIXED: readonly (readonly [string, number, number])[] = [
  ['cpuid', mask(RAX, RCX), mask(RAX, RBX, RCX, RDX)],
  ['rdtsc', 0, mask(RAX, RDX)],
  ['rdtscp', 0, mask(RAX, RCX, RDX)],
  ['rdpmc', mask(RCX), mask(RAX, RDX)],
  ['rdmsr', mask(RCX), mask(RAX, RDX)],
  ['wrmsr', mask(RAX, RCX, RDX), 0],
  ['xgetbv', mask(RCX), mask(RAX, RDX)],
  ['xsetbv', mask(RAX, RCX, RDX), 0],
  ['rdpkru', mask(RCX), mask(RAX, RDX)],
  ['wrpkru', mask(RAX, RCX, RDX), 0],
  ['cli', 0, 0], ['sti', 0, 0], ['cld', 0, 0], ['clac', 0, 0], ['stac', 0, 0], ['clts', 0, 0], ['swapgs', 0, 0],
];

const liftIn = (l: Lifting, insn: Instruction): void => {
  const [dest, port] = insn.operands as [RegisterOperand, Operand];
  l.intrinsic('in', [dest.size, portArgument(port)], mask(RAX, RDX), mask(RAX));
};
const liftOut = (l: Lifting, insn: Instruction): void => {
  const [port, src] = insn.operands as [Operand, RegisterOperand];
  l.intrinsic('out', [src.size, portArgument(port)], mask(RAX, RDX), 0);
};
/** A port number, or -1 for dx. */
const portArgument = (operand: Operand): number => (operand.kind === 'imm' ? Number(operand.value) : -1);

/** The intrinsic transfers the word; rsp moves in the IR, where engines track it. */
const liftPushf = (l: Lifting, insn: Instruction): void => {
  const below = add(reg(RSP), c64(-insn.size));
  l.intrinsicAt('pushf', [insn.size], FLAGS_MASK, 0, below);
  l.emit(setReg(RSP, below));
};
const liftPopf = (l: Lifting, insn: Instruction): void => {
  l.intrinsicAt('popf', [insn.size], FLAGS_MASK, FLAGS_MASK, reg(RSP));
  l.emit(setReg(RSP, add(reg(RSP), c64(insn.size))));
};

/** A descriptor-table or task register to a register or memory operand. */
const liftStoreSystem: Lifter = (l, insn) => {
  const dest = insn.operands[0]!;
  const size = dest.kind === 'reg' ? dest.size : 2;
  l.intrinsic(insn.mnemonic, [registerArgument(dest), size], maskOf(dest), maskOf(dest), dest);
};
const liftLoadSystem: Lifter = (l, insn) => {
  const src = insn.operands[0]!;
  l.intrinsic(insn.mnemonic, [registerArgument(src)], maskOf(src), 0, src);
};
const liftVerify: Lifter = (l, insn) => {
  const src = insn.operands[0]!;
  l.intrinsic(insn.mnemonic, [registerArgument(src)], maskOf(src) | FLAGS_MASK, FLAGS_MASK, src);
};

const liftReadBase = (isGs: boolean): Lifter => (l, insn) => {
  const dest = insn.operands[0] as RegisterOperand;
  if (dest.size !== 8) return false;
  l.write(dest, isGs ? gsbase : fsbase);
  return true;
};

export const system: LifterTable = {
  ...Object.fromEntries(HINTS.map((name) => [name, liftHint])),
  ...Object.fromEntries(FIXED.map(([name, reads, writes]): [string, Lifter] => [name, (l) => l.intrinsic(name, [], reads, writes)])),
  in: liftIn,
  out: liftOut,
  pushf: liftPushf,
  popf: liftPopf,
  sldt: liftStoreSystem, str: liftStoreSystem, smsw: liftStoreSystem, sgdt: liftStoreSystem, sidt: liftStoreSystem,
  lldt: liftLoadSystem, ltr: liftLoadSystem, lmsw: liftLoadSystem, lgdt: liftLoadSystem, lidt: liftLoadSystem,
  invlpg: liftLoadSystem, wrfsbase: liftLoadSystem, wrgsbase: liftLoadSystem,
  verr: liftVerify, verw: liftVerify,
  rdfsbase: liftReadBase(false), rdgsbase: liftReadBase(true),
  rdpid: (l, insn) => l.intrinsic('rdpid', [registerArgument(insn.operands[0]!)], 0, maskOf(insn.operands[0]!)),
};
