// Addresses as kernel messages name them: `symbol+0x5/0x50 [module]`. Linux: kernel/kallsyms.c, sprint_symbol().

import { hex16, type Ptr } from '../../base/ptr.ts';
import type { Symbols } from '../services.ts';

/** `0x...` where no symbol covers the address. */
export function symbolText(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address);
  return found ? `${found.name}+0x${found.offset.toString(16)}/0x${found.size.toString(16)}${moduleTag(found.module)}` : rawAddress(address);
}

/** The symbol alone, as %ps prints it. */
export function symbolName(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address);
  return found ? found.name + moduleTag(found.module) : rawAddress(address);
}

/** For return addresses: a call that is the last instruction of a function returns to the start of the next one. */
export function backtraceText(symbols: Symbols, address: Ptr): string {
  const found = symbols.symbolize(address - 1);
  return found ? `${found.name}+0x${(found.offset + 1).toString(16)}/0x${found.size.toString(16)}${moduleTag(found.module)}` : rawAddress(address);
}

const moduleTag = (module: string | null): string => (module === null ? '' : ` [${module}]`);
const rawAddress = (address: Ptr): string => '0x' + (hex16(address).replace(/^0+/, '') || '0');
