import { describe, expect, it } from 'vitest';
import { add, and, binary, c32, c64, eqz, extendS, extendU, load32, load64, pred, reg, select, setReg, setTmp, store, sub, tmp, unary, wrap } from './build.ts';
import { ARGUMENT_REGISTERS, predicateLiveness, predNames, registerLiveness } from './liveness.ts';
import { lowerFlags } from './lower-flags.ts';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, type IrFunction, type Stmt } from './ir.ts';
import { FunctionSketch } from './sketch.ts';
import { stackMap } from './stack.ts';
import { functionText } from './text.ts';
import { verify } from './verifier.ts';
import { chargePoints } from './work.ts';

const BASE = -0x1000_0000;
const flags = (kind: Extract<Stmt, { s: 'flags' }>['kind'], a = reg(RDI), b = c64(1), c = c32(0)): Stmt => ({ s: 'flags', kind, size: 8, a, b, c, r: tmp('i64', 0) });
const decrement = [setTmp(0, sub(reg(RDI), c64(1))), flags('sub'), setReg(RDI, tmp('i64', 0))];
const sketch = (): FunctionSketch => new FunctionSketch('f', BASE);

describe('builders', () => {
  it('fold constants and neutral elements', () => {
    expect(add(c32(0x7fffffff), c32(1))).toEqual(c32(-0x80000000));
    expect(binary('shr_u', c64(-1), c64(63))).toEqual(c64(1));
    expect(c64(1n << 63n)).toEqual({ op: 'const', type: 'i64', value: -(1n << 63n) });
    expect(c64(0xffff_ffff_8000_0000n)).toEqual({ op: 'const', type: 'i64', value: -0x8000_0000 });
    expect(add(reg(1), c64(0))).toBe(reg(1));
    expect(add(add(reg(RSP), c64(-8)), c64(8))).toBe(reg(RSP));
    expect(add(add(reg(RSP), c64(-8)), c64(16))).toEqual(add(reg(RSP), c64(8)));
    expect(and(wrap(reg(1)), c32(-1))).toEqual(wrap(reg(1)));
    expect(wrap(extendU(pred('z')))).toEqual(pred('z'));
    expect(extendS(c32(-1))).toEqual(c64(-1));
    expect(unary('popcnt', c64(-1))).toEqual(c64(64));
    expect(select(c32(1), reg(1), reg(2))).toBe(reg(1));
  });
  it('leave what has no result to the machine', () => {
    expect(binary('div_u', c32(1), c32(0)).op).toBe('div_u');
  });
});

describe('predicate liveness', () => {
  const live = (fn: IrFunction, start: number): string[] => predNames(predicateLiveness(fn).before(fn.blocks.get(start)!));

  it('follows loops, dies at calls and returns', () => {
    const fn = sketch().set(RAX, c64(0)).label('loop').set(RAX, add(reg(RAX), extendU(pred('b')))).insn(...decrement).branch(pred('le'), 'loop').call(BASE).ret().build();
    expect(live(fn, BASE)).toEqual(['b']);
    expect(live(fn, BASE + 4)).toEqual(['b']);
    expect(live(fn, BASE + 16)).toEqual([]);
  });
  it('passes through what keeps a flag, and counts what combinations are made of', () => {
    const fn = sketch().insn(setTmp(0, add(reg(RDI), c64(1))), flags('inc')).branch(pred('be'), 'out').label('out').ret().build();
    expect(live(fn, BASE)).toEqual(['b']);
    const shift = sketch().insn(setTmp(0, binary('shl', reg(RDI), reg(RCX))), flags('shl', reg(RDI), reg(RCX))).branch(pred('s'), 'out').label('out').ret().build();
    expect(live(shift, BASE)).toEqual(['s']);
  });
  it('intrinsics and string comparisons', () => {
    const pushf = sketch().insn({ s: 'intrinsic', name: 'pushf', args: [8], reads: 1 << 16, writes: 0, addr: null }).ret().build();
    expect(live(pushf, BASE).length).toBe(9);
    const scas = (rep: 'none' | 'repne'): IrFunction => sketch().insn({ s: 'string', kind: 'scas', size: 1, rep }).branch(pred('z'), 'out').label('out').ret().build();
    expect(live(scas('none'), BASE)).toEqual([]);
    expect(live(scas('repne'), BASE)).toEqual(['z']);
  });
  it('lowers flags to the predicates that are read', () => {
    const fn = sketch().insn(...decrement).insn(setTmp(0, add(reg(RSI), c64(1))), flags('adc', reg(RSI), c64(1), pred('b')), setReg(RSI, tmp('i64', 0)))
      .branch(pred('b'), 'out').call(BASE).label('out').ret().build();
    expect(verify(fn)).toEqual([]);
    const lowered = lowerFlags(fn);
    expect(verify(lowered)).toEqual([]);
    expect(functionText(lowered)).toBe(`function f at 0xfffffffff0000000
+0:
  +0    t0 = (sub rdi 1L)
        ?b = (lt_u rdi 1L)
        rdi = t0
  +4    t0 = (add rsi 1L)
        t1 = ?b
        ?b = (i32.or (lt_u t0 rsi) (i32.and t1 (eq t0 rsi)))
        rsi = t0
  +8    branch ?b +10 else +c
+c:
  +c    call +0 then +10
+10:
  +10   ret
`);
  });
});

describe('register liveness', () => {
  it('tells the arguments a function takes', () => {
    const fn = sketch().push(RBX).set(RBX, reg(RSI)).label('loop').set(RDI, c64(1)).call(BASE).insn(...decrement).branch(eqz(pred('z')), 'loop').set(RAX, reg(RBX)).pop(RBX).ret().build();
    const before = registerLiveness(fn).before(fn.blocks.get(BASE)!);
    expect(before & ARGUMENT_REGISTERS & (1 << RSI)).toBeTruthy();
    expect(before & (1 << RDI)).toBe(0);
    // The loop's call may read the other argument registers.
    expect(before & (1 << RDX)).toBeTruthy();
    const leaf = sketch().set(RAX, add(reg(RDI), c64(1))).set(RDX, c64(0)).ret().build();
    expect(registerLiveness(leaf).before(leaf.blocks.get(BASE)!) & ARGUMENT_REGISTERS).toBe(1 << RDI);
  });
});

describe('stack map', () => {
  it('follows push, pop, sub, add and calls', () => {
    const fn = sketch().push(RBX).push(RBP).insn(setReg(RSP, sub(reg(RSP), c64(0x30)))).call(BASE).insn(setReg(RSP, add(reg(RSP), c64(0x30)))).pop(RBP).pop(RBX).ret().build();
    const map = stackMap(fn);
    expect([0, 4, 8, 12, 16, 20, 24, 28].map((offset) => map.at(BASE + offset))).toEqual([0, -8, -16, -64, -64, -16, -8, 0]);
    expect([map.isStatic, map.depth, map.at(BASE + 2)]).toEqual([true, 72, undefined]);
  });
  it('finds rsp again through a frame pointer', () => {
    const fn = sketch().push(RBP).set(RBP, reg(RSP)).insn(setReg(RSP, and(reg(RSP), c64(-64)))).call(BASE).insn(setReg(RSP, reg(RBP))).pop(RBP).ret().build();
    const map = stackMap(fn);
    expect([4, 8, 12, 16, 20, 24].map((offset) => map.at(BASE + offset))).toEqual([-8, -8, undefined, undefined, -8, 0]);
    expect(map.isStatic).toBe(false);
  });
  it('gives up where paths disagree, not before', () => {
    const fn = sketch().branch(eqz(reg(RDI)), 'join').push(RBX).label('join').set(RAX, c64(0)).ret().build();
    const map = stackMap(fn);
    expect([map.at(BASE + 4), map.at(BASE + 8), map.at(BASE + 12)]).toEqual([0, undefined, undefined]);
  });
  it('goes on behind the ud2 of a WARN, and through pushf', () => {
    const pushf: Stmt = { s: 'intrinsic', name: 'pushf', args: [8], reads: (1 << RSP) | (1 << 16), writes: 1 << RSP, addr: null };
    const fn = sketch().push(RBX).ud2().insn(pushf).pop(RAX).pop(RBX).ret().build();
    expect([4, 6, 10, 14, 18].map((offset) => stackMap(fn).at(BASE + offset))).toEqual([-8, -8, -16, -8, 0]);
  });
});

describe('work', () => {
  it('charges the entry and loop heads by the expected path', () => {
    const fn = sketch().set(RAX, c64(0)).label('loop').set(RAX, add(reg(RAX), c64(1))).branch(eqz(reg(RDI)), 'far').set(RCX, c64(0)).set(RCX, c64(1)).label('far').branch(eqz(reg(RSI)), 'loop').ret().build();
    expect([...chargePoints(fn)].map(([start, weight]) => [start - BASE, weight])).toEqual([[0, 2], [4, 1 + 1 + 1]]);
  });
  it('survives a long chain of blocks', () => {
    const f = sketch();
    for (let i = 0; i < 50_000; i++) f.insn().label(`l${i}`);
    expect(chargePoints(f.ret().build()).get(BASE)).toBe(50_001);
  });
});

describe('verifier', () => {
  const problems = (...stmts: Stmt[]): string[] => verify(sketch().insn(...stmts).ret().build()).map((text) => text.replace(/^[^:]*: /, ''));
  it('accepts what the builders make', () => {
    expect(problems(...decrement, store(8, reg(RSP), reg(RDI)))).toEqual([`store: may fault after 'flags' has changed state`]);
    expect(problems(setTmp(0, load64(reg(RDI))), flags('logic'), setReg(RAX, tmp('i64', 0)))).toEqual([]);
  });
  it('finds wrong types, undefined temporaries, late faults, lost targets', () => {
    expect(problems(setReg(RAX, wrap(reg(RCX))))).toEqual(['reg: value is i32, not i64']);
    expect(problems(setReg(RAX, tmp('i64', 3)))).toEqual([`reg: 'tmp': t3 is not defined`]);
    expect(problems(setTmp(0, c32(1)), setReg(RAX, tmp('i64', 0)))).toEqual([`reg: 'tmp': t0 is i32, not i64`]);
    expect(problems(setReg(RAX, c64(1)), setReg(RCX, extendU(load32(reg(RDI)))))).toEqual([`reg: may fault after 'reg' has changed state`]);
    expect(problems(setReg(RAX, { op: 'add', type: 'i64', a: reg(1), b: c32(1) }))).toEqual([`reg: 'add': operands are i64 and i32`]);
    expect(problems(store(4, reg(RDI), reg(RAX)))).toEqual(['store: value is i64, not i32']);
    expect(problems(setReg(RAX, { op: 'const', type: 'i64', value: 2 ** 60 }))[0]).toMatch(/is not exact/);
    const lost = sketch().insn().ret().build();
    (lost.blocks.get(BASE)! as { term: unknown }).term = { t: 'jump', target: BASE + 64 };
    expect(verify(lost)).toEqual(['-0xffffffc: jump: no block at -0xfffffc0']);
  });
});
