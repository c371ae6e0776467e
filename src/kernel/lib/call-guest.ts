// How library functions call back: comparison functions, augmentation, iterators.

import type { Ptr } from '../../base/ptr.ts';
import type { Cpu, GuestWord } from '../../cpu/api.ts';
import type { KernelImage } from '../image.ts';

/** Calls guest function `target` from exported function `symbol`; the callee must not sleep. Returns rax, signed. */
export type CallGuest = (symbol: string, target: Ptr, args: readonly GuestWord[]) => number;

export function guestCaller(cpu: Cpu, image: KernelImage): CallGuest {
  return (symbol, target, args) => cpu.call(target, args, image.callSite(symbol));
}
