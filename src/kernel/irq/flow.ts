// What happens when a line fires: the flow handlers (how to treat chip and line), and in them the handlers of all who share it.
// Linux: kernel/irq/chip.c, kernel/irq/handle.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { Log, SourceLine } from '../services.ts';
import type { IrqAction, IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import type { IrqDescriptors, IrqLine } from './descriptors.ts';
import { IRQ_NONE, IRQ_WAKE_THREAD, IRQCHIP, IRQD } from './flags.ts';
import type { SpuriousInterrupts } from './spurious.ts';
import type { IrqThreads } from './threads.ts';

export interface FlowDeps {
  readonly cpu: Cpu;
  readonly log: Log;
  readonly descriptors: IrqDescriptors;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly threads: IrqThreads;
  readonly spurious: SpuriousInterrupts;
  readonly context: { areInterruptsDisabled: boolean };
  readonly warnOnce: (at: SourceLine, text: string) => void;
  readonly symbolText: (address: Ptr) => string;
  readonly callSite: (name: string) => Ptr;
  /** Text address of an exported flow handler. */
  readonly addressOf: (name: FlowName) => Ptr;
}

export type FlowName = 'handle_simple_irq' | 'handle_untracked_irq' | 'handle_level_irq' | 'handle_edge_irq' | 'handle_fasteoi_irq' | 'handle_bad_irq';

const KERN_WARNING = 4;

export class FlowHandlers {
  readonly #deps: FlowDeps;
  /** Flow handlers of the kernel by address, as far as lines have used them. */
  readonly #known = new Map<Ptr, (line: IrqLine) => void>();
  /** Where handlers are called from: a trace shows the functions around it. */
  readonly #sites: Readonly<Record<FlowName, Ptr>>;
  readonly #flowSite: Ptr;
  readonly byName: Readonly<Record<FlowName, (line: IrqLine) => void>> = {
    handle_simple_irq: (line) => this.#simple(line, true), handle_untracked_irq: (line) => this.#simple(line, false), handle_level_irq: (line) => this.#level(line),
    handle_edge_irq: (line) => this.#edge(line), handle_fasteoi_irq: (line) => this.#fasteoi(line), handle_bad_irq: (line) => this.#bad(line),
  };

  constructor(deps: FlowDeps) {
    this.#deps = deps;
    this.#sites = Object.fromEntries(Object.keys(this.byName).map((name) => [name, deps.callSite(name)])) as Record<FlowName, Ptr>;
    this.#flowSite = deps.callSite('handle_irq_desc');
  }

  /** generic_handle_irq_desc(). */
  handle(line: IrqLine): void {
    const { handler } = line;
    const known = this.#known.get(handler) ?? this.#find(handler);
    if (known) known(line);
    else this.#deps.cpu.call(handler, [line.address], this.#flowSite);
  }
  #find(handler: Ptr): ((line: IrqLine) => void) | undefined {
    for (const [name, flow] of Object.entries(this.byName)) {
      if (this.#deps.addressOf(name as FlowName) !== handler) continue;
      this.#known.set(handler, flow);
      return flow;
    }
    return undefined;
  }

  /** Whether the line can be handled now; otherwise it is noted as pending. */
  #isReady(line: IrqLine): boolean {
    if (line.action !== 0 && !line.has(IRQD.DISABLED)) return true;
    line.isPending = true;
    return false;
  }

  #simple(line: IrqLine, isTracked: boolean): void {
    if (line.has(IRQD.INPROGRESS)) return;
    if (!this.#isReady(line)) return;
    this.#deps.descriptors.countUp(line);
    this.#event(line, 'handle_simple_irq', isTracked);
  }
  #level(line: IrqLine): void {
    const { chips, descriptors } = this.#deps;
    chips.maskAndAck(line);
    if (line.has(IRQD.INPROGRESS) || !this.#isReady(line)) return;
    descriptors.countUp(line);
    this.#event(line, 'handle_level_irq');
    this.#unmaskUnlessOneshot(line);
  }
  #edge(line: IrqLine): void {
    const { chips, descriptors } = this.#deps;
    if (line.has(IRQD.INPROGRESS) || !this.#isReady(line)) {
      line.isPending = true;
      chips.maskAndAck(line);
      return;
    }
    descriptors.countUp(line);
    chips.call(line, 'irq_ack');
    do {
      if (line.action === 0) {
        chips.mask(line);
        return;
      }
      // It fired again meanwhile and was masked for that.
      if (line.isPending && !line.has(IRQD.DISABLED) && line.has(IRQD.MASKED)) chips.unmask(line);
      this.#event(line, 'handle_edge_irq');
    } while (line.isPending && !line.has(IRQD.DISABLED));
  }
  #fasteoi(line: IrqLine): void {
    const { chips, descriptors } = this.#deps;
    const flags = chips.flags(line);
    if (line.has(IRQD.INPROGRESS) || !this.#isReady(line)) {
      chips.mask(line);
      if ((flags & IRQCHIP.EOI_IF_HANDLED) === 0) chips.call(line, 'irq_eoi');
      return;
    }
    descriptors.countUp(line);
    if (line.isOneshot) chips.mask(line);
    this.#event(line, 'handle_fasteoi_irq');
    if (!line.isOneshot) chips.call(line, 'irq_eoi');
    else if (!line.has(IRQD.DISABLED) && line.has(IRQD.MASKED) && line.threadsOneshot === 0n) {
      chips.call(line, 'irq_eoi');
      chips.unmask(line);
    } else if ((flags & IRQCHIP.EOI_THREADED) === 0) chips.call(line, 'irq_eoi');
  }
  #bad(line: IrqLine): void {
    this.#deps.descriptors.countUp(line);
    this.#deps.log.printk(KERN_WARNING, `unexpected IRQ trap at vector ${line.irq.toString(16).padStart(2, '0')}`);
  }
  #unmaskUnlessOneshot(line: IrqLine): void {
    if (!line.has(IRQD.DISABLED) && line.has(IRQD.MASKED) && line.threadsOneshot === 0n) this.#deps.chips.unmask(line);
  }

  /** handle_irq_event(): every handler of the line, in the order of their requests. */
  #event(line: IrqLine, flow: FlowName, isTracked = true): void {
    const { actions, spurious } = this.#deps;
    const site = this.#sites[flow];
    line.isPending = false;
    line.set(IRQD.INPROGRESS);
    try {
      let all = IRQ_NONE;
      for (let action = actions.first(line); action; action = actions.next(action)) all |= this.#run(line, action, site, flow);
      if (isTracked) spurious.note(line, all >>> 0, flow);
    } finally {
      line.clear(IRQD.INPROGRESS);
    }
  }
  #run(line: IrqLine, action: IrqAction, site: Ptr, flow: FlowName): number {
    const { cpu, context, threads } = this.#deps;
    // Without a handler there is only the thread.
    const result = action.handler === 0 ? IRQ_WAKE_THREAD : cpu.call(action.handler, [line.irq, action.devId], site) | 0;
    if (!context.areInterruptsDisabled) this.#interruptsOn(line, action, flow);
    if (result === IRQ_WAKE_THREAD) {
      if (action.threadFn === 0) this.#noThread(line, action);
      else threads.wake(action);
    }
    return result;
  }
  #interruptsOn(line: IrqLine, action: IrqAction, flow: FlowName): void {
    const { warnOnce, symbolText, context } = this.#deps;
    warnOnce({ file: 'kernel/irq/handle.c', line: 161, symbol: '__handle_irq_event_percpu', via: ['handle_irq_event', flow] }, `irq ${line.irq} handler ${symbolText(action.handler)} enabled interrupts`);
    context.areInterruptsDisabled = true;
  }
  #noThread(line: IrqLine, action: IrqAction): void {
    if (action.warnedOfThread) return;
    action.warnedOfThread = true;
    this.#deps.log.printk(KERN_WARNING, `IRQ ${line.irq} device ${this.#deps.actions.nameOf(action)} returned IRQ_WAKE_THREAD but no thread function available.`);
  }
}
