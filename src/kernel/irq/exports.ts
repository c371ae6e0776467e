// Exported symbols of interrupt lines: requesting, enabling, setting up, firing. Linux: kernel/irq/manage.c, chip.c, irqdesc.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { HostFunction, Sleeping } from '../../cpu/api.ts';
import { RAX } from '../../ir/ir.ts';
import { data, type ExportEntry, type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import { type IrqDescriptors, type IrqLine, stateOfStatus } from './descriptors.ts';
import { IRQ, IRQ_NONE, IRQ_TYPE_SENSE_MASK, IRQD, IRQF_MODIFY_MASK } from './flags.ts';
import type { FlowHandlers, FlowName } from './flow.ts';
import type { IrqRequests } from './requests.ts';
import type { IrqThreads } from './threads.ts';

export interface IrqExportParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly descriptors: IrqDescriptors;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly threads: IrqThreads;
  readonly requests: IrqRequests;
  readonly flows: FlowHandlers;
  readonly noChip: () => Ptr;
  readonly define: (name: string, fn: HostFunction) => Ptr;
  readonly context: { readonly areInterruptsDisabled: boolean };
  readonly addressOf: (name: string) => Ptr;
}

/** What request_any_context_irq() says of where the handler will run. */
const IRQC_IS_HARDIRQ = 0, IRQC_IS_NESTED = 1;

type Irq = number;
type Desc = Ptr<'irq_desc'>;

export function irqExports(parts: IrqExportParts): ExportTable {
  return { ...requestExports(parts), ...enableExports(parts), ...setupExports(parts), ...flowExports(parts), ...descriptorExports(parts) };
}

function requestExports({ descriptors, requests, threads, actions }: IrqExportParts): ExportTable {
  return {
    request_threaded_irq: sleeping('request_threaded_irq', (irq: Irq, handler: Ptr, threadFn: Ptr, flags: number, name: Ptr<'char'>, devId: Ptr) => requests.request(irq, { handler, threadFn, flags, name, devId })),
    request_any_context_irq: sleeping('request_any_context_irq', function* (irq: Irq, handler: Ptr, flags: number, name: Ptr<'char'>, devId: Ptr) {
      const isNested = ((descriptors.line(irq)?.status ?? 0) & IRQ.NESTED_THREAD) !== 0;
      const error = yield* requests.request(irq, isNested ? { handler: 0, threadFn: handler, flags, name, devId } : { handler, threadFn: 0, flags, name, devId });
      return error !== 0 ? error : isNested ? IRQC_IS_NESTED : IRQC_IS_HARDIRQ;
    }),
    free_irq: sleeping('free_irq', (irq: Irq, devId: Ptr) => requests.free(irq, devId)),
    irq_has_action: fn('irq_has_action', (irq: Irq) => (descriptors.line(irq)?.action ?? 0) !== 0),
    irq_wake_thread: fn('irq_wake_thread', (irq: Irq, devId: Ptr) => {
      const line = descriptors.line(irq);
      const action = line && actions.of(line).find((candidate) => candidate.devId === devId);
      if (action?.thread) threads.wake(action);
    }),
    no_action: fn('no_action', (_irq: Irq, _devId: Ptr) => IRQ_NONE),
  };
}

function enableExports({ descriptors, requests, threads }: IrqExportParts): ExportTable {
  function* synchronize(irq: Irq): Sleeping<void> {
    const line = descriptors.line(irq);
    if (line) yield* threads.synchronize(line);
  }
  const disable = (irq: Irq): boolean => {
    const line = descriptors.line(irq);
    if (line) requests.disable(line);
    return line !== undefined;
  };
  return {
    enable_irq: fn('enable_irq', (irq: Irq) => { requests.enable(irq); }),
    disable_irq_nosync: fn('disable_irq_nosync', (irq: Irq) => { disable(irq); }),
    disable_irq: sleeping('disable_irq', function* (irq: Irq) { if (disable(irq)) yield* synchronize(irq); }),
    /** No handler can be in progress on another CPU. */
    disable_hardirq: fn('disable_hardirq', (irq: Irq) => disable(irq)),
    synchronize_irq: sleeping('synchronize_irq', synchronize),
    synchronize_hardirq: fn('synchronize_hardirq', (irq: Irq) => !(descriptors.line(irq)?.has(IRQD.INPROGRESS) ?? false)),
    irq_set_irq_wake: fn('irq_set_irq_wake', (irq: Irq, on: number) => requests.setWake(irq, on !== 0)),
  };
}

function setupExports({ descriptors, chips, noChip, addressOf, abi, ram }: IrqExportParts): ExportTable {
  const chipOrNone = (chip: Ptr): Ptr => (chip === 0 ? noChip() : chip);
  /** Runs `work` on the line; -EINVAL when there is none. */
  const on = (irq: Irq, work: (line: IrqLine) => number | undefined): number => {
    const line = descriptors.line(irq);
    return line ? work(line) ?? 0 : -ERRNO.EINVAL;
  };
  const setHandler = (line: IrqLine, handler: Ptr, isChained: boolean, name: Ptr): void => {
    const bad = addressOf('handle_bad_irq');
    const flow = handler === 0 ? bad : handler;
    if (flow === bad) {
      if (line.chip !== noChip()) chips.maskAndAck(line);
      line.set(IRQD.DISABLED);
      line.depth = 1;
    }
    line.handler = flow;
    line.flowName = name;
    if (flow === bad || !isChained) return;
    line.status |= IRQ.NOPROBE | IRQ.NOREQUEST | IRQ.NOTHREAD;
    line.set(IRQD.ACTIVATED);
    chips.startup(line);
  };
  const setAffinity = (line: IrqLine, mask: Ptr, isForced: boolean): number => {
    if (!chips.has(line, 'irq_set_affinity')) return -ERRNO.EINVAL;
    // x86 moves a line in its next interrupt, unless its chip can at any time. With one CPU there is nowhere to move it to.
    const isDeferred = !line.has(IRQD.MOVE_PCNTXT);
    if (isDeferred) line.set(IRQD.SETAFFINITY_PENDING);
    const error = isDeferred ? 0 : chips.setAffinity(line, mask, isForced);
    if (error === 0) line.set(IRQD.AFFINITY_SET);
    return error;
  };
  const hint = abi.struct<string>('irq_desc').offset('affinity_hint');
  return {
    irq_set_chip: fn('irq_set_chip', (irq: Irq, chip: Ptr) => on(irq, (line) => { line.chip = chipOrNone(chip); return 0; })),
    irq_set_chip_and_handler_name: fn('irq_set_chip_and_handler_name', (irq: Irq, chip: Ptr, handler: Ptr, name: Ptr<'char'>) => {
      on(irq, (line) => {
        line.chip = chipOrNone(chip);
        setHandler(line, handler, false, name);
        return 0;
      });
    }),
    __irq_set_handler: fn('__irq_set_handler', (irq: Irq, handler: Ptr, isChained: number, name: Ptr<'char'>) => {
      on(irq, (line) => { setHandler(line, handler, isChained !== 0, name); return 0; });
    }),
    irq_set_chained_handler_and_data: fn('irq_set_chained_handler_and_data', (irq: Irq, handler: Ptr, handlerData: Ptr) => {
      on(irq, (line) => {
        line.handlerData = handlerData;
        setHandler(line, handler, true, 0);
        return 0;
      });
    }),
    irq_set_chip_data: fn('irq_set_chip_data', (irq: Irq, value: Ptr) => on(irq, (line) => { line.chipData = value; return 0; })),
    irq_set_handler_data: fn('irq_set_handler_data', (irq: Irq, value: Ptr) => on(irq, (line) => { line.handlerData = value; return 0; })),
    irq_set_irq_type: fn('irq_set_irq_type', (irq: Irq, type: number) => on(irq, (line) => chips.setType(line, type))),
    irq_modify_status: fn('irq_modify_status', (irq: Irq, clear: number, set: number) => {
      on(irq, (line) => {
        const before = line.triggerType;
        line.status = (line.status & ~(clear & IRQF_MODIFY_MASK)) | (set & IRQF_MODIFY_MASK);
        stateOfStatus(line);
        line.state |= (line.status & IRQ_TYPE_SENSE_MASK) || before;
        return 0;
      });
    }),
    irq_check_status_bit: fn('irq_check_status_bit', (irq: Irq, bits: number) => ((descriptors.line(irq)?.status ?? 0) & bits) !== 0),
    irq_set_affinity: fn('irq_set_affinity', (irq: Irq, mask: Ptr<'cpumask'>) => on(irq, (line) => setAffinity(line, mask, false))),
    irq_force_affinity: fn('irq_force_affinity', (irq: Irq, mask: Ptr<'cpumask'>) => on(irq, (line) => setAffinity(line, mask, true))),
    __irq_apply_affinity_hint: fn('__irq_apply_affinity_hint', (irq: Irq, mask: Ptr<'cpumask'>, isSet: boolean) => on(irq, (line) => {
      ram.writePtr(line.address + hint, mask);
      if (mask !== 0 && isSet) setAffinity(line, mask, false);
      return 0;
    })),
  };
}

function flowExports({ ram, abi, flows, descriptors, define, context }: IrqExportParts): ExportTable {
  const lineAt = (desc: Desc): IrqLine => {
    const line = descriptors.lineAt(desc);
    if (!line) ram.offset(0, 8); // Linux would follow the pointer; here it faults at once.
    return line!;
  };
  const flow = (name: FlowName): ExportEntry => fn(name as 'handle_simple_irq', (desc: Desc) => { flows.byName[name](lineAt(desc)); });
  const fire = (irq: Irq): number => {
    const line = descriptors.line(irq);
    if (!line) return -ERRNO.EINVAL;
    flows.handle(line);
    return 0;
  };
  const nothing = (): Ptr => define('irq_chip.noop', (regs) => regs.set(RAX, 0));
  const safely = (irq: Irq): number => {
    const wereOff = context.areInterruptsDisabled;
    const writable = context as { areInterruptsDisabled: boolean };
    writable.areInterruptsDisabled = true;
    try {
      return fire(irq);
    } finally {
      writable.areInterruptsDisabled = wereOff;
    }
  };
  return {
    handle_simple_irq: flow('handle_simple_irq'), handle_untracked_irq: flow('handle_untracked_irq'), handle_level_irq: flow('handle_level_irq'),
    handle_edge_irq: flow('handle_edge_irq'), handle_fasteoi_irq: flow('handle_fasteoi_irq'), handle_bad_irq: flow('handle_bad_irq'),
    generic_handle_irq: fn('generic_handle_irq', fire),
    generic_handle_irq_safe: fn('generic_handle_irq_safe', safely),
    dummy_irq_chip: data(abi.sizeOf('irq_chip'), (chip) => {
      const layout = abi.struct<string>('irq_chip');
      const name = define('dummy_irq_chip.name', () => {});
      ram.writeCString(name, 'dummy');
      ram.writePtr(chip + layout.offset('name'), name);
      for (const member of ['irq_startup', 'irq_shutdown', 'irq_enable', 'irq_disable', 'irq_ack', 'irq_mask', 'irq_unmask']) ram.writePtr(chip + layout.offset(member), nothing());
    }),
  };
}

function descriptorExports({ descriptors }: IrqExportParts): ExportTable {
  return {
    __irq_alloc_descs: fn('__irq_alloc_descs', (irq: number, from: number, count: number, _node: number, owner: Ptr<'module'>, _affinity: Ptr) => descriptors.alloc(irq, from, count, owner)),
    irq_free_descs: fn('irq_free_descs', (from: number, count: number) => { descriptors.free(from, count); }),
    irq_get_irq_data: fn('irq_get_irq_data', (irq: Irq) => descriptors.line(irq)?.data ?? 0),
  };
}
