// Interrupt descriptors: the bytes of `struct irq_desc` that drivers and inlined accessors read, one per line, and beside each what
// only the kernel knows of it. Linux: kernel/irq/irqdesc.c.

import type { Abi, StructLayout } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Task } from '../sched/task.ts';
import { type Allocator, GFP_KERNEL, type PerCpu } from '../services.ts';
import { IRQ, IRQD } from './flags.ts';

/** Lines up to here may be wired to the machine's interrupt controller; dynamic numbers start behind (one I/O APIC). */
export const WIRED_LINES = 24;
/** Lines that every PC has, whether something is connected or not. */
const LEGACY_LINES = 16;
/** Upper bound of interrupt numbers. */
const MAX_LINES = 4096;
/** A cpumask of a kernel that allocates them apart holds the CPUs there can be. */
const MASK_BYTES = 64;

export interface DescriptorDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly allocator: Allocator;
  readonly perCpu: PerCpu;
  /** no_irq_chip and handle_bad_irq(): what a line has before somebody sets it up. */
  readonly noChip: () => Ptr<'irq_chip'>;
  readonly badHandler: () => Ptr;
  /** Gives a wired line its chip and flow. */
  readonly wire: (line: IrqLine) => void;
}

interface Offsets {
  readonly state: number; readonly node: number; readonly handlerData: number; readonly affinity: number; readonly effective: number;
  readonly data: number; readonly irq: number; readonly hwirq: number; readonly common: number; readonly chip: number; readonly domain: number; readonly chipData: number;
  readonly kstat: number; readonly handle: number; readonly action: number; readonly status: number; readonly depth: number; readonly wakeDepth: number;
  readonly total: number; readonly count: number; readonly unhandled: number; readonly owner: number; readonly name: number; readonly oneshot: number;
}

/** One interrupt line. Fields that the struct has are read and written there. */
export class IrqLine {
  readonly irq: number;
  readonly address: Ptr<'irq_desc'>;
  readonly statOffset: number;
  readonly #ram: Ram;
  readonly #at: Offsets;
  /** It fired while it could not be handled. */
  isPending = false;
  /** Shut off because nobody handled it. */
  isSpuriousDisabled = false;
  /** The first action asked for one shot. */
  isOneshot = false;
  lastUnhandled = 0;
  badReports = 0;
  /** Threaded handlers that are to run or run, and who waits for them. */
  activeThreads = 0;
  readonly waiters = new Set<Task>();

  constructor(irq: number, address: Ptr<'irq_desc'>, statOffset: number, ram: Ram, at: Offsets) {
    this.irq = irq;
    this.address = address;
    this.statOffset = statOffset;
    this.#ram = ram;
    this.#at = at;
  }

  get data(): Ptr<'irq_data'> { return this.address + this.#at.data; }
  /** State bits, IRQD. */
  get state(): number { return this.#ram.readU32(this.address + this.#at.state); }
  set state(bits: number) { this.#ram.writeU32(this.address + this.#at.state, bits >>> 0); }
  has(bits: number): boolean { return (this.state & bits) !== 0; }
  set(bits: number): void { this.state |= bits; }
  clear(bits: number): void { this.state &= ~bits; }
  /** Settings, IRQ. */
  get status(): number { return this.#ram.readU32(this.address + this.#at.status); }
  set status(bits: number) { this.#ram.writeU32(this.address + this.#at.status, bits >>> 0); }
  get triggerType(): number { return this.state & IRQD.TRIGGER_MASK; }

  get depth(): number { return this.#ram.readU32(this.address + this.#at.depth); }
  set depth(value: number) { this.#ram.writeU32(this.address + this.#at.depth, value); }
  get wakeDepth(): number { return this.#ram.readU32(this.address + this.#at.wakeDepth); }
  set wakeDepth(value: number) { this.#ram.writeU32(this.address + this.#at.wakeDepth, value); }
  get irqCount(): number { return this.#ram.readU32(this.address + this.#at.count); }
  set irqCount(value: number) { this.#ram.writeU32(this.address + this.#at.count, value); }
  get unhandled(): number { return this.#ram.readU32(this.address + this.#at.unhandled); }
  set unhandled(value: number) { this.#ram.writeU32(this.address + this.#at.unhandled, value); }
  get totalCount(): number { return this.#ram.readU32(this.address + this.#at.total); }
  set totalCount(value: number) { this.#ram.writeU32(this.address + this.#at.total, value); }
  /** Bits of one-shot actions whose threads have not run yet. */
  get threadsOneshot(): bigint { return this.#ram.readU64(this.address + this.#at.oneshot); }
  set threadsOneshot(bits: bigint) { this.#ram.writeU64(this.address + this.#at.oneshot, bits); }

  get chip(): Ptr<'irq_chip'> { return this.#ram.readPtr(this.data + this.#at.chip); }
  set chip(chip: Ptr<'irq_chip'>) { this.#ram.writePtr(this.data + this.#at.chip, chip); }
  set chipData(data: Ptr) { this.#ram.writePtr(this.data + this.#at.chipData, data); }
  set handlerData(data: Ptr) { this.#ram.writePtr(this.address + this.#at.handlerData, data); }
  get hwirq(): number { return this.#ram.readULong(this.data + this.#at.hwirq); }
  set hwirq(value: number) { this.#ram.writePtr(this.data + this.#at.hwirq, value); }
  get domain(): Ptr<'irq_domain'> { return this.#ram.readPtr(this.data + this.#at.domain); }
  set domain(domain: Ptr<'irq_domain'>) { this.#ram.writePtr(this.data + this.#at.domain, domain); }
  /** The flow handler: void (*)(struct irq_desc *). */
  get handler(): Ptr { return this.#ram.readPtr(this.address + this.#at.handle); }
  set handler(handler: Ptr) { this.#ram.writePtr(this.address + this.#at.handle, handler); }
  get action(): Ptr<'irqaction'> { return this.#ram.readPtr(this.address + this.#at.action); }
  set action(action: Ptr<'irqaction'>) { this.#ram.writePtr(this.address + this.#at.action, action); }
  get flowName(): Ptr<'char'> { return this.#ram.readPtr(this.address + this.#at.name); }
  set flowName(name: Ptr<'char'>) { this.#ram.writePtr(this.address + this.#at.name, name); }
  get affinity(): Ptr<'cpumask'> { return this.#ram.readPtr(this.address + this.#at.affinity); }
  get effectiveAffinity(): Ptr<'cpumask'> { return this.#ram.readPtr(this.address + this.#at.effective); }
}

export class IrqDescriptors {
  readonly #deps: DescriptorDeps;
  readonly #layout: StructLayout;
  readonly #at: Offsets;
  readonly #lines = new Map<number, IrqLine>();
  readonly #byAddress = new Map<Ptr, IrqLine>();
  readonly #countSize: number;

  constructor(deps: DescriptorDeps) {
    const { abi } = deps;
    this.#deps = deps;
    this.#layout = abi.struct<string>('irq_desc');
    const desc = (path: string): number => this.#layout.offset(path);
    const data = abi.struct<string>('irq_data');
    this.#at = {
      state: desc('irq_common_data.state_use_accessors'), node: desc('irq_common_data.node'), handlerData: desc('irq_common_data.handler_data'),
      affinity: desc('irq_common_data.affinity'), effective: desc('irq_common_data.effective_affinity'),
      data: desc('irq_data'), irq: data.offset('irq'), hwirq: data.offset('hwirq'), common: data.offset('common'), chip: data.offset('chip'), domain: data.offset('domain'), chipData: data.offset('chip_data'),
      kstat: desc('kstat_irqs'), handle: desc('handle_irq'), action: desc('action'), status: desc('status_use_accessors'), depth: desc('depth'), wakeDepth: desc('wake_depth'),
      total: desc('tot_count'), count: desc('irq_count'), unhandled: desc('irqs_unhandled'), owner: desc('owner'), name: desc('name'), oneshot: desc('threads_oneshot'),
    };
    // Later releases count in a struct irqstat.
    this.#countSize = abi.hasStruct('irqstat') ? abi.sizeOf('irqstat') : 4;
  }

  line(irq: number): IrqLine | undefined { return this.#lines.get(irq) ?? (irq >= 0 && irq < LEGACY_LINES ? this.wired(irq) : undefined); }
  /** A line of the machine's interrupt controller; undefined for other numbers. They are made when they are first asked for. */
  wired(irq: number): IrqLine | undefined {
    if (irq < 0 || irq >= WIRED_LINES || !Number.isInteger(irq)) return undefined;
    const known = this.#lines.get(irq);
    if (known) return known;
    const line = this.create(irq, 0);
    if (line) this.#deps.wire(line);
    return line;
  }
  lineAt(desc: Ptr<'irq_desc'>): IrqLine | undefined { return this.#byAddress.get(desc); }
  /** In ascending order. */
  lines(): IrqLine[] { return [...this.#lines.values()].sort((a, b) => a.irq - b.irq); }

  /** __irq_alloc_descs(): `irq` -1 takes the first free ones; the first number, or -EEXIST, -EINVAL, -ENOMEM. */
  alloc(irq: number, from: number, count: number, owner: Ptr): number {
    if (count < 1) return -ERRNO.EINVAL;
    if (irq >= 0 && from > irq) return -ERRNO.EINVAL;
    let first = irq;
    if (irq >= 0) {
      if (!this.#isFree(irq, count)) return -ERRNO.EEXIST;
    } else {
      for (first = Math.max(from, WIRED_LINES); !this.#isFree(first, count); first++);
    }
    if (first + count > MAX_LINES) return -ERRNO.ENOMEM;
    for (let i = 0; i < count; i++) if (!this.create(first + i, owner)) return -ERRNO.ENOMEM;
    return first;
  }
  free(from: number, count: number): void {
    const { allocator, perCpu } = this.#deps;
    for (let irq = from; irq < from + count; irq++) {
      const line = this.#lines.get(irq);
      if (!line) continue;
      this.#lines.delete(irq);
      this.#byAddress.delete(line.address);
      allocator.kfree(line.affinity);
      perCpu.free(line.statOffset);
      allocator.kfree(line.address);
    }
  }

  create(irq: number, owner: Ptr): IrqLine | undefined {
    const { ram, allocator, perCpu } = this.#deps;
    const address = allocator.kmalloc(this.#layout.sizeBytes, GFP_KERNEL);
    const masks = allocator.kmalloc(2 * MASK_BYTES, GFP_KERNEL);
    const stat = perCpu.alloc(this.#countSize, 4);
    if (!address || !masks || !stat) return undefined;
    const at = this.#at;
    ram.fill(address, this.#layout.sizeBytes);
    ram.fill(masks, 2 * MASK_BYTES);
    ram.writeU8(masks, (1 << perCpu.nrCpus) - 1);
    for (let cpu = 0; cpu < perCpu.nrCpus; cpu++) ram.writeU32(perCpu.address(stat, cpu), 0);
    ram.writePtr(address + at.affinity, masks);
    ram.writePtr(address + at.effective, masks + MASK_BYTES);
    ram.writePtr(address + at.kstat, stat);
    ram.writePtr(address + at.owner, owner);
    ram.writeU32(address + at.data + at.irq, irq);
    ram.writePtr(address + at.data + at.common, address);
    const line = new IrqLine(irq, address, stat, ram, at);
    this.reset(line);
    this.#lines.set(irq, line);
    this.#byAddress.set(address, line);
    return line;
  }
  /** As nobody has set it up: without chip, disabled. */
  reset(line: IrqLine): void {
    const { noChip, badHandler } = this.#deps;
    line.state = IRQD.DISABLED | IRQD.MASKED;
    line.status = 0;
    line.depth = 1;
    line.wakeDepth = 0;
    line.chip = noChip();
    line.chipData = 0;
    line.handlerData = 0;
    line.handler = badHandler();
    line.flowName = 0;
  }

  /** How often the line fired on a CPU. */
  count(line: IrqLine, cpu: number): number { return this.#deps.ram.readU32(this.#deps.perCpu.address(line.statOffset, cpu)); }
  countUp(line: IrqLine): void {
    const { ram, perCpu } = this.#deps;
    const at = perCpu.address(line.statOffset, 0);
    ram.writeU32(at, ram.readU32(at) + 1);
    line.totalCount++;
  }

  #isFree(first: number, count: number): boolean {
    for (let irq = first; irq < first + count; irq++) if (irq < LEGACY_LINES || this.#lines.has(irq)) return false;
    return true;
  }
}

/** Settings that the state bits repeat. */
export function stateOfStatus(line: IrqLine): void {
  line.clear(IRQD.NO_BALANCING | IRQD.PER_CPU | IRQD.TRIGGER_MASK | IRQD.LEVEL | IRQD.MOVE_PCNTXT);
  const { status } = line;
  if ((status & IRQ.NO_BALANCING) !== 0) line.set(IRQD.NO_BALANCING);
  if ((status & IRQ.PER_CPU) !== 0) line.set(IRQD.PER_CPU);
  if ((status & IRQ.MOVE_PCNTXT) !== 0) line.set(IRQD.MOVE_PCNTXT);
  if ((status & IRQ.LEVEL) !== 0) line.set(IRQD.LEVEL);
}
