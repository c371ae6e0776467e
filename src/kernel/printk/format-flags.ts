// %pGg, %pGv, %pGp: flag words by reference, with the names that this kernel release gives the bits.

import type { Ptr } from '../../base/ptr.ts';
import type { FormatContext } from './format-context.ts';
import { type FlagName, flagNames } from './flag-names.table.ts';
import { formatText } from './format-number.ts';
import type { Spec } from './format-spec.ts';

export function formatFlags(letters: string, spec: Spec, pointer: Ptr, { ram, abi }: FormatContext): string {
  const names = flagNames(abi.kernelVersion);
  switch (letters[1]) {
    case 'g': return flagText(BigInt(ram.readU32(pointer)), names.gfp);
    case 'v': return flagText(ram.readU64(pointer), names.vma);
    case 'p': return pageFlags(ram.readU64(pointer), names.page);
    default: return formatText('(%pG?)', spec);
  }
}

/** Names of the masks that are wholly set, in table order; what is left over as one hexadecimal number. */
function flagText(flags: bigint, names: readonly FlagName[]): string {
  const shown: string[] = [];
  let rest = flags;
  for (const [name, mask] of names) {
    if (rest === 0n) break;
    if ((rest & mask) !== mask) continue;
    shown.push(name);
    rest &= ~mask;
  }
  if (rest !== 0n) shown.push('0x' + rest.toString(16));
  return shown.join('|');
}

/** Fields above the flag bits of page->flags, from the top: node, zone, last cpu and pid. */
const PAGE_FIELDS = [['node', 54n, 10n, 10], ['zone', 51n, 3n, 10], ['lastcpupid', 30n, 21n, 16]] as const;
const PAGE_FLAG_BITS = 30n;

function pageFlags(flags: bigint, names: readonly FlagName[]): string {
  const known = names.filter(([, mask]) => (flags & mask & ((1n << PAGE_FLAG_BITS) - 1n)) !== 0n).map(([name]) => name);
  const fields = PAGE_FIELDS.map(([name, shift, bits, base]) => {
    const value = (flags >> shift) & ((1n << bits) - 1n);
    return `${name}=${base === 16 ? '0x' : ''}${value.toString(base)}`;
  });
  return `0x${flags.toString(16)}(${[...known, ...fields].join('|')})`;
}
