// Addresses as kernel messages name them: `symbol+0x5/0x50 [module]`. Linux: kernel/kallsyms.c, sprint_symbol().

import type { Ptr } from '../base/ptr.ts';
import type { SymbolInfo, Symbols } from './services.ts';

/** `symbol+0x5/0x50 [module]`. */
export const offsetText = ({ name, offset, size, module }: SymbolInfo): string => `${name}+0x${unsignedHex(offset)}/0x${unsignedHex(size)}${moduleTag(module)}`;

/** `0x...` where no symbol covers the address. */
export function symbolText(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address);
  return found ? offsetText(found) : rawAddress(address);
}

/** The symbol alone, as %ps prints it. */
export function symbolName(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address);
  return found ? found.name + moduleTag(found.module) : rawAddress(address);
}

/** For return addresses: a call that is the last instruction of a function returns to the start of the next one. */
export function backtraceText(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address - 1);
  return found ? offsetText({ ...found, offset: found.offset + 1 }) : rawAddress(address);
}

const moduleTag = (module: string | null): string => (module === null ? '' : ` [${module}]`);
/** A 64-bit word: sizes of data symbols in 6.1 are negative now and then. */
export const unsignedHex = (value: number): string => BigInt.asUintN(64, BigInt(value)).toString(16);
export const rawAddress = (address: Ptr): string => `0x${unsignedHex(address)}`;
