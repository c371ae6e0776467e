// What the module system waits for: another module's init to end, a parameter mutex. The scheduler provides it.

import type { Sleeping } from '../../cpu/api.ts';
import type { Clock } from '../services.ts';

export type WaitOutcome = 'done' | 'timeout' | 'interrupted';

export interface ModuleWaits {
  /** Sleeps until `isDone`, which is asked again after every wake(); `timeoutMs` undefined waits for ever. */
  wait(isDone: () => boolean, timeoutMs: number | undefined, isInterruptible: boolean): Sleeping<WaitOutcome>;
  wake(): void;
}

/**
 * For a machine with one task: nobody else can bring about what it waits for. A wait with a limit lets that time pass; one
 * without would last until the task is killed, and ends as that does.
 */
export function loneTaskWaits(clock: Clock): ModuleWaits {
  return {
    // biome-ignore lint/correctness/useYield: a lone task has nobody to yield to
    *wait(isDone, timeoutMs) {
      if (isDone()) return 'done';
      if (timeoutMs === undefined) return 'interrupted';
      clock.advance(BigInt(timeoutMs) * 1_000_000n);
      return 'timeout';
    },
    wake: () => {},
  };
}
