// Faults that the module expects: its `__ex_table` says where to go on and which registers tell of the fault.
// Linux: arch/x86/mm/extable.c, asm/extable_fixup_types.h.

import type { Ptr } from '../../base/ptr.ts';
import type { GuestFrame } from '../../cpu/api.ts';
import { RAX, RCX } from '../../ir/ir.ts';

export interface FixupEntry { readonly fixup: Ptr; readonly type: number; readonly register: number; readonly immediate: number }

const EX_TYPE = { default: 1, fault: 2, uaccess: 3, copy: 4, immediateRegister: 17, copyLength: 19 } as const;

/** Changes the frame as the entry asks; false for a kind of entry that is not known here. */
export function applyFixup(frame: GuestFrame, entry: FixupEntry, vector: number): boolean {
  const { regs } = frame;
  switch (entry.type) {
    case EX_TYPE.default:
    case EX_TYPE.uaccess:
      break;
    case EX_TYPE.fault:
    case EX_TYPE.copy:
      regs[RAX] = BigInt(vector);
      break;
    case EX_TYPE.immediateRegister:
      regs[entry.register] = BigInt(entry.immediate);
      break;
    case EX_TYPE.copyLength:
      regs[RCX] = BigInt(entry.immediate) * regs[RCX]! + regs[entry.register]!;
      break;
    default:
      return false;
  }
  frame.pc = entry.fixup;
  return true;
}
