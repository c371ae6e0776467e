// A module's `__bug_table`: which `ud2` is a WARN, which a BUG, and the source line of each (spec 2.2, 11.3-11.4). The flags
// live in RAM, since WARN_ON_ONCE marks its entry there.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { RecordTable } from './loaded-module.ts';
import { BUG_ENTRY } from './section-names.ts';

export const BUGFLAG_WARNING = 1;
export const BUGFLAG_ONCE = 2;
export const BUGFLAG_DONE = 4;
export const BUGFLAG_NO_CUT_HERE = 8;

export interface BugEntry {
  /** The `ud2` instruction. */
  readonly address: Ptr;
  /** `__FILE__` of the compiler. */
  readonly file: string;
  readonly line: number;
  readonly isWarning: boolean;
  readonly isOnce: boolean;
  /** True once a WARN_ON_ONCE has fired. */
  readonly isDone: boolean;
  /** The WARN's own text was printed already, with its cut-here line. */
  readonly hasCutHere: boolean;
  /** Taint bit number that a warning sets. */
  readonly taint: number;
  /** Marks a WARN_ON_ONCE as fired. */
  markDone(): void;
}

export function findBug(ram: Ram, table: RecordTable, address: Ptr): BugEntry | undefined {
  for (let i = 0, at = table.address; i < table.count; i++, at += BUG_ENTRY) {
    if (at + ram.readI32(at) !== address) continue;
    const flags = ram.readU16(at + 10);
    const fileAt = at + 4 + ram.readI32(at + 4);
    return {
      address, file: ram.has(fileAt, 1) ? ram.cstring(fileAt, 4096) : '', line: ram.readU16(at + 8),
      isWarning: (flags & BUGFLAG_WARNING) !== 0, isOnce: (flags & BUGFLAG_ONCE) !== 0, isDone: (flags & BUGFLAG_DONE) !== 0,
      hasCutHere: (flags & BUGFLAG_NO_CUT_HERE) !== 0, taint: flags >> 8,
      markDone: () => {
        ram.view.setUint16(ram.offset(at + 10, 2, true), ram.readU16(at + 10) | BUGFLAG_DONE, true);
      },
    };
  }
  return undefined;
}
