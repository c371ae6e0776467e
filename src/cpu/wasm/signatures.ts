// What functions take and give when wasm functions call each other: which argument registers are really read, whether rdx
// leaves by the register block, and whether the function keeps to the System V convention at all. Within one unit callees are
// known, so the analysis runs over the whole unit until nothing changes.

import { RAX, RDX, RSP, type Block, type Insn, type IrFunction, type Stmt } from '../../ir/ir.ts';
import { ARGUMENT_REGISTERS, CALLER_SAVED, regsLiveBeforeStmt } from '../../ir/liveness.ts';
import { regsRead, stmtExprs, stringReads, termExprs } from '../../ir/visit.ts';
import { successors } from '../../ir/work.ts';
import { writtenRegisters } from './checked-bases.ts';
import { isStackAddress } from './address.ts';
import { BLOCK_ARGUMENTS } from './unit.ts';
import type { ControlFlow, FlowNode } from './control-flow.ts';

export interface Signature {
  /** Argument registers that the function wants to be given, as a mask. */
  readonly reads: number;
  /** Of rcx, r8, r9: those it never touches but leaves for a callee that may want them. They stay in the register block. */
  readonly passesOn: number;
  /** It reads a register that the convention leaves undefined at entry (hand-written assembler): only the interpreter runs it. */
  readonly isStrict: boolean;
  /** It changes rdx otherwise than by calls, so rdx may be a result. */
  readonly changesRdx: boolean;
  /** Everything that may be read: unknown callees take all arguments, unknown callers a result in rdx. */
  readonly live: Liveness;
  /** What the function's own instructions read. */
  readonly readHere: Liveness;
}

export interface Liveness {
  /** Registers read after a block's terminator, and before it, as far as the program goes (exits not counted). */
  readonly after: ReadonlyMap<Block, number>;
  readonly beforeTerm: ReadonlyMap<Block, number>;
  /** Registers read from a block's start on, by the address of the block. */
  readonly before: ReadonlyMap<number, number>;
}

/** Registers a call to `address` reads; undefined where that is not known. */
export type CalleeReads = (address: number) => number | undefined;

const CONVENTIONAL = ARGUMENT_REGISTERS | (1 << RSP);
const IN_BLOCK = BLOCK_ARGUMENTS.reduce((mask, register) => mask | (1 << register), 0);

/** `outside` knows callees that do not belong to the unit. */
export function signaturesOf(fns: readonly IrFunction[], outside: CalleeReads): ReadonlyMap<number, Signature> {
  const signatures = new Map<number, Signature>();
  const wanted = new Map(fns.map((fn) => [fn.entry, 0])), used = new Map(wanted);
  const bodies = fns.map((fn) => new Body(fn));
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const body of bodies) {
      const { entry } = body.fn;
      const atReturn = (1 << RAX) | (body.changesRdx ? 1 << RDX : 0);
      const live = body.solve((address) => wanted.get(address) ?? outside(address) ?? ARGUMENT_REGISTERS, atReturn);
      // A function without a result leaves in rax whatever stood there; an unknown callee takes what is meant for it.
      const readHere = body.solve((address) => used.get(address) ?? 0, 0);
      const nowWanted = (live.before.get(entry) ?? 0) & ARGUMENT_REGISTERS, nowUsed = readHere.before.get(entry) ?? 0;
      if (nowWanted !== wanted.get(entry) || (nowUsed & ARGUMENT_REGISTERS) !== used.get(entry)) isChanged = true;
      wanted.set(entry, nowWanted);
      used.set(entry, nowUsed & ARGUMENT_REGISTERS);
      const passesOn = nowWanted & ~nowUsed & ~body.written & IN_BLOCK;
      signatures.set(entry, { reads: nowWanted & ~passesOn, passesOn, isStrict: body.isStrict, changesRdx: body.changesRdx, live, readHere });
    }
  }
  return signatures;
}

/** What one block does to liveness. */
interface Transfer {
  readonly block: Block;
  /** Read before written by its instructions; written by them. */
  readonly reads: number;
  readonly writes: number;
  readonly termReads: number;
  readonly successors: readonly number[];
  /** Live at its start, so far. */
  before: number;
}

/** Register liveness of one function, with callees that read what they really read. */
class Body {
  readonly fn: IrFunction;
  /** Registers that its instructions write. */
  readonly written: number;
  readonly isStrict: boolean;
  /** Last block first: most edges go forward. */
  readonly #transfers: readonly Transfer[];

  constructor(fn: IrFunction) {
    this.fn = fn;
    const unwritten = unwrittenAt(fn);
    const blocks = [...fn.blocks.values()].sort((a, b) => b.start - a.start);
    const positions = new Map(blocks.map((block, position) => [block.start, position]));
    this.#transfers = blocks.map((block) => {
      const { reads, writes } = insnTransfer(block, unwritten.get(block.start) ?? 0);
      return { block, reads, writes, termReads: termExprs(block.term).reduce((mask, expr) => mask | regsRead(expr), 0), successors: successors(block).map((target) => positions.get(target)!), before: 0 };
    });
    this.written = this.#transfers.reduce((mask, { writes }) => mask | writes, 0);
    this.isStrict = blocks.some((block) => readsUnknown(block, unwritten.get(block.start)));
  }
  get changesRdx(): boolean { return (this.written & (1 << RDX)) !== 0; }

  /** Liveness when callees read what `calleeReads` says and `atReturn` is read after a return. */
  solve(calleeReads: (address: number) => number, atReturn: number): Liveness {
    const transfers = this.#transfers;
    const calls = transfers.map(({ block: { term } }) => (term.t === 'call' || term.t === 'tail' ? calleeReads(typeof term.target === 'number' ? term.target : NOWHERE) : -1));
    for (const transfer of transfers) transfer.before = 0;
    const afterOf = ({ block, successors: targets }: Transfer): number => {
      let live = block.term.t === 'ret' ? atReturn : 0;
      for (const target of targets) live |= transfers[target]!.before;
      return live;
    };
    const beforeTermOf = (transfer: Transfer, position: number, after: number): number =>
      (calls[position]! < 0 ? after : (after & ~CALLER_SAVED) | calls[position]!) | transfer.termReads;
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (let i = 0; i < transfers.length; i++) {
        const transfer = transfers[i]!;
        const live = (beforeTermOf(transfer, i, afterOf(transfer)) & ~transfer.writes) | transfer.reads;
        if (live === transfer.before) continue;
        transfer.before = live;
        isChanged = true;
      }
    }
    const before = new Map<number, number>(), after = new Map<Block, number>(), beforeTerm = new Map<Block, number>();
    transfers.forEach((transfer, position) => {
      const live = afterOf(transfer);
      before.set(transfer.block.start, transfer.before);
      after.set(transfer.block, live);
      beforeTerm.set(transfer.block, beforeTermOf(transfer, position, live));
    });
    return { before, after, beforeTerm };
  }
}

function insnTransfer(block: Block, unwrittenAtStart: number): { reads: number; writes: number } {
  const { insns } = block;
  const unwritten = unwrittenBefore(block, unwrittenAtStart);
  let reads = 0, writes = 0;
  for (let i = insns.length - 1; i >= 0; i--) {
    const { stmts } = insns[i]!;
    for (let k = stmts.length - 1; k >= 0; k--) {
      const stmt = stmts[k]!;
      const written = writtenRegisters(stmt);
      if (unwritten[i] !== 0) {
        if (savesUnknown(stmt, unwritten[i]!) !== 0) continue;
        const merged = mergedUnknown(stmt, unwritten[i]!);
        reads = (regsLiveBeforeStmt(stmt, reads) & ~merged);
      } else reads = regsLiveBeforeStmt(stmt, reads);
      writes |= written;
    }
  }
  return { reads, writes };
}

/**
 * Whether a block reads a register that the caller does not set and no path here has written. (One that some path has written is
 * an ordinary variable, which the compiler knows to be set whenever it counts.)
 */
function readsUnknown(block: Block, unwrittenAtStart: number | undefined): boolean {
  if (!unwrittenAtStart) return false;
  const unwritten = unwrittenBefore(block, unwrittenAtStart);
  const isRead = block.insns.some(({ stmts }, i) => unwritten[i] !== 0 && stmts.some((stmt) => readsOf(stmt) & unwritten[i]! & ~savesUnknown(stmt, unwritten[i]!) & ~mergedUnknown(stmt, unwritten[i]!)));
  const atTerm = block.insns.reduce((mask, insn) => mask & ~writtenByInsn(insn), unwrittenAtStart);
  return isRead || termExprs(block.term).some((expr) => (regsRead(expr) & atTerm) !== 0);
}

/** Stands for the target of an indirect call. */
const NOWHERE = Number.NaN;

const ENTRY_UNKNOWN = 0xffff & ~CONVENTIONAL;

/** Registers that no path from the entry has written yet at each block's start. */
function unwrittenAt(fn: IrFunction): ReadonlyMap<number, number> {
  const masks = new Map<number, number>([[fn.entry, ENTRY_UNKNOWN]]);
  const work = [fn.entry];
  while (work.length > 0) {
    const block = fn.blocks.get(work.pop()!);
    if (!block) continue;
    let mask = masks.get(block.start)!;
    for (const insn of block.insns) mask &= ~writtenByInsn(insn);
    if (block.term.t === 'call') mask &= ~CALLER_SAVED;
    for (const target of successors(block)) {
      const known = masks.get(target);
      const next = known === undefined ? mask : known & mask;
      if (next === known) continue;
      masks.set(target, next);
      work.push(target);
    }
  }
  return masks;
}
/** Registers a statement reads. */
export function readsOf(stmt: Stmt): number {
  let mask = stmt.s === 'string' ? stringReads(stmt) : stmt.s === 'intrinsic' ? stmt.reads & 0xffff : 0;
  for (const expr of stmtExprs(stmt)) mask |= regsRead(expr);
  return mask;
}

const writtenByInsn = (insn: Insn): number => insn.stmts.reduce((mask, stmt) => mask | writtenRegisters(stmt), 0);

/** Registers still unwritten before each instruction of a block. */
function unwrittenBefore(block: Block, atStart: number): number[] {
  let mask = atStart;
  return block.insns.map((insn) => {
    const before = mask;
    mask &= ~writtenByInsn(insn);
    return before;
  });
}

/**
 * The register that a statement saves to the stack while it still holds the caller's value (or none, r10 as padding); 0 if it does
 * not. Translated code knows no such value: each frame keeps its own registers, so the saved one is never looked at.
 */
export function savesUnknown(stmt: Stmt, unwritten: number): number {
  if (stmt.s !== 'store' || stmt.size !== 8 || stmt.value.op !== 'reg' || !isStackAddress(stmt.addr)) return 0;
  return (1 << stmt.value.reg) & unwritten;
}

/** The register that a statement sets partly (`sete %al`) while the rest, at which nobody looks, is unknown; 0 if it does not. */
function mergedUnknown(stmt: Stmt, unwritten: number): number {
  if (stmt.s !== 'reg' || !(unwritten >> stmt.reg & 1) || stmt.value.op !== 'or') return 0;
  const keeps = [stmt.value.a, stmt.value.b].some((part) => part.op === 'and' && part.a.op === 'reg' && part.a.reg === stmt.reg && part.b.op === 'const');
  return keeps ? 1 << stmt.reg : 0;
}

/** For each instruction of a function, by block start: the registers still unwritten before it. */
export function unwrittenRegisters(fn: IrFunction): (block: Block) => readonly number[] {
  const masks = unwrittenAt(fn);
  return (block) => unwrittenBefore(block, masks.get(block.start) ?? 0);
}

/**
 * Caller-saved registers that may hold an argument at each call: written since the last call (or come as `parameters`). The others
 * hold nothing, or what stands in the block since the function was entered.
 */
export function argumentsAtCalls(flow: ControlFlow, parameters: number): ReadonlyMap<Block, number> {
  const atStart = new Map<FlowNode, number>([[flow.nodes[0]!, parameters]]);
  const atTerm = new Map<Block, number>();
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const node of flow.nodes) {
      let mask = atStart.get(node) ?? 0;
      for (const insn of node.block.insns) mask |= writtenByInsn(insn);
      atTerm.set(node.block, mask);
      // A call leaves its results.
      if (node.block.term.t === 'call') mask = (1 << RAX) | (1 << RDX);
      for (const successor of node.successors) {
        const known = atStart.get(successor);
        const next = (known ?? 0) | mask;
        if (next === known) continue;
        atStart.set(successor, next);
        isChanged = true;
      }
    }
  }
  return atTerm;
}
