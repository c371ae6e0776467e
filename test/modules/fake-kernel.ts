// A kernel around the module system for tests of it alone: real RAM, ABI and image, and a processor that runs no code. What a
// module's functions would do is scripted by symbol name.

import { readFileSync } from 'node:fs';
import { openAbi } from '../../src/abi/open.ts';
import type { Abi } from '../../src/abi/abi.ts';
import { addressAt, alignUp, PAGE_SIZE, type Ptr } from '../../src/base/ptr.ts';
import { type MemoryFault, Ram } from '../../src/base/ram.ts';
import type { CodeRegion, Cpu, GuestWord, HostFunction, Sleeping } from '../../src/cpu/api.ts';
import { TaskKilled } from '../../src/kernel/errors.ts';
import { type KernelExports, registerExports } from '../../src/kernel/exports/register.ts';
import { KernelImage } from '../../src/kernel/image.ts';
import type { ModuleSystemDeps } from '../../src/kernel/module/context.ts';
import { moduleExports } from '../../src/kernel/module/exports.ts';
import { ModuleSystem } from '../../src/kernel/module/module-system.ts';
import type { Uevent } from '../../src/kernel/module/uevents.ts';
import { loneTaskWaits } from '../../src/kernel/module/waits.ts';
import type { TaintLetter } from '../../src/kernel/services.ts';
import { ROOT } from './root.ts';

export const abi61: Abi = openAbi(readFileSync(new URL('abi/linux-6.1-amd64.kabi', ROOT)));

/** Space that hands out what was freed in the same size first, then fresh memory. */
class Space {
  readonly #live = new Map<Ptr, number>();
  readonly #free = new Map<number, Ptr[]>();
  readonly #ram: Ram;
  readonly #end: Ptr;
  #next: Ptr;
  used = 0;
  constructor(ram: Ram, start: Ptr, size: number) {
    this.#ram = ram;
    this.#next = start;
    this.#end = start + size;
  }
  owns(address: Ptr): boolean { return this.#live.has(address); }
  alloc(bytes: number, align = PAGE_SIZE): Ptr {
    const size = alignUp(Math.max(bytes, 1), align);
    let at = this.#free.get(size)?.pop();
    if (at === undefined) {
      if (this.#next + size > this.#end) return 0;
      at = this.#next;
      this.#next += size;
    }
    this.#live.set(at, size);
    this.used += size;
    this.#ram.fill(at, size);
    return at;
  }
  free(address: Ptr): void {
    const size = this.#live.get(address);
    if (size === undefined) throw new Error(`free of ${address.toString(16)} which is not allocated`);
    this.#live.delete(address);
    this.used -= size;
    const list = this.#free.get(size);
    if (list) list.push(address);
    else this.#free.set(size, [address]);
  }
}

export type GuestFunction = (args: readonly number[]) => number | Sleeping<number>;

/** Runs host functions and scripted guest functions; everything else returns 0. */
export class FakeCpu implements Cpu {
  readonly engine = 'interp';
  onException = (): 'resume' => 'resume';
  onBudget = (): number => 1;
  readonly workDone = 0;
  lastResult = 0n;
  readonly regions = new Map<Ptr, CodeRegion>();
  readonly calls: { readonly name: string; readonly args: readonly number[] }[] = [];
  readonly invalidated: { readonly address: Ptr; readonly size: number }[] = [];
  readonly #host = new Map<Ptr, { name: string; fn: HostFunction }>();
  /** By function name. */
  readonly scripts = new Map<string, GuestFunction>();

  defineHostFunction(address: Ptr, name: string, fn: HostFunction): void { this.#host.set(address, { name, fn }); }
  defineSpecialTarget(): void {}
  addCode(region: CodeRegion): void {
    if (this.regions.has(region.base)) throw new Error('code region added twice');
    this.regions.set(region.base, region);
  }
  removeCode(base: Ptr): void { this.regions.delete(base); }
  invalidate(address: Ptr, size: number): void { this.invalidated.push({ address, size }); }
  #nameOf(address: Ptr): string {
    for (const region of this.regions.values()) {
      const found = region.functions.find((candidate) => candidate.address === address);
      if (found) return found.name;
    }
    return '';
  }
  *callSleeping(address: Ptr, words: readonly GuestWord[]): Sleeping<number> {
    const args = words.map(Number);
    const host = this.#host.get(address);
    let result = 0;
    if (host) {
      const regs = new Map<number, number>([[7, args[0] ?? 0], [6, args[1] ?? 0], [2, args[2] ?? 0], [1, args[3] ?? 0]]);
      const pending = host.fn({ get: (r) => regs.get(r) ?? 0, getBig: (r) => BigInt(regs.get(r) ?? 0), set: (r, v) => { regs.set(r, Number(v)); } });
      if (pending) yield* pending;
      result = regs.get(0) ?? 0;
    } else {
      const name = this.#nameOf(address);
      this.calls.push({ name, args });
      const outcome = this.scripts.get(name)?.(args) ?? 0;
      result = typeof outcome === 'number' ? outcome : yield* outcome;
    }
    this.lastResult = BigInt(result);
    return result;
  }
  /** Nothing runs before the caller asks for it. */
  start(address: Ptr, words: readonly GuestWord[]): Sleeping<number> { return this.callSleeping(address, words); }
  call(address: Ptr, args: readonly GuestWord[]): number { return finish(this.callSleeping(address, args)); }
  useStack(): never { throw new Error('no stacks here'); }
  *unwind(): Iterable<never> {}
}

/** Runs a computation that must not wait. */
export function finish<T>(work: Sleeping<T>): T {
  const step = work.next();
  if (!step.done) throw new Error(`waits for ${step.value.kind}`);
  return step.value;
}

export interface FakeOptions extends Partial<Pick<ModuleSystemDeps, 'options' | 'observer' | 'verifySignature' | 'waits' | 'execution' | 'cpuFeatures'>> {
  readonly abi?: Abi;
  readonly ramBytes?: number;
  /** Kernel symbols that exist: by default everything the ABI exports. */
  readonly hasExport?: (name: string) => boolean;
}

export class FakeKernel {
  readonly ram: Ram;
  readonly cpu = new FakeCpu();
  readonly image = new KernelImage();
  readonly abi: Abi;
  /** `level text` of each record. */
  readonly log: string[] = [];
  readonly taints = new Set<TaintLetter>();
  readonly uevents: Uevent[] = [];
  readonly readOnly: Space;
  readonly writable: Space;
  readonly slab: Space;
  readonly perCpuUsed = new Map<number, number>();
  readonly system: ModuleSystem;
  nowNs = 0n;

  constructor(options: FakeOptions = {}) {
    this.abi = options.abi ?? abi61;
    const ramBytes = options.ramBytes ?? 64 << 20;
    this.ram = new Ram(ramBytes);
    this.slab = new Space(this.ram, addressAt(0x0150_0000), 1 << 20);
    this.writable = new Space(this.ram, addressAt(0x0180_0000), ramBytes * 0.75 - 0x0180_0000);
    this.readOnly = new Space(this.ram, addressAt(ramBytes * 0.75), ramBytes * 0.25);
    const hasExport = options.hasExport ?? (() => true);
    const clock = { nowNs: () => this.nowNs, advance: (ns: bigint) => { this.nowNs += ns; } };
    let exports: KernelExports | undefined;
    this.system = new ModuleSystem({
      ram: this.ram, abi: this.abi, cpu: this.cpu, image: this.image, clock, cpuFeatures: options.cpuFeatures ?? { has: () => false },
      exports: (name) => {
        if (!hasExport(name)) return undefined;
        const known = exports?.resolve(name);
        if (known) return known;
        const symbol = this.abi.exportedSymbol(name);
        if (symbol?.owner !== 'vmlinux') return undefined;
        const perCpu = this.abi.perCpuVariable(name);
        return { ...symbol, address: perCpu ? perCpu.offset : this.image.text(name) };
      },
      log: { printk: (level, text) => { this.log.push(`${level} ${text}`); } },
      taints: { add: (letter) => { this.taints.add(letter); }, has: (letter) => this.taints.has(letter), mask: 0 },
      tasks: { current: { pid: 1, comm: 'insmod', address: 0, uid: 0 } },
      perCpu: {
        nrCpus: 1,
        alloc: (size) => { const at = 0x1000 + this.perCpuUsed.size * 0x10000; if (size > 32768) return 0; this.perCpuUsed.set(at, size); return at; },
        free: (at) => { if (!this.perCpuUsed.delete(at)) throw new Error('per-CPU area freed twice'); },
        address: (offset) => addressAt(0x0120_0000) + offset,
      },
      space: {
        allocReadOnly: (size) => this.readOnly.alloc(size), allocWritable: (size) => this.writable.alloc(size),
        free: (at) => (this.readOnly.owns(at) ? this.readOnly : this.writable).free(at),
      },
      allocator: { kmalloc: (size) => this.slab.alloc(size, 16), kfree: (at) => { if (at !== 0) this.slab.free(at); } },
      reporter: {
        warn: (where, text) => { this.log.push(`WARN ${where.symbol} ${text}`); },
        bug: (where) => { throw new TaskKilled(11, `kernel BUG at ${where.file}:${where.line}!`); },
        dumpStack: () => { this.log.push('STACK'); },
      },
      oops: (fault: MemoryFault) => { throw new TaskKilled(9, `fault at ${fault.address.toString(16)}`); },
      waits: options.waits ?? loneTaskWaits(clock),
      uevents: (event) => { this.uevents.push(event); },
      ...(options.observer && { observer: options.observer }), ...(options.options && { options: options.options }),
      ...(options.verifySignature && { verifySignature: options.verifySignature }), ...(options.execution && { execution: options.execution }),
    });
    exports = registerExports({ 'kernel/module': () => moduleExports(this.system.context) }, {
      image: this.image, cpu: this.cpu, abi: this.abi, ram: this.ram,
      perCpu: { nrCpus: 1, alloc: () => 0, free: () => {}, address: (offset) => offset },
    });
  }
  insmod(bytes: Uint8Array, parameters = '', flags = 0): void { finish(this.system.insmod(bytes, parameters, flags)); }
  rmmod(name: string, flags = 0): void { finish(this.system.rmmod(name, flags)); }
  /** Everything that a balanced load and unload gives back. */
  get usage(): number { return this.readOnly.used + this.writable.used + this.slab.used + this.perCpuUsed.size; }
  takeLog(): string[] { return this.log.splice(0); }
}
