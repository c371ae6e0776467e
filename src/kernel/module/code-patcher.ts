// Writes instructions into module text and tells the processor. Module text is read-only for guest code, not for the kernel.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';

/** The multi-byte NOPs of the SDM (vol. 2B, NOP), by length. */
const NOPS: readonly (readonly number[])[] = [
  [], [0x90], [0x66, 0x90], [0x0f, 0x1f, 0x00], [0x0f, 0x1f, 0x40, 0x00], [0x0f, 0x1f, 0x44, 0x00, 0x00], [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0, 0, 0, 0], [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
];

export class CodePatcher {
  readonly ram: Ram;
  readonly #cpu: Cpu;
  /** Text that no processor knows yet needs no invalidation. */
  isQuiet = false;
  constructor(ram: Ram, cpu: Cpu) {
    this.ram = ram;
    this.#cpu = cpu;
  }
  write(address: Ptr, bytes: ArrayLike<number>): void {
    const at = this.ram.offset(address, bytes.length, true);
    for (let i = 0; i < bytes.length; i++) this.ram.u8[at + i] = bytes[i]!;
    if (!this.isQuiet) this.#cpu.invalidate(address, bytes.length);
  }
  /** Fills with as few NOPs as possible. */
  nops(address: Ptr, size: number): void {
    for (let done = 0; done < size; ) {
      const length = Math.min(size - done, NOPS.length - 1);
      this.write(address + done, NOPS[length]!);
      done += length;
    }
  }
  /** `jmp rel32` or `call rel32`; false if `target` is too far. */
  branch(address: Ptr, opcode: 0xe8 | 0xe9, target: Ptr): boolean {
    const distance = target - (address + 5);
    if (distance !== (distance | 0)) return false;
    this.write(address, [opcode, distance & 0xff, (distance >> 8) & 0xff, (distance >> 16) & 0xff, (distance >> 24) & 0xff]);
    return true;
  }
}
