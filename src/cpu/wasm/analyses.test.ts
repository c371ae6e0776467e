import { describe, expect, it } from 'vitest';
import { KERNEL_BASE } from '../../base/ptr.ts';
import { add, and, c32, c64, eqz, extendU, load, load64, or, pred, reg, setReg, shl, store, tmp, wrap } from '../../ir/build.ts';
import { RAX, RBX, RCX, RDI, RDX, RSI, RSP, type Expr, type IrFunction, type Stmt } from '../../ir/ir.ts';
import { FunctionSketch } from '../../ir/sketch.ts';
import { takeApart } from './address.ts';
import { CheckedBases } from './checked-bases.ts';
import { controlFlow } from './control-flow.ts';
import { signaturesOf } from './signatures.ts';
import { simplifyInsn } from './simplify.ts';
import { findWidths } from './widths.ts';

const ENTRY = KERNEL_BASE + 0x0300_0000, OTHER = ENTRY + 0x1000;
const sketch = (write: (f: FunctionSketch) => FunctionSketch, entry = ENTRY): IrFunction => write(new FunctionSketch('f', entry)).build();
const onZero: Expr = eqz(pred('z'));
const signatureOf = (...fns: IrFunction[]) => signaturesOf(fns, () => undefined).get(fns[0]!.entry)!;
const mask = (...registers: number[]): number => registers.reduce((sum, register) => sum | (1 << register), 0);

describe('control flow', () => {
  it('finds merges and loops, and unrolls a small one', () => {
    const flow = controlFlow(sketch((f) => f.branch(onZero, 'skip').set(RAX, c64(1)).label('skip').set(RAX, c64(2)).label('again').set(RAX, add(reg(RAX), c64(1))).branch(onZero, 'again').ret()))!;
    expect(flow.isReducible).toBe(true);
    const header = flow.nodes.find((node) => node.isLoopHeader)!;
    expect(header.iterations).toBe(8);
    expect(flow.nodes.filter((node) => node.block === header.block).map((node) => node.copy).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // The exit is reached from every copy.
    expect(flow.nodes.filter((node) => node.isMerge)).toHaveLength(2);
  });
  it('does not unroll a loop with a call', () => {
    const flow = controlFlow(sketch((f) => f.label('again').call(OTHER).branch(onZero, 'again').ret()))!;
    expect(flow.nodes.every((node) => node.iterations === 1 && node.copy === 0)).toBe(true);
  });
  it('sees that two loops with two entries are irreducible', () => {
    const fn = sketch((f) => f.branch(onZero, 'b').label('a').set(RAX, c64(1)).label('b').set(RAX, c64(2)).branch(onZero, 'a').ret());
    expect(controlFlow(fn)!.isReducible).toBe(false);
  });
  it('starts at any block, and only what is reached from there exists', () => {
    const fn = sketch((f) => f.set(RAX, c64(0)).label('middle').branch(onZero, 'end').set(RAX, c64(1)).label('end').ret());
    expect(controlFlow(fn, ENTRY + 4)!.nodes.map((node) => node.block.start - ENTRY)).toEqual([4, 8, 12]);
  });
});

describe('addresses', () => {
  const none = new Map();
  it('separate a base from a displacement', () => {
    expect(takeApart(add(add(reg(RDI), shl(reg(RAX), c64(3))), c64(24)), none, true)).toMatchObject({ kind: 'base', displacement: 24, bias: 0, factors: new Map([[RDI, 1], [RAX, 8]]) });
    expect(takeApart(add(reg(RSP), c64(-8)), none, true)).toEqual({ kind: 'stack', displacement: -8 });
    expect(takeApart(add(reg(RSP), c64(-8)), none, false)).toMatchObject({ kind: 'base', displacement: -8 });
    expect(takeApart(c64(-4096), none, true)).toEqual({ kind: 'constant', address: -4096 });
  });
  it('split a large constant so that members of one table share the base', () => {
    const first = takeApart(add(shl(reg(RAX), c64(4)), c64(-0x7cff_f000)), none, true), second = takeApart(add(shl(reg(RAX), c64(4)), c64(-0x7cff_eff8)), none, true);
    if (first.kind !== 'base' || second.kind !== 'base') throw new Error('no base');
    expect(first.key).toBe(second.key);
    expect(second.displacement - first.displacement).toBe(8);
  });
});

describe('checked bases', () => {
  const check = (fn: IrFunction): CheckedBases => {
    const flow = controlFlow(fn)!;
    const bases = new CheckedBases(flow.nodes, true);
    bases.startBlock(flow.nodes[0]!);
    return bases;
  };
  it('need one check until a register gets another value; a move is followed', () => {
    const bases = check(sketch((f) => f.insn(setReg(RAX, load64(reg(RDI)))).set(RDI, add(reg(RDI), c64(8))).insn(setReg(RCX, load64(reg(RDI)))).set(RDI, reg(RAX)).insn(setReg(RCX, load64(reg(RDI)))).ret()));
    const key = bases.keyNumber('r7')!;
    const found = [0, 1, 2, 3, 4].map((position) => {
      bases.startStep(position);
      const requirement = position % 2 === 0 ? bases.require(key, 0, false) : undefined;
      bases.finishStep();
      return requirement;
    });
    expect(found).toEqual([{ check: 'load', distance: 0 }, undefined, { check: 'none', distance: 8 }, undefined, { check: 'load', distance: 0 }]);
  });
  it('check for the store that comes later', () => {
    const bases = check(sketch((f) => f.insn(setReg(RAX, load64(reg(RDI)))).insn(store(8, reg(RDI), reg(RAX))).ret()));
    bases.startStep(0);
    expect(bases.require(bases.keyNumber('r7')!, 0, false).check).toBe('store');
    bases.finishStep();
    bases.startStep(1);
    expect(bases.require(bases.keyNumber('r7')!, 0, true).check).toBe('none');
  });
});

describe('signatures', () => {
  it('say which arguments are read, through callees of the unit', () => {
    const callee = sketch((f) => f.set(RAX, reg(RSI)).ret(), OTHER);
    expect(signatureOf(sketch((f) => f.set(RAX, reg(RDI)).call(OTHER).ret()), callee).reads).toBe(mask(RDI, RSI));
    expect(signatureOf(sketch((f) => f.call(OTHER).ret()), callee).reads).toBe(mask(RSI));
  });
  it('leave what is only passed on in the block', () => {
    const signature = signatureOf(sketch((f) => f.set(RAX, load64(reg(RDI))).tail(reg(RAX))));
    expect(signature.passesOn).toBe(mask(RCX, 8, 9));
    expect(signature.reads).toBe(mask(RDI, RSI, RDX));
  });
  it('know a function that reads what its caller does not set', () => {
    expect(signatureOf(sketch((f) => f.set(RAX, reg(RBX)).ret())).isStrict).toBe(true);
    expect(signatureOf(sketch((f) => f.push(RBX).set(RBX, reg(RDI)).set(RAX, reg(RBX)).pop(RBX).ret())).isStrict).toBe(false);
    // sete %al, and a variable that is set on one path.
    expect(signatureOf(sketch((f) => f.set(RAX, or(and(reg(RAX), c64(-256)), extendU(pred('z')))).ret())).isStrict).toBe(false);
    expect(signatureOf(sketch((f) => f.branch(onZero, 'set').jump('use').label('set').set(RBX, c64(1)).label('use').set(RAX, reg(RBX)).ret())).isStrict).toBe(false);
  });
});

describe('widths', () => {
  const narrowAt = (fn: IrFunction, position: number): boolean => findWidths(fn, signatureOf(fn).live).isNarrow([...fn.blocks.values()].flatMap((block) => block.insns)[position]!.stmts[0]!);
  const increment: Stmt = setReg(RCX, extendU(add(wrap(reg(RCX)), c32(1))));
  it('find a loop counter of 32 bits', () => {
    const fn = sketch((f) => f.set(RCX, c64(0)).label('again').insn(increment).branch(eqz(wrap(reg(RCX))), 'again').ret());
    expect([narrowAt(fn, 0), narrowAt(fn, 1)]).toEqual([true, true]);
  });
  it('keep it whole where it may come from elsewhere or is mostly read whole', () => {
    const parameter = sketch((f) => f.label('again').insn(increment).branch(eqz(wrap(reg(RCX))), 'again').ret());
    expect(narrowAt(parameter, 0)).toBe(false);
    const index = sketch((f) => f.set(RCX, c64(0)).label('again').insn(increment).insn(setReg(RAX, load('i64', 1, add(reg(RDI), reg(RCX))))).insn(setReg(RAX, add(reg(RAX), reg(RCX)))).branch(eqz(reg(RCX)), 'again').ret());
    expect(narrowAt(index, 1)).toBe(false);
  });
});

describe('simplification', () => {
  it('moves a temporary to its only reader, but no load over a store', () => {
    const insn = (...stmts: Stmt[]) => simplifyInsn({ pc: 0, next: 4, stmts });
    expect(insn({ s: 'tmp', tmp: 0, value: add(reg(RDI), c64(1)) }, setReg(RAX, tmp('i64', 0))).stmts).toEqual([setReg(RAX, add(reg(RDI), c64(1)))]);
    const exchange: Stmt[] = [{ s: 'tmp', tmp: 0, value: load64(reg(RDI)) }, store(8, reg(RDI), reg(RAX)), setReg(RAX, tmp('i64', 0))];
    expect(insn(...exchange).stmts).toEqual(exchange);
    expect(insn({ s: 'tmp', tmp: 0, value: add(reg(RDI), c64(1)) }, setReg(RAX, c64(0))).stmts).toEqual([setReg(RAX, c64(0))]);
  });
});
