// The library as a whole: what it needs, and everything it exports.

import type { Abi } from '../../abi/abi.ts';
import type { Ram } from '../../base/ram.ts';
import { data } from '../exports/define.ts';
import type { ExportTableMakers } from '../exports/register.ts';
import type { Allocator, Log, PerCpu, Reporter } from '../services.ts';
import { bitmapExports } from './bitmap-exports.ts';
import type { CallGuest } from './call-guest.ts';
import { counterExports } from './counter-exports.ts';
import { crcExports } from './crc-exports.ts';
import { CTYPE } from './ctype.ts';
import { fortifyExports } from './fortify-exports.ts';
import { hexExports } from './hex-exports.ts';
import { inetTextExports } from './inet-text.ts';
import { kfifoExports } from './kfifo-exports.ts';
import { libSites } from './lib-sites.ts';
import { listExports } from './list-exports.ts';
import { mathExports } from './math-exports.ts';
import { numberExports } from './number-exports.ts';
import { randomExports } from './random-exports.ts';
import type { RandomSource } from './random.ts';
import { refcountExports } from './refcount-exports.ts';
import { type PageMap, scatterlistExports } from './scatterlist-exports.ts';
import { sortExports } from './sort-exports.ts';
import { stringEscapeExports } from './string-escape.ts';
import { stringExports } from './string-exports.ts';
import { tokenExports } from './token-exports.ts';
import { treeExports } from './tree-exports.ts';
import { idrExports } from './xarray/idr-exports.ts';
import { radixExports } from './xarray/radix-exports.ts';
import { xaExports } from './xarray/xa-exports.ts';
import { XArray } from './xarray/xarray.ts';
import { xasExports } from './xarray/xas-exports.ts';

export interface LibraryDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly allocator: Allocator;
  readonly pageMap: PageMap;
  readonly perCpu: PerCpu;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly random: RandomSource;
  readonly callGuest: CallGuest;
  /** Number of the CPU that runs. */
  readonly cpu: () => number;
  readonly preemptDisable: () => void;
}

/** Tables by what they are about, those that most modules import from first: each is made when a symbol is looked for in it. */
export function libraryTables(deps: LibraryDeps): ExportTableMakers {
  const { ram, abi, allocator, perCpu, log, reporter, random, callGuest, preemptDisable } = deps;
  const sites = libSites(abi.kernelVersion);
  const [, minor] = abi.kernelVersion;
  let array: XArray | undefined;
  const xarray = (): XArray => array ??= new XArray(ram, abi, allocator);
  return {
    'kernel/lib/string': () => ({
      ...stringExports({ ram, reporter, strscpyWarning: sites.strscpy, strlcatBug: sites.strlcat, strreplaceReturnsStart: minor >= 5 }),
      _ctype: data(256, (at) => ram.writeBytes(at, CTYPE), 1),
      ...fortifyExports(ram, log, reporter, sites),
    }),
    'kernel/lib/list': () => listExports({ ram, log, reporter, sites: { add: sites.listAdd, del: sites.listDel } }),
    'kernel/lib/numbers': () => numberExports(ram),
    'kernel/lib/refcount': () => refcountExports(ram, abi, reporter),
    'kernel/lib/random': () => randomExports(ram, random),
    'kernel/lib/bitmap': () => ({ ...bitmapExports(ram, allocator), ...mathExports(ram) }),
    'kernel/lib/tree': () => treeExports(ram, abi, callGuest),
    'kernel/lib/xarray': () => ({ ...xaExports(xarray()), ...xasExports(xarray(), abi) }),
    'kernel/lib/idr': () => idrExports({ array: xarray(), abi, allocator, callGuest, reporter, sites, preemptDisable }),
    'kernel/lib/kfifo': () => kfifoExports(ram, abi, allocator),
    'kernel/lib/sort': () => sortExports(ram, callGuest),
    'kernel/lib/crc': () => crcExports(ram),
    'kernel/lib/scatterlist': () => scatterlistExports(ram, abi, deps.pageMap, allocator),
    'kernel/lib/text': () => ({ ...stringEscapeExports(ram, minor >= 8), ...tokenExports(ram, abi, allocator), ...hexExports(ram, random), ...inetTextExports(ram) }),
    'kernel/lib/counter': () => counterExports(ram, abi, perCpu, deps.cpu),
    'kernel/lib/radix-tree': () => radixExports(xarray(), abi, preemptDisable),
  };
}
