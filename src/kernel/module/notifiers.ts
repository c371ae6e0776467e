// The module notifier chain: subsystems of the kernel and blocks that modules register, by descending priority (spec 6.4).

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { KernelImage } from '../image.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { ModuleState } from './struct-module.ts';

const NOTIFY_STOP_MASK = 0x8000;
const NOTIFY_OK = 1;

/** Returns 0, or a positive errno that vetoes a module which is COMING. */
export type ModuleListener = (event: ModuleState, module: LoadedModule) => number;

/** `listener` for the kernel's own, `block` (a `struct notifier_block`: call, next, priority) for a module's. */
type Subscriber = { readonly priority: number } & ({ readonly listener: ModuleListener } | { readonly block: Ptr });

export class ModuleNotifiers {
  readonly #ram: Ram;
  readonly #cpu: Cpu;
  readonly #image: KernelImage;
  readonly #chain: Subscriber[] = [];
  constructor(ram: Ram, cpu: Cpu, image: KernelImage) {
    this.#ram = ram;
    this.#cpu = cpu;
    this.#image = image;
  }

  listen(priority: number, listener: ModuleListener): void { this.#insert({ priority, listener }); }
  /** False if the block is registered already. */
  register(block: Ptr): boolean {
    if (this.#indexOf(block) >= 0) return false;
    this.#insert({ priority: this.#ram.readI32(block + 16), block });
    return true;
  }
  /** False if it is not registered. */
  unregister(block: Ptr): boolean {
    const index = this.#indexOf(block);
    if (index >= 0) this.#chain.splice(index, 1);
    return index >= 0;
  }
  /** Blocks that lie in memory of `module`. */
  blocksIn(module: LoadedModule): Ptr[] {
    return this.#chain.flatMap((subscriber) => ('block' in subscriber && module.contains(subscriber.block) ? [subscriber.block] : []));
  }
  #indexOf(block: Ptr): number { return this.#chain.findIndex((subscriber) => 'block' in subscriber && subscriber.block === block); }
  #insert(subscriber: Subscriber): void {
    const index = this.#chain.findIndex((other) => other.priority < subscriber.priority);
    this.#chain.splice(index < 0 ? this.#chain.length : index, 0, subscriber);
  }

  /** COMING: who refuses stops the chain; those called before get `undo`. Returns the refuser's errno or 0. */
  *announce(event: ModuleState, undo: ModuleState, module: LoadedModule): Sleeping<number> {
    const called: Subscriber[] = [];
    for (const subscriber of [...this.#chain]) {
      const result = yield* this.#notify(subscriber, event, module);
      if ((result & NOTIFY_STOP_MASK) !== 0) {
        for (const earlier of called) yield* this.#notify(earlier, undo, module);
        const code = result & ~NOTIFY_STOP_MASK;
        return code > NOTIFY_OK ? code - NOTIFY_OK : 0;
      }
      called.push(subscriber);
    }
    return 0;
  }
  *send(event: ModuleState, module: LoadedModule): Sleeping<void> {
    if (this.#chain.length === 0) return;
    for (const subscriber of [...this.#chain]) {
      const result = yield* this.#notify(subscriber, event, module);
      if ((result & NOTIFY_STOP_MASK) !== 0) return;
    }
  }
  *#notify(subscriber: Subscriber, event: ModuleState, module: LoadedModule): Sleeping<number> {
    if ('listener' in subscriber) {
      const errno = subscriber.listener(event, module);
      return errno === 0 ? 0 : NOTIFY_STOP_MASK | (NOTIFY_OK + errno);
    }
    const callback = this.#ram.readPtr(subscriber.block);
    return (yield* this.#cpu.callSleeping(callback, [subscriber.block, event, module.address], this.#image.callSite('notifier_call_chain'))) | 0;
  }
}
