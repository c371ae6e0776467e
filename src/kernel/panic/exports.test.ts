import { expect, test } from 'vitest';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { boot } from '../../index.ts';
import type { FunctionExport } from '../exports/define.ts';
import { checkExports } from '../exports/register.ts';
import { ListedArguments } from '../exports/va-list.ts';
import { panicExports } from './exports.ts';

function bench() {
  const { parts } = boot({ abi: loadDefaultAbi(), engine: 'interp', memoryBytes: 64 << 20 });
  const { ram, printk, panic, taints } = parts;
  const table = panicExports({ panic, formatter: printk.formatter, log: printk.log });
  const buffer = parts.memory.allocator.kmalloc(4096, 0xcc0);
  const call = (name: string, ...args: unknown[]): unknown => ((table as Record<string, FunctionExport>)[name]!.handler as (...a: unknown[]) => unknown)(...args);
  return { parts, ram, taints, table, buffer, call, text: (value: string, at = buffer) => { ram.writeCString(at, value); return at; }, lines: () => [...printk.log.records()].map((record) => `${record.level}:${record.text}`) };
}

test('every entry is exported by the kernel with the parameters its handler takes', () => {
  const { table, parts } = bench();
  expect(checkExports({ panic: table }, parts.abi)).toEqual([]);
});

test('__warn_printk prints cut-here and its text at the level that the text has', () => {
  const { call, text, lines } = bench();
  call('__warn_printk', text('text %d\n'), new ListedArguments([5]));
  call('__warn_printk', text('\x016info\n'), new ListedArguments([]));
  expect(lines()).toEqual(['4:------------[ cut here ]------------', '4:text 5', '4:------------[ cut here ]------------', '6:info']);
});

test('panic with a formatted text', () => {
  const { call, text, parts } = bench();
  expect(() => call('panic', text('my panic %d'), new ListedArguments([5]))).toThrow('Kernel panic - not syncing: my panic 5');
  expect(parts.panic.panicText).toBe('Kernel panic - not syncing: my panic 5');
});

test('taints by bit number', () => {
  const { call, taints } = bench();
  expect(call('test_taint', 6)).toBe(0);
  call('add_taint', 6, 0);
  call('add_taint', 99, 0);
  expect(call('test_taint', 6)).toBe(1);
  expect(taints.mask).toBe(64);
});

test('saved traces print as symbols', () => {
  const { call, ram, buffer, parts, lines } = bench();
  const entries = buffer + 1024;
  ram.writePtr(entries, parts.image.text('vprintk') + 5);
  ram.writePtr(entries + 8, 0x1234);
  call('stack_trace_print', entries, 2, 3);
  expect(lines()).toEqual(['4:    vprintk+0x5/0x10', '4:    0x1234']);
  expect(call('stack_trace_snprint', buffer, 100, entries, 2, 0)).toBe(26);
  expect(ram.cstring(buffer)).toBe(' vprintk+0x5/0x10\n 0x1234\n');
  expect(call('stack_trace_save', entries, 8, 0)).toBeTypeOf('number');
});
