// Notifier chains: callbacks in descending priority, equal ones in order of registration, linked through their blocks in guest
// memory. Linux: kernel/notifier.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { Reporter, Symbols } from '../services.ts';
import { symbolName } from '../symbol-text.ts';

/** Results of a callback (include/linux/notifier.h). */
export const NOTIFY_DONE = 0;
const NOTIFY_STOP_MASK = 0x8000;

type Block = Ptr<'notifier_block'>;

export interface NotifierDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly reporter: Reporter;
  readonly symbols: Symbols;
  readonly callSite: (name: string) => Ptr;
}

export class NotifierChains {
  readonly #deps: NotifierDeps;
  readonly #offset: { readonly call: number; readonly next: number; readonly priority: number };

  constructor(deps: NotifierDeps) {
    const block = deps.abi.struct('notifier_block');
    this.#deps = deps;
    this.#offset = { call: block.offset('notifier_call'), next: block.offset('next'), priority: block.offset('priority') };
  }

  /** `head` is the address of the pointer to the first block. -EEXIST for a block that is on the chain, or with `isUniquePriority` -EBUSY for a priority that is. */
  register(head: Ptr, block: Block, isUniquePriority = false): number {
    const { ram } = this.#deps;
    const priority = this.#priority(block);
    let link = head;
    for (let at = ram.readPtr(link); at !== 0; at = ram.readPtr(link)) {
      if (at === block) {
        this.#warnTwice(block);
        return -ERRNO.EEXIST;
      }
      const other = this.#priority(at);
      if (priority > other) break;
      if (priority === other && isUniquePriority) return -ERRNO.EBUSY;
      link = at + this.#offset.next;
    }
    ram.writePtr(block + this.#offset.next, ram.readPtr(link));
    ram.writePtr(link, block);
    return 0;
  }
  unregister(head: Ptr, block: Block): number {
    const { ram } = this.#deps;
    for (let link = head, at = ram.readPtr(link); at !== 0; link = at + this.#offset.next, at = ram.readPtr(link)) {
      if (at !== block) continue;
      ram.writePtr(link, ram.readPtr(at + this.#offset.next));
      return 0;
    }
    return -ERRNO.ENOENT;
  }
  /** Calls every block until one says stop; the last result. */
  call(head: Ptr, event: number, data: Ptr, symbol: string): number {
    const { cpu, ram, callSite } = this.#deps;
    let result = NOTIFY_DONE;
    for (let at = ram.readPtr(head); at !== 0 && (result & NOTIFY_STOP_MASK) === 0;) {
      const next = ram.readPtr(at + this.#offset.next);
      result = cpu.call(ram.readPtr(at + this.#offset.call), [at, event, data], callSite(symbol)) | 0;
      at = next;
    }
    return result;
  }
  /** The same with callbacks that may sleep. */
  *callSleeping(head: Ptr, event: number, data: Ptr, symbol: string): Sleeping<number> {
    const { cpu, ram, callSite } = this.#deps;
    let result = NOTIFY_DONE;
    for (let at = ram.readPtr(head); at !== 0 && (result & NOTIFY_STOP_MASK) === 0;) {
      const next = ram.readPtr(at + this.#offset.next);
      result = (yield* cpu.callSleeping(ram.readPtr(at + this.#offset.call), [at, event, data], callSite(symbol))) | 0;
      at = next;
    }
    return result;
  }

  #warnTwice(block: Block): void {
    const { ram, abi, reporter, symbols } = this.#deps;
    const [major, minor] = abi.kernelVersion;
    const line = major > 6 || minor >= 12 ? 31 : 28;
    const callback = symbolName(symbols, ram.readPtr(block + this.#offset.call));
    reporter.warn({ file: 'kernel/notifier.c', line, symbol: 'notifier_chain_register' }, `notifier callback ${callback} already registered`);
  }
  #priority(block: Block): number { return this.#deps.ram.readI32(block + this.#offset.priority); }
}

/** Takes the rwsem of a blocking chain around `work`. */
export interface ChainLock {
  whileReading<T>(sem: Ptr, work: () => Sleeping<T>): Sleeping<T>;
  whileWriting<T>(sem: Ptr, work: () => T): Sleeping<T>;
}

export function notifierExports(chains: NotifierChains, abi: Abi, lock: ChainLock): ExportTable {
  const atomic = abi.struct('atomic_notifier_head').offset('head');
  const blocking = abi.struct('blocking_notifier_head').offset('head');
  type Atomic = Ptr<'atomic_notifier_head'>;
  type Blocking = Ptr<'blocking_notifier_head'>;
  type Raw = Ptr<'raw_notifier_head'>;
  return {
    raw_notifier_chain_register: fn('raw_notifier_chain_register', (head: Raw, block: Block) => chains.register(head, block)),
    raw_notifier_chain_unregister: fn('raw_notifier_chain_unregister', (head: Raw, block: Block) => chains.unregister(head, block)),
    raw_notifier_call_chain: fn('raw_notifier_call_chain', (head: Raw, event: number, data: Ptr) => chains.call(head, event, data, 'raw_notifier_call_chain')),
    atomic_notifier_chain_register: fn('atomic_notifier_chain_register', (head: Atomic, block: Block) => chains.register(head + atomic, block)),
    atomic_notifier_chain_register_unique_prio: fn('atomic_notifier_chain_register_unique_prio', (head: Atomic, block: Block) => chains.register(head + atomic, block, true)),
    atomic_notifier_chain_unregister: fn('atomic_notifier_chain_unregister', (head: Atomic, block: Block) => chains.unregister(head + atomic, block)),
    atomic_notifier_call_chain: fn('atomic_notifier_call_chain', (head: Atomic, event: number, data: Ptr) => chains.call(head + atomic, event, data, 'atomic_notifier_call_chain')),
    blocking_notifier_chain_register: sleeping('blocking_notifier_chain_register', (head: Blocking, block: Block) => lock.whileWriting(head, () => chains.register(head + blocking, block))),
    blocking_notifier_chain_register_unique_prio: sleeping('blocking_notifier_chain_register_unique_prio', (head: Blocking, block: Block) => lock.whileWriting(head, () => chains.register(head + blocking, block, true))),
    blocking_notifier_chain_unregister: sleeping('blocking_notifier_chain_unregister', (head: Blocking, block: Block) => lock.whileWriting(head, () => chains.unregister(head + blocking, block))),
    blocking_notifier_call_chain: sleeping('blocking_notifier_call_chain', (head: Blocking, event: number, data: Ptr) =>
      lock.whileReading(head, () => chains.callSleeping(head + blocking, event, data, 'blocking_notifier_call_chain'))),
  };
}
