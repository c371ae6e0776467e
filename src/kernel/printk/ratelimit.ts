// Message rate limits: so many per interval, then a count of those dropped. Linux: lib/ratelimit.c, printk_ratelimit().

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Log } from '../services.ts';

/** struct ratelimit_state; interval and begin in jiffies. */
export interface RatelimitState {
  readonly interval: number;
  readonly burst: number;
  printed: number;
  missed: number;
  begin: number;
  /** RATELIMIT_MSG_ON_RELEASE: who owns the state reports the count itself. */
  readonly isSilent: boolean;
}

const RATELIMIT_MSG_ON_RELEASE = 1;
const LOGLEVEL_WARNING = 4;

/** ___ratelimit(): may `what` act now? */
export function ratelimit(state: RatelimitState, what: string, jiffies: number, log: Log): boolean {
  if (state.interval === 0) return true;
  if (state.begin === 0) state.begin = jiffies;
  if (jiffies > state.begin + state.interval) {
    if (state.missed > 0 && !state.isSilent) {
      log.printk(LOGLEVEL_WARNING, `${what}: ${state.missed} callbacks suppressed`);
      state.missed = 0;
    }
    state.begin = jiffies;
    state.printed = 0;
  }
  if (state.burst > state.printed) {
    state.printed++;
    return true;
  }
  state.missed++;
  return false;
}

/** The state that a module's `static DEFINE_RATELIMIT_STATE` holds, read and written in place. */
export class GuestRatelimitState implements RatelimitState {
  readonly #ram: Ram;
  readonly #at: (field: string) => Ptr;
  constructor(ram: Ram, abi: Abi, address: Ptr<'ratelimit_state'>) {
    const layout = abi.struct('ratelimit_state');
    this.#ram = ram;
    this.#at = (field) => address + layout.offset(field);
  }
  get interval(): number { return this.#ram.readI32(this.#at('interval')); }
  get burst(): number { return this.#ram.readI32(this.#at('burst')); }
  get printed(): number { return this.#ram.readI32(this.#at('printed')); }
  set printed(value: number) { this.#ram.writeU32(this.#at('printed'), value); }
  get missed(): number { return this.#ram.readI32(this.#at('missed')); }
  set missed(value: number) { this.#ram.writeU32(this.#at('missed'), value); }
  get begin(): number { return this.#ram.readULong(this.#at('begin')); }
  set begin(value: number) { this.#ram.writeU64(this.#at('begin'), BigInt(value)); }
  get isSilent(): boolean { return (this.#ram.readU32(this.#at('flags')) & RATELIMIT_MSG_ON_RELEASE) !== 0; }
}

/** The limit that all users of printk_ratelimit() share: /proc/sys/kernel/printk_ratelimit and _burst. */
export const sharedRatelimit = (hz: number): RatelimitState => ({ interval: 5 * hz, burst: 10, printed: 0, missed: 0, begin: 0, isSilent: false });
