// How far reports may read around an instruction of a module, as if its memory lay where Linux would have put it.

import type { Ptr } from '../../base/ptr.ts';

interface MemoryArea {
  contains(address: Ptr): boolean;
  partAt(address: Ptr): { readonly base: Ptr; readonly isReadOnly: boolean };
}
export interface ModuleLookup { findModuleByAddress(address: Ptr): { readonly areas: readonly MemoryArea[] } | undefined }

/**
 * Start of what is mapped around code at `address`. 6.1 puts text, constants and data of a module behind each other, 6.12 each
 * into an area of its own; before the first of them nothing is mapped, nor where a module has been.
 */
export function mappedFrom(modules: ModuleLookup, address: Ptr, hasSeparateAreas: boolean): Ptr {
  const part = modules.findModuleByAddress(address)?.areas.find((area) => area.contains(address))?.partAt(address);
  if (!part) return Number.POSITIVE_INFINITY;
  return part.isReadOnly || hasSeparateAreas ? part.base : Number.NEGATIVE_INFINITY;
}
