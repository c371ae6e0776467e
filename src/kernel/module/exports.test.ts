// The module system's exports, called as a module calls them: through their text addresses, with values in guest memory.

import { describe, expect, it } from 'vitest';
import { FakeKernel, finish } from '../../../test/modules/fake-kernel.ts';
import { moduleFile } from '../../../test/modules/fixtures.ts';
import { TaskKilled } from '../errors.ts';

function start(): { kernel: FakeKernel; call: (name: string, ...args: number[]) => number; text: (value: string) => number; module: number } {
  const kernel = new FakeKernel();
  kernel.insmod(moduleFile('kitchen'));
  const call = (name: string, ...args: number[]): number => kernel.cpu.call(kernel.system.context.deps.exports(name)!.address, args);
  const text = (value: string): number => {
    const at = kernel.slab.alloc(value.length + 1, 16);
    kernel.ram.writeCString(at, value);
    return at;
  };
  return { kernel, call, text, module: kernel.system.find('kitchen')!.address };
}

describe('references', () => {
  it('try_module_get, __module_get, module_put, module_refcount', () => {
    const { kernel, call, module } = start();
    expect([call('try_module_get', 0), call('try_module_get', module), call('module_refcount', module)]).toEqual([1, 1, 1]);
    call('__module_get', module);
    expect(call('module_refcount', module)).toBe(2);
    call('module_put', module);
    call('module_put', module);
    call('module_put', 0);
    kernel.cpu.scripts.set('kitchen_exit', () => call('try_module_get', module));
    kernel.rmmod('kitchen');
    expect(kernel.system.modules()).toEqual([]);
  });
  it('module_put warns when there is nothing to put', () => {
    const { kernel, call, module } = start();
    call('module_put', module);
    call('module_put', module);
    expect(kernel.log.at(-1)).toMatch(/^WARN module_put/);
  });
  it('__symbol_get, __symbol_put, symbol_put_addr', () => {
    const { kernel, call, text, module } = start();
    const two = kernel.system.addressOf('kitchen:kitchen_two')!;
    expect([call('__symbol_get', text('kitchen_two')), call('module_refcount', module)]).toEqual([two, 1]);
    expect([call('__symbol_get', text('kitchen_one')), call('__symbol_get', text('nowhere'))]).toEqual([0, 0]);
    expect(kernel.log.at(-1)).toBe('4 failing symbol_get of non-GPLONLY symbol kitchen_one.');
    call('__symbol_get', text('kitchen_two'));
    call('__symbol_put', text('kitchen_two'));
    call('symbol_put_addr', two + 3);
    expect(call('module_refcount', module)).toBe(0);
    expect(() => call('symbol_put_addr', -0x1000)).toThrow(TaskKilled);
    expect(() => call('__symbol_put', text('nowhere'))).toThrow(TaskKilled);
  });
});

it('register_module_notifier calls blocks by priority and lets one refuse', () => {
  const { kernel, call } = start();
  const block = (priority: number, callback: string): number => {
    const at = kernel.slab.alloc(24, 16);
    kernel.ram.writePtr(at, kernel.system.addressOf(`kitchen:${callback}`)!);
    kernel.ram.writeU32(at + 16, priority);
    return at;
  };
  const low = block(-5, 'kitchen_one');
  const high = block(5, 'kitchen_two');
  expect([call('register_module_notifier', low), call('register_module_notifier', high), call('register_module_notifier', high)]).toEqual([0, 0, -17]);
  expect(kernel.log.at(-1)).toBe('WARN notifier_chain_register notifier callback kitchen_two [kitchen] already registered');
  kernel.cpu.calls.length = 0;
  kernel.insmod(moduleFile('types'));
  const types = kernel.system.find('types')!.address;
  const seen = (): string[] => kernel.cpu.calls.filter(({ name }) => name.startsWith('kitchen_')).map(({ name, args }) => `${name} ${args[1]}`);
  expect(seen()).toEqual(['kitchen_two 1', 'kitchen_one 1', 'kitchen_two 0', 'kitchen_one 0']);
  expect(kernel.cpu.calls[0]!.args).toEqual([high, 1, types]);
  kernel.rmmod('types');
  kernel.cpu.calls.length = 0;
  kernel.cpu.scripts.set('kitchen_one', ([, event]) => (event === 1 ? 0x8000 | (1 + 16) : 0));
  expect(() => kernel.insmod(moduleFile('types'))).toThrow('EBUSY');
  expect(seen()).toEqual(['kitchen_two 1', 'kitchen_one 1', 'kitchen_two 2']);
  expect([call('unregister_module_notifier', low), call('unregister_module_notifier', low)]).toEqual([0, -2]);
});

describe('parameter operations', () => {
  /** A kernel_param in guest memory. */
  function param(kernel: FakeKernel, text: (value: string) => number, name: string, arg: number, ops = 0): number {
    const at = kernel.slab.alloc(40, 16);
    kernel.ram.writePtr(at, text(name));
    kernel.ram.writePtr(at + 16, ops);
    kernel.ram.writePtr(at + 32, arg);
    return at;
  }
  it('param_set_* and param_get_* work on kernel_param', () => {
    const { kernel, call, text } = start();
    const arg = kernel.slab.alloc(16, 16);
    const buffer = kernel.slab.alloc(4096, 16);
    const kp = param(kernel, text, 'p', arg);
    for (const [type, value, shown] of [['byte', '200', '200\n'], ['short', '-3', '-3\n'], ['ushort', '65535', '65535\n'], ['int', '-0x10', '-16\n'], ['uint', '017', '15\n'],
      ['long', '-1', '-1\n'], ['ulong', '18446744073709551615', '18446744073709551615\n'], ['ullong', '1', '1\n'], ['hexint', '0xab', '0x0000ab\n'], ['bool', 'y', 'Y\n'], ['invbool', 'y', 'Y\n'], ['charp', 'abc', 'abc\n']] as const) {
      kernel.ram.fill(arg, 16);
      expect([type, call(`param_set_${type}`, text(value), kp), call(`param_get_${type}`, buffer, kp), kernel.ram.cstring(buffer)]).toEqual([type, 0, shown.length, shown]);
    }
    expect([call('param_set_int', text('x'), kp), call('param_set_int', 0, kp), call('param_set_bint', text('n'), kp), call('param_set_bool_enable_only', text('1'), kp), call('param_set_bool_enable_only', text('0'), kp)]).toEqual([-22, -22, 0, 0, -30]);
    expect([call('param_set_uint_minmax', text('5'), kp, 6, 9), call('param_set_uint_minmax', text('7'), kp, 6, 9), kernel.ram.readU32(arg)]).toEqual([-22, 0, 7]);
    kernel.ram.writePtr(arg, 0);
    call('param_set_charp', text('mine'), kp);
    const before = kernel.slab.used;
    call('param_free_charp', arg);
    expect(kernel.slab.used).toBeLessThan(before);
  });
  it('param_array_ops goes through the setters of its elements, also those of a module', () => {
    const { kernel, call, text } = start();
    const { ram } = kernel;
    const ops = kernel.system.context.deps.exports('param_array_ops')!.address;
    const elementOps = kernel.slab.alloc(32, 16);
    ram.writePtr(elementOps + 8, kernel.system.addressOf('kitchen:kitchen_one')!);
    ram.writePtr(elementOps + 16, kernel.system.context.deps.exports('param_get_int')!.address);
    const elements = kernel.slab.alloc(16, 16);
    const count = kernel.slab.alloc(4, 16);
    const array = kernel.slab.alloc(32, 16);
    ram.writeU32(array, 3);
    ram.writeU32(array + 4, 4);
    ram.writePtr(array + 8, count);
    ram.writePtr(array + 16, elementOps);
    ram.writePtr(array + 24, elements);
    kernel.cpu.scripts.set('kitchen_one', ([value, kp]) => { ram.writeU32(ram.readPtr(kp! + 32), ram.cstring(value!).length); return 0; });
    const kp = param(kernel, text, 'list', array, ops);
    const buffer = kernel.slab.alloc(4096, 16);
    const set = (value: string): number => kernel.cpu.call(ram.readPtr(ops + 8), [text(value), kp]);
    expect([set('a,bbb'), kernel.cpu.call(ram.readPtr(ops + 16), [buffer, kp]), ram.cstring(buffer)]).toEqual([0, 4, '1,3\n']);
    expect([set('a,b,c,d'), kernel.log.at(-1)]).toEqual([-22, '3 list: can only take 3 arguments']);
    expect(call('kernel_param_lock', 0)).toBe(0);
  });
  it('kernel_param_lock keeps sysfs out', () => {
    const { kernel, call, module } = start();
    call('kernel_param_lock', module);
    expect(kernel.system.find('kitchen')!.isParamLocked).toBe(true);
    call('kernel_param_unlock', module);
    expect(finish(kernel.system.sysModule.read('kitchen/parameters/number'))).toBe('3\n');
  });
});

it('static keys count through their functions', () => {
  const { kernel, call } = start();
  const key = kernel.system.addressOf('kitchen:kitchen_off')!;
  call('static_key_slow_inc', key);
  call('static_key_slow_inc', key);
  expect(call('static_key_count', key)).toBe(2);
  call('static_key_slow_dec', key);
  call('static_key_disable', key);
  expect([call('static_key_count', key), kernel.ram.readU8(kernel.system.context.deps.exports('static_key_initialized')!.address)]).toEqual([0, 1]);
  call('static_key_slow_dec', key);
  call('static_key_slow_dec', key);
  expect(kernel.log.filter((line) => line.startsWith('WARN'))).toEqual(['WARN static_key_dec_not_one ']);
  call('static_key_enable_cpuslocked', key);
  call('static_key_enable', key);
  expect(call('static_key_count', key)).toBe(1);
  call('static_key_disable_cpuslocked', key);
  expect(call('static_key_count', key)).toBe(0);
});

it('__static_call_update redirects a trampoline of a module, not of the kernel', () => {
  const { kernel, call } = start();
  const find = (name: string): number => kernel.system.addressOf(`kitchen:${name}`)!;
  call('__static_call_update', find('__SCK__kitchen_call'), find('__SCT__kitchen_call'), find('kitchen_two'));
  expect(kernel.ram.readPtr(find('__SCK__kitchen_call'))).toBe(find('kitchen_two'));
  call('__static_call_update', find('__SCK__kitchen_call'), kernel.image.text('__SCT__might_resched'), find('kitchen_two'));
  expect(kernel.log.at(-1)).toBe('4 kobox: static call __SCT__might_resched belongs to the kernel, its target stays');
});

it('is_module_sig_enforced follows the setting, which cannot be turned off', () => {
  const { kernel, call } = start();
  const write = (text: string): void => finish(kernel.system.sysModule.write('module/parameters/sig_enforce', text));
  expect(call('is_module_sig_enforced')).toBe(0);
  write('Y\n');
  expect([call('is_module_sig_enforced'), finish(kernel.system.sysModule.read('module/parameters/sig_enforce'))]).toEqual([1, 'Y\n']);
  expect(() => write('0')).toThrow('EROFS');
});

it('uevent synthesises events', () => {
  const { kernel } = start();
  kernel.uevents.length = 0;
  const write = (text: string): void => finish(kernel.system.sysModule.write('kitchen/uevent', text));
  write('change');
  write('add 12345678-1234-1234-1234-123456789abc A=1 B=2\n');
  expect(kernel.uevents.map(({ action, variables }) => [action, ...variables.slice(3, -1).map(([name, value]) => `${name}=${value}`)])).toEqual([
    ['change', 'SYNTH_UUID=0'], ['add', 'SYNTH_UUID=12345678-1234-1234-1234-123456789abc', 'SYNTH_ARG_A=1', 'SYNTH_ARG_B=2'],
  ]);
  expect(() => write('explode')).toThrow('EINVAL');
  expect(kernel.log.at(-1)).toBe('4 synth uevent: /module/kitchen: unknown uevent action string');
});
