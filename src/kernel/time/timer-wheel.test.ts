import { describe, expect, it } from 'vitest';
import { TimerWheel, wheelNode } from './timer-wheel.ts';

/** Fires everything up to `end`, tick by tick; names with the tick at which each fired. */
function fire(arm: (add: (name: string, expires: number) => void) => void, end: number, start = 0): string[] {
  const wheel = new TimerWheel();
  const fired: string[] = [];
  let now = start;
  arm((name, expires) => wheel.add(wheelNode(() => { fired.push(`${name}@${now}`); }), expires, now));
  for (; now <= end; now++) wheel.run(now);
  return fired;
}

describe('the timer wheel', () => {
  it('fires near timers one tick after their expiry, those of one tick newest first', () => {
    expect(fire((add) => { add('a', 1003); add('b', 1001); add('c', 1003); add('past', 900); }, 1010, 1000)).toEqual(['past@1000', 'b@1002', 'c@1004', 'a@1004']);
  });
  it('rounds far timers up to the granularity of their level', () => {
    expect(fire((add) => { add('62', 1024 + 62); add('64', 1024 + 64); add('505', 1024 + 505); add('4040', 1024 + 4040); }, 6000, 1024)).toEqual(['62@1087', '64@1096', '505@1536', '4040@5120']);
  });
  it('knows its next expiry after removals, also from among those that are expiring', () => {
    const wheel = new TimerWheel();
    const fired: string[] = [];
    const second = wheelNode(() => { fired.push('second'); });
    const first = wheelNode(() => {
      fired.push('first');
      wheel.remove(second);
    });
    const early = wheelNode(() => { fired.push('early'); });
    wheel.add(second, 10, 0);
    wheel.add(first, 10, 0);
    wheel.add(early, 5, 0);
    expect(wheel.nextTick).toBe(6);
    wheel.remove(early);
    expect(wheel.nextTick).toBe(11);
    wheel.run(20);
    expect(fired).toEqual(['first']);
    expect(wheel.nextTick).toBe(Number.POSITIVE_INFINITY);
  });
  it('finds everything again, whatever the distance', () => {
    let seed = 1;
    const random = (n: number): number => { seed = (seed * 48271) % 0x7fffffff; return seed % n; };
    const wheel = new TimerWheel();
    let nrFired = 0;
    let now = 4294892296;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < 5; i++) {
        const expires = now + random(2 ** (1 + random(18)));
        const node = wheelNode(() => {
          nrFired++;
          expect(now).toBeGreaterThan(expires);
        });
        wheel.add(node, expires, now);
      }
      now = Math.min(wheel.nextTick, now + 1000);
      wheel.run(now);
    }
    for (; wheel.nextTick < Number.POSITIVE_INFINITY; wheel.run(now)) now = wheel.nextTick;
    expect(nrFired).toBe(1000);
  });
});
