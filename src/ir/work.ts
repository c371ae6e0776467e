// How much work a run counts, alike in both engines: a charge at each entry of a charged block. Charged are the function's entry and
// every target of a jump backward in address, so each cycle holds one. The weight estimates the instructions executed until the next
// charge, each branch taken half of the time. Calls, faults and resumptions charge nothing of their own.

import type { Block, IrFunction } from './ir.ts';

/** Successors inside the function, in the order of the terminator's fields; a call falls through to its resume point. */
export function successors(block: Block): readonly number[] {
  const term = block.term;
  switch (term.t) {
    case 'jump': return [term.target];
    case 'branch': return [term.taken, term.next];
    case 'call': return [term.next];
    default: return [];
  }
}

/** Weight of each charged block, by start address. */
export function chargePoints(fn: IrFunction): ReadonlyMap<number, number> {
  const charged = new Set([fn.entry]);
  for (const block of fn.blocks.values()) {
    for (const target of successors(block)) if (target <= block.start) charged.add(target);
  }
  const lengths = new Map<number, number>();
  const weights = new Map<number, number>();
  for (const start of charged) weights.set(start, 1 + pathLength(fn, start, charged, lengths));
  return weights;
}

/** Expected instructions from `root` to the next charged block. Iterative: a function may have thousands of blocks in a row. */
function pathLength(fn: IrFunction, root: number, charged: ReadonlySet<number>, lengths: Map<number, number>): number {
  const stack = [root];
  while (stack.length > 0) {
    const start = stack[stack.length - 1]!;
    const block = fn.blocks.get(start);
    const ahead = block ? successors(block).filter((target) => !charged.has(target) && fn.blocks.has(target)) : [];
    const open = ahead.filter((target) => !lengths.has(target));
    if (open.length > 0) {
      stack.push(...open);
      continue;
    }
    let sum = 0;
    for (const target of ahead) sum += lengths.get(target)!;
    const share = block && block.term.t === 'branch' ? Math.floor(sum / 2) : sum;
    lengths.set(start, (block?.insns.length ?? 0) + share);
    stack.pop();
  }
  return lengths.get(root)!;
}
