// The kernel image as modules see it: text addresses of exported functions, addresses of exported variables, and the symbol
// table over both. Linux: vmlinux's .text, .data and kallsyms. Each function owns a slot of kernel text; what runs there is a
// TypeScript handler (cpu.defineHostFunction).

import { addressAt, alignUp, type Ptr } from '../base/ptr.ts';
import { assert } from '../base/assert.ts';
import { KERNEL_TEXT_OFFSET, KERNEL_TEXT_SIZE } from '../cpu/layout.ts';

export const SLOT_SIZE = 16;
export const KERNEL_TEXT = addressAt(KERNEL_TEXT_OFFSET);
export const KERNEL_DATA = addressAt(KERNEL_TEXT_OFFSET + KERNEL_TEXT_SIZE);
export const KERNEL_DATA_SIZE = 0x0020_0000;

export interface ImageSymbol { readonly name: string; readonly address: Ptr; readonly size: number; readonly kind: 'text' | 'data' | 'percpu' }

export class KernelImage {
  readonly #byName = new Map<string, ImageSymbol>();
  readonly #text: ImageSymbol[] = [];
  #dataEnd: Ptr = KERNEL_DATA;

  /** Reserves a text slot; the same name twice gives the same slot. */
  text(name: string): Ptr {
    const known = this.#byName.get(name);
    if (known) return known.address;
    const address = KERNEL_TEXT + this.#text.length * SLOT_SIZE;
    assert(address < KERNEL_DATA, 'kernel text is full');
    const symbol: ImageSymbol = { name, address, size: SLOT_SIZE, kind: 'text' };
    this.#text.push(symbol);
    this.#byName.set(name, symbol);
    return address;
  }
  /** A return address inside `name`, for traces of calls that the kernel makes. */
  callSite(name: string): Ptr { return this.text(name) + 5; }

  /** Reserves zeroed kernel data. */
  data(name: string, size: number, align = 8): Ptr {
    const address = alignUp(this.#dataEnd - KERNEL_DATA, align) + KERNEL_DATA;
    this.#dataEnd = address + size;
    assert(this.#dataEnd <= KERNEL_DATA + KERNEL_DATA_SIZE, 'kernel data is full');
    this.#byName.set(name, { name, address, size, kind: 'data' });
    return address;
  }
  /** Names an address chosen elsewhere. */
  define(symbol: ImageSymbol): void { this.#byName.set(symbol.name, symbol); }

  lookup(name: string): ImageSymbol | undefined { return this.#byName.get(name); }
  symbols(): Iterable<ImageSymbol> { return this.#byName.values(); }
  isText(address: Ptr): boolean { return address >= KERNEL_TEXT && address < KERNEL_TEXT + this.#text.length * SLOT_SIZE; }
  /** The text symbol that covers `address`. */
  textSymbolAt(address: Ptr): ImageSymbol | undefined {
    return this.isText(address) ? this.#text[Math.floor((address - KERNEL_TEXT) / SLOT_SIZE)] : undefined;
  }
}
