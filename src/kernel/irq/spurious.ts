// Lines that fire and nobody is responsible: counted, and shut off in the end. Linux: kernel/irq/spurious.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Log } from '../services.ts';
import type { IrqAction, IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import type { IrqLine } from './descriptors.ts';
import { IRQ, IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD } from './flags.ts';

/** Of so many interrupts ... */
const COUNTED = 100_000;
/** ... more than these unhandled shut the line off. */
const TOO_MANY = 99_900;
/** Unhandled ones further apart (ticks) do not add up. */
const APART_TICKS = 25;
const MAX_BAD_REPORTS = 100;
const KERN_EMERG = 0, KERN_ERR = 3;

export interface SpuriousDeps {
  readonly log: Log;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly ticks: () => number;
  readonly dumpStack: (symbols: readonly string[]) => void;
  /** `%ps` and `%p` of a function. */
  readonly symbolText: (address: Ptr) => string;
  readonly pointerText: (address: Ptr) => string;
}

export class SpuriousInterrupts {
  readonly #deps: SpuriousDeps;

  constructor(deps: SpuriousDeps) { this.#deps = deps; }

  /** note_interrupt(): `result` is what all handlers of the line returned, ored; `flow` the flow handler that called them. */
  note(line: IrqLine, result: number, flow: string): void {
    if ((line.status & IRQ.IS_POLLED) !== 0) return;
    if (result > (IRQ_HANDLED | IRQ_WAKE_THREAD)) {
      if (line.badReports++ < MAX_BAD_REPORTS) this.#report(line, `irq event ${line.irq}: bogus return value ${result.toString(16)}`, ['handle_irq_event', flow]);
      return;
    }
    if (result === IRQ_NONE) {
      const now = this.#deps.ticks();
      line.unhandled = now > line.lastUnhandled + APART_TICKS ? 1 : line.unhandled + 1;
      line.lastUnhandled = now;
    }
    const count = line.irqCount + 1;
    line.irqCount = count < COUNTED ? count : 0;
    if (count < COUNTED) return;
    if (line.unhandled > TOO_MANY) this.#shutOff(line, flow);
    line.unhandled = 0;
  }

  #shutOff(line: IrqLine, flow: string): void {
    const { log, chips } = this.#deps;
    this.#report(line, `irq ${line.irq}: nobody cared (try booting with the "irqpoll" option)`, ['note_interrupt', 'handle_irq_event', flow]);
    log.printk(KERN_EMERG, `Disabling IRQ #${line.irq}`);
    line.isSpuriousDisabled = true;
    line.depth++;
    chips.disable(line);
  }

  #report(line: IrqLine, text: string, via: readonly string[]): void {
    const { log, actions, dumpStack } = this.#deps;
    log.printk(KERN_ERR, text);
    dumpStack(['__report_bad_irq', ...via]);
    log.printk(KERN_ERR, 'handlers:');
    for (const action of actions.of(line)) log.printk(KERN_ERR, this.#handlerText(action));
  }
  #handlerText({ handler, threadFn }: IrqAction): string {
    const { symbolText, pointerText } = this.#deps;
    const text = (address: Ptr): string => `[<${pointerText(address)}>] ${symbolText(address)}`;
    return threadFn === 0 ? text(handler) : `${handler === 0 ? '' : text(handler)} threaded ${text(threadFn)}`;
  }
}
