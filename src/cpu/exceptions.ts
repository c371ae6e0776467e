// From a fault, trap or lost jump to the GuestException that the kernel is asked about.

import type { MemoryFault } from '../base/ram.ts';
import { isCanonical, PF_FETCH, PF_PRESENT, type Machine } from '../ir/interpreter/machine.ts';
import type { Term } from '../ir/ir.ts';
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

export const isCanonicalAddress = (address: number): boolean => Math.abs(address) <= 2 ** 47 && isCanonical(Math.floor(address / 4294967296) | 0);

/** An access by TypeScript code (a kernel function, a device) that no RAM answers. */
export function memoryReport(machine: Machine, { address, size, isWrite }: MemoryFault): Report {
  if (!isCanonicalAddress(address)) return report(VECTOR.GP);
  try {
    machine.pageFault(address, size, isWrite);
  } catch {
    return report(VECTOR.PF, '', machine.fault.errorCode, machine.fault.address);
  }
}

/** A fetch where there is no code: data is present but not executable, freed code is not present. */
export function fetchReport(machine: Machine, address: number, wasFreed: boolean): Report {
  if (!isCanonicalAddress(address)) return report(VECTOR.GP);
  return report(VECTOR.PF, '', PF_FETCH | (machine.isRam(address) && !wasFreed ? PF_PRESENT : 0), address);
}

/** What a trap terminator at `pc` reports, and the address it reports: traps that are no faults report the one behind them. */
export function trapReport(term: Extract<Term, { t: 'trap' }>, pc: number): { readonly what: Report; readonly pc: number } {
  switch (term.kind) {
    case 'int3': return { what: report(VECTOR.BP), pc: pc + 1 };
    case 'int': return term.name === 'int' ? { what: report(term.vector, `int ${term.vector}`), pc: pc + 2 } : { what: report(term.vector, term.name), pc: pc + 1 };
    case 'ud': return { what: report(term.vector), pc };
    case 'hlt': return { what: report(VECTOR.GP, 'hlt'), pc };
    case 'undecodable': return { what: report(VECTOR.UD, `undecodable: ${term.name}`), pc };
    case 'noreturn': return { what: report(VECTOR.UD, term.name), pc };
  }
}

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
