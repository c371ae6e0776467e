// SSE: each instruction is one intrinsic of its own name (`sse.ts`). Vector registers live in the register block and are no IR state.

import type { Instruction, Operand } from './instruction.ts';
import { FLAGS_MASK, type Lifter, type LifterTable, type Lifting, maskOf, registerArgument } from './lifting.ts';
import { lazy } from './lazy.ts';
import { IMMEDIATE_SOURCE, sseIntrinsics } from './sse.ts';

const vectorArgument = (operand: Operand): number => (operand.kind === 'special' ? operand.reg : -1);
const immediateOf = (insn: Instruction): number => {
  const last = insn.operands.at(-1)!;
  return last.kind === 'imm' ? Number(last.value) & 0xff : 0;
};
const memoryOf = (insn: Instruction): Operand | undefined => insn.operands.find((o) => o.kind === 'mem');

/** Vector destination, vector or memory source, perhaps an immediate. */
const plain = (name: string, writes = 0): Lifter => (l, insn) => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const source = src.kind === 'imm' ? IMMEDIATE_SOURCE : vectorArgument(src);
  l.intrinsic(name, [vectorArgument(dest), source, immediateOf(insn)], 0, writes, memoryOf(insn));
};
/** Moves: to a vector register, or to memory. */
const move = (name: string): Lifter => (l, insn) => {
  const [dest, src] = insn.operands as [Operand, Operand];
  if (dest.kind === 'mem') return l.intrinsic(`${name} store`, [-1, vectorArgument(src)], 0, 0, dest);
  return l.intrinsic(`${name} load`, [vectorArgument(dest), vectorArgument(src)], 0, 0, memoryOf(insn));
};
const isGeneral = (operand: Operand): boolean => operand.kind === 'reg' || operand.kind === 'mem';

/** A general register or memory on one side, as arguments [vector, general, size, immediate]. */
const across = (l: Lifting, insn: Instruction, name: string, isToVector: boolean, size: number): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const vector = isToVector ? dest : src, general = isToVector ? src : dest;
  const mask = maskOf(general);
  l.intrinsic(name, [vectorArgument(vector), registerArgument(general), size, immediateOf(insn)], isToVector ? mask : 0, isToVector ? 0 : mask, memoryOf(insn));
};
const liftMovd: Lifter = (l, insn) => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = insn.mnemonic === 'movd' ? 4 : 8;
  // movq between vector registers and memory has opcodes of its own, with the xmm operand on the other side.
  if ((insn.opcode & 0xff) !== 0x6e && (insn.opcode & 0xff) !== 0x7e) return move('movq')(l, insn);
  if (insn.repeat === 'rep') return move('movq')(l, insn);
  return isGeneral(src) ? across(l, insn, 'to vector', true, size) : isGeneral(dest) ? across(l, insn, 'from vector', false, size) : false;
};
const fromInteger: Lifter = (l, insn) => across(l, insn, insn.mnemonic, true, (insn.operands[1] as { size: number }).size);
const toInteger: Lifter = (l, insn) => {
  const [dest, src] = insn.operands as [Operand, Operand];
  l.intrinsic(insn.mnemonic, [vectorArgument(src), registerArgument(dest), (dest as { size: number }).size], 0, maskOf(dest), memoryOf(insn));
};
const ELEMENT_SIZE: Readonly<Record<string, number>> = { b: 1, w: 2, d: 4, q: 8 };
const liftElement: Lifter = (l, insn) => {
  const isInsert = insn.mnemonic.startsWith('pins');
  across(l, insn, isInsert ? 'insert element' : 'extract element', isInsert, ELEMENT_SIZE[insn.mnemonic.at(-1)!]!);
};
const liftStatusWord: Lifter = (l, insn) => l.intrinsic(insn.mnemonic, [], 0, 0, insn.operands[0]!);

const special = (): Readonly<Record<string, Lifter>> => ({
  movd: liftMovd, movq: liftMovd,
  cvtsi2ss: fromInteger, cvtsi2sd: fromInteger, cvttss2si: toInteger, cvttsd2si: toInteger, cvtss2si: toInteger, cvtsd2si: toInteger,
  pmovmskb: toInteger, movmskps: toInteger, movmskpd: toInteger,
  pinsrb: liftElement, pinsrw: liftElement, pinsrd: liftElement, pinsrq: liftElement,
  pextrb: liftElement, pextrw: liftElement, pextrd: liftElement, pextrq: liftElement,
  ucomiss: plain('ucomiss', FLAGS_MASK), ucomisd: plain('ucomisd', FLAGS_MASK), comiss: plain('comiss', FLAGS_MASK), comisd: plain('comisd', FLAGS_MASK),
  ptest: plain('ptest', FLAGS_MASK),
});

const lifterOf = (name: string): [string, Lifter] => {
  const [mnemonic, kind] = name.split(' ') as [string, string | undefined];
  return [mnemonic, kind ? move(mnemonic) : plain(mnemonic)];
};

/** MMX shares these mnemonics; its instructions are known by name alone and have one operand at most. */
const needsOperands = (lifter: Lifter): Lifter => (l, insn) => (insn.operands.length >= 2 ? lifter(l, insn) : false);

export const sseLifters = lazy((): LifterTable => ({
  ...Object.fromEntries([...Object.keys(sseIntrinsics()).filter((name) => !/element|vector/.test(name)).map(lifterOf), ...Object.entries(special())]
    .map(([mnemonic, lifter]) => [mnemonic, needsOperands(lifter)])),
  ldmxcsr: liftStatusWord,
  stmxcsr: liftStatusWord,
}));
