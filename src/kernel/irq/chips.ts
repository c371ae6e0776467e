// What the kernel asks of interrupt chips: to start and stop a line, to mask and acknowledge it, to set its type. A chip is a struct
// of function pointers in guest memory; a null one is left out, or another stands in. Linux: kernel/irq/chip.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { Log } from '../services.ts';
import type { IrqLine } from './descriptors.ts';
import { IRQ, IRQ_TYPE_LEVEL_MASK, IRQ_TYPE_SENSE_MASK, IRQCHIP, IRQD } from './flags.ts';

export interface ChipDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly log: Log;
  readonly callSite: (name: string) => Ptr;
  readonly symbolText: (address: Ptr) => string;
}

type ChipFunction = 'irq_startup' | 'irq_shutdown' | 'irq_enable' | 'irq_disable' | 'irq_ack' | 'irq_mask' | 'irq_mask_ack' | 'irq_unmask' | 'irq_eoi'
  | 'irq_set_affinity' | 'irq_retrigger' | 'irq_set_type' | 'irq_set_wake' | 'irq_bus_lock' | 'irq_bus_sync_unlock' | 'irq_request_resources' | 'irq_release_resources';

const KERN_ERR = 3, KERN_WARNING = 4;
/** A chip says with 1 that it has written the trigger type (or affinity) itself. */
const SET_MASK_OK_NOCOPY = 1;

export class Chips {
  readonly #deps: ChipDeps;
  readonly #offsets = new Map<string, number>();
  #hasWarnedOfAffinity = false;

  constructor(deps: ChipDeps) {
    this.#deps = deps;
    for (const { name, offset } of deps.abi.struct<string>('irq_chip').members) this.#offsets.set(name, offset);
  }

  has(line: IrqLine, name: ChipFunction): boolean { return this.#function(line, name) !== 0; }
  /** Calls a function of the line's chip; undefined when it has none. */
  call(line: IrqLine, name: ChipFunction, ...args: readonly number[]): number | undefined {
    const target = this.#function(line, name);
    return target === 0 ? undefined : this.#deps.cpu.call(target, [line.data, ...args], this.#deps.callSite(`irq_chip_${name}`)) | 0;
  }
  flags(line: IrqLine): number { return line.chip === 0 ? 0 : this.#deps.ram.readU32(line.chip + this.#offsets.get('flags')!); }
  name(line: IrqLine): string | undefined {
    const name = line.chip === 0 ? 0 : this.#deps.ram.readPtr(line.chip + this.#offsets.get('name')!);
    return name === 0 ? undefined : this.#deps.ram.cstring(name);
  }

  mask(line: IrqLine): void {
    if (line.has(IRQD.MASKED) || this.call(line, 'irq_mask') === undefined) return;
    line.set(IRQD.MASKED);
  }
  unmask(line: IrqLine): void {
    if (!line.has(IRQD.MASKED) || this.call(line, 'irq_unmask') === undefined) return;
    line.clear(IRQD.MASKED);
  }
  maskAndAck(line: IrqLine): void {
    if (this.call(line, 'irq_mask_ack') !== undefined) {
      line.set(IRQD.MASKED);
      return;
    }
    this.mask(line);
    this.call(line, 'irq_ack');
  }

  /** irq_startup(): the first action is there, or the last enable_irq(). */
  startup(line: IrqLine): void {
    line.depth = 0;
    if (line.has(IRQD.STARTED)) {
      this.enable(line);
      return;
    }
    if (this.has(line, 'irq_startup')) {
      this.call(line, 'irq_startup');
      line.clear(IRQD.DISABLED | IRQD.MASKED);
    } else {
      this.enable(line);
    }
    line.set(IRQD.STARTED);
    this.setAffinity(line, line.affinity, false);
  }
  /** irq_shutdown(): the last action is gone. */
  shutdown(line: IrqLine): void {
    if (line.has(IRQD.STARTED)) {
      line.depth = 1;
      if (this.call(line, 'irq_shutdown') === undefined) this.disable(line, true);
      else line.set(IRQD.DISABLED | IRQD.MASKED);
      line.clear(IRQD.STARTED);
    }
  }
  enable(line: IrqLine): void {
    if (!line.has(IRQD.DISABLED)) {
      this.unmask(line);
      return;
    }
    line.clear(IRQD.DISABLED);
    if (this.call(line, 'irq_enable') === undefined) this.unmask(line);
    else line.clear(IRQD.MASKED);
  }
  /** A line is disabled lazily: the chip hears of it when the line fires, unless it has a function of its own. */
  disable(line: IrqLine, isMasked = (line.status & IRQ.DISABLE_UNLAZY) !== 0): void {
    if (line.has(IRQD.DISABLED)) {
      if (isMasked) this.mask(line);
      return;
    }
    line.set(IRQD.DISABLED);
    if (this.call(line, 'irq_disable') !== undefined) line.set(IRQD.MASKED);
    else if (isMasked) this.mask(line);
  }

  /** __irq_set_trigger(): 0 or what the chip says. */
  setType(line: IrqLine, given: number): number {
    if (!this.has(line, 'irq_set_type')) return 0;
    const type = given & IRQ_TYPE_SENSE_MASK;
    const unmasks = (this.flags(line) & IRQCHIP.SET_TYPE_MASKED) !== 0 && !line.has(IRQD.DISABLED) && !line.has(IRQD.MASKED);
    if ((this.flags(line) & IRQCHIP.SET_TYPE_MASKED) !== 0) this.mask(line);
    const result = this.call(line, 'irq_set_type', type)!;
    if (result >= 0) this.#setTrigger(line, result === SET_MASK_OK_NOCOPY ? line.triggerType : type);
    else this.#deps.log.printk(KERN_ERR, `genirq: Setting trigger mode ${type} for irq ${line.irq} failed (${this.#deps.symbolText(this.#function(line, 'irq_set_type'))})`);
    if (unmasks) this.unmask(line);
    return Math.min(result, 0);
  }
  #setTrigger(line: IrqLine, type: number): void {
    const isLevel = (type & IRQ_TYPE_LEVEL_MASK) !== 0;
    line.state = (line.state & ~(IRQD.TRIGGER_MASK | IRQD.LEVEL)) | type | (isLevel ? IRQD.LEVEL : 0);
    line.status = (line.status & ~(IRQ_TYPE_SENSE_MASK | IRQ.LEVEL)) | type | (isLevel ? IRQ.LEVEL : 0);
  }

  /** Tells the chip which CPUs may be interrupted; -EINVAL when it cannot choose. */
  setAffinity(line: IrqLine, mask: Ptr<'cpumask'>, isForced: boolean): number {
    const { ram, log } = this.#deps;
    const result = this.call(line, 'irq_set_affinity', mask, isForced ? 1 : 0);
    if (result === undefined) return -ERRNO.EINVAL;
    if (result < 0) return result;
    if (result !== SET_MASK_OK_NOCOPY) ram.writeU64(line.affinity, ram.readU64(mask));
    if (ram.readU64(line.effectiveAffinity) === 0n && !this.#hasWarnedOfAffinity) {
      this.#hasWarnedOfAffinity = true;
      log.printk(KERN_WARNING, `genirq: irq_chip ${this.name(line) ?? ''} did not update eff. affinity mask of irq ${line.irq}`);
    }
    return 0;
  }

  setWake(line: IrqLine, on: boolean): number {
    if ((this.flags(line) & IRQCHIP.SKIP_SET_WAKE) !== 0) return 0;
    return this.call(line, 'irq_set_wake', on ? 1 : 0) ?? -ERRNO.ENXIO;
  }

  #function(line: IrqLine, name: ChipFunction): Ptr {
    const { chip } = line;
    return chip === 0 ? 0 : this.#deps.ram.readPtr(chip + this.#offsets.get(name)!);
  }
}
