// Those who want to know of the machine's fate: that it restarts, that it panics, that a task dies of an exception. Linux:
// kernel/reboot.c, kernel/notifier.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { KernelImage } from '../image.ts';
import type { ChainLock, NotifierChains } from './notifier-chains.ts';
import { listInit } from '../../abi/list-head.ts';

/** An exception is about to end a task (asm/kdebug.h, enum die_val). */
const DIE_OOPS = 1;
const MAX_TEXT = 128;

export interface MachineNotifierParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly image: KernelImage;
  readonly chains: () => NotifierChains;
}

type Block = Ptr<'notifier_block'>;

export class MachineNotifiers {
  readonly #parts: MachineNotifierParts;
  /** Heads of the chains: made when somebody registers. */
  readonly #heads = new Map<string, Ptr>();
  #dieArgs: Ptr | undefined;

  constructor(parts: MachineNotifierParts) { this.#parts = parts; }

  head(name: string): Ptr {
    const known = this.#heads.get(name);
    if (known !== undefined) return known;
    const { abi, image, ram } = this.#parts;
    const layout = abi.struct<string>(name === 'reboot_notifier_list' ? 'blocking_notifier_head' : 'atomic_notifier_head');
    const at = image.data(name, layout.sizeBytes);
    if (layout.hasField('rwsem.wait_list')) listInit(ram, at + layout.offset('rwsem.wait_list'));
    this.#heads.set(name, at);
    return at;
  }

  /** notify_die(DIE_OOPS, ...). */
  taskDies(text: string, errorCode: number, signal: number): void {
    const chain = this.#heads.get('die_chain');
    if (chain === undefined) return;
    const { ram, abi, image, chains } = this.#parts;
    const layout = abi.struct<string>('die_args');
    this.#dieArgs ??= image.data('die_args', layout.sizeBytes + MAX_TEXT);
    const args = this.#dieArgs;
    ram.fill(args, layout.sizeBytes);
    ram.writeCString(args + layout.sizeBytes, text.slice(0, MAX_TEXT - 1));
    ram.writePtr(args + layout.offset('str'), args + layout.sizeBytes);
    ram.writePtr(args + layout.offset('err'), errorCode);
    ram.writeU32(args + layout.offset('signr'), signal);
    chains().call(chain + abi.struct('atomic_notifier_head').offset('head'), DIE_OOPS, args, 'notify_die');
  }
}

export function machineNotifierExports(machine: MachineNotifiers, chains: NotifierChains, abi: Abi, lock: ChainLock): ExportTable {
  const atomic = abi.struct('atomic_notifier_head').offset('head');
  const blocking = abi.struct('blocking_notifier_head').offset('head');
  const reboot = (): Ptr => machine.head('reboot_notifier_list');
  return {
    register_reboot_notifier: sleeping('register_reboot_notifier', (block: Block) => lock.whileWriting(reboot(), () => chains.register(reboot() + blocking, block))),
    unregister_reboot_notifier: sleeping('unregister_reboot_notifier', (block: Block) => lock.whileWriting(reboot(), () => chains.unregister(reboot() + blocking, block))),
    register_restart_handler: fn('register_restart_handler', (block: Block) => chains.register(machine.head('restart_handler_list') + atomic, block)),
    unregister_restart_handler: fn('unregister_restart_handler', (block: Block) => chains.unregister(machine.head('restart_handler_list') + atomic, block)),
    register_die_notifier: fn('register_die_notifier', (block: Block) => chains.register(machine.head('die_chain') + atomic, block)),
    unregister_die_notifier: fn('unregister_die_notifier', (block: Block) => chains.unregister(machine.head('die_chain') + atomic, block)),
  };
}
