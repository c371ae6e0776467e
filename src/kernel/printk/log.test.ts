// Records as Linux 6.1 makes them; the expectations are what Debian's kernel logged for the same calls.

import { expect, test } from 'vitest';
import { KernelLog, lineMaxOf } from './log.ts';
import { consoleText, kmsgText, type LogRecord, stampText, syslogText } from './record.ts';

class Bench {
  now = 1_632_480_000n;
  caller = 1;
  readonly console: string[] = [];
  readonly log: KernelLog;
  constructor(options: { lineMax?: number; bufferBytes?: number; console?: number } = {}) {
    this.log = new KernelLog({
      clock: { nowNs: () => this.now, advance: (ns) => { this.now += ns; } }, levels: { console: options.console ?? 7, fallback: 4 },
      callerId: () => this.caller, lineMax: options.lineMax ?? 992, ...(options.bufferBytes ? { bufferBytes: options.bufferBytes } : {}),
    });
    this.log.onConsole = (record) => { this.console.push(record.text); };
  }
  print(...messages: string[]): number[] { return messages.map((message) => this.log.print(message)); }
  get lines(): string[] { return [...this.log.records()].map((record) => `${record.level}:${record.text}`); }
}

const INFO = '\x016';
const ERR = '\x013';
const CONT = '\x01c';

test('levels: default, first of several, from the text of an argument, unknown ones stay', () => {
  const bench = new Bench();
  bench.print('default level\n', `${INFO}${ERR}dbl\n`, `${INFO}mid \x013 text\n`, '\x019bad level\n', `${CONT}${INFO}contthenlevel\n`, `${INFO}${CONT}levelthencont\n`);
  expect(bench.lines).toEqual(['4:default level', '6:dbl', '6:mid \x013 text', '4:\x019bad level', '6:contthenlevel', '6:levelthencont']);
});

test('continuation: same caller, newest record; otherwise a fragment of its own', () => {
  const bench = new Bench();
  bench.print(`${INFO}a`, `${CONT}b`, `${CONT}c\n`, `${INFO}open1`, `${ERR}closes\n`, `${CONT}late cont\n`, `${INFO}start `, `${ERR}${CONT}c3\n`);
  bench.print(`${INFO}cont other task: `);
  bench.caller = 2;
  bench.print(`${CONT}from thread\n`);
  bench.caller = 1;
  bench.print(`${CONT}end\n`);
  expect(bench.lines).toEqual(['6:abc', '6:open1', '3:closes', '4:late cont', '6:start c3', '6:cont other task: ', '4:from thread', '4:end']);
  expect([...bench.log.records()].map((record) => record.isFragment)).toEqual([false, false, false, true, false, false, true, true]);
});

test('text without newline is seen only when something follows', () => {
  const bench = new Bench();
  bench.print(`${INFO}no newline at the end`);
  expect(bench.lines).toEqual([]);
  expect(bench.console).toEqual([]);
  bench.print(`${CONT}\n`);
  expect(bench.console).toEqual(['no newline at the end']);
});

test('newlines: one trailing newline ends the record, others are text', () => {
  const bench = new Bench();
  bench.print(`${INFO}two\n\n`, `${INFO}\n`, '', `${INFO}one\ntwo\n`);
  expect(bench.lines).toEqual(['6:two\n', '6:', '4:', '6:one\ntwo']);
  const last = [...bench.log.records()].at(-1)!;
  expect(consoleText(last)).toBe('[    1.632480] one\n[    1.632480] two\n');
  expect(syslogText(last)).toBe('<6>[    1.632480] one\n<6>[    1.632480] two\n');
});

test('length: 992 bytes with prefix and NUL on 6.1, 1024 on 6.12; the result counts what was stored', () => {
  const long = 'x'.repeat(3000);
  expect(new Bench().print(`${INFO}${long}\n`, `${long}\n`, `${INFO}abc\n`, `${INFO}ret`)).toEqual([989, 991, 3, 3]);
  expect(new Bench({ lineMax: lineMaxOf([6, 12]) }).print(`${INFO}${long}\n`)).toEqual([1021]);
});

test('length: a continuation counts its prefix and NUL against the limit of the whole', () => {
  const bench = new Bench();
  bench.print(`${INFO}${'a'.repeat(980)}`, ...Array.from({ length: 30 }, () => `${CONT}x`), `${CONT}\n`);
  expect(bench.lines.map((line) => line.length - 2)).toEqual([989, 21]);
  const parts = new Bench();
  parts.print(`${INFO}${'a'.repeat(300)}`, ...Array.from({ length: 4 }, () => CONT + 'b'.repeat(300)), `${CONT}tail\n`);
  expect(parts.lines.map((line) => line.length - 2)).toEqual([900, 604]);
});

test('the console shows levels below its own', () => {
  const bench = new Bench({ console: 4 });
  bench.print(`${INFO}info\n`, `${ERR}error\n`, 'warning\n');
  expect(bench.console).toEqual(['error']);
});

test('kernel messages: one record a line', () => {
  const bench = new Bench();
  bench.log.printk(4, 'a\nb\n');
  expect(bench.lines).toEqual(['4:a', '4:b']);
});

test('the ring drops the oldest records', () => {
  const bench = new Bench({ bufferBytes: 4096 });
  for (let i = 0; i < 1000; i++) bench.print(`${INFO}${String(i).padStart(100)}\n`);
  // 100 characters take 104 bytes and a word.
  expect(bench.lines.length).toBe(Math.floor(4096 / 112));
  expect(bench.lines.at(-1)).toMatch(/ 999$/);
  expect(bench.log.ring.firstSequence).toBe(1000 - bench.lines.length);
  const empty = new Bench({ bufferBytes: 4096 });
  for (let i = 0; i < 1000; i++) empty.print(`${INFO}\n`);
  expect(empty.lines.length).toBe(4096 / 32);
});

test('/dev/kmsg', () => {
  const record: LogRecord = { sequence: 596, facility: 0, level: 6, isFragment: false, timestampNs: 11_357_944_999n, text: 'multi\nline back\\slash \xe9', device: { subsystem: 'platform', device: '+platform:t_fmt_dev' } };
  expect(kmsgText(record)).toBe('6,596,11357944,-;multi\\x0aline back\\x5cslash \\xe9\n SUBSYSTEM=platform\n DEVICE=+platform:t_fmt_dev\n');
  expect(kmsgText({ ...record, isFragment: true, facility: 1, device: undefined })).toMatch(/^14,596,11357944,c;/);
});

test('stamps', () => {
  expect(stampText(4_966_580_999n)).toBe('[    4.966580] ');
  expect(stampText(123_456_000_001_000n)).toBe('[123456.000001] ');
});
