// String instructions, in runs where RAM allows and element by element elsewhere. Registers follow every element, so a fault in
// the middle leaves an instruction that simply goes on when it is run again (SDM vol. 1, 7.3.9.1). The direction flag is taken as
// clear, as the kernel's ABI has it.

import { RAX, RCX, RDI, RSI, type Stmt } from '../ir.ts';
import { ltS64, ltU64, popcnt32 } from './arithmetic64.ts';
import type { Machine } from './machine.ts';
import type { Step } from './memory.ts';

type StringStmt = Extract<Stmt, { s: 'string' }>;
/** Does up to `most` elements and returns how many; 0 when the next one needs `one`. */
type Run = (m: Machine, size: number, most: number) => number;
type One = (m: Machine, size: number) => void;

export function compileString(m: Machine, stmt: StringStmt): Step {
  const { kind, size, rep } = stmt;
  if (kind === 'cmps' || kind === 'scas') return compareStep(m, stmt);
  const { run, one } = MOVES[kind];
  if (rep === 'none') {
    return () => {
      if (run(m, size, 1) === 0) one(m, size);
    };
  }
  return () => {
    for (let left = count(m); left !== 0; left = count(m)) {
      const done = run(m, size, left);
      if (done === 0) one(m, size);
      countDown(m, done || 1);
    }
  };
}

/** rcx, or what of it fits 32 bits. */
const count = (m: Machine): number => (m.regs[2 * RCX + 1] === 0 ? m.regs[2 * RCX]! >>> 0 : 0xffff_ffff);
const countDown = (m: Machine, n: number): void => advance(m, RCX, -n);
function advance(m: Machine, reg: number, bytes: number): void {
  const sum = (m.regs[2 * reg]! >>> 0) + bytes;
  m.regs[2 * reg] = sum | 0;
  m.regs[2 * reg + 1] = (m.regs[2 * reg + 1]! + Math.floor(sum / 4294967296)) | 0;
}

function loadableAt(m: Machine, reg: number, size: number): number {
  m.hi = m.regs[2 * reg + 1]!;
  return m.loadable(m.regs[2 * reg]!, size);
}
function storableAt(m: Machine, reg: number, size: number): number {
  m.hi = m.regs[2 * reg + 1]!;
  return m.storable(m.regs[2 * reg]!, size);
}
/** Element at [reg], zero-extended, high half in `m.hi`. */
function load(m: Machine, reg: number, size: number): number {
  const offset = loadableAt(m, reg, size);
  if (offset < 0) return m.loadOutside(m.regs[2 * reg]!, size);
  m.hi = size === 8 ? m.view.getInt32(offset + 4, true) : 0;
  return size === 1 ? m.view.getUint8(offset) : size === 2 ? m.view.getUint16(offset, true) : m.view.getInt32(offset, true);
}
function store(m: Machine, reg: number, size: number, low: number, high: number): void {
  const offset = storableAt(m, reg, size);
  if (offset < 0) m.storeOutside(m.regs[2 * reg]!, m.regs[2 * reg + 1]!, size, low, high);
  else put(m.view, offset, size, low, high);
}
function put(view: DataView, offset: number, size: number, low: number, high: number): void {
  if (size === 1) view.setInt8(offset, low);
  else if (size === 2) view.setInt16(offset, low, true);
  else view.setInt32(offset, low, true);
  if (size === 8) view.setInt32(offset + 4, high, true);
}

const stosRun: Run = (m, size, most) => {
  const offset = storableAt(m, RDI, size);
  if (offset < 0) return 0;
  const n = Math.min(most, Math.floor((m.storeEnd - offset) / size));
  const low = m.regs[2 * RAX]!, high = m.regs[2 * RAX + 1]!;
  const byte = low & 0xff;
  const whole = Math.imul(byte, 0x01010101);
  const isUniform = size === 1 || (size === 2 ? ((low ^ whole) & 0xffff) === 0 : low === whole && (size === 4 || high === whole));
  if (isUniform) m.u8.fill(byte, offset, offset + n * size);
  else for (let i = 0; i < n; i++) put(m.view, offset + i * size, size, low, high);
  advance(m, RDI, n * size);
  return n;
};
const stosOne: One = (m, size) => {
  store(m, RDI, size, m.regs[2 * RAX]!, m.regs[2 * RAX + 1]!);
  advance(m, RDI, size);
};

const movsRun: Run = (m, size, most) => {
  const from = loadableAt(m, RSI, size);
  if (from < 0) return 0;
  const to = storableAt(m, RDI, size);
  if (to < 0) return 0;
  const n = Math.min(most, Math.floor((m.loadEnd - from) / size), Math.floor((m.storeEnd - to) / size));
  // Copying upward into a destination that begins inside the source repeats it; copyWithin would not.
  if (to > from && to < from + n * size) {
    const distance = to - from;
    if (distance >= size) for (let i = 0; i < n * size; i++) m.u8[to + i] = m.u8[from + i]!;
    else for (let i = 0; i < n; i++) m.u8.copyWithin(to + i * size, from + i * size, from + (i + 1) * size);
  } else m.u8.copyWithin(to, from, from + n * size);
  advance(m, RSI, n * size);
  advance(m, RDI, n * size);
  return n;
};
const movsOne: One = (m, size) => {
  const low = load(m, RSI, size);
  store(m, RDI, size, low, m.hi);
  advance(m, RSI, size);
  advance(m, RDI, size);
};

const lodsOne: One = (m, size) => {
  const low = load(m, RSI, size);
  const regs = m.regs;
  if (size >= 4) {
    regs[2 * RAX] = low;
    regs[2 * RAX + 1] = m.hi;
    if (size === 4) regs[2 * RAX + 1] = 0;
  } else {
    const part = size === 1 ? 0xff : 0xffff;
    regs[2 * RAX] = (regs[2 * RAX]! & ~part) | (low & part);
  }
  advance(m, RSI, size);
};

/** Port transfers go through the `in` and `out` intrinsics, whose data register is rax. */
function withRax(m: Machine, low: number, body: () => void): number {
  const savedLow = m.regs[2 * RAX]!, savedHigh = m.regs[2 * RAX + 1]!;
  m.regs[2 * RAX] = low;
  m.regs[2 * RAX + 1] = 0;
  try {
    body();
    return m.regs[2 * RAX]!;
  } finally {
    m.regs[2 * RAX] = savedLow;
    m.regs[2 * RAX + 1] = savedHigh;
  }
}
const insOne: One = (m, size) => {
  // A destination that faults must do so before the port is read.
  if (storableAt(m, RDI, size) < 0 && m.hi === -1) m.pageFault(m.register(RDI), size, true);
  const value = withRax(m, 0, () => m.intrinsic('in', [size, -1], 0));
  store(m, RDI, size, value, 0);
  advance(m, RDI, size);
};
const outsOne: One = (m, size) => {
  const value = load(m, RSI, size);
  withRax(m, value, () => m.intrinsic('out', [size, -1], 0));
  advance(m, RSI, size);
};
const never: Run = () => 0;
const MOVES: Record<'movs' | 'stos' | 'lods' | 'ins' | 'outs', { readonly run: Run; readonly one: One }> = {
  movs: { run: movsRun, one: movsOne }, stos: { run: stosRun, one: stosOne }, lods: { run: never, one: lodsOne }, ins: { run: never, one: insOne }, outs: { run: never, one: outsOne },
};

function compareStep(m: Machine, stmt: StringStmt): Step {
  const { kind, size, rep } = stmt;
  /** Compares one element; true when they are equal. */
  const compare = (): boolean => {
    const isScas = kind === 'scas';
    const al = isScas ? m.regs[2 * RAX]! : load(m, RSI, size);
    const ah = isScas ? m.regs[2 * RAX + 1]! : m.hi;
    const bl = load(m, RDI, size);
    const bh = m.hi;
    if (!isScas) advance(m, RSI, size);
    advance(m, RDI, size);
    return setComparison(m, size, al, ah, bl, bh);
  };
  if (rep === 'none') return () => void compare();
  const goesOnWhile = rep !== 'repne';
  return () => {
    while (count(m) !== 0) {
      const isEqual = compare();
      countDown(m, 1);
      if (isEqual !== goesOnWhile) return;
    }
  };
}

/** All nine predicates of a - b, as flags.ts has them for 'sub'; true when equal. */
function setComparison(m: Machine, size: number, aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  const shift = size === 1 ? 24 : size === 2 ? 16 : 0;
  // Smaller operands are moved to the top of the word, where signs and carries are those of the word.
  const al = size === 8 ? aLow : 0, bl = size === 8 ? bLow : 0;
  const ah = size === 8 ? aHigh : aLow << shift, bh = size === 8 ? bHigh : bLow << shift;
  const isEqual = al === bl && ah === bh;
  const isBelow = ltU64(al, ah, bl, bh);
  const isLess = ltS64(al, ah, bl, bh);
  const high = (ah - bh - (al >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
  const low = aLow - bLow;
  const isNegative = high < 0;
  const flags = [isLess !== isNegative, isBelow, isEqual, isNegative, (popcnt32(low & 0xff) & 1) === 0, ((aLow ^ bLow ^ low) & 16) !== 0, isBelow || isEqual, isLess, isLess || isEqual];
  for (let i = 0; i < 9; i++) m.preds[i] = flags[i] ? 1 : 0;
  return isEqual;
}
