// Where rsp stands relative to its value at function entry, instruction by instruction, as far as that is static. Registers that
// hold rsp plus a constant are followed (frame pointers), calls keep the callee-saved ones. The unwinder finds return addresses
// with it; the wasm back end needs no rsp variable where it is known.

import { CALLEE_SAVED } from './liveness.ts';
import { RSP, type Block, type Expr, type Insn, type IrFunction } from './ir.ts';
import { stringWrites } from './visit.ts';
import { successors } from './work.ts';

export interface StackMap {
  /** rsp - (rsp at entry) before the instruction at `pc`; undefined when it is dynamic or pc is no instruction of the function. At entry 0; [rsp] there is the return address. */
  at(pc: number): number | undefined;
  /** True when rsp is static at every instruction. */
  readonly isStatic: boolean;
  /** How far below its entry rsp the function and the return addresses it pushes reach at most, in bytes, where static. */
  readonly depth: number;
}

/** Offsets from the entry rsp that registers hold; UNKNOWN for everything else. */
type Offsets = readonly number[];
const UNKNOWN = Number.NaN;

export function stackMap(fn: IrFunction): StackMap {
  const starts = blockStarts(fn);
  const deltas = new Map<number, number>();
  let isStatic = true;
  let depth = 0;
  const note = (pc: number, offsets: Offsets, pushed: number): void => {
    const delta = offsets[RSP]!;
    if (Number.isNaN(delta)) {
      isStatic = false;
      return;
    }
    deltas.set(pc, delta);
    depth = Math.max(depth, pushed - delta);
  };
  for (const [start, offsets] of starts) {
    const block = fn.blocks.get(start)!;
    let now = offsets;
    for (const insn of block.insns) {
      note(insn.pc, now, 0);
      now = afterInsn(insn, now);
    }
    // A terminator that is part of the last instruction, or falls into the next block, has no place of its own. A call pushes
    // its return address below.
    const isOwnPlace = block.insns.at(-1)?.pc !== block.termPc && (block.termPc === start || !fn.blocks.has(block.termPc));
    note(isOwnPlace ? block.termPc : NOWHERE, now, block.term.t === 'call' ? 8 : 0);
  }
  deltas.delete(NOWHERE);
  return { at: (pc) => deltas.get(pc), isStatic, depth };
}
const NOWHERE = 0.5;

/** Register offsets at each reachable block's start. */
function blockStarts(fn: IrFunction): Map<number, Offsets> {
  const entry = new Array<number>(16).fill(UNKNOWN);
  entry[RSP] = 0;
  const starts = new Map<number, Offsets>([[fn.entry, entry]]);
  const work = [fn.entry];
  while (work.length > 0) {
    const block = fn.blocks.get(work.pop()!);
    if (!block) continue;
    const after = afterBlock(block, starts.get(block.start)!);
    // Behind a ud2 the code goes on when it was a WARN.
    const targets = block.term.t === 'trap' && block.term.name === 'ud2' ? [block.termPc + 2] : successors(block);
    for (const target of targets) {
      const known = starts.get(target);
      const merged = known ? merge(known, after) : after;
      if (merged === known || !fn.blocks.has(target)) continue;
      starts.set(target, merged);
      work.push(target);
    }
  }
  return starts;
}

/** What both hold; `a` itself when nothing changes. */
function merge(a: Offsets, b: Offsets): Offsets {
  let result: number[] | undefined;
  for (let i = 0; i < 16; i++) {
    if (!Number.isNaN(a[i]!) && a[i] !== b[i]) (result ??= [...a])[i] = UNKNOWN;
  }
  return result ?? a;
}

function afterBlock(block: Block, offsets: Offsets): Offsets {
  let now = offsets;
  for (const insn of block.insns) now = afterInsn(insn, now);
  if (block.term.t !== 'call') return now;
  return now.map((value, register) => (register === RSP || CALLEE_SAVED & (1 << register) ? value : UNKNOWN));
}

function afterInsn(insn: Insn, offsets: Offsets): Offsets {
  let now: number[] | undefined;
  let tmps: Map<number, number> | undefined;
  for (const stmt of insn.stmts) {
    if (stmt.s === 'tmp') (tmps ??= new Map()).set(stmt.tmp, offsetOf(stmt.value, now ?? offsets, tmps));
    else if (stmt.s === 'reg') {
      const value = offsetOf(stmt.value, now ?? offsets, tmps);
      if (!Object.is(value, (now ?? offsets)[stmt.reg])) (now ??= [...offsets])[stmt.reg] = value;
    } else if (stmt.s === 'intrinsic' && (stmt.name === 'pushf' || stmt.name === 'popf') && (stmt.writes & (1 << RSP)) !== 0) {
      (now ??= [...offsets])[RSP]! += (stmt.name === 'pushf' ? -1 : 1) * Number(stmt.args[0]);
    } else if (stmt.s === 'string' || stmt.s === 'intrinsic') {
      const written = stmt.s === 'string' ? stringWrites(stmt) : stmt.writes;
      for (let i = 0; i < 16; i++) if (written & (1 << i)) (now ??= [...offsets])[i] = UNKNOWN;
    }
  }
  return now ?? offsets;
}

/** Offset from the entry rsp that an expression has, or UNKNOWN. */
function offsetOf(e: Expr, offsets: Offsets, tmps: Map<number, number> | undefined): number {
  switch (e.op) {
    case 'reg': return offsets[e.reg]!;
    case 'tmp': return tmps?.get(e.tmp) ?? UNKNOWN;
    case 'add':
      if (e.b.op === 'const') return offsetOf(e.a, offsets, tmps) + Number(e.b.value);
      return e.a.op === 'const' ? offsetOf(e.b, offsets, tmps) + Number(e.a.value) : UNKNOWN;
    case 'sub': return e.b.op === 'const' ? offsetOf(e.a, offsets, tmps) - Number(e.b.value) : UNKNOWN;
    default: return UNKNOWN;
  }
}
