// From a fault, trap or lost jump to the GuestException that the kernel is asked about.

import type { GuestException, GuestFrame } from './api.ts';
import { VECTOR } from './api.ts';
import type { RegisterBlock } from './registers.ts';

/** What the processor reports, before the interrupted state is added. */
export interface Report {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: number;
  readonly detail: string;
}

export const report = (vector: number, detail = '', errorCode = 0, address = 0): Report => ({ vector, errorCode, address, detail });

/** RFLAGS bits beside the condition flags: the processor's own, as its model has them. */
export interface SystemFlags { readonly systemFlags: number; setSystemFlags(image: number): void }

const RESUME_FLAG = 0x10000;
const CONDITION_MASK = 0x8d5;

export function guestFrame(regs: RegisterBlock, system: SystemFlags, functionName: string, pc: number): GuestFrame {
  return { functionName, pc, regs: regs.big.slice(), rflags: (system.systemFlags & ~CONDITION_MASK) | regs.conditionFlags };
}

export function guestException(what: Report, frame: GuestFrame): GuestException {
  // Faults push RFLAGS with RF set, so that the instruction can be resumed past a breakpoint; int3 is a trap.
  if (what.vector !== VECTOR.BP) frame.rflags |= RESUME_FLAG;
  return { vector: what.vector, errorCode: what.errorCode, address: what.address, frame, detail: what.detail };
}

/** Takes the state over that a handler wants resumed. `before` is the RFLAGS image it was shown. */
export function applyFrame(regs: RegisterBlock, system: SystemFlags, frame: GuestFrame, before: number): void {
  regs.big.set(frame.regs);
  if (frame.rflags === before) return;
  // Only a changed image is written back: predicates that nobody reads are not kept consistent with it.
  regs.conditionFlags = frame.rflags;
  system.setSystemFlags(frame.rflags & ~RESUME_FLAG);
}
