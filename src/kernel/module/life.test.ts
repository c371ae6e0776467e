import { describe, expect, it } from 'vitest';
import { FakeKernel, finish } from '../../../test/modules/fake-kernel.ts';
import { edit, kernelOf, moduleFile, type Series } from '../../../test/modules/fixtures.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { Errno, TaskKilled } from '../errors.ts';
import type { LoadedModule } from './loaded-module.ts';
import { STATE } from './struct-module.ts';
import type { ModuleWaits } from './waits.ts';

const kitchen = moduleFile('kitchen');
const guest = moduleFile('guest');

function codeOf(work: () => void): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (error instanceof Errno) return `${error.code} ${error.errno}`;
    if (error instanceof TaskKilled) return `killed ${error.signal}`;
    throw error;
  }
}
/** Events a listener of the chain sees, with the reference count at that time. */
function recordEvents(kernel: FakeKernel): string[] {
  const events: string[] = [];
  const names = { [STATE.LIVE]: 'LIVE', [STATE.COMING]: 'COMING', [STATE.GOING]: 'GOING', [STATE.UNFORMED]: 'UNFORMED' };
  kernel.system.context.notifiers.listen(0, (event, module) => {
    events.push(`${names[event]}(${kernel.system.context.references.count(module.address)})`);
    return 0;
  });
  kernel.cpu.scripts.set('kitchen_init', () => { events.push('init'); return 0; });
  kernel.cpu.scripts.set('kitchen_exit', () => { events.push('exit'); return 0; });
  return events;
}

describe.each<Series>(['6.1', '6.12'])('the life of a module on %s', (series) => {
  it('notifies and counts as Linux does', () => {
    const kernel = kernelOf(series);
    const events = recordEvents(kernel);
    kernel.insmod(moduleFile('kitchen', series));
    kernel.rmmod('kitchen');
    expect(events).toEqual(['COMING(1)', 'init', 'LIVE(1)', 'exit', 'GOING(-1)']);
    expect(kernel.uevents.map((event) => [event.action, ...event.variables.map(([name, value]) => `${name}=${value}`)])).toEqual([
      ['add', 'ACTION=add', 'DEVPATH=/module/kitchen', 'SUBSYSTEM=module', 'SEQNUM=1'],
      ['remove', 'ACTION=remove', 'DEVPATH=/module/kitchen', 'SUBSYSTEM=module', 'SEQNUM=2'],
    ]);
    expect(kernel.system.linkedIn()).toBe('[last unloaded: kitchen(OE)]');
  });
  it('unwinds an init that fails, whatever it returns', () => {
    const kernel = kernelOf(series);
    const events = recordEvents(kernel);
    for (const [result, expected] of [[-19, 'ENODEV 19'], [-512, 'ERESTARTSYS 512'], [-5000, 'EINVAL 5000']] as const) {
      events.length = 0;
      kernel.cpu.scripts.set('kitchen_init', () => result);
      expect(codeOf(() => kernel.insmod(moduleFile('kitchen', series)))).toBe(expected);
      expect(events).toEqual(['COMING(1)', 'GOING(0)']);
      expect([kernel.usage, kernel.uevents.length]).toEqual([0, 0]);
    }
  });
  it('unwinds a bad parameter before init', () => {
    const kernel = kernelOf(series);
    const events = recordEvents(kernel);
    expect(codeOf(() => kernel.insmod(moduleFile('kitchen', series), 'number=x'))).toBe('EINVAL 22');
    expect(events).toEqual(['COMING(1)', 'GOING(1)']);
    expect(kernel.usage).toBe(0);
  });
  it('lets a listener refuse, and tells those before it', () => {
    const kernel = kernelOf(series);
    const events = recordEvents(kernel);
    kernel.system.context.notifiers.listen(-1, (event) => (event === STATE.COMING ? 12 : 0));
    expect(codeOf(() => kernel.insmod(moduleFile('kitchen', series)))).toBe('ENOMEM 12');
    expect(events).toEqual(['COMING(1)', 'GOING(1)']);
    expect(kernel.usage).toBe(0);
  });
  it('frees init memory once init has returned', () => {
    const kernel = kernelOf(series);
    let during = '';
    kernel.cpu.scripts.set('kitchen_init', () => { during = kernel.system.procModules(); return 0; });
    kernel.insmod(moduleFile('kitchen', series));
    const after = kernel.system.procModules();
    expect(during).toMatch(/^kitchen (\d+) 1 - Loading 0x[0-9a-f]{16} \(OE\+\)\n$/);
    expect(after).toMatch(/^kitchen (\d+) 0 - Live 0x[0-9a-f]{16} \(OE\)\n$/);
    expect(Number(during.split(' ')[1])).toBeGreaterThan(Number(after.split(' ')[1]));
    expect([...kernel.cpu.regions.values()].flatMap((region) => region.functions.map((bounds) => bounds.name))).not.toContain('kitchen_init');
  });
  it('warns of an init that returns more than 0', () => {
    const kernel = kernelOf(series);
    kernel.cpu.scripts.set('kitchen_init', () => 5);
    kernel.insmod(moduleFile('kitchen', series));
    expect(kernel.log.slice(-2)).toEqual(["4 do_init_module: 'kitchen'->init suspiciously returned 5, it should follow 0/-E convention\ndo_init_module: loading module anyway...", 'STACK']);
    expect(kernel.system.modules()[0]?.state).toBe('live');
  });
});

describe('a task killed in module code', () => {
  const die = (): number => { throw new TaskKilled(9, 'oops'); };
  it('leaves the module loading for ever when init oopses', () => {
    const kernel = new FakeKernel();
    kernel.cpu.scripts.set('kitchen_init', die);
    expect(codeOf(() => kernel.insmod(kitchen))).toBe('killed 9');
    expect(kernel.system.procModules()).toMatch(/^kitchen 32768 1 - Loading 0x\S+ \(OE\+\)\n$/);
    expect(codeOf(() => kernel.rmmod('kitchen', 0x200))).toBe('EBUSY 16');
    expect(codeOf(() => kernel.insmod(kitchen))).toBe('EINTR 4');
  });
  it('leaves it unloading for ever when exit oopses', () => {
    const kernel = new FakeKernel();
    kernel.cpu.scripts.set('kitchen_exit', die);
    kernel.insmod(kitchen);
    expect(codeOf(() => kernel.rmmod('kitchen'))).toBe('killed 9');
    expect(kernel.system.procModules()).toMatch(/^kitchen 20480 -1 - Unloading 0x\S+ \(OE-\)\n$/);
    expect([codeOf(() => kernel.rmmod('kitchen')), codeOf(() => kernel.insmod(kitchen))]).toEqual(['EBUSY 16', 'EBUSY 16']);
    expect(codeOf(() => kernel.insmod(guest))).toBe('ENOENT 2');
  });
});

describe('unloading', () => {
  it('checks in the order of Linux', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    kernel.insmod(guest);
    const { references } = kernel.system.context;
    const module = kernel.system.find('kitchen')!;
    references.get(module.address);
    expect([codeOf(() => kernel.rmmod('')), codeOf(() => kernel.rmmod('x'.repeat(56))), codeOf(() => kernel.rmmod('kit-chen'))]).toEqual(['ENOENT 2', 'ENOENT 2', 'ENOENT 2']);
    expect(codeOf(() => kernel.rmmod('kitchen', 0x200))).toBe('EAGAIN 11');
    kernel.rmmod('guest');
    expect(codeOf(() => kernel.rmmod('kitchen', 0x800))).toBe('EAGAIN 11');
    kernel.rmmod('kitchen', 0x200);
    expect([...kernel.taints].sort()).toEqual(['E', 'O', 'R']);
    expect(kernel.usage).toBe(0);
  });
  it('needs force for a module without exit', () => {
    const kernel = new FakeKernel();
    const permanent = edit('kitchen').relocation('.rela.gnu.linkonce.this_module', 1, 'type', 0).bytes;
    kernel.insmod(permanent);
    expect(kernel.system.procModules()).toContain(' [permanent], Live ');
    expect(codeOf(() => kernel.rmmod('kitchen'))).toBe('EBUSY 16');
    kernel.rmmod('kitchen', 0x200);
    expect(kernel.taints.has('R')).toBe(true);
  });
  it('asserts that nobody put more than he got', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    kernel.system.context.references.put(kernel.system.find('kitchen')!.address);
    expect(kernel.system.modules()[0]?.refcount).toBe(-1);
    expect(codeOf(() => kernel.rmmod('kitchen'))).toBe('killed 11');
  });
  it('forbids everything under nomodule', () => {
    const kernel = new FakeKernel({ options: { isDisabled: true } });
    expect([codeOf(() => kernel.insmod(new Uint8Array())), codeOf(() => kernel.rmmod('x'))]).toEqual(['EPERM 1', 'EPERM 1']);
  });
});

it('hides a module that takes itself off the list', () => {
  const kernel = new FakeKernel();
  kernel.cpu.scripts.set('kitchen_init', () => {
    const link = [...kernel.system.context.list.loaded()][0]!.address + 8;
    const [next, previous] = [kernel.ram.readPtr(link), kernel.ram.readPtr(link + 8)];
    kernel.ram.writePtr(previous, next);
    kernel.ram.writePtr(next + 8, previous);
    return 0;
  });
  kernel.insmod(kitchen);
  expect([kernel.system.procModules(), codeOf(() => kernel.rmmod('kitchen'))]).toEqual(['', 'ENOENT 2']);
  const address = [...kernel.system.context.list.loaded()][0]!.textAddress;
  expect(kernel.system.symbolize(address)).toMatchObject({ name: 'kitchen_one', offset: 0, module: 'kitchen' });
});

describe('loading a name twice', () => {
  it('says EEXIST when it is there', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    expect(codeOf(() => kernel.insmod(kitchen))).toBe('EEXIST 17');
    kernel.rmmod('kitchen');
    expect(kernel.usage).toBe(0);
  });
  it.each([[0, 'EEXIST 17'], [-5, 'EBUSY 16']] as const)('waits while it is loading; init returns %i', (result, expected) => {
    // Two tasks, stepped by hand: the first sleeps in init while the second loads the same name.
    const waits: ModuleWaits = { *wait(isDone) { while (!isDone()) yield { kind: 'module' }; return 'done'; }, wake: () => {} };
    const kernel = new FakeKernel({ waits });
    kernel.cpu.scripts.set('kitchen_init', function* (): Sleeping<number> { yield { kind: 'sleep' }; return result; });
    const first = kernel.system.insmod(kitchen);
    const second = kernel.system.insmod(kitchen);
    expect([first.next().value, second.next().value]).toEqual([{ kind: 'sleep' }, { kind: 'module' }]);
    codeOf(() => finish(first));
    expect(codeOf(() => finish(second))).toBe(expected);
  });
});

describe('a module that another needs', () => {
  const waits = (): ModuleWaits => ({ *wait(isDone, timeoutMs) { for (let i = 0; !isDone(); i++) { if (timeoutMs !== undefined && i === 3) return 'timeout'; yield { kind: 'module' }; } return 'done'; }, wake: () => {} });
  it.each([[0, 'done'], [-5, 'ENOENT 2']] as const)('is waited for; init returns %i', (result, expected) => {
    const kernel = new FakeKernel({ waits: waits() });
    kernel.cpu.scripts.set('kitchen_init', function* (): Sleeping<number> { yield { kind: 'sleep' }; return result; });
    const first = kernel.system.insmod(kitchen);
    const second = kernel.system.insmod(guest);
    first.next();
    expect(second.next().value).toEqual({ kind: 'module' });
    codeOf(() => finish(first));
    expect(codeOf(() => finish(second))).toBe(expected);
  });
  it('is given up after a while', () => {
    const kernel = new FakeKernel({ waits: waits() });
    kernel.cpu.scripts.set('kitchen_init', function* (): Sleeping<number> { for (;;) yield { kind: 'sleep' }; });
    kernel.system.insmod(kitchen).next();
    const second = kernel.system.insmod(guest);
    expect(codeOf(() => { while (!second.next().done); })).toBe('EBUSY 16');
    expect(kernel.log.at(-1)).toMatch(/^4 guest: Unknown symbol kitchen_\w+ \(err -16\)$/);
    expect(kernel.log.at(-2)).toBe('4 guest: gave up waiting for init of module kitchen.');
  });
});

it('repairs what init leaves behind', () => {
  const execution = { preemptCount: 0, areInterruptsDisabled: false };
  const kernel = new FakeKernel({ execution });
  kernel.cpu.scripts.set('kitchen_init', () => { execution.preemptCount = 2; execution.areInterruptsDisabled = true; return 0; });
  kernel.insmod(kitchen);
  expect(execution).toEqual({ preemptCount: 0, areInterruptsDisabled: false });
  expect(kernel.log.at(-1)).toMatch(/^WARN do_one_initcall initcall kitchen_init\+0x0\/0x\w+ \[kitchen\] returned with preemption imbalance disabled interrupts $/);
});

it('traces init under initcall_debug', () => {
  const kernel = new FakeKernel({ options: { isInitcallDebug: true } });
  kernel.cpu.scripts.set('kitchen_init', () => { kernel.nowNs += 12_345n; return 0; });
  kernel.insmod(kitchen);
  expect(kernel.log.slice(-2)).toEqual(['7 calling  kitchen_init+0x0/0x1000 [kitchen] @ 1', '7 initcall kitchen_init+0x0/0x1000 [kitchen] returned 0 after 12 usecs']);
});

it('tells an observer each step', () => {
  const steps: string[] = [];
  const kernel = new FakeKernel({
    observer: {
      sectionPlaced: (_module, section) => { if (section.name === '.init.text') steps.push(`${section.name} ${section.flags} ${section.isInit}`); },
      symbolResolved: (_module, symbol, _address, from) => { if (symbol.startsWith('kitchen') || symbol === '__fentry__') steps.push(`${symbol} from ${from}`); },
      relocated: (_module, counts) => { steps.push([...counts.keys()].sort().join(' ')); },
      stateChanged: (module, state) => { steps.push(`${module} ${state}`); },
      parameterSet: (_module, name, value) => { steps.push(`${name} is ${value}`); },
      initReturned: (_module, result) => { steps.push(`init ${result}`); },
    },
  });
  kernel.insmod(kitchen, 'number=4');
  expect(steps).toContain('number is 4');
  steps.length = 0;
  kernel.insmod(guest);
  kernel.rmmod('guest');
  expect(steps).toEqual([
    'guest UNFORMED', '.init.text AX true', '__fentry__ from kernel', 'kitchen_one from kitchen', 'kitchen_spaced from kitchen', 'kitchen_two from kitchen',
    'R_X86_64_64 R_X86_64_PC32 R_X86_64_PLT32', 'guest COMING', 'init 0', 'guest LIVE', 'guest GOING', 'guest FREED',
  ]);
});

it('makes no garbage of itself in the guest over many cycles', () => {
  const kernel = new FakeKernel();
  for (let i = 0; i < 200; i++) {
    kernel.insmod(kitchen, 'text=abc');
    kernel.rmmod('kitchen');
  }
  expect([kernel.usage, kernel.system.context.list.size]).toEqual([0, 0]);
});

it('fills struct module', () => {
  const kernel = new FakeKernel();
  kernel.insmod(kitchen, 'number=9');
  const module: LoadedModule = kernel.system.find('kitchen')!;
  const { ram, abi } = kernel;
  const at = (field: string): number => module.address + abi.struct<string>('module').offset(field);
  expect(ram.cstring(at('name'))).toBe('kitchen');
  expect(ram.cstring(ram.readPtr(at('version')))).toBe('1.5');
  expect(ram.readPtr(at('core_layout.base'))).toBe(module.textAddress);
  expect([ram.readU32(at('core_layout.size')), ram.readU32(at('init_layout.size')), ram.readU32(at('num_kp')), ram.readU32(at('num_syms')), ram.readU32(at('num_gpl_syms'))]).toEqual([20480, 0, 3, 2, 1]);
  expect(kernel.system.symbolize(ram.readPtr(at('exit')))).toMatchObject({ name: 'kitchen_exit', offset: 0 });
  expect(ram.readPtr(at('mkobj.mod'))).toBe(module.address);
  expect(ram.readPtr(at('percpu'))).toBe(module.perCpuOffset);
  expect(kernel.system.addressOf('kitchen:__this_module')).toBe(module.address);
});
