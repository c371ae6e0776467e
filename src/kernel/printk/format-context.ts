// What formatting needs of the rest of the kernel, and the rules for pointers that every %p extension shares.

import type { Abi } from '../../abi/abi.ts';
import { isErrPtr } from '../../abi/errno.ts';
import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Symbols } from '../services.ts';

/** /proc/sys/kernel/kptr_restrict as it applies to the current task: what %pK shows. */
export type PointerView = 'hashed' | 'real' | 'zero';

export interface FormatParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly symbols: Symbols;
  /** Seed of the boot: same seed, same hashed pointers. */
  readonly seed: number;
  readonly pointerView: () => PointerView;
  /** Reports a WARN in the kernel's own formatting code; '' prints no text of its own. */
  readonly warn: (text: string) => void;
}

export class FormatContext {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly symbols: Symbols;
  readonly pointerView: () => PointerView;
  readonly #key: number;
  readonly #warn: (text: string) => void;
  readonly #warned = new Set<string>();

  constructor(parts: FormatParts) {
    this.ram = parts.ram;
    this.abi = parts.abi;
    this.symbols = parts.symbols;
    this.pointerView = parts.pointerView;
    this.#key = parts.seed;
    this.#warn = parts.warn;
  }

  /** WARN_ONCE for the site `site`. */
  warnOnce(site: string, text: string): void {
    if (this.#warned.has(site)) return;
    this.#warned.add(site);
    this.#warn(text);
  }

  /** Text for pointers that are never followed; undefined for all others. */
  badPointer(pointer: Ptr): string | undefined {
    if (pointer === 0) return '(null)';
    return (pointer > 0 && pointer < PAGE_SIZE) || isErrPtr(pointer) ? '(efault)' : undefined;
  }

  /** The 32 bits that stand for a pointer in %p. */
  hash(pointer: Ptr): number {
    const low = pointer | 0;
    const high = Math.floor(pointer / 4294967296) | 0;
    return mix(mix(mix(this.#key ^ 0x6b6f626f, low), high), 0x2545f491) >>> 0;
  }
}

/** One round of multiply and rotate, enough to spread addresses that differ in few bits. */
function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return h ^ (h >>> 16);
}
