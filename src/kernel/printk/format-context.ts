// What formatting needs of the rest of the kernel, and the rules for pointers that every %p extension shares.

import type { Abi } from '../../abi/abi.ts';
import { isErrPtr } from '../../abi/errno.ts';
import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Reporter, SourceLine, Symbols } from '../services.ts';

/** /proc/sys/kernel/kptr_restrict as it applies to the current task: what %pK shows. */
export type PointerView = 'hashed' | 'real' | 'zero';

export interface FormatParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly symbols: Symbols;
  /** Seed of the boot: same seed, same hashed pointers. */
  readonly seed: number;
  readonly pointerView: () => PointerView;
  /** Asked for at the first WARN: reports are themselves logged. */
  readonly reporter: () => Reporter;
}

/** Where Debian's 6.1 kernel warns about a format. */
const WARN_SITES = {
  format: { file: 'lib/vsprintf.c', line: 2661, symbol: 'format_decode' },
  width: { file: 'lib/vsprintf.c', line: 2693, symbol: 'set_field_width' },
  precision: { file: 'lib/vsprintf.c', line: 2702, symbol: 'set_precision' },
  size: { file: 'lib/vsprintf.c', line: 2743, symbol: 'vsnprintf' },
  rust: { file: 'lib/vsprintf.c', line: 2466, symbol: 'pointer' },
} as const satisfies Record<string, SourceLine>;

export class FormatContext {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly symbols: Symbols;
  readonly pointerView: () => PointerView;
  readonly #key: number;
  readonly #reporter: () => Reporter;
  readonly #warned = new Set<keyof typeof WARN_SITES>();

  constructor(parts: FormatParts) {
    this.ram = parts.ram;
    this.abi = parts.abi;
    this.symbols = parts.symbols;
    this.pointerView = parts.pointerView;
    this.#key = parts.seed;
    this.#reporter = parts.reporter;
  }

  /** WARN_ONCE; '' prints no text of its own. */
  warnOnce(site: keyof typeof WARN_SITES, text: string): void {
    if (this.#warned.has(site)) return;
    this.#warned.add(site);
    this.#reporter().warn(WARN_SITES[site], text);
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
