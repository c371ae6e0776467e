// `struct irqaction`: who asked for a line, chained in the order of asking. Linux: include/linux/interrupt.h.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Task } from '../sched/task.ts';
import { type Allocator, GFP_KERNEL } from '../services.ts';
import type { IrqLine } from './descriptors.ts';

export interface IrqAction {
  readonly address: Ptr<'irqaction'>;
  readonly line: IrqLine;
  /** 0: there is only a thread. */
  readonly handler: Ptr;
  readonly threadFn: Ptr;
  flags: number;
  readonly name: Ptr<'char'>;
  readonly devId: Ptr;
  thread: Task | undefined;
  /** The thread has something to do, or is to end. */
  hasWork: boolean;
  isStopping: boolean;
  /** Its bit among the one-shot actions of the line. */
  mask: bigint;
  warnedOfThread: boolean;
}

export class IrqActions {
  readonly #ram: Ram;
  readonly #allocator: Allocator;
  readonly #size: number;
  readonly #at: Readonly<Record<'handler' | 'devId' | 'next' | 'threadFn' | 'thread' | 'irq' | 'flags' | 'name' | 'mask', number>>;
  readonly #known = new Map<Ptr, IrqAction>();

  constructor(ram: Ram, abi: Abi, allocator: Allocator) {
    const layout = abi.struct<string>('irqaction');
    const at = (path: string): number => layout.offset(path);
    this.#ram = ram;
    this.#allocator = allocator;
    this.#size = layout.sizeBytes;
    this.#at = {
      handler: at('handler'), devId: at('dev_id'), next: at('next'), threadFn: at('thread_fn'), thread: at('thread'), irq: at('irq'), flags: at('flags'), name: at('name'), mask: at('thread_mask'),
    };
  }

  /** undefined: no memory. `noHandler` stands in the struct where there is only a thread. */
  create(line: IrqLine, request: Pick<IrqAction, 'handler' | 'threadFn' | 'flags' | 'name' | 'devId'>, noHandler: Ptr): IrqAction | undefined {
    const ram = this.#ram;
    const at = this.#at;
    const address = this.#allocator.kmalloc(this.#size, GFP_KERNEL);
    if (!address) return undefined;
    ram.fill(address, this.#size);
    ram.writePtr(address + at.handler, request.handler || noHandler);
    ram.writePtr(address + at.threadFn, request.threadFn);
    ram.writePtr(address + at.name, request.name);
    ram.writePtr(address + at.devId, request.devId);
    ram.writeU32(address + at.irq, line.irq);
    const action: IrqAction = { address, line, ...request, thread: undefined, hasWork: false, isStopping: false, mask: 0n, warnedOfThread: false };
    this.#known.set(address, action);
    return action;
  }
  /** Brings the struct up to date. */
  publish(action: IrqAction): void {
    this.#ram.writeU32(action.address + this.#at.flags, action.flags);
    this.#ram.writeU64(action.address + this.#at.mask, action.mask);
    this.#ram.writePtr(action.address + this.#at.thread, action.thread?.address ?? 0);
  }
  destroy(action: IrqAction): void {
    this.#known.delete(action.address);
    this.#allocator.kfree(action.address);
  }

  first(line: IrqLine): IrqAction | undefined { return this.#known.get(line.action); }
  next(action: IrqAction): IrqAction | undefined { return this.#known.get(this.#ram.readPtr(action.address + this.#at.next)); }
  of(line: IrqLine): IrqAction[] {
    const all: IrqAction[] = [];
    for (let action = this.first(line); action; action = this.next(action)) all.push(action);
    return all;
  }
  append(action: IrqAction): void {
    const last = this.of(action.line).at(-1);
    if (last) this.#ram.writePtr(last.address + this.#at.next, action.address);
    else action.line.action = action.address;
  }
  remove(action: IrqAction): void {
    const next = this.#ram.readPtr(action.address + this.#at.next);
    const before = this.of(action.line).find((other) => this.next(other) === action);
    if (before) this.#ram.writePtr(before.address + this.#at.next, next);
    else action.line.action = next;
  }
  nameOf(action: IrqAction): string { return action.name === 0 ? '(null)' : this.#ram.cstring(action.name); }
}
