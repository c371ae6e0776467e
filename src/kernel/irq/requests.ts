// Who gets a line: request_irq() and free_irq(), and what drivers do with a line that is theirs. Linux: kernel/irq/manage.c.

import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Log, SourceLine } from '../services.ts';
import type { IrqAction, IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import type { IrqDescriptors, IrqLine } from './descriptors.ts';
import { IRQ, IRQCHIP, IRQD, IRQF } from './flags.ts';
import type { IrqThreads } from './threads.ts';

export interface RequestDeps {
  readonly log: Log;
  readonly descriptors: IrqDescriptors;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly threads: IrqThreads;
  readonly scheduler: Scheduler;
  readonly warn: (at: SourceLine, text: string) => void;
  readonly noChip: () => Ptr;
  /** Address of irq_default_primary_handler(). */
  readonly defaultHandler: () => Ptr;
  readonly isNewer: boolean;
  /** Handles a line that fired while it was disabled, soon and in softirq context. */
  readonly resend: (line: IrqLine) => void;
  readonly activate: (line: IrqLine) => number;
  readonly deactivate: (line: IrqLine) => void;
}

export interface IrqRequest { readonly handler: Ptr; readonly threadFn: Ptr; readonly flags: number; readonly name: Ptr<'char'>; readonly devId: Ptr }

/** dev->irq of a device whose line is not connected. */
const IRQ_NOTCONNECTED = 0x8000_0000;
const KERN_ERR = 3;
const ALL_BITS = 2n ** 64n - 1n;
const manage = (line: number, symbol: string): SourceLine => ({ file: 'kernel/irq/manage.c', line, symbol });

export class IrqRequests {
  readonly #deps: RequestDeps;

  constructor(deps: RequestDeps) { this.#deps = deps; }

  /** request_threaded_irq(). */
  *request(irq: number, request: IrqRequest): Sleeping<number> {
    const { descriptors, actions, threads, scheduler, defaultHandler } = this.#deps;
    const { flags } = request;
    if (irq === IRQ_NOTCONNECTED) return -ERRNO.ENOTCONN;
    if ((flags & IRQF.SHARED) !== 0 && (request.devId === 0 || (flags & IRQF.NO_AUTOEN) !== 0)) return -ERRNO.EINVAL;
    if ((flags & IRQF.COND_SUSPEND) !== 0 && ((flags & IRQF.SHARED) === 0 || (flags & IRQF.NO_SUSPEND) !== 0)) return -ERRNO.EINVAL;
    const line = descriptors.line(irq);
    if (!line || (line.status & (IRQ.NOREQUEST | IRQ.PER_CPU_DEVID)) !== 0) return -ERRNO.EINVAL;
    if (request.handler === 0 && request.threadFn === 0) return -ERRNO.EINVAL;
    const action = actions.create(line, request, defaultHandler());
    if (!action) return -ERRNO.ENOMEM;
    const wasPending = line.isPending;
    const error = this.#setUp(line, action);
    if (error !== 0) {
      yield* threads.stop(action);
      actions.destroy(action);
      return error;
    }
    // What Linux registers under /proc takes memory that it may have to wait for: the moment for what was left undone.
    if (wasPending && scheduler.hasRunnable) yield* scheduler.schedule();
    return 0;
  }

  #setUp(line: IrqLine, action: IrqAction): number {
    const { chips, actions, threads, noChip } = this.#deps;
    if (line.chip === noChip()) return -ERRNO.ENOSYS;
    if ((action.flags & IRQF.TRIGGER_MASK) === 0) action.flags |= line.triggerType;
    const isNested = (line.status & IRQ.NESTED_THREAD) !== 0;
    if (isNested && action.threadFn === 0) return -ERRNO.EINVAL;
    if ((chips.flags(line) & IRQCHIP.ONESHOT_SAFE) !== 0) action.flags &= ~IRQF.ONESHOT;
    const others = actions.of(line);
    if (others.length === 0 && (chips.call(line, 'irq_request_resources') ?? 0) !== 0) return -ERRNO.EINVAL;
    const error = this.#agree(line, action, others);
    if (error !== 0) {
      if (others.length === 0) chips.call(line, 'irq_release_resources');
      return error;
    }
    if (others.length === 0) {
      const started = this.#first(line, action);
      if (started !== 0) return started;
    }
    if (action.threadFn !== 0 && !isNested) threads.start(action);
    actions.publish(action);
    actions.append(action);
    line.irqCount = 0;
    line.unhandled = 0;
    if (others.length === 0) this.#switchOn(line, action);
    else if (line.isSpuriousDisabled) {
      line.isSpuriousDisabled = false;
      this.#enable(line);
    }
    return 0;
  }

  /** Whether the line can have one more action beside the others. */
  #agree(line: IrqLine, action: IrqAction, others: readonly IrqAction[]): number {
    const { log, actions, chips, isNewer } = this.#deps;
    const [old] = others;
    if (old) {
      if (!line.has(IRQD.DEFAULT_TRIGGER_SET)) line.state = (line.state & ~IRQD.TRIGGER_MASK) | (action.flags & IRQF.TRIGGER_MASK) | IRQD.DEFAULT_TRIGGER_SET;
      if (isNewer && (old.flags & IRQF.ONESHOT) !== 0 && (action.flags & IRQF.COND_ONESHOT) !== 0) action.flags |= IRQF.ONESHOT;
      const isMismatch = (old.flags & action.flags & IRQF.SHARED) === 0 || line.triggerType !== (action.flags & IRQF.TRIGGER_MASK)
        || ((old.flags ^ action.flags) & (IRQF.ONESHOT | IRQF.PERCPU)) !== 0;
      if (isMismatch) {
        const hex = (flags: number): string => (flags >>> 0).toString(16).padStart(8, '0');
        if ((action.flags & IRQF.PROBE_SHARED) === 0) {
          log.printk(KERN_ERR, `genirq: Flags mismatch irq ${line.irq}. ${hex(action.flags)} (${actions.nameOf(action)}) vs. ${hex(old.flags)} (${actions.nameOf(old)})`);
        }
        return -ERRNO.EBUSY;
      }
    }
    if ((action.flags & IRQF.ONESHOT) !== 0) {
      const used = others.reduce((mask, other) => mask | other.mask, 0n);
      if (used === ALL_BITS) return -ERRNO.EBUSY;
      action.mask = ~used & (used + 1n);
    } else if (action.handler === 0 && (chips.flags(line) & IRQCHIP.ONESHOT_SAFE) === 0) {
      log.printk(KERN_ERR, `genirq: Threaded irq requested with handler=NULL and !ONESHOT for ${actions.nameOf(action)} (irq ${line.irq})`);
      return -ERRNO.EINVAL;
    }
    return 0;
  }
  #first(line: IrqLine, action: IrqAction): number {
    const { chips, activate } = this.#deps;
    if ((action.flags & IRQF.TRIGGER_MASK) !== 0) {
      const error = chips.setType(line, action.flags);
      if (error !== 0) return error;
    }
    const error = activate(line);
    if (error !== 0) return error;
    line.set(IRQD.ACTIVATED);
    line.isSpuriousDisabled = false;
    line.isOneshot = (action.flags & IRQF.ONESHOT) !== 0;
    line.clear(IRQD.INPROGRESS);
    if ((action.flags & IRQF.PERCPU) !== 0) {
      line.set(IRQD.PER_CPU);
      line.status |= IRQ.PER_CPU;
    }
    if ((action.flags & IRQF.NOBALANCING) !== 0) {
      line.set(IRQD.NO_BALANCING);
      line.status |= IRQ.NO_BALANCING;
    }
    return 0;
  }
  #switchOn(line: IrqLine, action: IrqAction): void {
    if ((action.flags & IRQF.NO_AUTOEN) !== 0 || (line.status & IRQ.NOAUTOEN) !== 0) {
      line.depth = 1;
      return;
    }
    this.#startup(line);
  }
  #startup(line: IrqLine): void {
    const { chips, resend } = this.#deps;
    chips.startup(line);
    if (!line.isPending) return;
    line.isPending = false;
    // A line at a level fires again by itself.
    if ((line.status & IRQ.LEVEL) === 0 && (chips.call(line, 'irq_retrigger') ?? 0) === 0) resend(line);
  }

  /** free_irq(): the name given with the request; 0 when there is no such action. Returns once no handler runs any more. */
  *free(irq: number, devId: Ptr): Sleeping<Ptr<'char'>> {
    const { descriptors, actions, chips, threads, scheduler, warn, deactivate } = this.#deps;
    const line = descriptors.line(irq);
    if (line && line.activeThreads > 0 && scheduler.hasRunnable) yield* scheduler.schedule();
    if (!line || (line.status & IRQ.PER_CPU_DEVID) !== 0) return 0;
    const action = actions.of(line).find((candidate) => candidate.devId === devId);
    if (!action) {
      warn(manage(this.#deps.isNewer ? 1900 : 1893, 'free_irq'), `Trying to free already-free IRQ ${irq}`);
      return 0;
    }
    actions.remove(action);
    const isLast = line.action === 0;
    if (isLast) {
      line.status &= ~IRQ.DISABLE_UNLAZY;
      chips.shutdown(line);
    }
    yield* threads.synchronize(line);
    yield* threads.stop(action);
    if (isLast) {
      deactivate(line);
      line.clear(IRQD.ACTIVATED);
      chips.call(line, 'irq_release_resources');
    }
    const { name } = action;
    actions.destroy(action);
    return name;
  }

  /** disable_irq_nosync(). */
  disable(line: IrqLine): void {
    if (line.depth++ === 0) this.#deps.chips.disable(line);
  }
  /** enable_irq(): the last of as many as there were disables. */
  enable(irq: number): void {
    const line = this.#deps.descriptors.line(irq);
    if (!line) return;
    if (line.chip === 0) return;
    this.#enable(line);
  }
  #enable(line: IrqLine): void {
    if (line.depth === 0) {
      this.#deps.warn(manage(this.#deps.isNewer ? 775 : 774, '__enable_irq'), `Unbalanced enable for IRQ ${line.irq}`);
      return;
    }
    if (line.depth > 1) {
      line.depth--;
      return;
    }
    line.status |= IRQ.NOPROBE;
    this.#startup(line);
  }

  /** irq_set_irq_wake(). */
  setWake(irq: number, on: boolean): number {
    const { descriptors, chips, warn, isNewer } = this.#deps;
    const line = descriptors.line(irq);
    if (!line) return -ERRNO.EINVAL;
    if (on) {
      if (line.wakeDepth++ !== 0) return 0;
      const error = chips.setWake(line, true);
      if (error === 0) line.set(IRQD.WAKEUP_STATE);
      else line.wakeDepth = 0;
      return error;
    }
    if (line.wakeDepth === 0) {
      warn(manage(isNewer ? 898 : 899, 'irq_set_irq_wake'), `Unbalanced IRQ ${irq} wake disable`);
      return 0;
    }
    line.wakeDepth--;
    if (line.wakeDepth !== 0) return 0;
    const error = chips.setWake(line, false);
    if (error === 0) line.clear(IRQD.WAKEUP_STATE);
    else line.wakeDepth = 1;
    return error;
  }
}
