// The composition root: builds the subsystems in order and hands each what it needs. Subsystems know each other only as
// interfaces; where two need each other, the earlier one reaches the later one through a closure. Linux: init/main.c.

import type { Abi } from '../abi/abi.ts';
import { HZ, TICK_NS } from '../abi/clock-rates.ts';
import { SOFTIRQ } from '../abi/softirq-numbers.ts';
import type { Ptr } from '../base/ptr.ts';
import { Ram } from '../base/ram.ts';
import type { HostFunction } from '../cpu/api.ts';
import { Processor } from '../cpu/cpu.ts';
import { createWasmBackEnd } from '../cpu/wasm/back-end.ts';
import { CpuModel } from '../x86/cpu-model.ts';
import { archExports } from './arch/exports.ts';
import { CpuFeatureWords } from './arch/cpu-features.ts';
import { bootDeferredWork, type DeferredWork } from './boot-deferred.ts';
import { type ExportTableMakers, type ExportTables, type KernelExports, registerExports } from './exports/register.ts';
import { type CallEvent, traceCalls } from './exports/trace.ts';
import { KernelImage } from './image.ts';
import { bootInterrupts, type Interrupts } from './irq/interrupts.ts';
import { guestCaller } from './lib/call-guest.ts';
import { libraryTables } from './lib/library.ts';
import { RandomSource } from './lib/random.ts';
import { Mutexes } from './locking/mutex.ts';
import { Rwsems } from './locking/rwsem.ts';
import { Semaphores } from './locking/semaphore.ts';
import { sleepingLockExports } from './locking/sleeping-lock-exports.ts';
import { spinlockExports } from './locking/spinlock-exports.ts';
import { SpinLocks } from './locking/spinlock.ts';
import { bootMemory, type Memory } from './mm/memory.ts';
import type { ModuleOptions } from './module/context.ts';
import { moduleExports } from './module/exports.ts';
import type { LoadObserver } from './module/observer.ts';
import { ModuleSystem } from './module/module-system.ts';
import type { VerifySignature } from './module/signature.ts';
import { loneTaskWaits } from './module/waits.ts';
import { MachineNotifiers, machineNotifierExports } from './notifier/machine-notifiers.ts';
import { NotifierChains, notifierExports } from './notifier/notifier-chains.ts';
import { Exceptions } from './panic/exceptions.ts';
import { panicExports } from './panic/exports.ts';
import { mappedFrom } from './panic/module-code.ts';
import { Panic, type PanicOptions } from './panic/panic.ts';
import type { OopsReport } from './panic/report.ts';
import { ModuleSourceLines } from './panic/source-lines.ts';
import { KernelTaints } from './panic/taints.ts';
import { printkExports } from './printk/exports.ts';
import { printfExports } from './printk/printf-exports.ts';
import { Printk } from './printk/printk.ts';
import type { LogRecord } from './printk/record.ts';
import { BlockedList } from './sched/blocked-list.ts';
import { Completions } from './sched/completion.ts';
import { ContextState } from './sched/context-state.ts';
import { schedulerExports } from './sched/exports.ts';
import { Kthreads } from './sched/kthread.ts';
import { Scheduler } from './sched/scheduler.ts';
import { WaitQueues } from './sched/wait-queue.ts';
import type { Reporter, Symbols, Tasks } from './services.ts';
import { symbolName, symbolText } from './symbol-text.ts';
import { Ksoftirqd } from './softirq/ksoftirqd.ts';
import { Softirqs } from './softirq/softirqs.ts';
import { VirtualClock } from './time/clock.ts';
import { jiffiesToMsecs, msecsToJiffies } from './time/conversions.ts';
import { LOOPS_PER_JIFFY, timeExports } from './time/exports.ts';
import { bootTime, type Time } from './time/time.ts';
import { timerExports } from './time/timer-exports.ts';

export interface KernelOptions extends ModuleOptions, PanicOptions {
  readonly abi: Abi;
  /** RAM in bytes, a multiple of 64 KiB; 256 MiB by default. Host memory is used only as far as it is touched. */
  readonly memoryBytes?: number;
  /** 'wasm' (default) translates code that runs again; 'interp' interprets everything. */
  readonly engine?: 'interp' | 'wasm';
  /** Seed of everything random in this kernel; the same seed and inputs give the same run. */
  readonly seed?: number;
  /** Wall-clock time at boot, nanoseconds since 1970; 2020-01-01 by default. */
  readonly bootTimeNs?: bigint;
  /** Work units after which a task that never gives way counts as locked up; 0 for never. */
  readonly watchdogWork?: number;
  /** Each complete record of the kernel log, as it is made. */
  readonly onLog?: (record: LogRecord) => void;
  /** Each crash report (WARN, BUG, oops, panic), after its lines are in the log. */
  readonly onReport?: (report: OopsReport) => void;
  /** Each call across the boundary between kernel and modules, and each return. Slows everything down. */
  readonly onCall?: (event: CallEvent) => void;
  readonly observer?: LoadObserver;
  readonly verifySignature?: VerifySignature;
}

export interface KernelParts {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly image: KernelImage;
  readonly cpu: Processor;
  readonly clock: VirtualClock;
  readonly printk: Printk;
  readonly memory: Memory;
  readonly scheduler: Scheduler;
  readonly taints: KernelTaints;
  readonly context: ContextState;
  readonly softirqs: Softirqs;
  readonly time: Time;
  /** Made when they are first asked for. */
  readonly deferredWork: () => DeferredWork;
  readonly interrupts: () => Interrupts;
  readonly panic: Panic;
  readonly modules: ModuleSystem;
  readonly exports: KernelExports;
  /** Every table of exports, for pages and checks over all of them. */
  readonly exportTables: () => ExportTables;
}

const DEFAULT_MEMORY = 256 << 20;
/** One unit of work is about one instruction of a processor of some hundred MIPS. */
const NS_PER_WORK = 1;
const WATCHDOG_WORK = 1_000_000_000;

export function bootKernel(options: KernelOptions): KernelParts {
  const { abi } = options;
  const ram = new Ram(options.memoryBytes ?? DEFAULT_MEMORY);
  const image = new KernelImage();
  const random = new RandomSource(BigInt(options.seed ?? 0));

  /** Stores that the read-only zone refuses: data of a module that its init may still write. */
  const storeUnsealed = (address: Ptr, sizeBytes: number, value: bigint): boolean => {
    if (!modules.isUnsealed(address) || !modules.isUnsealed(address + sizeBytes - 1)) return false;
    for (let i = 0; i < sizeBytes; i++) ram.writeU8(address + i, Number((value >> BigInt(8 * i)) & 0xffn));
    return true;
  };
  const model = new CpuModel(0, {
    portIn: (_port, size) => 2 ** (8 * size) - 1, portOut: () => {},
    timestamp: () => clock.timestamp(), random: () => random.u64(),
    readMsr: () => undefined, writeMsr: () => false, interruptsChanged: (isEnabled) => { if (isEnabled) irqs?.pending.arrive(); }, pagingChanged: () => {},
  });
  const cpu = new Processor({ ram, model, outside: { load: () => undefined, store: storeUnsealed }, ...(options.engine === 'interp' ? {} : { wasm: createWasmBackEnd }) });
  const symbols: Symbols = { symbolize: (address) => modules.symbolize(address), addressOf: (name) => modules.addressOf(name) };
  if (options.onCall) traceCalls(cpu, { abi, ram, symbols, onCall: options.onCall });
  const clock: VirtualClock = new VirtualClock({ ram, image, workDone: () => cpu.workDone, nsPerWork: NS_PER_WORK, ...(options.bootTimeNs === undefined ? {} : { bootTimeNs: options.bootTimeNs }) });

  const tasks: Tasks = { get current() { return scheduler.current; } };
  const reporter: Reporter = {
    warn: (at, text) => { panic.warn(at, text); },
    bug: (at) => panic.bug(at),
    dumpStack: (symbol) => { panic.dumpStack(symbol); },
  };
  const taints = new KernelTaints();
  const printk: Printk = new Printk({ ram, abi, image, clock, symbols, tasks, seed: options.seed ?? 0, jiffies: () => Number(clock.jiffies()), hz: HZ, reporter: () => reporter });
  if (options.onLog) printk.log.onRecord = options.onLog;

  const callGuest = guestCaller(cpu, image);
  const memory = bootMemory({
    ram, abi, image, nrCpus: 1, log: printk.log, reporter, symbols, taints, random64: () => random.u64(), hashPointer: (address) => printk.hashedText(address),
    callGuest,
    isText: (address) => image.isText(address) || modules.findModuleByAddress(address)?.isInText(address) === true,
  });
  const scheduler: Scheduler = new Scheduler({
    ram, abi, cpu, allocator: memory.allocator, perCpu: memory.perCpu,
    time: {
      ticks: () => clock.ticks(), addTimeout: (ticks, expire) => time.timers.addTimeout(ticks, expire),
      addPreciseTimeout: (ns, slackNs, expire) => time.hrtimers.addTimeout(ns, slackNs, expire), poll: () => time.interrupt.poll(), idle: (limitNs) => time.idle(limitNs),
    },
    beforeSwitch: () => { if (context.preemptCount !== 0) atomicSwitch(); },
    initTask: image.data('init_task', abi.sizeOf('task_struct'), 64), bootStack: memory.map.bootStacks,
  });

  const context = new ContextState({ ram, abi, perCpu: memory.perCpu, model });
  const ksoftirqd = new Ksoftirqd(scheduler, () => softirqs);
  const softirqs: Softirqs = new Softirqs({ ram, abi, perCpu: memory.perCpu, context, log: printk.log, wakeDaemon: () => ksoftirqd.wake() });
  const panic: Panic = new Panic({
    ram, abi, cpu, image, log: printk.log, symbols, tasks, taints, context, linkedIn: () => modules.linkedIn(), stack: () => scheduler.current.stack, options,
    control: () => ({ cr0: model.control[0]!, cr3: model.control[3]!, cr4: model.control[4]! }),
    readableFrom: (address) => mappedFrom(modules, address, modules.context.isNewer),
    sourceLine: new ModuleSourceLines((address) => modules.findModuleByAddress(address)).find,
  });
  if (options.onReport) panic.onReport = options.onReport;

  const features = new CpuFeatureWords();
  const define = (name: string, fn: HostFunction): Ptr => {
    const address = image.text(name);
    cpu.defineHostFunction(address, name, fn);
    return address;
  };
  const refuse = (name: string): never => panic.panic(`kobox: ${name} is not implemented`);
  const modules: ModuleSystem = new ModuleSystem({
    ram, abi, cpu, image, exports: (name) => exports.resolve(name), log: printk.log, taints, clock, tasks, perCpu: memory.perCpu, space: memory.modules, allocator: memory.allocator,
    reporter, oops: (fault) => exceptions.kernelFault(fault), waits: loneTaskWaits(clock), cpuFeatures: features, hashPointer: (address) => printk.hashedText(address),
    execution: context, options,
    ...(options.observer ? { observer: options.observer } : {}), ...(options.verifySignature ? { verifySignature: options.verifySignature } : {}),
  });
  const exceptions: Exceptions = new Exceptions(panic, modules, (address) => printk.hashedText(address));
  cpu.onException = exceptions.handle;
  const lockedUp = (symbol: string): never => exceptions.exhausted({ ...cpu.currentFrame(), functionName: symbol });
  const callSite = (name: string): Ptr => image.callSite(name);
  const time = bootTime({
    ram, abi, cpu, perCpu: memory.perCpu, clock, context, softirqs, callSite, lockedUp, define, events: scheduler.events, nsPerWork: NS_PER_WORK,
    exhausted: exceptions.exhausted, watchdogWork: (options.watchdogWork ?? WATCHDOG_WORK) || Number.POSITIVE_INFINITY, current: () => scheduler.current,
  });
  const atomicSwitch = (): void => {
    panic.schedulingWhileAtomic();
    // Differs from Linux, which gets lost here: an interrupt has no stack of its own to wait on.
    if (softirqs.isServing) panic.panic('Aiee, killing interrupt handler!');
    context.preemptCount = 0;
  };
  let irqs: Interrupts | undefined;
  const interrupts = (): Interrupts => irqs ??= bootInterrupts({
    ram, abi, cpu, image, allocator: memory.allocator, perCpu: memory.perCpu, log: printk.log, scheduler, softirqs, resendSoftirq: SOFTIRQ.IRQ_POLL, tickNs: TICK_NS, time, context, define, warn: reporter.warn, dumpStack: reporter.dumpStack,
    symbolText: (address) => symbolText(symbols, address), symbolName: (address) => symbolName(symbols, address), pointerText: (address) => printk.hashedText(address),
    addressOf: (name) => exports.resolve(name)!.address,
  });
  const tables: Record<string, ExportTableMakers[string]> = {
    'kernel/arch': () => archExports({ ram, abi, cpu: model, perCpu: memory.perCpu, features, loopsPerJiffy: LOOPS_PER_JIFFY, define, refuse, condResched: () => 0, context }),
    'kernel/printk': () => ({ ...printkExports(printk), ...printfExports(printk, memory.allocator) }),
    'kernel/module': () => moduleExports(modules.context),
    'kernel/panic': () => panicExports({ panic, formatter: printk.formatter, log: printk.log }),
    ...memory.tables,
    'kernel/time': () => ({ ...timeExports({ ram, abi, clock, cpu: () => 0, busyWait: (untilNs) => time.interrupt.busyWait(untilNs) }), ...timerExports({ ram, time, scheduler }) }),
    ...libraryTables({
      ram, abi, allocator: memory.allocator, pageMap: memory.map, perCpu: memory.perCpu, log: printk.log, reporter, random, callGuest, cpu: () => 0,
      preemptDisable: () => { context.preemptCount++; },
    }),
  };
  const blocked = (waiter: string, link: string): BlockedList => new BlockedList(ram, scheduler, abi.struct<string>(waiter), link);
  tables['kernel/sched'] = () => schedulerExports({
    ram, scheduler, waitQueues: new WaitQueues({ ram, abi, cpu, scheduler, context, text: (name) => exports.resolve(name)!.address, callSite }),
    completions: new Completions(ram, abi, scheduler), kthreads: new Kthreads({ ram, abi, cpu, scheduler, callSite }),
    format: (format, args) => printk.formatter.formatAt(format, args), msecsToJiffies, jiffiesToMsecs,
  });
  tables['kernel/locking'] = () => ({
    ...spinlockExports(new SpinLocks({
      ram, context, bottomHalvesEnabled: () => softirqs.bottomHalvesEnabled(), lockedUp,
    })),
    ...sleepingLockExports({
      mutexes: new Mutexes({ ram, abi, scheduler, waiters: blocked('mutex_waiter', 'list') }),
      semaphores: new Semaphores({ ram, abi, scheduler, waiters: blocked('semaphore_waiter', 'list') }), rwsems,
    }),
  });
  const rwsems = new Rwsems({ ram, abi, scheduler, waiters: blocked('rwsem_waiter', 'list') });
  const chains = new NotifierChains({ ram, abi, cpu, reporter, symbols, callSite });
  const machineNotifiers = new MachineNotifiers({ ram, abi, image, chains: () => chains });
  panic.onDie = (text, errorCode, signal) => machineNotifiers.taskDies(text, errorCode, signal);
  tables['kernel/notifier'] = () => ({ ...notifierExports(chains, abi, rwsems), ...machineNotifierExports(machineNotifiers, chains, abi, rwsems) });
  tables['kernel/irq'] = () => interrupts().exports();
  let deferred: DeferredWork | undefined;
  const deferredWork = (): DeferredWork => deferred ??= bootDeferredWork({
    ram, abi, cpu, scheduler, softirqs, time, context, allocator: memory.allocator, log: printk.log, reporter, callSite, lockedUp,
    format: (format, args) => printk.formatter.formatAt(format, args), symbolName: (address) => symbolName(symbols, address),
    kvfree: (address) => memory.vmalloc.kvfree(address), refuse,
  });
  tables['kernel/deferred'] = () => deferredWork().exports();
  const exports = registerExports(tables, { image, cpu, abi, ram, perCpu: memory.perCpu });
  return {
    abi, ram, image, cpu, clock, printk, memory, scheduler, taints, context, softirqs, time, deferredWork, interrupts, panic, modules, exports,
    exportTables: () => Object.fromEntries(Object.entries(tables).map(([folder, make]) => [folder, make()])),
  };
}
