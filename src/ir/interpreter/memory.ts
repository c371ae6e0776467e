// Loads and stores as closures. A RAM access is one range check and one DataView access; everything else goes through the
// machine's slow path, which reaches device memory or faults.

import type { Machine } from './machine.ts';

/** Evaluates to an i32, or to the low half of an i64 whose high half it leaves in `m.hi`. */
export type Eval = () => number;
export type Step = () => void;

export function load32(m: Machine, size: 1 | 2 | 4, isSigned: boolean, addr: Eval): Eval {
  const view = m.view;
  if (size === 4) {
    return () => {
      const lo = addr();
      const offset = m.loadable(lo, 4);
      return offset < 0 ? m.loadOutside(lo, 4) : view.getInt32(offset, true);
    };
  }
  if (size === 2) {
    return () => {
      const lo = addr();
      const offset = m.loadable(lo, 2);
      const value = offset < 0 ? m.loadOutside(lo, 2) : view.getUint16(offset, true);
      return isSigned ? (value << 16) >> 16 : value;
    };
  }
  return () => {
    const lo = addr();
    const offset = m.loadable(lo, 1);
    const value = offset < 0 ? m.loadOutside(lo, 1) : view.getUint8(offset);
    return isSigned ? (value << 24) >> 24 : value;
  };
}

export function load64(m: Machine, size: 1 | 2 | 4 | 8, isSigned: boolean, addr: Eval): Eval {
  if (size !== 8) {
    const part = load32(m, size, isSigned, addr);
    return isSigned
      ? () => {
        const value = part();
        m.hi = value >> 31;
        return value;
      }
      : () => {
        const value = part();
        m.hi = 0;
        return value;
      };
  }
  const view = m.view;
  return () => {
    const lo = addr();
    const offset = m.loadable(lo, 8);
    if (offset < 0) return m.loadOutside(lo, 8);
    m.hi = view.getInt32(offset + 4, true);
    return view.getInt32(offset, true);
  };
}

/** The value is evaluated after the address; both before the check. */
export function store(m: Machine, size: 1 | 2 | 4 | 8, addr: Eval, value: Eval): Step {
  const view = m.view;
  switch (size) {
    case 8: return () => {
      const lo = addr();
      const hi = m.hi;
      const low = value();
      const high = m.hi;
      m.hi = hi;
      const offset = m.storable(lo, 8);
      if (offset < 0) return m.storeOutside(lo, hi, 8, low, high);
      view.setInt32(offset, low, true);
      view.setInt32(offset + 4, high, true);
    };
    case 4: return () => {
      const lo = addr();
      const hi = m.hi;
      const low = value();
      m.hi = hi;
      const offset = m.storable(lo, 4);
      if (offset < 0) return m.storeOutside(lo, hi, 4, low, 0);
      view.setInt32(offset, low, true);
    };
    case 2: return () => {
      const lo = addr();
      const hi = m.hi;
      const low = value();
      m.hi = hi;
      const offset = m.storable(lo, 2);
      if (offset < 0) return m.storeOutside(lo, hi, 2, low, 0);
      view.setInt16(offset, low, true);
    };
    default: return () => {
      const lo = addr();
      const hi = m.hi;
      const low = value();
      m.hi = hi;
      const offset = m.storable(lo, 1);
      if (offset < 0) return m.storeOutside(lo, hi, 1, low, 0);
      view.setInt8(offset, low);
    };
  }
}
