// What a module exports: its `__ksymtab` and `__ksymtab_gpl` with the CRCs beside them (spec 2.2). Entries hold distances.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { ModuleExport, RecordTable } from './loaded-module.ts';
import { KSYMTAB_ENTRY } from './section-names.ts';

/** Adds the entries of one table; false when a name lies outside RAM. `crcs` is 0 where the module has none. */
export function readExports(ram: Ram, table: RecordTable, crcs: Ptr, isGplOnly: boolean, into: Map<string, ModuleExport>): boolean {
  const textAt = (at: Ptr): string | undefined => {
    const address = at + ram.readI32(at);
    return ram.has(address, 1) ? ram.cstring(address, 512) : undefined;
  };
  for (let i = 0, at = table.address; i < table.count; i++, at += KSYMTAB_ENTRY) {
    const name = textAt(at + 4);
    const namespace = ram.readI32(at + 8) === 0 ? '' : textAt(at + 8);
    if (name === undefined || namespace === undefined) return false;
    const crc = crcs === 0 ? undefined : ram.readU32(crcs + i * 4);
    if (!into.has(name)) into.set(name, { name, address: at + ram.readI32(at), crc, isGplOnly, namespace });
  }
  return true;
}
