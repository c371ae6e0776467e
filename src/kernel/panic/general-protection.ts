// What a general protection fault was probably about: the address of the instruction's memory operand, worked out from the
// registers. Linux: arch/x86/kernel/traps.c, get_kernel_gp_address().

import type { Ram } from '../../base/ram.ts';
import { RSP } from '../../ir/ir.ts';
import { Decoder } from '../../x86/decoder.ts';
import { type MemoryOperand, NO_SEGMENT } from '../../x86/instruction.ts';
import { isCanonical } from './fault-text.ts';
import type { CodeState } from './machine-state.ts';

const LONGEST_INSTRUCTION = 15;

/** `general protection fault, probably for non-canonical address 0x...` where the operand tells. */
export function generalProtectionText(ram: Ram, state: CodeState): string {
  const address = operandAddress(ram, state);
  if (address === undefined) return 'general protection fault';
  return `general protection fault, ${isCanonical(address) ? 'maybe for' : 'probably for non-canonical'} address 0x${BigInt.asUintN(64, address).toString(16)}`;
}

function operandAddress(ram: Ram, state: CodeState): bigint | undefined {
  if (!ram.has(state.pc, LONGEST_INSTRUCTION)) return undefined;
  const insn = new Decoder().decode(ram.bytes(state.pc, LONGEST_INSTRUCTION), 0, state.pc);
  if (insn.mnemonic === 'push' || insn.mnemonic === 'pop' || insn.mnemonic === 'ret') return state.regs[RSP];
  const operand = insn.operands.find((one): one is MemoryOperand => one.kind === 'mem');
  return operand && operand.segment === NO_SEGMENT ? effectiveAddress(operand, state.regs) : undefined;
}

function effectiveAddress(operand: MemoryOperand, regs: BigInt64Array): bigint {
  const base = operand.base < 0 ? 0n : regs[operand.base]!;
  const index = operand.index < 0 ? 0n : regs[operand.index]! * BigInt(operand.scale);
  return BigInt.asIntN(64, base + index + BigInt(operand.disp));
}
