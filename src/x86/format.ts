// Disassembly text in Intel's order, for traces and messages: `mov rax, qword [rbx+rcx*8+0x10]`. Instructions that are known only
// by name show their memory operand, if any, and "...".

import { hex16 } from '../base/ptr.ts';
import { REGISTER_NAMES } from '../ir/ir.ts';
import { BAD, type Instruction, type MemoryOperand, type Operand, type RegisterOperand, type SpecialOperand } from './instruction.ts';

/** Text for an address, e.g. `kfree+0x10`; undefined falls back to hex. */
export type Symbolize = (addr: number) => string | undefined;

const BYTE_NAMES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const HIGH_NAMES = ['ah', 'ch', 'dh', 'bh'];
const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const SIZE_NAMES: Record<number, string> = { 1: 'byte ', 2: 'word ', 4: 'dword ', 8: 'qword ', 16: 'xmmword ' };
const STRING_SUFFIX: Record<number, string> = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' };
const STRINGS = new Set(['movs', 'stos', 'lods', 'cmps', 'scas', 'ins', 'outs']);
/** Operands beyond memory are not decoded for these encodings: VEX, EVEX, XOP and the vector part of the legacy maps. */
const isNamedOnly = (insn: Instruction): boolean => insn.opcode >= 0x1000 && insn.operands.every((o) => o.kind === 'mem');

export const registerName = (reg: number, size: 1 | 2 | 4 | 8, isHigh = false): string => {
  if (isHigh) return HIGH_NAMES[reg]!;
  if (reg >= 8) return `r${reg}${{ 1: 'b', 2: 'w', 4: 'd', 8: '' }[size]}`;
  const wide = REGISTER_NAMES[reg]!;
  return size === 8 ? wide : size === 4 ? `e${wide.slice(1)}` : size === 2 ? wide.slice(1) : BYTE_NAMES[reg]!;
};

const hex = (value: number | bigint): string => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
const address = (addr: number, symbolize?: Symbolize): string => symbolize?.(addr) ?? `0x${hex16(addr).replace(/^0+(?=.)/, '')}`;

const memoryText = (operand: MemoryOperand, symbolize?: Symbolize): string => {
  const prefix = (SIZE_NAMES[operand.size] ?? '') + (operand.segment === 0 ? '' : `${SEGMENT_NAMES[operand.segment]}:`);
  const parts: string[] = [];
  if (operand.base >= 0) parts.push(registerName(operand.base, operand.addressSize));
  if (operand.index >= 0) parts.push(registerName(operand.index, operand.addressSize) + (operand.scale === 1 ? '' : `*${operand.scale}`));
  if (operand.isRipRelative) return `${prefix}[rip: ${address(operand.disp, symbolize)}]`;
  if (parts.length === 0) return `${prefix}[${hex(operand.disp)}]`;
  const sum = parts.join('+');
  return `${prefix}[${sum}${operand.disp === 0 ? '' : operand.disp < 0 ? hex(operand.disp) : `+${hex(operand.disp)}`}]`;
};
const specialText = (operand: SpecialOperand): string => {
  switch (operand.file) {
    case 'segment': return SEGMENT_NAMES[operand.reg]!;
    case 'control': return `cr${operand.reg}`;
    case 'debug': return `dr${operand.reg}`;
    case 'xmm': case 'ymm': case 'zmm': return operand.file + operand.reg;
    default: return `${operand.file}${operand.reg}`;
  }
};
const operandText = (operand: Operand, symbolize?: Symbolize): string => {
  switch (operand.kind) {
    case 'reg': return registerName(operand.reg, operand.size, (operand as RegisterOperand).isHigh);
    case 'mem': return memoryText(operand, symbolize);
    case 'imm': return hex(operand.value);
    case 'branch': return address(operand.target, symbolize);
    case 'special': return specialText(operand);
  }
};

export const formatInstruction = (insn: Instruction, symbolize?: Symbolize): string => {
  if (insn.mnemonic === BAD) return BAD;
  const isString = STRINGS.has(insn.mnemonic);
  let text = insn.hasLock ? 'lock ' : '';
  if (isString && insn.repeat !== 'none') text += insn.repeat === 'repne' ? 'repne ' : 'rep ';
  text += insn.mnemonic + (isString ? STRING_SUFFIX[insn.size] : '');
  const operands = insn.operands.map((operand) => operandText(operand, symbolize));
  if (isNamedOnly(insn)) operands.push('...');
  return operands.length > 0 ? `${text} ${operands.join(', ')}` : text;
};
