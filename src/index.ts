// The public API of kobox: boot a kernel, load modules into it, look at everything. The core is synchronous and knows no
// host: paths, the default ABI and key material come in through options (`host/node/main.ts` fills them in for Node).

import type { Abi } from './abi/abi.ts';
import { openAbi } from './abi/open.ts';
import { view } from './abi/view.ts';
import type { Ptr } from './base/ptr.ts';
import type { GuestWord } from './cpu/api.ts';
import { bootKernel, type KernelOptions, type KernelParts } from './kernel/boot.ts';
import { Errno } from './kernel/errors.ts';
import type { InterruptLine } from './kernel/irq/interrupts.ts';
import type { LoadObserver } from './kernel/module/observer.ts';
import type { ModuleInfo } from './kernel/module/module-system.ts';
import { consoleText, type LogRecord } from './kernel/printk/record.ts';
import { offsetText } from './kernel/symbol-text.ts';
import { readVirtualFile, writeVirtualFile } from './kernel/virtual-files.ts';

export type { Abi } from './abi/abi.ts';
export { AbiError } from './abi/abi.ts';
export { openAbi } from './abi/open.ts';
export { Errno, KernelPanic, LoadError, TaskKilled } from './kernel/errors.ts';
export type { CallEvent } from './kernel/exports/trace.ts';
export type { LoadObserver } from './kernel/module/observer.ts';
export type { InterruptLine } from './kernel/irq/interrupts.ts';
export type { ModuleInfo } from './kernel/module/module-system.ts';
export * from './inspect.ts';
export type { OopsReport } from './kernel/panic/report.ts';
export { consoleText, type LogRecord } from './kernel/printk/record.ts';

export interface BootOptions extends Omit<KernelOptions, 'abi'> {
  /** The kernel release to be: an ABI file's bytes, or an open one. */
  readonly abi: Abi | Uint8Array;
  /** Turns a module's path into its bytes, decompressed. Without it insmod() takes bytes only. */
  readonly readModule?: (path: string) => Uint8Array;
}

/** Boots a kernel. Any number of them live side by side; each owns its RAM. */
export function boot(options: BootOptions): Kernel {
  const abi = options.abi instanceof Uint8Array ? openAbi(options.abi) : options.abi;
  return new Kernel(bootKernel({ ...options, abi }), options.readModule);
}

export class Kernel {
  /** The subsystems themselves, for tools that look deeper than this API. Not covered by its stability. */
  readonly parts: KernelParts;
  readonly #readModule: BootOptions['readModule'];

  constructor(parts: KernelParts, readModule: BootOptions['readModule']) {
    this.parts = parts;
    this.#readModule = readModule;
  }

  /** uname -r of the kernel that this one is. */
  get release(): string { return this.parts.abi.release; }

  /**
   * Loads a module from its bytes or path, with the parameter string of insmod(8) (`n=2 name="a b"`) or an object. Runs until its
   * init has returned. Source: man 2 finit_module.
   * @throws LoadError the module is refused: `errno`, and every reason as Linux logs it.
   * @throws Errno init returned an error, or the name is taken.
   * @throws TaskKilled init oopsed; the module stays in state "coming".
   */
  insmod(module: Uint8Array | string, parameters: string | Readonly<Record<string, string | number | boolean>> = '', flags = 0): void {
    const given = typeof module === 'string' ? this.#read(module) : module;
    // A subclass (Node's Buffer) would make every part of it slowly.
    const bytes = given.constructor === Uint8Array ? given : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    const text = typeof parameters === 'string' ? parameters : parameterString(parameters);
    this.#inTask('insmod', () => this.parts.modules.insmod(bytes, text, flags));
  }
  /**
   * Unloads a module. `flags` as in man 2 delete_module (O_TRUNC 0x200 forces).
   * @throws Errno ENOENT, EBUSY, EAGAIN (in use) ...
   * @throws TaskKilled its exit function oopsed.
   */
  rmmod(name: string, flags = 0): void { this.#inTask('rmmod', () => this.parts.modules.rmmod(name, flags)); }

  /** Loaded modules, newest first, as lsmod lists them. */
  modules(): ModuleInfo[] { return this.parts.modules.modules(); }
  /** Watches the steps of loads and unloads from now on. */
  observe(observer: LoadObserver | undefined): void { this.parts.modules.observer = observer; }

  /** The kernel log. `text` is what dmesg prints; `records` has level, time (ns since boot) and text apart. */
  dmesg(): { readonly text: string; readonly records: readonly LogRecord[] } {
    const records = [...this.parts.printk.log.records()];
    return { text: records.map(consoleText).join(''), records };
  }

  /** Content of a file under /proc or /sys that this kernel has. Errno ENOENT otherwise. */
  readFile(path: string): string { return this.#inTask('cat', () => readVirtualFile(this.parts, path)); }
  /** Writes to one, as `echo text > path` does (the text includes its newline). */
  writeFile(path: string, text: string): void { this.#inTask('sh', () => writeVirtualFile(this.parts, path, text)); }

  /** Address of a symbol of the kernel or a module (`module:symbol` to be exact); undefined when there is none. */
  lookup(symbol: string): Ptr | undefined { return this.parts.modules.addressOf(symbol); }
  /** What lies at an address: `name+0x1/0x20 [module]`. */
  symbolAt(address: Ptr): string | undefined {
    const symbol = this.parts.modules.symbolize(address);
    return symbol && offsetText(symbol);
  }
  /** A live, typed view of a guest struct: members by name, nested structs and arrays included. */
  struct(name: string, address: Ptr): ReturnType<typeof view> { return view(this.parts.abi, this.parts.ram, name, address); }
  /** Copies guest memory out. */
  read(address: Ptr, sizeBytes: number): Uint8Array { return this.parts.ram.bytes(address, sizeBytes).slice(); }

  /**
   * Calls a function of a module (or of the kernel) with up to six integer arguments, in a task of its own. Returns rax as a signed
   * number; `lastResult` has all 64 bits.
   * @throws Errno ENOENT when there is no such symbol.
   * @throws TaskKilled it oopsed.
   */
  call(symbol: string | Ptr, ...args: readonly GuestWord[]): number {
    const address = typeof symbol === 'number' ? symbol : this.lookup(symbol);
    if (address === undefined) throw new Errno('ENOENT', `no symbol ${symbol}`);
    const { cpu, image } = this.parts;
    return this.#inTask('kobox', () => cpu.callSleeping(address, args, image.callSite('kobox_call')));
  }
  get lastResult(): bigint { return this.parts.cpu.lastResult; }

  /**
   * The interrupt line `number` (0 to 23) of the machine, as a device sees it: `raise()` is an edge on it. Handlers run at once
   * where nothing else does; otherwise when the running code comes to its next function or turn of a loop with interrupts on. Their
   * threads run with the other tasks.
   * @throws Errno ENODEV there is no such line.
   */
  irq(number: number): InterruptLine {
    const line = this.parts.interrupts().line(number);
    if (!line) throw new Errno('ENODEV', `no interrupt line ${number}`);
    return line;
  }

  /** Virtual time since boot, in nanoseconds. */
  get nowNs(): bigint { return this.parts.clock.nowNs(); }
  /**
   * Lets virtual time pass: everything that falls due within `ns` nanoseconds runs at its time (timers, work, interrupts, tasks that
   * sleep), then the clock stands `ns` later. Returns when nothing is left to do at that moment.
   */
  advanceTime(ns: number | bigint): void {
    const { scheduler, clock } = this.parts;
    const end = clock.now() + Number(ns);
    scheduler.run(end);
    clock.advanceTo(end);
    this.runUntilIdle();
  }
  /**
   * Runs everything that can run without waiting: tasks that are ready, pending softirqs and work, timers that are due. Time passes only for
   * the work that is done; what waits for a later time goes on waiting.
   */
  runUntilIdle(): void { this.parts.scheduler.run(this.parts.clock.now()); }

  #inTask<T>(comm: string, work: Parameters<KernelParts['scheduler']['runAs']>[1]): T {
    const { scheduler } = this.parts;
    const task = scheduler.create(comm);
    try {
      return scheduler.runAs(task, work) as T;
    } finally {
      scheduler.reap(task);
    }
  }
  #read(path: string): Uint8Array {
    if (!this.#readModule) throw new Errno('ENOENT', 'this host reads no paths: pass the bytes');
    return this.#readModule(path);
  }
}

const parameterString = (parameters: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(parameters).map(([name, value]) => `${name}=${/\s/.test(String(value)) ? `"${value}"` : value}`).join(' ');
