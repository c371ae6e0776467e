// Reference counts that saturate instead of wrapping, and reference counts with a lock in one word. Inlined code counts; what
// lies out of line reports misuse or takes a lock. Linux: lib/refcount.c, lib/lockref.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Reporter } from '../services.ts';

/** INT_MIN / 2: far from both ends. */
const REFCOUNT_SATURATED = -0x4000_0000;

/** enum refcount_saturation_type: text and line in lib/refcount.c. */
const SATURATIONS = [
  { text: 'refcount_t: saturated; leaking memory.', line: 19 },
  { text: 'refcount_t: saturated; leaking memory.', line: 22 },
  { text: 'refcount_t: addition on 0; use-after-free.', line: 25 },
  { text: 'refcount_t: underflow; use-after-free.', line: 28 },
  { text: 'refcount_t: decrement hit 0; leaking memory.', line: 31 },
] as const;
const UNKNOWN = { text: 'refcount_t: unknown saturation event!?.', line: 34 };

export function refcountExports(ram: Ram, abi: Abi, reporter: Reporter): ExportTable {
  const once = new Set<string>();
  const warn = (refcount: Ptr<'refcount_struct'>, type: number): void => {
    ram.writeU32(refcount, REFCOUNT_SATURATED);
    const { text, line } = SATURATIONS[type] ?? UNKNOWN;
    // Each of these is a WARN_ONCE of its own.
    if (once.has(`${line}`)) return;
    once.add(`${line}`);
    reporter.warn({ file: 'lib/refcount.c', line, symbol: 'refcount_warn_saturate' }, text);
  };
  const decNotOne = (refcount: Ptr<'refcount_struct'>): boolean => {
    const value = ram.readI32(refcount);
    if (value === REFCOUNT_SATURATED) return true;
    if (value === 1) return false;
    if (value === 0) {
      // Nothing is written: the count stays.
      if (!once.has('87')) reporter.warn({ file: 'lib/refcount.c', line: 87, symbol: 'refcount_dec_not_one' }, 'refcount_t: underflow; use-after-free.');
      once.add('87');
      return true;
    }
    ram.writeU32(refcount, value - 1);
    return true;
  };
  return {
    refcount_warn_saturate: fn('refcount_warn_saturate', warn),
    refcount_dec_if_one: fn('refcount_dec_if_one', (refcount: Ptr<'refcount_struct'>) => {
      if (ram.readI32(refcount) !== 1) return false;
      ram.writeU32(refcount, 0);
      return true;
    }),
    refcount_dec_not_one: fn('refcount_dec_not_one', decNotOne),
    ...lockrefExports(ram, abi),
  };
}


/** Counts of struct lockref. With one CPU the lock in it is never held here when another context changes the count. */
function lockrefExports(ram: Ram, abi: Abi): ExportTable {
  const count = abi.struct('lockref').offset('count');
  const add = (ref: Ptr<'lockref'>, change: number, isAllowed: (value: number) => boolean): boolean => {
    const value = ram.readI32(ref + count);
    if (!isAllowed(value)) return false;
    ram.writeU32(ref + count, value + change);
    return true;
  };
  return {
    lockref_get: fn('lockref_get', (ref: Ptr<'lockref'>) => { add(ref, 1, () => true); }),
    lockref_get_not_zero: fn('lockref_get_not_zero', (ref: Ptr<'lockref'>) => add(ref, 1, (value) => value > 0)),
    lockref_get_not_dead: fn('lockref_get_not_dead', (ref: Ptr<'lockref'>) => add(ref, 1, (value) => value >= 0)),
    lockref_put_not_zero: fn('lockref_put_not_zero', (ref: Ptr<'lockref'>) => add(ref, -1, (value) => value > 1)),
    lockref_put_return: fn('lockref_put_return', (ref: Ptr<'lockref'>) => {
      const value = ram.readI32(ref + count);
      if (value <= 0) return -1;
      ram.writeU32(ref + count, value - 1);
      return value - 1;
    }),
    lockref_mark_dead: fn('lockref_mark_dead', (ref: Ptr<'lockref'>) => ram.writeU32(ref + count, -128)),
  };
}
