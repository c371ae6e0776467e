// A decoded x86-64 instruction (long mode) in the words that the lifter and the disassembly text need. Mnemonics are
// Intel's, without size suffixes (`movs`, `stos`, `pushf`); the size is in `size` or in the operands.

export const BAD = '(bad)';

/** Register files an operand may name. */
export type RegisterFile = 'segment' | 'control' | 'debug' | 'mmx' | 'xmm' | 'ymm' | 'zmm' | 'mask' | 'x87' | 'other';

export interface RegisterOperand {
  readonly kind: 'reg';
  /** Number as encoded (0 = rax ...); for ah, ch, dh, bh the register that holds the byte. */
  readonly reg: number;
  readonly size: 1 | 2 | 4 | 8;
  /** Bits 8-15 of the register (ah, ch, dh, bh). */
  readonly isHigh: boolean;
}
export interface MemoryOperand {
  readonly kind: 'mem';
  /** Base register or -1. A RIP-relative operand has none: its `disp` is the address. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly disp: number;
  readonly isRipRelative: boolean;
  /** 4 under prefix 67: the address is computed modulo 2^32. */
  readonly addressSize: 4 | 8;
  readonly segment: Segment;
  /** Bytes accessed; 0 when the instruction has no plain size (lea, fxsave, vector operands). */
  readonly size: number;
}
/** Sign-extended to the size of the operation; a bigint only when no safe integer. */
export interface ImmediateOperand { readonly kind: 'imm'; readonly value: number | bigint; readonly size: number }
export interface BranchOperand { readonly kind: 'branch'; readonly target: number }
/** A register outside the general ones. */
export interface SpecialOperand { readonly kind: 'special'; readonly file: RegisterFile; readonly reg: number }

export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand | BranchOperand | SpecialOperand;

/** 0 none (or one that long mode ignores), 4 FS, 5 GS. */
export type Segment = 0 | 4 | 5;
export const NO_SEGMENT = 0, FS = 4, GS = 5;

export type Repeat = 'none' | 'rep' | 'repne';

export interface Instruction {
  readonly pc: number;
  readonly length: number;
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  /** Map number << 8 | opcode byte; maps: 0 one-byte, 1 0F, 2 0F38, 3 0F3A. The low four bits are the condition of jcc, setcc, cmovcc. */
  readonly opcode: number;
  /** Operand size of the instruction in bytes (that of the element for string instructions). */
  readonly size: 1 | 2 | 4 | 8;
  readonly addressSize: 4 | 8;
  readonly segment: Segment;
  readonly repeat: Repeat;
  readonly hasLock: boolean;
}

export const CONDITION_NAMES = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'] as const;
