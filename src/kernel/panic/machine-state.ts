// The processor's state as reports show it: general registers of the interrupted code, segments and control registers.
// Linux: arch/x86/kernel/process_64.c, __show_regs().

import { addressAt, hex16, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../cpu/layout.ts';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from '../../ir/ir.ts';

/** Code that was interrupted, or that asked for a report. */
export interface CodeState {
  readonly pc: Ptr;
  readonly regs: BigInt64Array;
  readonly rflags: number;
}

/** Values that only reports show; what a module cannot read needs no more truth than that. */
export interface ControlRegisters { readonly cr0: bigint; readonly cr3: bigint; readonly cr4: bigint }
/** As Debian's kernel sets them on a processor without the optional features. */
export const PLAIN_CONTROL_REGISTERS: ControlRegisters = { cr0: 0x8005_0033n, cr3: 0x5f3_6000n, cr4: 0x6f0n };

/** State of the kernel code that runs now, from the register block: what the last guest code left when it called. */
export function currentState(ram: Ram, pc: Ptr): CodeState {
  const regs = new BigInt64Array(16);
  for (let reg = 0; reg < 16; reg++) regs[reg] = ram.readI64(blockAddress(BLOCK.regs + 8 * reg));
  return { pc, regs, rflags: 0x246 };
}

const blockAddress = (offset: number): Ptr => addressAt(CPU_BLOCK_OFFSET + offset);

/** Names and register numbers, three to a line. */
const REGISTER_LINES: readonly (readonly (readonly [string, number])[])[] = [
  [['RAX', RAX], ['RBX', RBX], ['RCX', RCX]],
  [['RDX', RDX], ['RSI', RSI], ['RDI', RDI]],
  [['RBP', RBP], ['R08', 8], ['R09', 9]],
  [['R10', 10], ['R11', 11], ['R12', 12]],
  [['R13', 13], ['R14', 14], ['R15', 15]],
];

/** RSP and the general registers. */
export function registerLines(state: CodeState): string[] {
  const hex = (reg: number): string => BigInt.asUintN(64, state.regs[reg]!).toString(16).padStart(16, '0');
  return [
    `RSP: 0018:${hex(RSP)} EFLAGS: ${(state.rflags >>> 0).toString(16).padStart(8, '0')}`,
    ...REGISTER_LINES.map((line) => line.map(([name, reg]) => `${name}: ${hex(reg)}`).join(' ')),
  ];
}

/** Segments and control registers. `faultAddress` is CR2. */
export function systemLines(ram: Ram, control: ControlRegisters, faultAddress: bigint): string[] {
  const base = (offset: number): string => hex16(ram.readPtr(blockAddress(offset)));
  const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0');
  return [
    `FS:  ${base(BLOCK.fsBase)}(0000) GS:${base(BLOCK.gsBase)}(0000) knlGS:0000000000000000`,
    `CS:  0010 DS: 0000 ES: 0000 CR0: ${hex(control.cr0)}`,
    `CR2: ${hex(faultAddress)} CR3: ${hex(control.cr3)} CR4: ${hex(control.cr4)}`,
  ];
}

const CODE_BEFORE = 42;
const CODE_AFTER = 22;

/** `Code:` with the bytes around the instruction, that one marked. Bytes before `readableFrom` count as unreadable. */
export function codeLine(ram: Ram, pc: Ptr, readableFrom: Ptr = Number.NEGATIVE_INFINITY): string {
  const start = pc - CODE_BEFORE;
  if (!ram.has(start, CODE_BEFORE + CODE_AFTER) || start < readableFrom) return `Code: Unable to access opcode bytes at 0x${BigInt.asUintN(64, BigInt(start)).toString(16)}.`;
  const bytes = Array.from(ram.bytes(start, CODE_BEFORE + CODE_AFTER), (byte, index) => {
    const hex = byte.toString(16).padStart(2, '0');
    return index === CODE_BEFORE ? `<${hex}>` : hex;
  });
  return `Code: ${bytes.join(' ')}`;
}
