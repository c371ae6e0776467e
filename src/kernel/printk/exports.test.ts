import { expect, test } from 'vitest';
import { KERNEL_BASE, type Ptr } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import type { FunctionExport } from '../exports/define.ts';
import { checkExports } from '../exports/register.ts';
import { ListedArguments } from '../exports/va-list.ts';
import { KernelImage } from '../image.ts';
import { printkExports } from './exports.ts';
import { printfExports } from './printf-exports.ts';
import { Printk } from './printk.ts';
import { kmsgText } from './record.ts';

const abi = loadDefaultAbi();

class Bench {
  readonly ram = new Ram(64 << 20);
  readonly printk: Printk;
  jiffies = 4_294_000_000;
  #end: Ptr = KERNEL_BASE + 0x20_0000;
  readonly #table;
  constructor() {
    this.printk = new Printk({
      ram: this.ram, abi, image: new KernelImage(), clock: { nowNs: () => 5_000_000_000n, advance: () => {} }, symbols: { symbolize: () => undefined, addressOf: () => undefined },
      tasks: { current: { pid: 92, comm: 'insmod', address: 0, uid: 0 } }, seed: 1, jiffies: () => this.jiffies, hz: 250, reporter: () => { throw new Error('no report expected'); },
    });
    const allocator = { kmalloc: (size: number) => this.alloc(size), kfree: () => {} };
    this.#table = { ...printkExports(this.printk), ...printfExports(this.printk, allocator) };
  }
  alloc(size: number): Ptr {
    const address = this.#end;
    this.#end += (size + 15) & ~15;
    return address;
  }
  string(text: string): Ptr {
    const address = this.alloc(text.length + 1);
    this.ram.writeCString(address, text);
    return address;
  }
  call(name: string, ...args: unknown[]): unknown { return ((this.#table as Record<string, FunctionExport>)[name]!.handler as (...a: unknown[]) => unknown)(...args); }
  get lines(): string[] { return [...this.printk.log.records()].map((record) => `${record.level}:${record.text}`); }
  device(names: { device?: string; driver?: string; bus?: string; class?: string; devt?: number }): Ptr {
    const device = this.alloc(abi.sizeOf('device'));
    const named = (struct: string, name: string): Ptr => {
      const address = this.alloc(abi.sizeOf(struct));
      this.ram.writePtr(address + abi.struct(struct).offset('name'), this.string(name));
      return address;
    };
    const set = (field: string, value: Ptr): void => { this.ram.writePtr(device + abi.struct('device').offset(field), value); };
    if (names.device) set('kobj.name', this.string(names.device));
    if (names.driver) set('driver', named('device_driver', names.driver));
    if (names.bus) set('bus', named('bus_type', names.bus));
    if (names.class) set('class', named('class', names.class));
    if (names.devt) this.ram.writeU32(device + abi.struct('device').offset('devt'), names.devt);
    return device;
  }
}
const none = new ListedArguments([]);

test('every entry is exported by the kernel with the parameters its handler takes', () => {
  const { printk } = new Bench();
  expect(checkExports({ printk: printkExports(printk), printf: printfExports(printk, { kmalloc: () => 0, kfree: () => {} }) }, abi)).toEqual([]);
});

test('_printk', () => {
  const bench = new Bench();
  expect(bench.call('_printk', bench.string('\x016Hello %d from %s\n'), new ListedArguments([3, bench.string('hello')]))).toBe(18);
  expect(bench.lines).toEqual(['6:Hello 3 from hello']);
});

test('device messages name driver, bus or class; a newline is implied', () => {
  const bench = new Bench();
  const device = bench.device({ device: 't_fmt_dev', bus: 'platform' });
  bench.call('_dev_info', device, bench.string('dev info %d\n'), new ListedArguments([1]));
  bench.call('_dev_info', device, bench.string('no newline'), none);
  bench.call('_dev_err', bench.device({ device: 'x0', driver: 'drv', bus: 'platform' }), bench.string('a\nb\n'), none);
  bench.call('_dev_warn', bench.device({ device: 'c0', class: 'mem', devt: (1 << 20) | 3 }), bench.string('\x013lvl\n'), none);
  bench.call('_dev_info', bench.device({}), bench.string('uninit\n'), none);
  bench.call('_dev_info', 0, bench.string('null dev\n'), none);
  bench.call('_dev_printk', bench.string('\x017'), device, bench.string('printk\n'), none);
  expect(bench.call('dev_err_probe', device, -5, bench.string('probe %d\n'), new ListedArguments([3]))).toBe(-5);
  expect(bench.call('dev_err_probe', device, -517, bench.string('probe\n'), none)).toBe(-517);
  expect(bench.lines).toEqual(['6:platform t_fmt_dev: dev info 1', '6:platform t_fmt_dev: no newline', '3:drv x0: a\nb', '4:mem c0: \x013lvl', '6: (null): uninit',
    '6:(NULL device *): null dev', '7:platform t_fmt_dev: printk', '3:platform t_fmt_dev: error -EIO: probe 3']);
  const records = [...bench.printk.log.records()];
  expect(kmsgText(records[0]!)).toBe('6,0,5000000,-;platform t_fmt_dev: dev info 1\n SUBSYSTEM=platform\n DEVICE=+platform:t_fmt_dev\n');
  expect(records[3]!.device).toEqual({ subsystem: 'mem', device: 'c1:3' });
  expect(records[4]!.device).toBeUndefined();
});

test('dynamic debug decorates as its flags say', () => {
  const bench = new Bench();
  const layout = abi.struct('_ddebug');
  const descriptor = bench.alloc(layout.sizeBytes);
  bench.ram.writePtr(descriptor + layout.offset('modname'), bench.string('t_p3'));
  bench.ram.writePtr(descriptor + layout.offset('function'), bench.string('t_init'));
  layout.field('lineno').write(bench.ram, descriptor, 22);
  for (const flags of [1, 1 | 2, 1 | 2 | 4 | 8 | 16]) {
    layout.field('flags').write(bench.ram, descriptor, flags);
    bench.call('__dynamic_pr_debug', descriptor, bench.string('dbg %d\n'), new ListedArguments([5]));
  }
  bench.call('__dynamic_dev_dbg', descriptor, bench.device({ device: 'd', bus: 'platform' }), bench.string('ddbg\n'), none);
  bench.call('__dynamic_dev_dbg', descriptor, 0, bench.string('null\n'), none);
  expect(bench.lines).toEqual(['7:dbg 5', '7:t_p3: dbg 5', '7:[92] t_p3:t_init:22: dbg 5', '7:[92] t_p3:t_init:22: platform d: ddbg', '7:(NULL device *): null']);
});

test('rate limits: a burst, then the count of what was suppressed', () => {
  const bench = new Bench();
  const layout = abi.struct('ratelimit_state');
  const state = bench.alloc(layout.sizeBytes);
  bench.ram.writeU32(state + layout.offset('interval'), 250);
  bench.ram.writeU32(state + layout.offset('burst'), 3);
  const site = bench.string('t_init');
  expect(Array.from({ length: 5 }, () => bench.call('___ratelimit', state, site))).toEqual([true, true, true, false, false]);
  bench.jiffies += 275;
  expect(bench.call('___ratelimit', state, site)).toBe(true);
  expect(bench.lines).toEqual(['4:t_init: 2 callbacks suppressed']);
  expect([bench.ram.readU32(state + layout.offset('missed')), bench.ram.readU32(state + layout.offset('printed'))]).toEqual([0, 1]);
  expect(Array.from({ length: 12 }, () => bench.call('__printk_ratelimit', site)).filter(Boolean)).toHaveLength(10);
});

test('printk_timed_ratelimit', () => {
  const bench = new Bench();
  const last = bench.alloc(8);
  const ask = (): unknown => bench.call('printk_timed_ratelimit', last, 100);
  expect([ask(), ask()]).toEqual([true, false]);
  bench.jiffies += 38;
  expect(ask()).toBe(true);
});

test('print_hex_dump', () => {
  const bench = new Bench();
  const buffer = bench.string('abcdefghijklmnopqrst');
  bench.call('print_hex_dump', bench.string('\x016'), bench.string('hex: '), 2, 16, 1, buffer, 20, true);
  bench.call('print_hex_dump', bench.string('\x016'), bench.string('hex: '), 0, 16, 8, buffer, 16, false);
  expect(bench.lines).toEqual(['6:hex: 00000000: 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70  abcdefghijklmnop', '6:hex: 00000010: 71 72 73 74                                      qrst',
    '6:hex: 6867666564636261 706f6e6d6c6b6a69']);
  const line = bench.alloc(80);
  expect(bench.call('hex_dump_to_buffer', buffer, 16, 16, 1, line, 10, true)).toBe(65);
  expect(bench.ram.cstring(line)).toBe('61 62 63 ');
});

test('the sprintf family', () => {
  const bench = new Bench();
  const buffer = bench.alloc(64);
  const text = new ListedArguments([bench.string('abcdefgh')]);
  expect(bench.call('scnprintf', buffer, 5, bench.string('%s'), text)).toBe(4);
  expect(bench.call('scnprintf', buffer, 0, bench.string('xyz'), none)).toBe(0);
  expect(bench.call('sprintf', buffer, bench.string('%d-%x'), new ListedArguments([5, 255]))).toBe(4);
  expect(bench.ram.cstring(buffer)).toBe('5-ff');
  expect(bench.ram.cstring(bench.call('kasprintf', 0xcc0, bench.string('%d-%s'), new ListedArguments([5, bench.string('yy')])) as number)).toBe('5-yy');
  expect(bench.call('sscanf', bench.string('12 34'), bench.string('%d %d'), new ListedArguments([buffer, buffer + 4]))).toBe(2);
  expect(bench.ram.readU32(buffer + 4)).toBe(34);
});
