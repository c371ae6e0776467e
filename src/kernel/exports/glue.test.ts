import { describe, expect, test } from 'vitest';
import type { CType, Prototype } from '../../abi/abi.ts';
import { KERNEL_BASE } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import type { Cpu, HostFunction, Registers, Sleeping, Wait } from '../../cpu/api.ts';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { RAX, RCX, RDI, RDX, RSI, RSP } from '../../ir/ir.ts';
import { Errno } from '../errors.ts';
import { KernelImage } from '../image.ts';
import type { PerCpu } from '../services.ts';
import { at, data, type ExportEntry, type FunctionExport, since, special, type VaList } from './define.ts';
import { hostFunction } from './glue.ts';
import { checkExports, exportRows, registerExports } from './register.ts';
import { CopiedVaList, GuestVaList } from './va-list.ts';

const abi = loadDefaultAbi();
const ram = new Ram(32 << 20);
const STACK = KERNEL_BASE + 0x8000;

/** Registers as the processor keeps them: 64 bits each, read back rounded as numbers. */
class FakeRegisters implements Registers {
  readonly values = new BigInt64Array(16);
  get(reg: number): number { return Number(this.values[reg]!); }
  getBig(reg: number): bigint { return this.values[reg]!; }
  set(reg: number, value: number | bigint): void { this.values[reg] = BigInt(value); }
}

const type = (kind: CType['kind'], sizeBytes: number, isSigned = false, isLongLong = false): CType => ({ kind, sizeBytes, isSigned, isLongLong, tag: '', length: 0, element: undefined, spelling: `${kind}${sizeBytes}` });
const T = {
  void: type('void', 0), pointer: type('pointer', 8), int: type('int', 4, true), u32: type('int', 4), u8: type('int', 1), s8: type('int', 1, true), u16: type('int', 2), s16: type('int', 2, true),
  long: type('int', 8, true), ulong: type('int', 8), s64: type('int', 8, true, true), u64: type('int', 8, false, true), bool: type('bool', 1), struct: type('struct', 8),
};
const proto = (returns: CType, parameters: readonly CType[], isVariadic = false): Prototype => ({ name: 'f', returns, parameters: parameters.map((t, i) => ({ name: `p${i}`, type: t })), isVariadic });
const entry = (handler: (...args: never[]) => unknown, options: Partial<FunctionExport> = {}): FunctionExport => ({ kind: 'function', sleeps: 'never', fails: '-errno', handler, ...options });

function call(fn: HostFunction, ...words: (number | bigint)[]): { regs: FakeRegisters; result: void | Sleeping<void> } {
  const regs = new FakeRegisters();
  regs.set(RSP, STACK);
  [RDI, RSI, RDX, RCX, 8, 9].forEach((reg, i) => { regs.set(reg, words[i] ?? 0); });
  words.slice(6).forEach((word, i) => { ram.writeU64(STACK + 8 + 8 * i, BigInt(word)); });
  return { regs, result: fn(regs) };
}
/** What the handler sees of `word` in a register. */
function received(kind: CType, word: number | bigint): unknown {
  let seen: unknown;
  call(hostFunction('f', entry((value: never) => { seen = value; }), proto(T.void, [kind]), ram), word);
  return seen;
}
/** rax after the handler returned `value`. */
const returned = (kind: CType, value: unknown): bigint => call(hostFunction('f', entry(() => value), proto(kind, []), ram)).regs.getBig(RAX);

describe('arguments', () => {
  const garbage = 0x7eadbeef_00000000n;
  test('small types ignore the upper part of the register', () => {
    expect(received(T.int, garbage | 0xffff_fffen)).toBe(-2);
    expect(received(T.u32, garbage | 0xffff_fffen)).toBe(0xffff_fffe);
    expect(received(T.u32, -1n)).toBe(0xffff_ffff);
    expect(received(T.int, 0x1_0000_0005)).toBe(5);
    expect(received(T.u8, garbage | 0x1ffn)).toBe(0xff);
    expect(received(T.s8, garbage | 0x1ffn)).toBe(-1);
    expect(received(T.u16, garbage | 0x1ffffn)).toBe(0xffff);
    expect(received(T.s16, garbage | 0x18000n)).toBe(-32768);
    expect(received(T.bool, garbage | 0x100n)).toBe(false);
    expect(received(T.bool, garbage | 0x101n)).toBe(true);
  });
  test('words: pointers and longs signed, unsigned long not negative, long long exact', () => {
    expect(received(T.pointer, -1)).toBe(-1);
    expect(received(T.long, -5)).toBe(-5);
    // In the top 2 GiB an unsigned long is taken for an address; below it is a large number, as exact as numbers are.
    expect(received(T.ulong, -1)).toBe(-1);
    expect(received(T.ulong, -(2 ** 40))).toBe(2 ** 64 - 2 ** 40);
    expect(received(T.ulong, 4096)).toBe(4096);
    expect(received(T.s64, 0x7fff_ffff_ffff_ffffn)).toBe(0x7fff_ffff_ffff_ffffn);
    expect(received(T.u64, -1)).toBe(0xffff_ffff_ffff_ffffn);
  });
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 9])('%d arguments arrive in order', (count) => {
    const words = Array.from({ length: count }, (_, i) => i + 10);
    let seen: unknown[] = [];
    call(hostFunction('f', entry((...args: never[]) => { seen = args; }), proto(T.void, words.map(() => T.int)), ram), ...words);
    expect(seen).toEqual(words);
  });
  test('variadic: registers first, then the stack', () => {
    let seen: unknown[] = [];
    const handler = (format: never, args: never): void => { seen = [format, ...Array.from({ length: 8 }, () => (args as VaList).next())]; };
    call(hostFunction('f', entry(handler), proto(T.void, [T.pointer], true), ram), 1, 2, -3, 4, 5, 6, 7, 8, -9);
    expect(seen).toEqual([1, 2n, 2n ** 64n - 3n, 4n, 5n, 6n, 7n, 8n, 2n ** 64n - 9n]);
  });
  test('variadic with many named parameters', () => {
    let seen: unknown[] = [];
    const handler = (...args: never[]): void => { seen = [...args.slice(0, -1), (args.at(-1) as unknown as VaList).next()]; };
    call(hostFunction('f', entry(handler), proto(T.void, [T.int, T.int, T.int, T.int, T.int, T.int, T.int], true), ram), 1, 2, 3, 4, 5, 6, 7, 8);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8n]);
  });
  test('no prototype: signed words, as many as the handler takes', () => {
    const { regs } = call(hostFunction('memchr', entry((a: never, b: never) => (a as number) - (b as number)), undefined, ram), 1, 3);
    expect(regs.get(RAX)).toBe(-2);
  });
  test('structs by value are refused', () => {
    expect(() => hostFunction('make_kuid', entry((_: never) => 0), proto(T.void, [T.struct]), ram)).toThrow(/make_kuid: struct8 by value/);
  });
});

describe('results', () => {
  test('are extended to 64 bits by their type', () => {
    expect(returned(T.int, -1)).toBe(-1n);
    expect(returned(T.int, 0xffff_ffff)).toBe(-1n);
    expect(returned(T.u32, 0xffff_ffff)).toBe(0xffff_ffffn);
    expect(returned(T.u32, -1)).toBe(0xffff_ffffn);
    expect(returned(T.u8, 0x1ff)).toBe(0xffn);
    expect(returned(T.bool, true)).toBe(1n);
    expect(returned(T.pointer, KERNEL_BASE)).toBe(-0x8000_0000n);
    expect(returned(T.ulong, 2 ** 63)).toBe(-(2n ** 63n));
    expect(returned(T.s64, -7n)).toBe(-7n);
    expect(returned(T.u64, 2n ** 64n - 1n)).toBe(-1n);
  });
  test('of the wrong type are a bug', () => {
    expect(() => returned(T.int, undefined)).toThrow(/kobox bug/);
    expect(() => returned(T.int, Number.NaN)).toThrow(/kobox bug/);
    expect(() => returned(T.s64, 5)).toThrow(/kobox bug/);
    expect(() => returned(T.void, 5)).toThrow(/kobox bug/);
  });
  test('an Errno leaves as the entry says', () => {
    const fail = (): never => { throw new Errno('ENOMEM'); };
    const rax = (returns: CType, fails: FunctionExport['fails']): bigint => call(hostFunction('f', entry(fail, { fails }), proto(returns, []), ram)).regs.getBig(RAX);
    expect(rax(T.int, '-errno')).toBe(-12n);
    expect(rax(T.long, '-errno')).toBe(-12n);
    expect(rax(T.pointer, 'ERR_PTR')).toBe(-12n);
    expect(rax(T.pointer, 'NULL')).toBe(0n);
    expect(() => rax(T.pointer, '-errno')).toThrow(/cannot carry/);
    expect(() => rax(T.void, '-errno')).toThrow(/cannot carry/);
    expect(() => rax(T.ulong, '-errno')).toThrow(/cannot carry/);
  });
  test('other exceptions pass', () => {
    expect(() => call(hostFunction('f', entry(() => { throw new RangeError('x'); }), proto(T.int, []), ram))).toThrow(RangeError);
  });
});

describe('sleeping', () => {
  const wait: Wait = { kind: 'test' };
  test('a plain result is immediate', () => {
    const { regs, result } = call(hostFunction('f', entry(() => 7, { sleeps: 'may' }), proto(T.int, []), ram));
    expect(result).toBeUndefined();
    expect(regs.get(RAX)).toBe(7);
  });
  test('a generator passes its waits on and its result or Errno at the end', () => {
    const run = (end: () => number): FakeRegisters => {
      const { regs, result } = call(hostFunction('f', entry(function* () { yield wait as never; return end(); }, { sleeps: 'may' }), proto(T.int, []), ram));
      const pending = result as Sleeping<void>;
      expect(pending.next()).toEqual({ value: wait, done: false });
      expect(pending.next().done).toBe(true);
      return regs;
    };
    expect(run(() => -3).get(RAX)).toBe(-3);
    expect(run(() => { throw new Errno('EINTR'); }).get(RAX)).toBe(-4);
  });
});

test('va_list: registers that are left, then the overflow area; the list moves on', () => {
  const list = KERNEL_BASE + 0x4000;
  const saved = list + 0x100;
  const overflow = list + 0x200;
  ram.writeU32(list, 32);
  ram.writePtr(list + 8, overflow);
  ram.writePtr(list + 16, saved);
  ram.writeU64(saved + 32, 1n);
  ram.writeU64(saved + 40, 2n);
  ram.writeU64(overflow, 3n);
  ram.writeU64(overflow + 8, 4n);
  const copy = new CopiedVaList(ram, list);
  expect([copy.next(), copy.next(), copy.next(), copy.next()]).toEqual([1n, 2n, 3n, 4n]);
  const live = new GuestVaList(ram, list);
  expect([live.next(), live.next(), live.next()]).toEqual([1n, 2n, 3n]);
  expect(new GuestVaList(ram, list).next()).toBe(4n);
});

describe('tables', () => {
  const perCpu: PerCpu = { nrCpus: 2, alloc: () => 0x500, free: () => {}, address: (offset, cpu) => KERNEL_BASE + 0x10_0000 + cpu * 0x1000 + offset };
  const register = (table: Record<string, ExportEntry>) => {
    const placed = new Map<number, string>();
    const cpu = { defineHostFunction: (address: number, name: string) => { placed.set(address, name); }, defineSpecialTarget: (address: number) => { placed.set(address, 'special'); } } as unknown as Cpu;
    const image = new KernelImage();
    return { exports: registerExports({ test: () => table }, { image, cpu, abi, ram, perCpu }), placed, image };
  };
  test('symbols get addresses, CRCs and licences', () => {
    const initialised: number[] = [];
    const { exports, placed, image } = register({
      _printk: entry((_f: never, _a: never) => 0), __fentry__: special({ kind: 'nop' }), hex_asc: data(17, (addr) => { initialised.push(addr); }),
      cpu_number: { kind: 'data', sizeBytes: 4, align: 4, perCpu: true, init: (addr) => { initialised.push(addr); } }, jiffies: at(KERNEL_BASE + 0x5000),
    });
    const printk = exports.resolve('_printk')!;
    expect(printk).toMatchObject({ name: '_printk', isGplOnly: false, namespace: '' });
    expect(printk.crc).toBeTypeOf('number');
    expect(placed.get(printk.address)).toBe('_printk');
    expect(placed.get(exports.resolve('__fentry__')!.address)).toBe('special');
    expect(exports.resolve('cpu_number')!.address).toBe(abi.perCpuVariable('cpu_number')!.offset);
    expect(image.lookup('cpu_number')!.kind).toBe('percpu');
    expect(exports.resolve('jiffies')!.address).toBe(KERNEL_BASE + 0x5000);
    exports.resolve('hex_asc');
    expect(initialised).toHaveLength(3);
    expect(exports.resolve('kmalloc_nonsense')).toBeUndefined();
  });
  test('mistakes are found, all at once', () => {
    expect(checkExports({ test: { no_such_symbol: data(8), _printk: entry((_f: never) => 0) } }, abi).join('\n')).toMatch(/does not export no_such_symbol[\s\S]*_printk has 2 parameters .* its handler 1/);
  });
  test('an entry of a later release is skipped', () => {
    const { exports } = register({ no_such_symbol: since([6, 12], data(8)) });
    expect(exports.resolve('no_such_symbol')).toBeUndefined();
  });
  test('an entry that a later release lost is skipped there', () => {
    const later = { ...abi, release: '6.12', kernelVersion: [6, 12] as const, exportedSymbol: () => undefined } as unknown as typeof abi;
    expect(checkExports({ test: { kmalloc_trace: data(8) } }, later)).toEqual([]);
    expect(checkExports({ test: { brand_new: since([6, 12], data(8)) } }, later)).toHaveLength(1);
  });
  test('a symbol belongs to one table', () => {
    expect(checkExports({ a: { hex_asc: data(17) }, b: { hex_asc: data(17) } }, abi)).toEqual(['hex_asc is declared in a and in b']);
  });
  test('rows for the compatibility page', () => {
    const rows = exportRows({ 'kernel/printk': { console_printk: at(0), _printk: entry(() => 0) } }, abi);
    expect(rows).toEqual([
      { symbol: '_printk', folder: 'kernel/printk', kind: 'function', sleeps: 'never', isGplOnly: false, isInRelease: true },
      { symbol: 'console_printk', folder: 'kernel/printk', kind: 'address', sleeps: '-', isGplOnly: true, isInRelease: true },
    ]);
  });
});
