// The uevents of modules (spec 6.7): `add` when one is live, `remove` when its directory goes, and what is written to `uevent`.

import type { LoadedModule } from './loaded-module.ts';

export interface Uevent {
  readonly action: string;
  readonly devpath: string;
  /** Environment in the order of the netlink message. */
  readonly variables: readonly (readonly [name: string, value: string])[];
}
export type UeventSink = (event: Uevent) => void;

const ACTIONS = ['add', 'remove', 'change', 'move', 'online', 'offline', 'bind', 'unbind'];

/** A `/` cannot be part of a directory's name in sysfs. */
export const sysfsName = (moduleName: string): string => moduleName.replaceAll('/', '!');

export class ModuleUevents {
  readonly #sink: UeventSink | undefined;
  #sequence = 0;
  constructor(sink: UeventSink | undefined) { this.#sink = sink; }

  send(action: string, module: LoadedModule, extra: readonly (readonly [string, string])[] = []): void {
    this.#sequence++;
    if (!this.#sink) return;
    const devpath = `/module/${sysfsName(module.name)}`;
    this.#sink({ action, devpath, variables: [['ACTION', action], ['DEVPATH', devpath], ['SUBSYSTEM', 'module'], ...extra, ['SEQNUM', String(this.#sequence)]] });
  }

  /** A write to the file: `ACTION [UUID [KEY=VALUE...]]`. False for an action that does not exist. */
  synthesize(module: LoadedModule, text: string): boolean {
    const words = text.trim().split(/\s+/);
    const action = words[0] ?? '';
    if (!ACTIONS.includes(action)) return false;
    const uuid = words[1] ?? '0';
    if (words.length > 1 && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) return false;
    const args: [string, string][] = [];
    for (const word of words.slice(2)) {
      const match = /^([A-Za-z0-9]+)=([A-Za-z0-9]*)$/.exec(word);
      if (!match) return false;
      args.push([`SYNTH_ARG_${match[1]!}`, match[2]!]);
    }
    this.send(action, module, [['SYNTH_UUID', uuid], ...args]);
    return true;
  }
}
