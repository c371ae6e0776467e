// Where lib/'s own WARNs and BUGs stand in each release: what their reports name. Read off the __bug_table of Debian's kernels.

import type { SourceLine } from '../services.ts';

export interface LibSites {
  readonly listAdd: readonly SourceLine[];
  readonly listDel: readonly SourceLine[];
  readonly strscpy: SourceLine;
  readonly strlcat: SourceLine;
  readonly fortifyPanic: SourceLine;
  readonly fortifyReport: SourceLine;
  readonly idrAlloc: SourceLine;
  readonly idaFree: SourceLine;
}

const lines = (file: string, symbol: string, ...numbers: number[]): SourceLine[] => numbers.map((line) => ({ file, line, symbol, frames: [] }));
const site = (file: string, line: number, symbol: string): SourceLine => ({ file, line, symbol });

const SITES_6_1: LibSites = {
  listAdd: lines('lib/list_debug.c', '__list_add_valid.cold', 23, 25, 27, 30, 33),
  listDel: lines('lib/list_debug.c', '__list_del_entry_valid.cold', 49, 51, 53, 56, 59, 62),
  strscpy: site('lib/string.c', 181, 'strscpy'),
  strlcat: site('lib/string.c', 337, 'strlcat'),
  fortifyPanic: site('lib/string_helpers.c', 1027, 'fortify_panic'),
  fortifyReport: site('lib/string_helpers.c', 1027, 'fortify_panic'),
  idrAlloc: site('lib/idr.c', 86, 'idr_alloc'),
  idaFree: site('lib/idr.c', 527, 'ida_free'),
};

const SITES_6_12: LibSites = {
  listAdd: lines('lib/list_debug.c', '__list_add_valid_or_report', 25, 27, 29, 32, 35),
  listDel: lines('lib/list_debug.c', '__list_del_entry_valid_or_report', 52, 54, 56, 59, 62, 65),
  strscpy: site('lib/string.c', 113, 'sized_strscpy'),
  strlcat: site('lib/string.c', 248, 'strlcat'),
  fortifyPanic: site('lib/string_helpers.c', 1040, '__fortify_panic'),
  fortifyReport: site('lib/string_helpers.c', 1032, '__fortify_report'),
  idrAlloc: site('lib/idr.c', 86, 'idr_alloc'),
  idaFree: site('lib/idr.c', 527, 'ida_free'),
};

export const libSites = ([major, minor]: readonly [number, number]): LibSites => (major > 6 || minor >= 12 ? SITES_6_12 : SITES_6_1);
