// The engine that runs cold code, redoes what translated code could not finish, and is the reference in tests. It runs one function
// until control leaves it or something must be decided outside; calls and returns are its caller's business.

import type { BlockCode } from './code.ts';
import { TERM } from './code.ts';
import type { Machine } from './machine.ts';

/** Why `run` came back; `block` and `step` say where. */
export const LEFT = {
  /** A call: the return address is pushed, the target of an indirect one stands in targetLow/targetHigh. */
  call: 0,
  tail: 1,
  /** A return: the popped address is in targetLow/targetHigh. */
  ret: 2,
  trap: 3,
  /** `machine.fault` at the instruction of `step`; nothing of that instruction was done. */
  fault: 4,
  /** The budget is spent; the block was charged and not begun. */
  budget: 5,
  /** A function that loops has done its `workLimit` of work here; its block was charged and not begun. */
  hot: 6,
} as const;

export class Interpreter {
  readonly machine: Machine;
  block!: BlockCode;
  step = 0;
  targetLow = 0;
  targetHigh = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Charges the entry of a block; false when the budget is spent. */
  charge(block: BlockCode): boolean {
    if (block.weight === 0) return true;
    block.code.work += block.weight;
    return (this.machine.budget[0]! -= block.weight) >= 0;
  }

  /** Runs from a step of a block; the block itself is charged already. */
  run(from: BlockCode, fromStep: number): number {
    const machine = this.machine;
    const budget = machine.budget;
    let block = from;
    let step = fromStep;
    try {
      for (;;) {
        const steps = block.steps;
        for (const end = steps.length; step < end; step++) steps[step]!();
        switch (block.term) {
          case TERM.jump:
            block = block.next ?? block.linkNext();
            break;
          case TERM.branch:
            block = block.cond!() !== 0 ? (block.taken ?? block.linkTaken()) : (block.next ?? block.linkNext());
            break;
          case TERM.call:
            if (block.target) {
              this.targetLow = block.target();
              this.targetHigh = machine.hi;
            }
            machine.push(block.nextLow, block.nextHigh);
            return this.leave(block, step, LEFT.call);
          case TERM.tail:
            if (block.target) {
              this.targetLow = block.target();
              this.targetHigh = machine.hi;
            }
            return this.leave(block, step, LEFT.tail);
          case TERM.ret:
            this.targetLow = machine.top();
            this.targetHigh = machine.hi;
            machine.addToRsp(block.popBytes);
            return this.leave(block, step, LEFT.ret);
          default:
            return this.leave(block, step, LEFT.trap);
        }
        step = 0;
        if (block.weight !== 0) {
          block.code.work += block.weight;
          if ((budget[0]! -= block.weight) < 0) return this.leave(block, 0, LEFT.budget);
          if (block.code.work >= block.code.workLimit) return this.leave(block, 0, LEFT.hot);
        }
      }
    } catch (thrown) {
      this.leave(block, step, LEFT.fault);
      if (thrown !== machine.fault) throw thrown;
      return LEFT.fault;
    }
  }

  private leave(block: BlockCode, step: number, why: number): number {
    this.block = block;
    this.step = step;
    return why;
  }
}
