// Decides what is translated, and when: a function that has done so much work in the interpreter that translating it is likely
// to pay. Most functions of a module run once; then the translator is not even loaded by the host's compiler.

import { assert } from '../base/assert.ts';
import type { FunctionCode } from '../ir/interpreter/code.ts';
import type { Block } from '../ir/ir.ts';
import { KIND, type CallTarget, type GuestFunction } from './targets.ts';
import type { CodeMap } from './code-map.ts';
import type { WasmBackEnd } from './wasm-runtime.ts';

export interface TieringLimits {
  /** Work (ir/work.ts) that a function does in the interpreter before it is translated: at its next call, or in its loop ... */
  readonly work: number;
  /** ... and so much more for each of its instructions, since long functions cost more. */
  readonly workPerInsn?: number;
}
export const DEFAULT_LIMITS: TieringLimits = { work: 50_000, workPerInsn: 400 };
/** What a call from translated code into the interpreter counts: passing the border costs more than most functions. */
const BORDER_WORK = 200;

export class Tiering {
  readonly limits: TieringLimits;
  readonly #code: CodeMap;
  readonly #backEnd: WasmBackEnd;
  /** By slot. Slot 0 belongs to nobody. */
  readonly #slots: (CallTarget | undefined)[] = [undefined];

  constructor(code: CodeMap, backEnd: WasmBackEnd, limits: TieringLimits) {
    this.#code = code;
    this.#backEnd = backEnd;
    assert(limits.work >= 0, 'a limit of work is given');
    this.limits = limits;
  }

  /** At a call: true when the function is translated, perhaps just now. */
  isTranslated(fn: GuestFunction): boolean {
    if (fn.translation !== 'none') return fn.translation === 'done';
    const limit = fn.code ? fn.code.workLimit : this.limits.work;
    return (fn.code?.work ?? 0) >= limit && this.translate(fn);
  }
  /** The same for a call from translated code. */
  isTranslatedForBorder(fn: GuestFunction): boolean {
    if (fn.code) fn.code.work += BORDER_WORK;
    return this.isTranslated(fn);
  }

  limitOf(fn: GuestFunction): number { return this.limits.work + (this.limits.workPerInsn ?? 0) * fn.fn.nrInsns; }

  translate(fn: GuestFunction): boolean {
    if (fn.translation === 'none') {
      const group = this.#group(fn);
      const failed = new Set(this.#backEnd.translate(group.map((member) => ({ slot: this.slotOf(member), fn: member.fn, likely: likelyTargets(member) }))));
      for (const member of group) member.translation = failed.has(member.slot) ? 'failed' : 'done';
    }
    return fn.translation === 'done';
  }

  /** The function with the callees it is likely to need, which then call each other directly. */
  #group(fn: GuestFunction): readonly GuestFunction[] {
    const group = new Set([fn]);
    for (const member of group) {
      for (const block of member.fn.blocks.values()) {
        if (block.term.t !== 'call' && block.term.t !== 'tail') continue;
        const callee = typeof block.term.target === 'number' ? this.#code.resolve(block.term.target) : likelyCallee(member, block);
        if (callee?.kind === KIND.guest && callee.isLifted && isWorthIncluding(callee) && group.size < 16) group.add(callee);
      }
    }
    return [...group];
  }

  /** A function loops: true when it can go on in its resumable version. The plain one is made when it is called again. */
  promoteLoop(fn: GuestFunction, code: FunctionCode): boolean {
    if (fn.code !== code || fn.isRemoved) return false;
    if (fn.resumable === 'none') {
      const hasVersion = this.#backEnd.translateResumable({ slot: this.slotOf(fn), fn: fn.fn });
      fn.resumable = hasVersion ? 'done' : 'failed';
    }
    return fn.resumable === 'done';
  }

  /** Kernel functions and thunks have slots too, for indirect calls. */
  slotOf(target: CallTarget): number {
    if (target.slot === 0) {
      target.slot = this.#slots.length;
      this.#slots.push(target);
      this.#backEnd.reserve(target.slot);
    }
    return target.slot;
  }
  at(slot: number): CallTarget { return this.#slots[slot]!; }

  /** Code was changed or removed. */
  drop(functions: readonly GuestFunction[]): void {
    for (const fn of functions) {
      if (fn.slot === 0) continue;
      for (const slot of this.#backEnd.reset(fn.slot)) {
        const member = this.#slots[slot];
        if (member?.kind === KIND.guest) member.translation = 'none';
      }
    }
  }
}

/** A small function that has code already gets some again, for the sake of a direct call. */
const isWorthIncluding = (callee: GuestFunction): boolean =>
  callee.translation === 'none' || (callee.translation === 'done' && callee.fn.nrInsns <= SMALL_FUNCTION);
const SMALL_FUNCTION = 60;

/** Where an indirect call of an interpreted function went last. */
const likelyCallee = (fn: GuestFunction, block: Block): CallTarget | undefined => {
  const callee = fn.code?.calleeAt(block.start) as CallTarget | undefined;
  return callee?.isRemoved ? undefined : callee;
};
function likelyTargets(fn: GuestFunction): ReadonlyMap<number, number> {
  const targets = new Map<number, number>();
  for (const block of fn.fn.blocks.values()) {
    if (block.term.t !== 'call' || typeof block.term.target === 'number') continue;
    const callee = likelyCallee(fn, block);
    if (callee?.kind === KIND.guest) targets.set(block.start, callee.entry);
  }
  return targets;
}
