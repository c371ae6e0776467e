// What an Abi knows about a name, as text: a struct with offsets, a function's prototype and how it is exported, an enum, a typedef,
// an enumerator, a per-CPU variable. One name may be several of these.

import { type Abi, AbiError, type ExportedSymbol } from '../abi.ts';
import { formatPrototype } from './format-prototype.ts';
import { formatStruct } from './format-struct.ts';

/** AbiError when nothing goes by that name. */
export function showAbi(abi: Abi, name: string): string {
  const bare = name.replace(/^(struct|union|enum)\s+/, '');
  const parts = [...symbolParts(abi, bare), ...typeParts(abi, bare)];
  if (parts.length === 0) throw new AbiError(`${abi.release} has nothing named ${bare}`);
  return parts.join('\n');
}

function* symbolParts(abi: Abi, name: string): Iterable<string> {
  const prototype = abi.prototype(name);
  const exported = abi.exportedSymbol(name);
  if (prototype) yield `${formatPrototype(prototype)};\n`;
  if (exported) yield `${prototype ? '' : `${name}\n`}${exportText(exported)}\n`;
  const perCpu = abi.perCpuVariable(name);
  if (perCpu) yield `${name}: per-CPU variable, offset ${hex(perCpu.offset)}, ${perCpu.sizeBytes} bytes\n`;
  const value = abi.enumerator(name);
  if (value !== undefined) yield `${name} = ${value} (enumerator)\n`;
}

function* typeParts(abi: Abi, name: string): Iterable<string> {
  const declaration = abi.declarationOf(name);
  if (declaration !== undefined) yield `${declaration}\n`;
  if (abi.hasStruct(name)) yield formatStruct(abi.struct<string>(name));
}

function exportText({ crc, isGplOnly, namespace, owner }: ExportedSymbol): string {
  const where = owner === 'vmlinux' ? 'vmlinux' : `module ${owner}.ko`;
  return `  ${isGplOnly ? 'EXPORT_SYMBOL_GPL' : 'EXPORT_SYMBOL'}${namespace ? `, namespace ${namespace}` : ''}, from ${where}${crc === undefined ? '' : `, CRC ${hex(crc)}`}`;
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
