// Walks the return addresses on a guest stack. Inside a module function the static stack map says where the return address is;
// kernel functions have no frame of their own, but where they entered guest code the activation knows. Where rsp is
// dynamic, the stack is searched for a plausible return address, which is then marked as unreliable.

import type { Ram } from '../base/ram.ts';
import type { CodeMap } from './code-map.ts';
import type { Activation } from './frames.ts';

export interface UnwoundFrame {
  /** A return address, or the pc that an exception interrupted. */
  readonly pc: number;
  /** rsp there. */
  readonly sp: number;
  readonly isReliable: boolean;
}

export interface StackBounds { readonly base: number; readonly size: number }

/** Frames above (pc, rsp), innermost first; (pc, rsp) itself is not among them. */
export function* unwindStack(ram: Ram, code: CodeMap, stack: StackBounds, innermost: Activation | undefined, pc: number, rsp: number): Generator<UnwoundFrame> {
  let activation = innermost;
  let at = pc;
  let sp = rsp;
  // Return addresses belong to the call before them, which may be the last instruction of its function.
  let isCallSite = false;
  const end = stack.base + stack.size;
  while (sp >= stack.base && sp + 8 <= end) {
    const delta = stackDelta(code, at, isCallSite);
    let isReliable = true;
    let slot: number;
    if (delta === undefined) {
      const found = scan(ram, code, sp, activation ? Math.min(activation.entrySp, end) : end);
      // With no call in between, it is the function that the kernel entered, and where that was is known.
      if (found === undefined && !activation) return;
      slot = found ?? activation!.entrySp;
      isReliable = found === undefined;
    } else slot = sp - delta;
    if (slot < stack.base || slot + 8 > end) return;
    const returnAddress = ram.readPtr(slot);
    // Entries below this point were left by exceptions or belong to other stacks.
    while (activation && activation.entrySp < slot) activation = activation.parent;
    if (activation?.entrySp !== slot) {
      if (returnAddress === 0) return;
      yield { pc: returnAddress, sp: slot + 8, isReliable };
      at = returnAddress;
      sp = slot + 8;
      isCallSite = true;
      continue;
    }
    yield { pc: returnAddress, sp: activation.outerSp, isReliable };
    sp = activation.outerSp;
    if (activation.interruptedPc !== undefined) {
      at = activation.interruptedPc;
      isCallSite = false;
      yield { pc: at, sp, isReliable: true };
    } else if (activation.isFromHost) {
      // The kernel function was called by guest code, and has no frame.
      at = returnAddress;
      isCallSite = true;
    } else return;
    activation = activation.parent;
  }
}

/** rsp at `pc` relative to the slot of the return address: 0 in kernel functions, undefined where unknown. */
function stackDelta(code: CodeMap, pc: number, isCallSite: boolean): number | undefined {
  const fn = code.frameOwner(isCallSite ? pc - 1 : pc);
  return fn ? fn.stack.at(pc) : 0;
}

/** The next word from `sp` on that a call may have pushed. */
function scan(ram: Ram, code: CodeMap, sp: number, end: number): number | undefined {
  for (let slot = Math.ceil(sp / 8) * 8; slot + 8 <= end; slot += 8) {
    const word = ram.readPtr(slot);
    const fn = code.functionAround(word - 1);
    if (fn && isReturnAddress(fn, word)) return slot;
  }
  return undefined;
}
function isReturnAddress(fn: NonNullable<ReturnType<CodeMap['functionAround']>>, pc: number): boolean {
  for (const block of fn.fn.blocks.values()) if (block.term.t === 'call' && block.term.next === pc) return true;
  return false;
}
