// The printf family against what Linux printed for the same calls (testdata/). The tables are C source: this file evaluates
// their arguments and lays out in RAM the objects that they name.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Abi } from '../../abi/abi.ts';
import { KERNEL_BASE, type Ptr } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { ListedArguments } from '../exports/va-list.ts';
import type { SourceLine, Symbols } from '../services.ts';
import { FormatContext } from './format-context.ts';
import { Formatter } from './format.ts';

const abi = loadDefaultAbi();
const BASE = KERNEL_BASE + 0x20_0000;

class Bench {
  readonly ram = new Ram(16 << 20);
  readonly warnings: string[] = [];
  readonly objects = new Map<string, Ptr>();
  readonly symbols: { name: string; address: Ptr; size: number; module: string | null }[] = [];
  readonly formatter: Formatter;
  #end: Ptr = BASE;

  constructor(release: Abi = abi) {
    const reporter = { warn: (at: SourceLine, text: string) => { this.warnings.push(`${at.symbol}: ${text}`); }, bug: () => { throw new Error('BUG'); }, dumpStack: () => {} };
    const symbols: Symbols = {
      symbolize: (address) => {
        const found = this.symbols.find((s) => address >= s.address && address < s.address + s.size);
        return found && { name: found.name, offset: address - found.address, size: found.size, module: found.module };
      },
      addressOf: () => undefined,
    };
    this.formatter = new Formatter(new FormatContext({ ram: this.ram, abi: release, symbols, seed: 1, pointerView: () => 'hashed', reporter: () => reporter }));
  }
  alloc(size: number): Ptr {
    const address = this.#end;
    this.#end += (size + 15) & ~15;
    return address;
  }
  bytes(name: string, bytes: readonly number[]): Ptr {
    const address = this.alloc(bytes.length + 64);
    this.ram.writeBytes(address, Uint8Array.from(bytes));
    this.objects.set(name, address);
    return address;
  }
  string(text: string): Ptr {
    const address = this.alloc(text.length + 64);
    this.ram.writeCString(address, text);
    return address;
  }
  print(format: string, args: readonly (bigint | number)[]): string { return this.formatter.format(format, new ListedArguments(args)); }

  /** One C expression as an argument. */
  value(source: string): bigint | number {
    const text = source.trim().replace(/^\((?:char|void) ?\*\)/, '');
    if (text.startsWith('"')) return this.string(fromC(text.slice(1, -1)));
    if (text.startsWith("'")) return text.charCodeAt(1);
    if (text === 'NULL') return 0;
    if (/^-?(0x[\da-f]+|\d+)[UL]*$/i.test(text)) return BigInt.asUintN(64, text.startsWith('-') ? -BigInt(text.slice(1).replace(/[UL]+$/i, '')) : BigInt(text.replace(/[UL]+$/i, '')));
    if (text === '~0ULL') return 0xffff_ffff_ffff_ffffn;
    if (text === '1LL<<63') return 1n << 63n;
    const plus = /^(.*)\+(\d+)$/.exec(text);
    const found = this.objects.get(plus ? plus[1]! : text);
    if (found === undefined) throw new Error(`the table names an unknown object: ${source}`);
    return found + (plus ? Number(plus[2]) : 0);
  }
}

const fromC = (text: string): string => text.replace(/\\(x[\da-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
  if (/^x/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
  const known: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b' };
  return known[code] ?? code;
});
const shown = (text: string): string => text.replace(/[^\x20-\x7e]/g, (c) => `{${c.charCodeAt(0).toString(16).padStart(2, '0')}}`);

interface Row { readonly line: string; readonly format: string; readonly args: readonly string[]; readonly text: string }

/** `"format", arg, arg => [text]` */
function readTable(name: string): Row[] {
  const lines = readFileSync(new URL(`testdata/${name}`, import.meta.url), 'latin1').split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => {
    const [, call = '', text = ''] = /^(.*?) => \[(.*)\]$/.exec(line)!;
    const parts = call.match(/"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*|'.'|\((?:char|void) ?\*\)[^,]+|[^,\s][^,]*/g)!;
    return { line, format: fromC(parts[0]!.slice(1, -1)), args: parts.slice(1), text };
  });
}

/** Before its key is ready, Linux prints every hashed pointer as this; here the key is there from the start. */
const unhash = (text: string): string => text.replace(/(?<![\da-f])(?:0{8}(?!0{8})| {2})[\da-f]{8}(?![\da-f])/g, '(____ptrval____)');

describe('plain conversions', () => {
  const bench = new Bench();
  bench.bytes('&buf', [0]);
  for (const row of readTable('printf.txt')) {
    test(row.line, () => {
      const text = bench.print(row.format, row.args.map((arg) => bench.value(arg)));
      // A byte 0 ends what the observer could see; a text of pointers is compared without their values.
      const visible = shown(text.split('\0')[0]!);
      expect(row.text.includes('ptrval') ? unhash(visible) : visible).toBe(row.text);
    });
  }
  test('a bad conversion warns once', () => {
    const fresh = new Bench();
    fresh.print('%d %y', [1, 2]);
    fresh.print('%', []);
    expect(fresh.warnings).toEqual(['format_decode: Please remove unsupported %y in format string']);
  });
});

describe('width and precision from arguments', () => {
  test('are clamped with a warning', () => {
    const bench = new Bench();
    expect(bench.print('%.*d|%d', [40000, 5, 7]).length).toBe(32769);
    expect(bench.print('%*d|%d', [9000000, 5, 7]).length).toBe(8388609);
    expect(bench.print('%9000000d|%d', [5, 7])).toBe('5|7');
    expect(bench.print('%.40000d|', [5])).toBe('5|');
    expect(bench.warnings).toEqual(['set_precision: precision 40000 too large', 'set_field_width: field width 9000000 too large']);
  });
});

describe('a limited buffer', () => {
  test('holds what fits and a NUL; the result is the whole length', () => {
    const bench = new Bench();
    const buffer = bench.string('########');
    const print = (size: number, format: string, args: readonly (bigint | number)[]): number => bench.formatter.print(buffer, size, format, new ListedArguments(args));
    expect(print(5, '%s', [bench.string('abcdefgh')])).toBe(8);
    expect(bench.ram.cstring(buffer)).toBe('abcd');
    expect(bench.ram.readU8(buffer + 5)).toBe(0x23);
    expect(print(0, 'xyz', [])).toBe(3);
    expect(bench.ram.cstring(buffer)).toBe('abcd');
    expect(print(7, '%5d|%-9d', [1, 2])).toBe(15);
    expect(bench.ram.cstring(buffer)).toBe('    1|');
    expect(print(2 ** 64, '%d', [3])).toBe(0);
    expect(bench.warnings).toEqual(['vsnprintf: ']);
  });
});

describe('pointer extensions', () => {
  const bench = new Bench();
  const rows = readTable('printf-pointers.txt');
  makeObjects(bench);
  for (const row of rows) {
    test(row.line, () => {
      prepare(bench, row);
      const text = bench.print(row.format, row.args.map((arg) => bench.value(arg)));
      const visible = shown(text.split('\0')[0]!);
      if (row.text.includes('ptrval')) expect(visible).toMatch(/^[\da-f |]+$/);
      else expect(visible).toBe(row.text);
    });
  }
  test('the tables hold what the specification lists', () => {
    const all = rows.map((row) => row.format).join(' ');
    for (const letters of ['pI4', 'pi6', 'pI6c', 'pISpfsc', 'pMF', 'pmR', 'pUL', '6phC', '*pE', 'pV', 'pR', 'pr', 'pbl', 'ptRr', 'ptTs', 'pad', 'pd4', 'pD2', 'pg', 'pNF', 'p4cc', 'pOF', 'pfw', 'pC', 'pks', 'pA', 'pS', 'ps', 'pB', 'pK']) expect(all).toContain(`%${letters}`);
  });
});

describe('flag words', () => {
  const rows = readFileSync(new URL('testdata/printf-flags.txt', import.meta.url), 'latin1').split('\n').filter((line) => line && !line.startsWith('#'));
  const benches = { '6.1': new Bench(), '6.12': new Bench({ kernelVersion: [6, 12] } as unknown as Abi) };
  test.each(rows)('%s', (row) => {
    const [, release, kind, value, text] = /^(\S+) (.) (\S+) => (.*)$/.exec(row)!;
    const bench = benches[release as '6.1' | '6.12'];
    const address = bench.alloc(8);
    bench.ram.writeU64(address, BigInt(value!));
    expect(bench.print(`%pG${kind}`, [address])).toBe(text);
  });
});

test('hashed pointers depend on the seed and differ', () => {
  const bench = new Bench();
  const texts = new Set(Array.from({ length: 64 }, (_, i) => bench.print('%p', [BASE + i * 8])));
  expect(texts.size).toBe(64);
  for (const text of texts) expect(text).toMatch(/^0{8}[\da-f]{8}$/);
  expect(bench.print('%20p', [BASE])).toBe(`            ${bench.print('%p', [BASE]).slice(8)}`.padStart(20));
});

function makeObjects(bench: Bench): void {
  const { ram } = bench;
  bench.bytes('ip4', [1, 2, 3, 40]);
  const ip6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  bench.bytes('ip6', ip6);
  bench.bytes('ip6m', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]);
  bench.bytes('ip6z', new Array<number>(16).fill(0));
  bench.bytes('ip6x', [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0xab, 0xcd].map((b, i) => (i === 7 ? 2 : b)));
  bench.bytes('ip6isatap', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe, 10, 0, 0, 1]);
  bench.bytes('ip6one', [0, 1, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 7, 0, 8]);
  bench.bytes('mac', [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
  bench.bytes('uu', [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
  bench.bytes('&s4', [2, 0, 0x1f, 0x90, 127, 0, 0, 1]);
  bench.bytes('&s6', [10, 0, 1, 0xbb, 0, 0, 0, 7, ...ip6, 2, 0, 0, 0]);
  bench.bytes('&sb', [99, 0]);
  bench.bytes('buf', [0x41]);
  for (const name of ['&t', '&tt', '&neg', '&big', '&p', '&d', '&g', '&f', '&v', '&nf', '&fc', '&fb', '&z', '&np', '&r', 'bm', 'bd']) bench.bytes(name, new Array<number>(128).fill(0));
  ram.writeU64(bench.objects.get('&tt')!, 1700000000n);
  ram.writeU64(bench.objects.get('&neg')!, -1n);
  ram.writeU64(bench.objects.get('&big')!, 100000000000n);
  ram.writeU64(bench.objects.get('&p')!, 0xfe000000n);
  ram.writeU64(bench.objects.get('&d')!, 0x1234n);
  ram.writeU64(bench.objects.get('&nf')!, 0x123n);
  ram.writeU32(bench.objects.get('&fc')!, 0x34325258);
  ram.writeU32(bench.objects.get('&fb')!, 0xb4325258);
  ram.writeU32(bench.objects.get('&np')!, 0x01020304);
  makeFiles(bench);
  makeVaFormat(bench);
  makeSymbols(bench);
}

/** /t/sub/file.txt in the rows up to its %pd, then the root directory. */
function makeFiles(bench: Bench): void {
  const { ram } = bench;
  const layout = abi.struct('dentry');
  const dentry = (name: string, parent: Ptr): Ptr => {
    const address = bench.alloc(layout.sizeBytes);
    ram.writePtr(address + layout.offset('d_parent'), parent || address);
    ram.writePtr(address + layout.offset('d_name.name'), bench.string(name));
    return address;
  };
  const root = dentry('/', 0);
  const file = dentry('file.txt', dentry('sub', dentry('t', root)));
  const fileStruct = (of: Ptr): Ptr => {
    const address = bench.alloc(abi.sizeOf('file'));
    ram.writePtr(address + abi.struct('file').offset('f_path.dentry'), of);
    return address;
  };
  bench.objects.set('file dentry', file);
  bench.objects.set('root dentry', root);
  bench.objects.set('file file', fileStruct(file));
  bench.objects.set('root file', fileStruct(root));
  const disk = bench.alloc(abi.sizeOf('gendisk'));
  ram.writeCString(disk + abi.struct('gendisk').offset('disk_name'), 'loop0');
  const device = bench.alloc(abi.sizeOf('block_device'));
  ram.writePtr(device + abi.struct('block_device').offset('bd_disk'), disk);
  bench.objects.set('bd', device);
}

function makeVaFormat(bench: Bench): void {
  const { ram } = bench;
  const saved = bench.alloc(48);
  ram.writeU64(saved + 8, 3n);
  ram.writePtr(saved + 16, bench.string('x'));
  const list = bench.alloc(24);
  ram.writeU32(list, 8);
  ram.writePtr(list + 16, saved);
  const address = bench.alloc(16);
  ram.writePtr(address, bench.string('hello %d %s'));
  ram.writePtr(address + 8, list);
  bench.objects.set('&vf', address);
}

function makeSymbols(bench: Bench): void {
  const printk = KERNEL_BASE + 0x100_0000;
  const module = KERNEL_BASE + 0xc0_0000;
  bench.symbols.push(
    { name: 'syslog_print', address: printk - 0x330, size: 0x330, module: null },
    { name: 'printk_timed_ratelimit', address: printk, size: 0x50, module: null },
    { name: 't_init', address: module, size: 0x3000, module: 't_fmt2' },
    { name: 't_exit', address: module + 0x3000, size: 5, module: 't_fmt2' },
  );
  bench.objects.set('printk_timed_ratelimit', printk);
  bench.objects.set('t_init', module);
  bench.objects.set('vf', module + 0x3005);
}

/** Objects that the observed module changed between its calls. */
function prepare(bench: Bench, row: Row): void {
  const { objects } = bench;
  const which = row.text.startsWith('/') ? 'root' : 'file';
  objects.set('f->f_path.dentry', objects.get(`${which} dentry`)!);
  objects.set('f', objects.get(`${which} file`)!);
  if (row.format.includes('%70pb')) setBits(bench, row.text.startsWith('00') ? [] : [0, 1, 2, 3, 8, 64, 65, 66]);
  if (row.format.startsWith('%64pb')) setBits(bench, Array.from({ length: 128 }, (_, bit) => bit));
  if (row.format.startsWith('%ptR') && row.args[0] === '&t') setTime(bench, row.text.startsWith('1844') ? [5, 4, 30, 45, 14, -1901] : [5, 4, 3, 2, 0, 122]);
  if (row.format.startsWith('%pGz')) bench.ram.writeU32(objects.get('&g')!, 0x8000_0000);
  if (row.args[0] === '&r') setResource(bench, row);
}

function setBits(bench: Bench, bits: readonly number[]): void {
  const address = bench.objects.get('bm')!;
  bench.ram.fill(address, 64);
  for (const bit of bits) bench.ram.writeU8(address + (bit >> 3), bench.ram.readU8(address + (bit >> 3)) | (1 << (bit & 7)));
}
function setTime(bench: Bench, fields: readonly number[]): void {
  fields.forEach((value, index) => { bench.ram.writeU32(bench.objects.get('&t')! + 4 * index, value); });
}

/** `[io  0x03f8-0x03ff flags 0x100]`: the %pr half of the row gives start, end and flags. */
function setResource(bench: Bench, row: Row): void {
  const layout = abi.struct('resource');
  const raw = /\[(bus|...) +(?:0x)?([\da-f]+)(?:-(?:0x)?([\da-f]+))? flags 0x([\da-f]+)\]/.exec(row.text)!;
  const radix = raw[1] === 'irq' || raw[1] === 'dma' ? '' : '0x';
  const address = bench.objects.get('&r')!;
  bench.ram.writeU64(address + layout.offset('start'), BigInt(radix + raw[2]));
  bench.ram.writeU64(address + layout.offset('end'), BigInt(radix + (raw[3] ?? raw[2])));
  bench.ram.writeU64(address + layout.offset('flags'), BigInt(`0x${raw[4]}`));
}
