// Interrupts put together: descriptors, chips, actions and their threads, domains, irq_work, and the lines that the machine's
// devices raise. Linux: kernel/irq/.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { HostFunction } from '../../cpu/api.ts';
import type { Processor } from '../../cpu/cpu.ts';
import type { ExportTable } from '../exports/define.ts';
import type { KernelImage } from '../image.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Allocator, Log, PerCpu, SourceLine } from '../services.ts';
import type { SoftirqNumber, Softirqs } from '../softirq/softirqs.ts';
import type { Time } from '../time/time.ts';
import { IrqActions } from './actions.ts';
import { Chips } from './chips.ts';
import { IrqDescriptors, type IrqLine } from './descriptors.ts';
import { domainExports } from './domain-exports.ts';
import { IrqDomains } from './domains.ts';
import { irqExports } from './exports.ts';
import { FlowHandlers } from './flow.ts';
import { irqWorkExports, IrqWorks } from './irq-work.ts';
import { PendingInterrupts } from './pending.ts';
import { procInterrupts } from './proc-interrupts.ts';
import { IrqRequests } from './requests.ts';
import { smpCallExports } from './smp-calls.ts';
import { SpuriousInterrupts } from './spurious.ts';
import { IrqThreads } from './threads.ts';

export interface InterruptParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Processor;
  readonly image: KernelImage;
  readonly allocator: Allocator;
  readonly perCpu: PerCpu;
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly softirqs: Softirqs;
  /** The softirq in which lines are handled that fired while they were disabled. */
  readonly resendSoftirq: SoftirqNumber;
  /** Length of a jiffy in nanoseconds. */
  readonly tickNs: number;
  readonly time: Time;
  readonly context: { preemptCount: number; areInterruptsDisabled: boolean };
  readonly warn: (at: SourceLine, text: string) => void;
  readonly dumpStack: (symbols: readonly string[]) => void;
  /** As %pS, %ps and %p print them. */
  readonly symbolText: (address: Ptr) => string;
  readonly symbolName: (address: Ptr) => string;
  readonly pointerText: (address: Ptr) => string;
  readonly define: (name: string, fn: HostFunction) => Ptr;
  /** Address of an exported symbol. */
  readonly addressOf: (name: string) => Ptr;
}

/** A line as the machine's devices see it. */
export interface InterruptLine {
  readonly number: number;
  /** How often it has been handled. */
  readonly count: number;
  /**
   * An edge on the line. The handlers run at once where nothing does; otherwise when the running code comes to its next function or
   * turn of a loop with interrupts on. Edges that come before the first of them is handled are one.
   */
  raise(): void;
}

export interface Interrupts {
  /** A line by its number; undefined where there is none. The machine's own are 0 to 23. */
  line(number: number): InterruptLine | undefined;
  readonly pending: PendingInterrupts;
  /** Text of /proc/interrupts. */
  readonly proc: () => string;
  readonly exports: () => ExportTable;
}

/** Lines of a PC that devices on its PCI bus (and ACPI) share. */
const LEVEL_LINES: readonly number[] = [5, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23];

export function bootInterrupts(parts: InterruptParts): Interrupts {
  const { ram, abi, cpu, image, allocator, context, log, time, softirqs, scheduler, define } = parts;
  const callSite = (name: string): Ptr => image.callSite(name);
  const pending = new PendingInterrupts({ poll: () => time.interrupt.poll(), isInGuestCode: () => cpu.isInGuestCode, stopSoon: () => cpu.limitBudget(0), interrupt: (work) => cpu.interrupt(work) });
  time.interrupt.add(pending);

  const chipNamed = (symbol: string, name: string): () => Ptr<'irq_chip'> => once(() => {
    const chip = image.data(symbol, abi.sizeOf('irq_chip'));
    const text = image.data(`${symbol}.name`, name.length + 1);
    ram.writeCString(text, name);
    ram.writePtr(chip + abi.struct<string>('irq_chip').offset('name'), text);
    return chip;
  });
  const noChip = chipNamed('no_irq_chip', 'none');
  const wiredChip = chipNamed('ioapic_chip', 'IO-APIC');
  const named = (name: string): () => Ptr<'char'> => once(() => {
    const text = image.data(`irq.${name}`, name.length + 1);
    ram.writeCString(text, name);
    return text;
  });
  const edgeName = named('edge');
  const levelName = named('fasteoi');
  const descriptors = new IrqDescriptors({
    ram, abi, allocator, perCpu: parts.perCpu, noChip, badHandler: () => parts.addressOf('handle_bad_irq'),
    wire(line) {
      line.chip = wiredChip();
      line.hwirq = line.irq;
      const isLevel = LEVEL_LINES.includes(line.irq);
      line.handler = parts.addressOf(isLevel ? 'handle_fasteoi_irq' : 'handle_edge_irq');
      line.flowName = isLevel ? levelName() : edgeName();
    },
  });
  const chips = new Chips({ ram, abi, cpu, log, callSite, symbolText: parts.symbolText });
  const actions = new IrqActions(ram, abi, allocator);
  const threads = new IrqThreads({ ram, cpu, scheduler, actions, chips, callSite });
  const spurious = new SpuriousInterrupts({ log, actions, chips, ticks: () => time.clock.ticks(), dumpStack: parts.dumpStack, symbolText: parts.symbolName, pointerText: parts.pointerText });
  let hasWarnedOfInterruptsOn = false;
  const flows: FlowHandlers = new FlowHandlers({
    cpu, log, descriptors, actions, chips, threads, spurious, context, symbolText: parts.symbolText, callSite, addressOf: parts.addressOf,
    warnOnce(at, text) {
      if (!hasWarnedOfInterruptsOn) parts.warn(at, text);
      hasWarnedOfInterruptsOn = true;
    },
  });

  const toResend = new Set<IrqLine>();
  const handleWithInterruptsOff = (line: IrqLine): void => {
    const wereOff = context.areInterruptsDisabled;
    context.areInterruptsDisabled = true;
    try {
      flows.handle(line);
    } finally {
      context.areInterruptsDisabled = wereOff;
    }
  };
  // Differs from Linux, where it is a tasklet: the same moment, under another number of softirq.
  softirqs.open(parts.resendSoftirq, () => {
    for (const line of [...toResend]) {
      toResend.delete(line);
      handleWithInterruptsOff(line);
    }
  });
  const strip = (line: IrqLine): void => {
    line.chip = noChip();
    line.handler = parts.addressOf('handle_bad_irq');
    line.flowName = 0;
  };
  const domains: IrqDomains = new IrqDomains({ ram, abi, cpu, allocator, log, descriptors, chips, callSite, warn: parts.warn, fwnodeOps: once(() => image.data('irqchip_fwnode_ops', abi.sizeOf('fwnode_operations'))), strip });
  const [major, minor] = abi.kernelVersion;
  const requests = new IrqRequests({
    log, descriptors, actions, chips, threads, scheduler, warn: parts.warn, noChip, isNewer: major > 6 || minor >= 12,
    defaultHandler: once(() => define('irq_default_primary_handler', () => {})),
    resend(line) {
      toResend.add(line);
      softirqs.raise(parts.resendSoftirq);
    },
    activate: (line) => domains.activate(line), deactivate: (line) => domains.deactivate(line),
  });
  const works = new IrqWorks({ ram, abi, cpu, scheduler, pending, context, callSite, nextTickNs: () => (time.clock.ticks() + 1) * parts.tickNs });

  const onWires = new Map<number, InterruptLine>();
  const wire = (line: IrqLine): InterruptLine => {
    let isRaised = false;
    const handle = (): void => {
      isRaised = false;
      flows.handle(line);
    };
    return {
      number: line.irq,
      get count() { return line.totalCount; },
      raise() {
        if (isRaised) return;
        isRaised = true;
        pending.raise(handle);
      },
    };
  };
  return {
    pending,
    line(number) {
      const known = onWires.get(number);
      if (known) return known;
      const line = descriptors.wired(number);
      if (!line) return undefined;
      const made = wire(line);
      onWires.set(number, made);
      return made;
    },
    proc: () => procInterrupts({ descriptors, actions, chips, nrCpus: parts.perCpu.nrCpus, flowName: (line) => (line.flowName === 0 ? undefined : ram.cstring(line.flowName)) }),
    exports: () => ({
      ...irqExports({ ram, abi, descriptors, actions, chips, threads, requests, flows, noChip, define, context, addressOf: parts.addressOf }),
      ...domainExports({ ram, abi, domains, descriptors, handle: (line) => flows.handle(line), addressOf: parts.addressOf }),
      ...irqWorkExports(works), ...smpCallExports({ ram, abi, cpu, context, callSite }),
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
