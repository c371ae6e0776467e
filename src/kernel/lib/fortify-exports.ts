// What code compiled with CONFIG_FORTIFY_SOURCE calls when it notices an overflow. Linux: lib/string_helpers.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn, since } from '../exports/define.ts';
import type { Log, Reporter } from '../services.ts';
import type { LibSites } from './lib-sites.ts';

const KERN_EMERG = 0;

/** Functions that fortified headers name by number since 6.9 (fortify-string.h, enum fortify_func). */
const FORTIFIED = ['strncpy', 'strnlen', 'strlen', 'strscpy', 'strlcat', 'strcat', 'strncat', 'memset', 'memcpy', 'memmove', 'memscan', 'memcmp', 'memchr', 'memchr_inv', 'kmemdup', 'strcpy'];

export function fortifyExports(ram: Ram, log: Log, reporter: Reporter, sites: LibSites): ExportTable {
  const describe = (reason: number): { name: string; isWrite: boolean } => ({ name: FORTIFIED[reason >> 1] ?? 'unknown', isWrite: (reason & 1) === 1 });
  const report = (reason: number, available: number, wanted: number): void => {
    const { name, isWrite } = describe(reason);
    reporter.warn(sites.fortifyReport, `${name}: detected buffer overflow: ${wanted} byte ${isWrite ? 'write' : 'read'} of buffer size ${available}`);
  };
  return {
    fortify_panic: fn('fortify_panic', (name: Ptr) => {
      log.printk(KERN_EMERG, `detected buffer overflow in ${ram.cstring(name)}`);
      reporter.bug(sites.fortifyPanic);
    }),
    __fortify_report: since([6, 9], fn('__fortify_report', report)),
    __fortify_panic: since([6, 9], fn('__fortify_panic', (reason: number, available: number, wanted: number) => {
      report(reason, available, wanted);
      reporter.bug(sites.fortifyPanic);
    })),
    // The compiler's warning attribute is all that these are for: at run time they do nothing.
    __write_overflow_field: fn('__write_overflow_field', (_available: number, _wanted: number) => {}),
    __read_overflow2_field: fn('__read_overflow2_field', (_available: number, _wanted: number) => {}),
  };
}
