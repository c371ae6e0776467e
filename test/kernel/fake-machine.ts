// A machine without processor for tests of kernel subsystems: RAM, the default ABI, memory management, a log and a reporter
// that remember. Exports are called by name, through their typed handler or, for raw ones, through a register file.

import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import type { Abi } from '../../src/abi/abi.ts';
import { KERNEL_BASE, type Ptr } from '../../src/base/ptr.ts';
import { Ram } from '../../src/base/ram.ts';
import type { Registers } from '../../src/cpu/api.ts';
import type { ExportTable } from '../../src/kernel/exports/define.ts';
import { KernelImage } from '../../src/kernel/image.ts';
import { bootMemory, type Memory } from '../../src/kernel/mm/memory.ts';
import type { Log, Reporter, SourceLine } from '../../src/kernel/services.ts';

/** What a BUG throws in these tests. */
export class Bug extends Error {
  readonly at: SourceLine;
  constructor(at: SourceLine) {
    super(`kernel BUG at ${at.file}:${at.line}!`);
    this.at = at;
  }
}

export class FakeMachine implements Log, Reporter {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly image = new KernelImage();
  readonly memory: Memory;
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  taints = '';
  readonly #functions = new Map<Ptr, (...args: number[]) => number>();
  #tables: ExportTable = {};
  #seed = 1n;

  constructor(options: { ramBytes?: number; nrCpus?: number; abi?: Abi } = {}) {
    this.abi = options.abi ?? loadDefaultAbi();
    this.ram = new Ram(options.ramBytes ?? 64 << 20);
    this.memory = bootMemory({
      ram: this.ram, abi: this.abi, image: this.image, nrCpus: options.nrCpus ?? 2, log: this, reporter: this,
      taints: { add: (letter) => { this.taints += letter; }, has: (letter) => this.taints.includes(letter), mask: 0, text: 'Not tainted' },
      symbols: { symbolize: () => undefined, addressOf: () => undefined },
      random64: () => (this.#seed = (this.#seed * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn),
      callGuest: (_symbol, target, args) => this.callGuest(target, args),
      hashPointer: (addr) => `0x${addr.toString(16)}`,
      isText: (addr) => this.image.isText(addr),
    });
    for (const make of Object.values(this.memory.tables)) this.add(make());
  }

  printk(_level: number, text: string): void { this.lines.push(text); }
  warn(at: SourceLine, text: string): void { this.warnings.push(`${at.file}:${at.line} ${text}`.trim()); }
  bug(at: SourceLine): never { throw new Bug(at); }
  dumpStack(): void { this.lines.push('<stack>'); }

  /** Adds a table of exports; its data symbols get addresses at once. */
  add(table: ExportTable): void {
    for (const [name, entry] of Object.entries(table)) {
      if (entry.kind === 'data') entry.init(this.image.data(name, entry.sizeBytes, entry.align));
      if (entry.kind === 'address') this.image.define({ name, address: entry.address, size: 8, kind: entry.perCpu ? 'percpu' : 'data' });
    }
    this.#tables = { ...this.#tables, ...table };
  }
  get exports(): ExportTable { return this.#tables; }

  /** Calls an export; longs come back as numbers, `long long` as bigint. */
  // biome-ignore lint/suspicious/noExplicitAny: results have the type of the C function
  call(name: string, ...args: (number | bigint | boolean)[]): any {
    const entry = this.#tables[name];
    if (entry?.kind === 'function') return (entry.handler as (...a: unknown[]) => unknown)(...args);
    if (entry?.kind === 'raw') {
      const regs = new FakeRegisters();
      [7, 6, 2, 1, 8, 9].forEach((reg, i) => { if (args[i] !== undefined) regs.set(reg, BigInt(args[i] as number)); });
      entry.handler(regs);
      return regs.get(0);
    }
    throw new Error(`no export ${name}`);
  }
  /** Address of an exported variable. */
  data(name: string): Ptr {
    const symbol = this.image.lookup(name);
    if (symbol === undefined) throw new Error(`no data ${name}`);
    return symbol.address;
  }

  /** Gives a TypeScript function an address that guest structures may hold. */
  guestFunction(fn: (...args: number[]) => number): Ptr {
    const address = KERNEL_BASE + 0x3f0_0000 + this.#functions.size * 16;
    this.#functions.set(address, fn);
    return address;
  }
  callGuest(address: Ptr, args: readonly (number | bigint | boolean)[]): number {
    const fn = this.#functions.get(address);
    if (fn === undefined) throw new Error(`no guest function at ${address.toString(16)}`);
    return fn(...args.map(Number));
  }

  /** A C string in kernel memory. */
  string(text: string): Ptr {
    const at = this.memory.slab.kmalloc(text.length + 1, 0);
    this.ram.writeCString(at, text);
    return at;
  }
  alloc(size: number): Ptr { return this.memory.slab.kmalloc(size, 0); }
}

export class FakeRegisters implements Registers {
  readonly #words = new BigInt64Array(16);
  get(reg: number): number { return Number(this.#words[reg]!); }
  getBig(reg: number): bigint { return this.#words[reg]!; }
  set(reg: number, value: number | bigint): void { this.#words[reg] = BigInt.asIntN(64, BigInt(value)); }
}
