// The fake machine with the library, the architecture and the clock: every table of src/kernel/{mm,lib,arch,time}.

import type { Abi } from '../../src/abi/abi.ts';
import type { Ptr } from '../../src/base/ptr.ts';
import type { HostFunction } from '../../src/cpu/api.ts';
import { CpuFeatureWords } from '../../src/kernel/arch/cpu-features.ts';
import { archExports } from '../../src/kernel/arch/exports.ts';
import { libraryTables } from '../../src/kernel/lib/library.ts';
import { RandomSource } from '../../src/kernel/lib/random.ts';
import { VirtualClock } from '../../src/kernel/time/clock.ts';
import { LOOPS_PER_JIFFY, timeExports } from '../../src/kernel/time/exports.ts';
import { CpuModel } from '../../src/x86/cpu-model.ts';
import { FakeMachine } from './fake-machine.ts';

export class LibraryMachine extends FakeMachine {
  readonly clock: VirtualClock;
  readonly cpu: CpuModel;
  readonly hostFunctions = new Map<Ptr, HostFunction>();
  preemptCount = 0;
  workDone = 0;
  readonly msrs = new Map<number, bigint>();

  constructor(options: { abi?: Abi; seed?: bigint } = {}) {
    super(options);
    const { ram, abi, image, memory } = this;
    this.clock = new VirtualClock({ ram, image, workDone: () => this.workDone, nsPerWork: 10 });
    this.cpu = new CpuModel(0, {
      portIn: () => 0xff, portOut: () => {}, timestamp: () => this.clock.timestamp(), random: () => 4n,
      readMsr: (index) => this.msrs.get(index),
      writeMsr: (index, value) => this.msrs.has(index) && this.msrs.set(index, value) !== undefined,
      interruptsChanged: () => {}, pagingChanged: () => {},
    });
    const library = libraryTables({
      ram, abi, allocator: memory.allocator, pageMap: memory.map, perCpu: memory.perCpu, log: this, reporter: this,
      random: new RandomSource(options.seed ?? 1n), callGuest: (_symbol, target, args) => this.callGuest(target, args), cpu: () => 0,
      preemptDisable: () => { this.preemptCount++; },
    });
    for (const make of Object.values(library)) this.add(make());
    this.add(archExports({
      ram, abi, cpu: this.cpu, perCpu: memory.perCpu, features: new CpuFeatureWords(), loopsPerJiffy: LOOPS_PER_JIFFY,
      define: (name, handler) => {
        const address = image.text(name);
        this.hostFunctions.set(address, handler);
        return address;
      },
      refuse: (name) => { throw new Error(`refused: ${name}`); },
      condResched: () => 1, context: this,
    }));
    this.add(timeExports({ ram, abi, clock: this.clock, cpu: () => 0, busyWait: (untilNs) => { this.clock.advance(BigInt(untilNs) - this.clock.nowNs()); } }));
  }

  /** Writes a C array of pointers, NULL after the last. */
  pointers(addresses: readonly Ptr[]): Ptr {
    const at = this.alloc((addresses.length + 1) * 8);
    addresses.forEach((address, i) => { this.ram.writePtr(at + i * 8, address); });
    return at;
  }
  bytes(values: readonly number[] | Uint8Array): Ptr {
    const at = this.alloc(Math.max(values.length, 1));
    this.ram.writeBytes(at, Uint8Array.from(values));
    return at;
  }
  text(at: Ptr): string { return this.ram.cstring(at); }
  /** A pointer to a fresh 64-bit variable. */
  word(value: number | bigint = 0): Ptr {
    const at = this.alloc(8);
    this.ram.writeU64(at, BigInt(value));
    return at;
  }
}

/** Deterministic numbers for property tests (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
