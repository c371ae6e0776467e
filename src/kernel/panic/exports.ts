// Exported symbols of kernel/panic.c, lib/dump_stack.c and kernel/stacktrace.c. panic() and its kin do not come back to the module that calls them.

import type { Ptr } from '../../base/ptr.ts';
import { RSP } from '../../ir/ir.ts';
import { data, type ExportTable, fn, raw, type VaList } from '../exports/define.ts';
import type { KernelLog } from '../printk/log.ts';
import type { Formatter } from '../printk/format.ts';
import { backtraceText, symbolText } from '../symbol-text.ts';
import type { Panic } from './panic.ts';
import { taintLetter } from './taints.ts';

export interface PanicExportParts {
  readonly panic: Panic;
  readonly formatter: Formatter;
  readonly log: KernelLog;
}

const CUT_HERE = '\x014------------[ cut here ]------------\n';
const DEFAULT_LEVEL = 4;
/** struct atomic_notifier_head: a lock and the first entry. */
const NOTIFIER_HEAD_SIZE = 16;

export function panicExports({ panic, formatter, log }: PanicExportParts): ExportTable {
  const { ram, symbols, taints } = panic.parts;
  const panicWith = (symbol: string, text: string): never => panic.panic(text, symbol === 'panic' ? [] : [symbol]);
  return {
    panic: fn('panic', (format: Ptr<'char'>, args: VaList) => panicWith('panic', formatter.formatAt(format, args))),
    nmi_panic: fn('nmi_panic', (_regs: Ptr<'pt_regs'>, text: Ptr<'char'>) => panicWith('nmi_panic', ram.cstring(text))),
    panic_notifier_list: data(NOTIFIER_HEAD_SIZE),
    panic_timeout: data(4, (address) => { ram.writeU32(address, panic.parts.options?.panicTimeout ?? 0); }, 4),
    oops_in_progress: data(4, () => {}, 4),
    /** The compiler's stack protector found its canary changed: %pB of where the function was to return from. */
    __stack_chk_fail: raw((regs) => panicWith('__stack_chk_fail', `stack-protector: Kernel stack is corrupted in: ${backtraceText(symbols, ram.readPtr(regs.get(RSP)))}`)),

    /** The text of WARN(): the `ud2` that follows reports the rest. */
    __warn_printk: fn('__warn_printk', (format: Ptr<'char'>, args: VaList) => {
      log.print(CUT_HERE);
      log.print(formatter.formatAt(format, args));
    }),
    dump_stack: fn('dump_stack', () => panic.dumpStack()),
    dump_stack_lvl: fn('dump_stack_lvl', (level: Ptr<'char'>) => panic.dumpStack(undefined, levelOf(ram.cstring(level)))),

    stack_trace_save: fn('stack_trace_save', (store: Ptr<'unsigned long'>, size: number, skip: number) => {
      const addresses = panic.callers().slice(skip, skip + size);
      addresses.forEach((address, index) => { ram.writePtr(store + 8 * index, address); });
      return addresses.length;
    }),
    stack_trace_print: fn('stack_trace_print', (entries: Ptr<'unsigned long'>, count: number, spaces: number) => {
      for (let i = 0; i < count; i++) log.print(traceEntry(panic, ram.readPtr(entries + 8 * i), spaces));
    }),
    stack_trace_snprint: fn('stack_trace_snprint', (buffer: Ptr<'char'>, size: number, entries: Ptr<'unsigned long'>, count: number, spaces: number) => {
      const text = Array.from({ length: count }, (_, i) => traceEntry(panic, ram.readPtr(entries + 8 * i), spaces)).join('').slice(0, Math.max(size - 1, 0));
      if (size > 0) ram.writeCString(buffer, text);
      return text.length;
    }),

    add_taint: fn('add_taint', (flag: number, _lockdep: number) => {
      const letter = taintLetter(flag);
      if (letter) taints.add(letter);
    }),
    test_taint: fn('test_taint', (flag: number) => {
      const letter = taintLetter(flag);
      return letter !== undefined && taints.has(letter) ? 1 : 0;
    }),
  };
}

/** A line of a saved trace, indented by `spaces` and one. */
const traceEntry = (panic: Panic, address: Ptr, spaces: number): string => `${' '.repeat(Math.max(spaces, 0) + 1)}${symbolText(panic.parts.symbols, address)}\n`;

/** Level of a KERN_ string; the default where it has none. */
const levelOf = (prefix: string): number => (/^\x01[0-7]/.test(prefix) ? Number(prefix[1]) : DEFAULT_LEVEL);
