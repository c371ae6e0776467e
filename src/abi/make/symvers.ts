// Module.symvers: one exported symbol a line, `0x1a2b3c4d <tab> name <tab> owner <tab> EXPORT_SYMBOL[_GPL] <tab> namespace`.

import { AbiError, type ExportedSymbol } from '../abi.ts';

export function parseSymvers(text: string): ExportedSymbol[] {
  const symbols: ExportedSymbol[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const match = /^0x([0-9a-f]{8})\t([^\t]+)\t([^\t]+)\tEXPORT_SYMBOL(_GPL)?(?:\t([^\t]*))?$/.exec(line);
    if (!match) throw new AbiError(`Module.symvers, line ${i + 1}: not in the form that kbuild writes`);
    symbols.push({ name: match[2]!, crc: Number.parseInt(match[1]!, 16), isGplOnly: match[4] !== undefined, namespace: match[5] ?? '', owner: match[3]! });
  }
  return symbols;
}

/** What the image says of its own symbols counts; CRCs that it lacks and the symbols of modules come from Module.symvers. */
export function mergeExports(image: readonly ExportedSymbol[], symvers: readonly ExportedSymbol[]): ExportedSymbol[] {
  const byName = new Map(symvers.map((symbol) => [symbol.name, symbol]));
  for (const symbol of image) byName.set(symbol.name, { ...symbol, crc: symbol.crc ?? byName.get(symbol.name)?.crc });
  return [...byName.values()];
}
