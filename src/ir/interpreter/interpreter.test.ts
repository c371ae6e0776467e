import { describe, expect, it } from 'vitest';
import { KERNEL_BASE } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import { add, binary, c32, c64, eqz, extendU, load, load64, ltU, pred, reg, setPred, setReg, setTmp, store, sub, tmp, trapif, unary, wrap } from '../build.ts';
import { evalBinary, evalUnary } from '../fold.ts';
import { PREDICATES, RAX, RCX, RDI, RSI, RSP, type BinaryOp, type Expr, type IrFunction, type Stmt, type UnaryOp } from '../ir.ts';
import { FunctionSketch } from '../sketch.ts';
import { verify } from '../verifier.ts';
import { FunctionCode } from './code.ts';
import { Interpreter, LEFT } from './interpreter.ts';
import { Machine } from './machine.ts';

const RAM_SIZE = 1 << 20;
const READ_ONLY_FROM = RAM_SIZE - 0x10000;
const CODE = KERNEL_BASE + RAM_SIZE - 0x8000;
const DATA = KERNEL_BASE + 0x20000;

function setup(): { ram: Ram; m: Machine; interpreter: Interpreter; big: BigInt64Array } {
  const ram = new Ram(RAM_SIZE);
  const block = 0x1000;
  const m = new Machine({
    ram, regs: new Int32Array(ram.memory.buffer, block, 32), preds: new Uint8Array(ram.memory.buffer, block + 0xb0, 9),
    bases: new Int32Array(ram.memory.buffer, block + 0x90, 4), budget: new Int32Array(ram.memory.buffer, block + 0xa0, 1), readOnlyFrom: READ_ONLY_FROM,
  });
  m.budget[0] = 1_000_000;
  m.setRegister(RSP, KERNEL_BASE + 0x11000);
  return { ram, m, interpreter: new Interpreter(m), big: new BigInt64Array(ram.memory.buffer, block, 16) };
}
function runFunction(s: ReturnType<typeof setup>, fn: IrFunction): number {
  expect(verify(fn)).toEqual([]);
  const code = new FunctionCode(s.m, fn);
  return s.interpreter.run(code.entry, 0);
}
const runStmts = (s: ReturnType<typeof setup>, ...stmts: Stmt[]): number => runFunction(s, new FunctionSketch('f', CODE).insn(...stmts).ret().build());

const CORNERS = [0n, 1n, -1n, 2n, 31n, 32n, 33n, 63n, 64n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 32n, -(1n << 31n), 1n << 63n, (1n << 63n) - 1n, 0x123456789abcdef0n, -0x123456789abcdefn, 0xff80n, 0x8000n];

describe('expressions against bigint', () => {
  const s = setup();
  const BINARY: readonly BinaryOp[] = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_u', 'shr_s', 'rotl', 'rotr', 'div_u', 'div_s', 'rem_u', 'rem_s', 'eq', 'ne', 'lt_u', 'lt_s', 'le_u', 'le_s', 'gt_u', 'gt_s', 'ge_u', 'ge_s', 'mulhi_u', 'mulhi_s'];
  const UNARY: readonly UnaryOp[] = ['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s', 'extend32_s', 'wrap', 'extend_u', 'extend_s'];

  /** Runs `e` over rcx and rdi, with rax for the result. */
  const evaluate = (e: Expr, a: bigint, b: bigint): bigint => {
    s.big[RCX] = BigInt.asIntN(64, a);
    s.big[RDI] = BigInt.asIntN(64, b);
    s.m.setRegister(RSP, KERNEL_BASE + 0x11000);
    expect(runStmts(s, setReg(RAX, e.type === 'i32' ? extendU(e) : e))).toBe(LEFT.ret);
    return BigInt.asUintN(64, s.big[RAX]!);
  };
  for (const op of BINARY) {
    it(op, () => {
      for (const type of ['i32', 'i64'] as const) {
        if (type === 'i32' && op.startsWith('mulhi')) continue;
        const x = type === 'i32' ? wrap(reg(RCX)) : reg(RCX);
        const y = type === 'i32' ? wrap(reg(RDI)) : reg(RDI);
        for (const a of CORNERS) {
          for (const b of CORNERS) {
            const expected = evalBinary(op, type, a, b);
            if (expected === undefined) continue;
            const constant = type === 'i32' ? c32(Number(BigInt.asIntN(32, b))) : c64(b);
            for (const right of [y, constant]) {
              const got = evaluate(binary(op, x, right), a, b);
              if (got !== expected) throw new Error(`${type}.${op} ${a} ${b} = ${got}, not ${expected}`);
            }
          }
        }
      }
    });
  }
  it('unary operators', () => {
    for (const op of UNARY) {
      for (const type of ['i32', 'i64'] as const) {
        if ((op === 'wrap' || op === 'extend32_s') && type === 'i32') continue;
        if ((op === 'extend_u' || op === 'extend_s') && type === 'i64') continue;
        for (const a of CORNERS) {
          const got = evaluate(unary(op, type === 'i32' ? wrap(reg(RCX)) : reg(RCX)), a, 0n);
          if (got !== evalUnary(op, type, a)) throw new Error(`${type}.${op} ${a} = ${got}`);
        }
      }
    }
  });
  it('select, loads of every size', () => {
    expect(evaluate({ op: 'select', type: 'i64', cond: eqz(wrap(reg(RCX))), a: c64(-5), b: reg(RDI) }, 0n, 7n)).toBe(BigInt.asUintN(64, -5n));
    expect(evaluate({ op: 'select', type: 'i64', cond: eqz(wrap(reg(RCX))), a: c64(-5), b: reg(RDI) }, 1n, 7n << 40n)).toBe(7n << 40n);
    s.ram.writeU64(DATA, 0xf1e2d3c4b5a69788n);
    for (const [size, signed, type, value] of [
      [1, false, 'i32', 0x88n], [1, true, 'i32', 0xffffff88n], [2, false, 'i32', 0x9788n], [2, true, 'i32', 0xffff9788n], [4, false, 'i32', 0xb5a69788n],
      [1, true, 'i64', 0xffffffffffffff88n], [2, false, 'i64', 0x9788n], [4, false, 'i64', 0xb5a69788n], [4, true, 'i64', 0xffffffffb5a69788n], [8, false, 'i64', 0xf1e2d3c4b5a69788n],
    ] as const) expect(evaluate(load(type, size, c64(DATA), signed), 0n, 0n)).toBe(value);
  });
});

describe('memory', () => {
  const fault = (stmt: Stmt): readonly [number, number, number] => {
    const s = setup();
    s.m.setRegister(RAX, 1234);
    const fn = new FunctionSketch('f', CODE).insn(setTmp(0, c64(1))).insn(stmt, setReg(RAX, c64(0))).ret().build();
    expect(runFunction(s, fn)).toBe(LEFT.fault);
    expect(s.interpreter.block.pcOf(s.interpreter.step)).toBe(CODE + 4);
    expect(s.m.register(RAX)).toBe(1234);
    return [s.m.fault.vector, s.m.fault.errorCode, s.m.fault.address];
  };
  it('faults as the processor reports them', () => {
    expect(fault(setTmp(0, load64(c64(0))))).toEqual([14, 0, 0]);
    expect(fault(setTmp(0, load64(c64(0x7000_0000_1000))))).toEqual([14, 0, 0x7000_0000_1000]);
    expect(fault(store(4, c64(8), c32(1)))).toEqual([14, 2, 8]);
    expect(fault(store(1, c64(CODE), c32(1)))).toEqual([14, 3, CODE]);
    expect(fault(setTmp(0, load64(c64(0x1234567890abcdefn))))).toEqual([13, 0, 0]);
    expect(fault(store(8, c64(-0x8000_0000_0001n << 4n), c64(1)))).toEqual([13, 0, 0]);
    expect(fault(setTmp(0, load64(c64(KERNEL_BASE + 16))))).toEqual([14, 0, KERNEL_BASE + 16]);
    expect(fault(setTmp(0, load64(c64(KERNEL_BASE + RAM_SIZE))))).toEqual([14, 0, KERNEL_BASE + RAM_SIZE]);
  });
  it('reports the first byte that faults of an access across a border', () => {
    expect(fault(setTmp(0, load64(c64(KERNEL_BASE + RAM_SIZE - 4))))).toEqual([14, 0, KERNEL_BASE + RAM_SIZE]);
    expect(fault(store(8, c64(KERNEL_BASE + READ_ONLY_FROM - 4), c64(1)))).toEqual([14, 3, KERNEL_BASE + READ_ONLY_FROM]);
  });
  it('asks the outside before it faults', () => {
    const s = setup();
    const seen: unknown[] = [];
    s.m.outside = {
      load: (address, size) => {
        seen.push(['load', address, size]);
        return 0x1122334455667788n;
      },
      store: (address, size, value) => {
        seen.push(['store', address, size, value]);
        return true;
      },
    };
    runStmts(s, setTmp(0, load64(c64(0x1000_0000_0000))), store(8, c64(0x1000_0000_0008), tmp('i64', 0)), store(2, c64(-0x4000_0000_0000), c32(-1)));
    expect(seen).toEqual([['load', 0x1000_0000_0000, 8], ['store', 0x1000_0000_0008, 8, 0x1122334455667788n], ['store', -0x4000_0000_0000, 2, 0xffffn]]);
  });
  it('raises what trapif says', () => {
    const s = setup();
    expect(runStmts(s, trapif(0, eqz(wrap(reg(RCX)))))).toBe(LEFT.fault);
    expect(s.m.fault.vector).toBe(0);
  });
});

describe('control', () => {
  /** Sums 1..rdi into rax. */
  const sumTo = (): IrFunction => new FunctionSketch('sum', CODE)
    .set(RAX, c64(0)).label('loop')
    .set(RAX, add(reg(RAX), reg(RDI)))
    .insn(setTmp(0, sub(reg(RDI), c64(1))), { s: 'flags', kind: 'sub', size: 8, a: reg(RDI), b: c64(1), c: c32(0), r: tmp('i64', 0) }, setReg(RDI, tmp('i64', 0)))
    .branch(eqz(pred('z')), 'loop').ret().build();

  it('loops, computing only the predicate that is read', () => {
    const s = setup();
    s.m.setRegister(RDI, 1000);
    s.m.preds.fill(7);
    expect(runFunction(s, sumTo())).toBe(LEFT.ret);
    expect(s.m.register(RAX)).toBe(500500);
    expect([...s.m.preds]).toEqual(PREDICATES.map((p) => (p === 'z' ? 1 : 7)));
  });
  it('charges loops and stops when the budget is spent, then goes on without charging again', () => {
    const s = setup();
    s.m.setRegister(RDI, 1000);
    s.m.budget[0] = 100;
    const code = new FunctionCode(s.m, sumTo());
    let why: number = s.interpreter.run(code.entry, 0);
    let refills = 0;
    while (why === LEFT.budget) {
      s.m.budget[0] = s.m.budget[0]! + 100;
      refills++;
      why = s.interpreter.run(s.interpreter.block, s.interpreter.step);
    }
    const weight = code.weights.get(CODE + 4)!;
    expect(weight).toBe(3);
    expect(100 + refills * 100 - s.m.budget[0]!).toBe(1000 * weight);
    expect(s.m.register(RAX)).toBe(500500);
  });
  it('hands over hot loops', () => {
    const s = setup();
    s.m.setRegister(RDI, 1000);
    const code = new FunctionCode(s.m, sumTo());
    code.workLimit = 30;
    expect(s.interpreter.run(code.entry, 0)).toBe(LEFT.hot);
    expect(code.work).toBe(30);
    expect(s.interpreter.block.block.start).toBe(CODE + 4);
  });
  it('pushes the resume point of a call and pops it at a return', () => {
    const s = setup();
    expect(runFunction(s, new FunctionSketch('f', CODE).call(reg(RDI)).ret().build())).toBe(LEFT.call);
    expect(s.ram.readPtr(KERNEL_BASE + 0x10ff8)).toBe(CODE + 4);
    expect(s.interpreter.run(s.interpreter.block.linkNext(), 0)).toBe(LEFT.ret);
    expect([s.interpreter.targetLow, s.interpreter.targetHigh]).toEqual([(CODE + 4) | 0, -1]);
    expect(s.m.register(RSP)).toBe(KERNEL_BASE + 0x11000);
  });
  it('starts at any instruction', () => {
    const s = setup();
    const fn = new FunctionSketch('f', CODE).set(RAX, c64(1)).insn().set(RCX, c64(2)).ret().build();
    const code = new FunctionCode(s.m, fn);
    for (const [pc, rax, rcx] of [[CODE, 1, 2], [CODE + 4, 0, 2], [CODE + 8, 0, 2], [CODE + 12, 0, 0]] as const) {
      s.m.setRegister(RAX, 0);
      s.m.setRegister(RCX, 0);
      const at = code.position(pc)!;
      s.interpreter.run(at.block, at.step);
      expect([s.m.register(RAX), s.m.register(RCX)]).toEqual([rax, rcx]);
    }
    expect(code.position(CODE + 2)).toBeUndefined();
  });
  it('keeps predicates across instructions of a block', () => {
    const s = setup();
    const fn = new FunctionSketch('f', CODE).insn(setPred('l', ltU(c32(1), c32(2)))).insn(setReg(RAX, extendU(pred('l')))).ret().build();
    runFunction(s, fn);
    expect(s.m.register(RAX)).toBe(1);
  });
});

describe('string instructions', () => {
  const string = (kind: Extract<Stmt, { s: 'string' }>['kind'], size: 1 | 2 | 4 | 8, rep: Extract<Stmt, { s: 'string' }>['rep']): Stmt => ({ s: 'string', kind, size, rep });
  const start = (rdi: number, rsi: number, rcx: number, rax: bigint): ReturnType<typeof setup> => {
    const s = setup();
    s.m.setRegister(RDI, rdi);
    s.m.setRegister(RSI, rsi);
    s.m.setRegister(RCX, rcx);
    s.big[RAX] = BigInt.asIntN(64, rax);
    return s;
  };
  const registers = (s: ReturnType<typeof setup>): number[] => [s.m.register(RDI), s.m.register(RSI), s.m.register(RCX)];

  it('rep stos fills', () => {
    for (const size of [1, 2, 4, 8] as const) {
      for (const rax of [0n, 0x1122334455667788n, 0x5555555555555555n]) {
        const s = start(DATA, 0, 5, rax);
        runStmts(s, string('stos', size, 'rep'));
        const expected = new Uint8Array(5 * size + 1);
        for (let i = 0; i < 5 * size; i++) expected[i] = Number((rax >> BigInt(8 * (i % size))) & 0xffn);
        expect([...s.ram.bytes(DATA, 5 * size + 1)]).toEqual([...expected]);
        expect(registers(s)).toEqual([DATA + 5 * size, 0, 0]);
      }
    }
  });
  it('rep movs copies, and repeats when the destination lies inside the source', () => {
    for (const [size, distance] of [[1, 1], [1, 100], [8, 8], [8, 3], [4, 2], [8, -8], [8, 12]] as const) {
      const s = start(DATA + distance, DATA, 6, 0n);
      for (let i = 0; i < 200; i++) s.ram.writeU8(DATA - 20 + i, (i * 7) & 0xff);
      const model = [...s.ram.bytes(DATA - 20, 200)];
      for (let i = 0; i < 6; i++) {
        const element = model.slice(20 + i * size, 20 + (i + 1) * size);
        element.forEach((byte, k) => void (model[20 + distance + i * size + k] = byte));
      }
      runStmts(s, string('movs', size, 'rep'));
      expect([...s.ram.bytes(DATA - 20, 200)]).toEqual(model);
      expect(registers(s)).toEqual([DATA + distance + 6 * size, DATA + 6 * size, 0]);
    }
  });
  it('stops at the element that faults, and goes on from there', () => {
    const s = start(KERNEL_BASE + READ_ONLY_FROM - 12, 0, 5, 0x77n);
    expect(runStmts(s, string('stos', 4, 'rep'))).toBe(LEFT.fault);
    expect([s.m.fault.vector, s.m.fault.errorCode, s.m.fault.address]).toEqual([14, 3, KERNEL_BASE + READ_ONLY_FROM]);
    expect(registers(s)).toEqual([KERNEL_BASE + READ_ONLY_FROM, 0, 2]);
    s.m.setRegister(RDI, DATA);
    expect(s.interpreter.run(s.interpreter.block, s.interpreter.step)).toBe(LEFT.ret);
    expect(registers(s)).toEqual([DATA + 8, 0, 0]);
  });
  it('repe cmps and repne scas stop at the deciding element with the flags of its comparison', () => {
    const s = start(DATA, DATA + 100, 10, 0n);
    s.ram.writeCString(DATA, 'kernel');
    s.ram.writeCString(DATA + 100, 'kerMel');
    runStmts(s, string('cmps', 1, 'repe'));
    expect(registers(s)).toEqual([DATA + 4, DATA + 104, 6]);
    // 'M' - 'n' = 0x4d - 0x6e
    expect([...s.m.preds]).toEqual([0, 1, 0, 1, 0, 1, 1, 1, 1]);
    const t = start(DATA, 0, 100, 0n);
    t.ram.writeCString(DATA, 'strlen');
    runStmts(t, string('scas', 1, 'repne'));
    expect(registers(t)).toEqual([DATA + 7, 0, 93]);
    expect(t.m.preds[2]).toBe(1);
  });
  it('a count of zero does nothing, not even to the flags', () => {
    const s = start(0, 0, 0, 0n);
    s.m.preds.fill(7);
    for (const kind of ['movs', 'stos', 'cmps', 'scas'] as const) expect(runStmts(s, string(kind, 8, kind === 'cmps' ? 'repe' : 'rep'))).toBe(LEFT.ret);
    expect([...s.m.preds]).toEqual(new Array(9).fill(7));
  });
  it('ins and outs go through the port intrinsics', () => {
    const s = start(DATA, DATA, 2, 0x99n);
    const written: number[] = [];
    s.m.intrinsic = (name) => {
      if (name === 'in') s.m.regs[0] = 0xabcd;
      else written.push(s.m.regs[0]!);
    };
    runStmts(s, string('ins', 2, 'rep'));
    expect(s.ram.readU32(DATA)).toBe(0xabcdabcd);
    s.m.setRegister(RCX, 1);
    runStmts(s, string('outs', 2, 'none'));
    expect(written).toEqual([0xabcd]);
    expect(s.m.register(RAX)).toBe(0x99);
  });
});
