import { describe, expect, it } from 'vitest';
import { KERNEL_BASE, type Ptr } from '../base/ptr.ts';
import { add, c32, c64, eqz, load32, load64, pred, reg, select, setReg, setTmp, store, sub, tmp, wrap, extendU } from '../ir/build.ts';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, type Stmt } from '../ir/ir.ts';
import type { FunctionSketch } from '../ir/sketch.ts';
import { VECTOR, type GuestException, type Wait } from './api.ts';
import type { CpuOptions } from './cpu.ts';
import { CODE, DATA, STACK_SIZE, TestRig } from './test-rig.ts';
import { SleepInAtomicContext } from './unwinding.ts';
import { createWasmBackEnd } from './wasm/back-end.ts';

const R12 = 12;
const ENGINES: readonly (readonly [string, Partial<CpuOptions>])[] = [
  ['interpreter', {}],
  ['wasm from the first call', { wasm: createWasmBackEnd, tiering: { work: 0 } }],
  ['wasm after some work', { wasm: createWasmBackEnd, tiering: { work: 25 } }],
];

/** dest = dest - 1 with the flags of the subtraction. */
const decrement = (r: number): Stmt[] => [
  setTmp(0, sub(reg(r), c64(1))), { s: 'flags', kind: 'sub', size: 8, a: reg(r), b: c64(1), c: c32(0), r: tmp('i64', 0) }, setReg(r, tmp('i64', 0)),
];
const prologue = (f: FunctionSketch): FunctionSketch => f.push(RBX).push(R12);
const epilogue = (f: FunctionSketch): FunctionSketch => f.pop(R12).pop(RBX).ret();

describe.each(ENGINES)('%s', (_name, options) => {
  const rig = (): TestRig => new TestRig(options);
  const from = (r: TestRig): Ptr => r.host('caller', () => {}) + 5;
  /** Runs `body` several times, so that every engine gets its turn. */
  const often = (body: (round: number) => void): void => {
    for (let round = 0; round < 6; round++) body(round);
  };
  const catching = (body: () => unknown): unknown => {
    try {
      return body();
    } catch (thrown) {
      return thrown;
    }
  };

  it('calls with arguments in registers and on the stack, and returns all of rax', () => {
    const r = rig();
    const sum = r.guest('sum', (f) => f
      .set(RAX, add(reg(RDI), reg(RSI))).set(RAX, add(reg(RAX), reg(RDX))).set(RAX, add(reg(RAX), reg(RCX))).set(RAX, add(reg(RAX), reg(8))).set(RAX, add(reg(RAX), reg(9)))
      .insn(setTmp(0, load64(add(reg(RSP), c64(8)))), setReg(RAX, add(reg(RAX), tmp('i64', 0))))
      .insn(setTmp(0, load64(add(reg(RSP), c64(16)))), setReg(RAX, add(reg(RAX), tmp('i64', 0)))).ret());
    r.load();
    const back = from(r);
    often(() => {
      expect(r.cpu.call(sum, [1, 2n, true, -4, 1000000000000, 6, 700, 8000], back)).toBe(1000000008706);
      expect(r.cpu.call(sum, [0xf000000000000000n, 1, 0, 0, 0, 0, 0, 0], back)).toBeLessThan(0);
      expect(r.cpu.lastResult).toBe(BigInt.asIntN(64, 0xf000000000000001n));
      expect(r.cpu.registers.get(RSP)).toBe(r.stack.base + STACK_SIZE);
    });
    expect(r.ram.readPtr(r.stack.base + STACK_SIZE - 24)).toBe(back);
  });

  it('calls between guest functions keep callee-saved registers, host functions see registers and the stack', () => {
    const r = rig();
    const seen: unknown[] = [];
    const note = r.host('note', (regs) => {
      seen.push([regs.get(RDI), regs.get(RSI), r.ram.readPtr(regs.get(RSP)) - r.at('inner')]);
      regs.set(RAX, 40);
    });
    const inner = r.guest('inner', (f) => epilogue(prologue(f).set(RBX, c64(1)).set(R12, c64(2)).set(RSI, add(reg(RBX), reg(R12))).call(note).set(RAX, add(reg(RAX), reg(R12)))));
    const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, c64(100)).set(R12, reg(RDI)).call(inner).set(RAX, add(reg(RAX), reg(RBX))).set(RAX, add(reg(RAX), reg(R12)))));
    r.load();
    often((round) => expect(r.cpu.call(outer, [round], from(r))).toBe(142 + round));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((round) => [round, 3, 24]));
  });

  it('goes in and out of the kernel several times', () => {
    const r = rig();
    // depth(n): n === 0 ? 0 : 1 + via(n - 1), where via is a kernel function that calls depth.
    const via = r.host('via', (regs) => {
      const n = regs.get(RDI);
      const result = r.cpu.call(r.at('depth'), [n], via + 5);
      expect(regs.get(RDI)).toBe(n);
      regs.set(RAX, result);
    });
    const depth = r.guest('depth', (f) => prologue(f).set(RBX, c64(1)).set(RAX, c64(0)).branch(eqz(reg(RDI)), 'out').set(RDI, add(reg(RDI), c64(-1))).call(via)
      .set(RAX, add(reg(RAX), reg(RBX))).label('out').pop(R12).pop(RBX).ret());
    r.load();
    often(() => expect(r.cpu.call(depth, [20], from(r))).toBe(20));
  });

  describe('sleeping', () => {
    const WAIT: Wait = { kind: 'test' };
    /** a(x): rbx = x, r12 = 2x; calls b; b calls c; c calls the kernel's `nap`, which waits `times` and returns 7. */
    const nested = (r: TestRig, times: number): number => {
      const nap = r.host('nap', (regs) => (function* () {
        const before = regs.get(RDI);
        for (let i = 0; i < times; i++) yield WAIT;
        expect(regs.get(RDI)).toBe(before);
        regs.set(RAX, 7);
        regs.set(RDX, 70);
      })());
      const level = (name: string, callee: number, scale: number): number => r.guest(name, (f) => epilogue(prologue(f)
        .set(RBX, add(reg(RDI), c64(scale))).set(R12, c64(2 * scale)).set(RDI, add(reg(RDI), c64(1))).call(callee)
        .set(RAX, add(reg(RAX), reg(RBX))).set(RAX, add(reg(RAX), reg(R12))).set(RAX, add(reg(RAX), reg(RDX))).set(RDX, c64(scale))));
      return level('a', level('b', level('c', nap, 1000), 100), 10);
    };
    // c: 7 + (x+2+1000) + 2000 + 70; b: + (x+1+100) + 200 + 1000; a: + (x+10) + 20 + 100
    const expected = (x: number): number => 7 + (x + 2 + 1000) + 2000 + 70 + (x + 1 + 100) + 200 + 1000 + (x + 10) + 20 + 100;

    it('resumes three frames, each with its own callee-saved registers', () => {
      const r = rig();
      const a = nested(r, 2);
      r.load();
      often((x) => {
        const running = r.cpu.callSleeping(a, [x], from(r));
        expect(running.next()).toEqual({ value: WAIT, done: false });
        // Somebody else uses the processor meanwhile, on another stack.
        const other = TestRig.stack(1);
        const previous = r.cpu.useStack(other);
        expect(previous).toBe(r.stack);
        expect(r.stack.rsp).toBeLessThan(r.stack.base + STACK_SIZE - 40);
        r.cpu.registers.set(RBX, 99);
        r.cpu.registers.set(R12, 98);
        expect(r.cpu.useStack(r.stack)).toBe(other);
        expect(running.next()).toEqual({ value: WAIT, done: false });
        expect(running.next()).toEqual({ value: expected(x), done: true });
        expect(r.cpu.registers.get(RSP)).toBe(r.stack.base + STACK_SIZE);
      });
    });
    it('two tasks sleep in the same functions on stacks of their own', () => {
      const r = rig();
      const a = nested(r, 3);
      r.load();
      const stacks = [r.stack, TestRig.stack(1)];
      often((x) => {
        const tasks = [r.cpu.callSleeping(a, [x], from(r)), r.cpu.callSleeping(a, [1000 + x], from(r))];
        const results: unknown[] = [];
        for (let step = 0; results.length < 2; step++) {
          const which = step % 2;
          r.cpu.useStack(stacks[which]!);
          const { value, done } = tasks[which]!.next();
          if (done) results.push(value);
        }
        r.cpu.useStack(r.stack);
        expect(results).toEqual([expected(x), expected(1000 + x)]);
        for (const stack of stacks) expect(stack === r.stack ? r.cpu.registers.get(RSP) : stack.rsp).toBe(stack.base + STACK_SIZE);
      });
    });
    it('a kernel function that calls back may sleep in there', () => {
      const r = rig();
      const a = nested(r, 1);
      const relay = r.host('relay', (regs) => (function* () {
        const result = yield* r.cpu.callSleeping(a, [regs.get(RDI)], relay + 5);
        yield WAIT;
        regs.set(RAX, result + 1);
      })());
      const top = r.guest('top', (f) => epilogue(prologue(f).set(RBX, c64(5)).call(relay).set(RAX, add(reg(RAX), reg(RBX)))));
      r.load();
      often((x) => {
        const running = r.cpu.callSleeping(top, [x], from(r));
        expect(running.next().done).toBe(false);
        expect(running.next().done).toBe(false);
        expect(running.next()).toEqual({ value: expected(x) + 6, done: true });
      });
    });
    it('a tail call to a function that waits leaves no frame behind', () => {
      const r = rig();
      const nap = r.host('nap', (regs) => (function* () {
        yield WAIT;
        regs.set(RAX, 7);
      })());
      const leaf = r.guest('leaf', (f) => prologue(f).set(RBX, c64(1)).pop(R12).pop(RBX).tail(nap));
      const top = r.guest('top', (f) => epilogue(prologue(f).set(RBX, c64(5)).call(leaf).set(RAX, add(reg(RAX), reg(RBX)))));
      r.load();
      often(() => {
        const running = r.cpu.callSleeping(top, [], from(r));
        expect(running.next().done).toBe(false);
        expect(running.next()).toEqual({ value: 12, done: true });
      });
    });
    it('is a bug below a plain call, and leaves the processor usable', () => {
      const r = rig();
      const a = nested(r, 1);
      r.load();
      often(() => {
        expect(() => r.cpu.call(a, [1], from(r))).toThrow(SleepInAtomicContext);
        expect(r.cpu.registers.get(RSP)).toBe(r.stack.base + STACK_SIZE);
      });
    });
    it('a killed sleeper runs its cleanup and gives the stack back', () => {
      const r = rig();
      let cleaned = 0;
      const nap = r.host('nap', () => (function* () {
        try {
          yield WAIT;
        } finally {
          cleaned++;
        }
      })());
      const top = r.guest('top', (f) => epilogue(prologue(f).call(nap)));
      const five = r.guest('five', (f) => f.set(RAX, c64(5)).ret());
      r.load();
      const killed = new Error('killed');
      often((round) => {
        const running = r.cpu.callSleeping(top, [], from(r));
        running.next();
        if (round % 2) expect(() => running.throw(killed)).toThrow(killed);
        else running.return(0);
        expect(cleaned).toBe(round + 1);
        r.cpu.useStack(TestRig.stack(0));
        expect(r.cpu.call(five, [], from(r))).toBe(5);
      });
    });
  });

  describe('exceptions', () => {
    it('a WARN goes on behind its ud2, with all registers', () => {
      const r = rig();
      const warns: number[] = [];
      r.cpu.onException = (e) => {
        expect(e.vector).toBe(VECTOR.UD);
        warns.push(e.frame.pc - r.at('warning'));
        expect(e.frame.regs[RDI]).toBe(3n);
        // What a report does meanwhile must not matter.
        r.cpu.call(r.at('clobber'), [], from(r));
        e.frame.pc += 2;
        return 'resume';
      };
      r.guest('clobber', (f) => f.set(RBX, c64(0)).set(R12, c64(0)).set(RDI, c64(0)).set(RCX, c64(0)).insn({ s: 'pred', pred: 'z', value: c32(1) }).ret());
      const warning = r.guest('warning', (f) => prologue(f).set(RBX, c64(11)).set(R12, add(reg(RDI), c64(1))).set(RCX, c64(100)).ud2()
        .set(RAX, add(reg(RBX), reg(R12))).set(RAX, add(reg(RAX), reg(RCX))).pop(R12).pop(RBX).ret());
      const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, c64(1000)).set(R12, c64(2000)).call(warning).set(RAX, add(reg(RAX), reg(RBX))).set(RAX, add(reg(RAX), reg(R12)))));
      r.load();
      often(() => expect(r.cpu.call(outer, [3], from(r))).toBe(3000 + 11 + 4 + 100));
      expect(warns).toEqual(new Array(6).fill(5 * 4));
    });

    it('a fault in a nested plain call unwinds to where the handler throws to', () => {
      const r = rig();
      const faulty = r.guest('faulty', (f) => prologue(f).set(RBX, c64(0x1234)).insn(setTmp(0, load32(add(reg(RDI), c64(0x10)))), setReg(RAX, extendU(tmp('i32', 0)))).pop(R12).pop(RBX).ret());
      const relay = r.host('relay', (regs) => void r.cpu.call(faulty, [regs.get(RDI)], relay + 5));
      const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, c64(1)).call(relay)));
      r.load();
      r.ram.writeU32(DATA + 0x10, 5);
      often((round) => {
        const e = catching(() => r.cpu.call(outer, [0], from(r))) as GuestException;
        expect([e.vector, e.errorCode, e.address, e.frame.pc, e.frame.functionName]).toEqual([VECTOR.PF, 0, 0x10, faulty + 12, 'faulty']);
        expect([e.frame.regs[RBX], e.frame.regs[RDI], e.frame.regs[RSP]]).toEqual([0x1234n, 0n, BigInt(r.stack.base + STACK_SIZE - 8 - 16 - 8 - 8 - 16)]);
        expect(r.exceptions.length).toBe(round + 1);
        expect(r.cpu.registers.get(RSP)).toBe(r.stack.base + STACK_SIZE);
        r.cpu.call(outer, [DATA], from(r));
      });
    });

    it('a handler may repair registers and have the instruction run again', () => {
      const r = rig();
      r.ram.writeU64(DATA, 77n);
      r.cpu.onException = (e) => {
        e.frame.regs[RDI] = BigInt(DATA);
        return 'resume';
      };
      const get = r.guest('get', (f) => epilogue(prologue(f).set(RBX, c64(1)).insn(setTmp(0, load64(reg(RDI))), setReg(RAX, add(tmp('i64', 0), reg(RBX))))));
      const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, c64(1000)).call(get).set(RAX, add(reg(RAX), reg(RBX)))));
      r.load();
      often(() => expect(r.cpu.call(outer, [0], from(r))).toBe(1078));
    });

    it('device memory answers in the middle of translated code, predicates survive', () => {
      const reads: number[] = [];
      const outside = { load: (address: number) => BigInt(reads.push(address)), store: () => false };
      const r = new TestRig({ ...options, outside });
      const device = -0x4000_0000_0000;
      const read = r.guest('read', (f) => epilogue(prologue(f).set(RBX, c64(50)).insn(...decrement(RSI)).insn(setTmp(0, load64(c64(device))), setReg(RAX, tmp('i64', 0)))
        .set(RAX, add(reg(RAX), reg(RBX))).set(RAX, select(pred('z'), reg(RAX), c64(-1)))));
      const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, c64(1000)).call(read).set(RAX, add(reg(RAX), reg(RBX)))));
      r.load();
      often((round) => expect(r.cpu.call(outer, [0, 1], from(r))).toBe(1050 + round + 1));
      expect(reads).toEqual(new Array(6).fill(device));
    });

    it('a wild pointer that a kernel function follows faults in that function', () => {
      const r = rig();
      const strlen = r.host('strlen', (regs) => regs.set(RAX, r.ram.strnlen(regs.get(RDI))));
      const user = r.guest('user', (f) => epilogue(prologue(f).set(RBX, c64(1)).call(strlen)));
      r.load();
      r.ram.writeCString(DATA, 'four');
      often(() => {
        expect(r.cpu.call(user, [DATA], from(r))).toBe(4);
        const e = catching(() => r.cpu.call(user, [0x1000], from(r))) as GuestException;
        expect([e.vector, e.errorCode, e.address, e.frame.pc, e.frame.functionName]).toEqual([VECTOR.PF, 0, 0x1000, strlen, 'strlen']);
      });
    });

    it('transfers to where no code is', () => {
      const r = rig();
      const jump = r.guest('jump', (f) => epilogue(prologue(f).set(RBX, c64(42)).call(reg(RDI))));
      r.load();
      const at = (target: number | bigint): readonly unknown[] => {
        const e = catching(() => r.cpu.call(jump, [target], from(r))) as GuestException;
        return [e.vector, e.errorCode, e.address, e.frame.pc, e.frame.functionName, e.frame.regs[RBX], e.frame.regs[RSP]];
      };
      const sp = BigInt(r.stack.base + STACK_SIZE - 8 - 16);
      often(() => {
        expect(at(0)).toEqual([VECTOR.PF, 0x10, 0, 0, '', 42n, sp - 8n]);
        expect(at(DATA)).toEqual([VECTOR.PF, 0x11, DATA, DATA, '', 42n, sp - 8n]);
        expect(at(0x7f00_0000_0000)).toEqual([VECTOR.PF, 0x10, 0x7f00_0000_0000, 0x7f00_0000_0000, '', 42n, sp - 8n]);
        expect(at(0x1234_5678_9abc_def0n).slice(0, 3)).toEqual([VECTOR.GP, 0, 0]);
        expect(catching(() => r.cpu.call(0, [], from(r)))).toMatchObject({ vector: VECTOR.PF, errorCode: 0x10, address: 0 });
      });
    });

    it('names what cannot be decoded, and traps', () => {
      const r = rig();
      const bad = r.guest('bad', (f) => f.insn().trap({ t: 'trap', kind: 'undecodable', vector: 6, name: 'vpxor' }));
      const int3 = r.guest('int3', (f) => f.insn().trap({ t: 'trap', kind: 'int3', vector: 3, name: 'int3' }));
      const divide = r.guest('divide', (f) => f.insn({ s: 'trapif', vector: 0, cond: eqz(reg(RDI)) }, setReg(RAX, c64(1))).ret());
      r.load();
      often(() => {
        expect(catching(() => r.cpu.call(bad, [], from(r)))).toMatchObject({ vector: VECTOR.UD, detail: 'undecodable: vpxor', frame: { pc: bad + 4 } });
        expect(catching(() => r.cpu.call(int3, [], from(r)))).toMatchObject({ vector: VECTOR.BP, frame: { pc: int3 + 5 } });
        expect(catching(() => r.cpu.call(divide, [0], from(r)))).toMatchObject({ vector: VECTOR.DE, frame: { pc: divide } });
        expect(r.cpu.call(divide, [1], from(r))).toBe(1);
      });
    });

    it('endless recursion ends at the guard of the stack', () => {
      const r = rig();
      r.guest('recurse', (f) => epilogue(prologue(f).set(RDI, add(reg(RDI), c64(1))).call(r.at('recurse')).set(RAX, add(reg(RAX), c64(1)))));
      const viaKernel = r.host('via', (regs) => void r.cpu.call(r.at('ping'), [regs.get(RDI)], viaKernel + 5));
      r.guest('ping', (f) => epilogue(prologue(f).call(viaKernel)));
      // The smallest frame there is: 2,000 of them fit.
      r.guest('tiny', (f) => f.call(r.at('tiny')).ret());
      r.load();
      r.ram.writeU64(r.stack.base - 8, 0x5555n);
      let first: GuestException | undefined;
      often(() => {
        const e = catching(() => r.cpu.call(r.at('recurse'), [0], from(r))) as GuestException;
        expect(e).toMatchObject({ vector: VECTOR.PF, errorCode: 2, detail: 'stack overflow', address: r.stack.base - 8, frame: { pc: r.at('recurse'), functionName: 'recurse' } });
        first ??= e;
        expect(e.frame.regs[RSP]).toBe(first.frame.regs[RSP]);
        expect(e.frame.regs[RDI]).toBe(first.frame.regs[RDI]);
        expect(catching(() => r.cpu.call(r.at('ping'), [0], from(r)))).toMatchObject({ detail: 'stack overflow' });
        expect(catching(() => r.cpu.call(r.at('tiny'), [], from(r)))).toMatchObject({ detail: 'stack overflow' });
      });
      expect(r.ram.readU64(r.stack.base - 8)).toBe(0x5555n);
    });

    it('a smashed return address is followed', { skip: options.wasm !== undefined }, () => {
      const r = rig();
      const smash = r.guest('smash', (f) => f.insn(store(8, reg(RSP), c64(0x4141_4141_4141))).ret());
      const detour = r.guest('detour', (f) => f.set(RAX, c64(5)).insn(store(8, reg(RSP), c64(r.at('landing') + 4))).ret());
      r.guest('landing', (f) => f.set(RAX, c64(-1)).set(RAX, add(reg(RAX), c64(1))).ret());
      r.load();
      expect(catching(() => r.cpu.call(smash, [], from(r)))).toMatchObject({ vector: VECTOR.PF, errorCode: 0x10, address: 0x4141_4141_4141 });
      // The word above is not a return address of ours: 0 is fetched.
      expect(catching(() => r.cpu.call(detour, [], from(r)))).toMatchObject({ vector: VECTOR.PF, address: 0, frame: { regs: { [RAX]: 6n } } });
    });
  });

  it('thunks as indirect targets', () => {
    const r = rig();
    const nop = r.thunk({ kind: 'nop' });
    const ret = r.thunk({ kind: 'return' });
    const viaRcx = r.thunk({ kind: 'indirect', reg: RCX });
    const five = r.guest('five', (f) => f.set(RAX, c64(5)).ret());
    const go = r.guest('go', (f) => epilogue(prologue(f).set(RAX, c64(1)).set(RCX, reg(RSI)).call(reg(RDI)).set(RAX, add(reg(RAX), c64(100)))));
    const tail = r.guest('tail', (f) => f.set(RAX, c64(1)).set(RCX, reg(RSI)).tail(reg(RDI)));
    r.load();
    often(() => {
      expect(r.cpu.call(go, [viaRcx, five], from(r))).toBe(105);
      expect(r.cpu.call(tail, [viaRcx, five], from(r))).toBe(5);
      for (const thunk of [nop, ret]) {
        const results = [r.cpu.call(go, [thunk, five], from(r)), r.cpu.call(tail, [thunk, five], from(r))];
        // Translated code does not pass rax to what may be any function.
        if (!options.wasm) expect(results).toEqual([101, 1]);
      }
    });
  });

  it('indirect calls reach guest and kernel functions', () => {
    const r = rig();
    const one = r.guest('one', (f) => f.set(RAX, c64(1)).ret());
    const two = r.host('two', (regs) => regs.set(RAX, 2 + regs.get(RSI)));
    const go = r.guest('go', (f) => epilogue(prologue(f).set(RBX, c64(100)).call(reg(RDI)).set(RAX, add(reg(RAX), reg(RBX)))));
    r.load();
    often(() => {
      expect(r.cpu.call(go, [one, 0], from(r))).toBe(101);
      expect(r.cpu.call(go, [two, 7], from(r))).toBe(109);
      expect(r.cpu.call(two, [0, 5], from(r))).toBe(7);
    });
  });

  describe('work', () => {
    const countdown = (r: TestRig): number => r.guest('countdown', (f) => prologue(f).set(RAX, c64(0)).label('loop').set(RAX, add(reg(RAX), c64(3))).insn(...decrement(RDI))
      .branch(eqz(pred('z')), 'loop').pop(R12).pop(RBX).ret());

    it('an endless loop is stopped by the budget', () => {
      const r = new TestRig({ ...options, budget: 5000 });
      const spin = r.guest('spin', (f) => f.label('loop').set(RAX, add(reg(RAX), c64(1))).jump('loop'));
      r.load();
      let asked = 0;
      let rax = 0n;
      const stop = new Error('soft lockup');
      r.cpu.onBudget = (interrupted) => {
        expect([interrupted.functionName, interrupted.pc]).toEqual(['spin', spin]);
        expect(interrupted.regs[RAX]).toBeGreaterThan(rax);
        rax = interrupted.regs[RAX]!;
        if (++asked === 4) throw stop;
        return 5000;
      };
      expect(() => r.cpu.call(spin, [], from(r))).toThrow(stop);
      expect(asked).toBe(4);
      expect(r.cpu.workDone).toBeGreaterThan(20000);
    });

    it('a handler of the spent budget may call guest code', () => {
      const r = new TestRig({ ...options, budget: 50 });
      const loop = countdown(r);
      const tick = r.guest('tick', (f) => f.set(RBX, c64(-1)).set(RDI, c64(2)).set(RAX, c64(9)).insn(...decrement(RDI)).insn({ s: 'pred', pred: 'z', value: c32(1) }).ret());
      r.load();
      let ticks = 0;
      r.cpu.onBudget = () => {
        r.cpu.onBudget = () => 50;
        ticks += r.cpu.call(tick, [], from(r));
        return 50;
      };
      expect(r.cpu.call(loop, [100], from(r))).toBe(300);
      expect(ticks).toBe(9);
    });
    it('is counted alike whatever runs the code', () => {
      const measure = (engine: Partial<CpuOptions>): readonly number[] => {
        const r = new TestRig({ ...engine, budget: 1000 });
        const asked: number[] = [];
        r.cpu.onBudget = (interrupted) => {
          const isEntry = (interrupted.pc - CODE) % 0x1000 === 0;
          // At an entry rax is nobody's.
          asked.push(interrupted.pc - CODE, isEntry ? 0 : Number(interrupted.regs[RAX]), Number(interrupted.regs[RDI]));
          return 1000;
        };
        const WAIT = { kind: 'test' };
        const nap = r.host('nap', () => (function* () { yield WAIT; })());
        const inner = countdown(r);
        const outer = r.guest('outer', (f) => epilogue(prologue(f).set(RBX, reg(RSI)).label('loop').set(R12, reg(RDI)).call(inner).call(nap).set(RDI, reg(R12)).insn(...decrement(RBX))
          .branch(eqz(pred('z')), 'loop')));
        r.load();
        for (let i = 0; i < 5; i++) {
          const running = r.cpu.callSleeping(outer, [40 + i, 12], from(r));
          while (!running.next().done) asked.push(r.cpu.workDone);
        }
        return [...asked, r.cpu.workDone];
      };
      const here = measure(options);
      expect(here.length).toBeGreaterThan(70);
      expect(here).toEqual(measure({}));
      expect(here).toEqual(measure(options));
    });
  });

  describe('code comes and goes', () => {
    it('a call into removed code faults as a fetch', () => {
      const r = rig();
      const five = r.guest('five', (f) => f.set(RAX, c64(5)).ret());
      r.load();
      often(() => expect(r.cpu.call(five, [], from(r))).toBe(5));
      r.cpu.removeCode(CODE);
      expect(catching(() => r.cpu.call(five, [], from(r)))).toMatchObject({ vector: VECTOR.PF, errorCode: 0x10, address: five });
      r.load();
      expect(r.cpu.call(five, [], from(r))).toBe(5);
    });
    it('new code at an old address replaces it, for direct and indirect callers', () => {
      const r = rig();
      const callee = r.guest('callee', (f) => f.set(RAX, c64(5)).ret());
      const direct = r.guest('direct', (f) => epilogue(prologue(f).call(callee)));
      const indirect = r.guest('indirect', (f) => epilogue(prologue(f).call(reg(RDI))));
      r.load();
      const both = (): number[] => [r.cpu.call(direct, [], from(r)), r.cpu.call(indirect, [callee], from(r))];
      often(() => expect(both()).toEqual([5, 5]));
      r.guest('callee', (f) => f.set(RAX, c64(6)).ret());
      r.cpu.invalidate(callee, 4);
      often(() => expect(both()).toEqual([6, 6]));
    });
    it('a module that unloads code it returns to faults there', () => {
      const r = rig();
      const unload = r.host('unload', () => r.cpu.removeCode(CODE));
      const suicide = r.guest('suicide', (f) => f.call(unload).ret());
      r.load();
      if (options.wasm) return;
      expect(catching(() => r.cpu.call(suicide, [], from(r)))).toMatchObject({ vector: VECTOR.PF, errorCode: 0x10, address: suicide + 4 });
    });
  });

  it('unwinds through guest, kernel and guest frames', () => {
    const r = rig();
    let trace: unknown[] = [];
    const dump = r.host('dump_stack', (regs) => {
      trace = [...r.cpu.unwind(dump, regs.get(RSP))].map(({ pc, sp, isReliable }) => [pc, r.stack.base + STACK_SIZE - sp, isReliable]);
    });
    const leaf = r.guest('leaf', (f) => epilogue(prologue(f).insn(setReg(RSP, add(reg(RSP), c64(-0x20)))).call(dump).insn(setReg(RSP, add(reg(RSP), c64(0x20))))));
    const relay = r.host('relay', () => void r.cpu.call(leaf, [], relay + 5));
    const root = r.guest('root', (f) => epilogue(prologue(f).call(relay)));
    r.load();
    const back = from(r);
    often(() => {
      r.cpu.call(root, [], back);
      expect(trace).toEqual([
        [leaf + 16, 24 + 8 + 8 + 16 + 0x20, true],
        [relay + 5, 32, true],
        [root + 12, 24, true],
        [back, 0, true],
      ]);
    });
  });
  it('searches where rsp is dynamic, and says so', () => {
    const r = rig();
    let trace: unknown[] = [];
    const dump = r.host('dump_stack', (regs) => {
      trace = [...r.cpu.unwind(dump, regs.get(RSP))].map(({ pc, isReliable }) => [pc, isReliable]);
    });
    const leaf = r.guest('leaf', (f) => f.push(RBP).set(RBP, reg(RSP)).insn(setReg(RSP, sub(reg(RSP), reg(RDI)))).call(dump).set(RSP, reg(RBP)).pop(RBP).ret());
    const root = r.guest('root', (f) => epilogue(prologue(f).call(leaf)));
    r.load();
    const back = from(r);
    often(() => {
      r.cpu.call(root, [64], back);
      expect(trace).toEqual([[leaf + 16, true], [root + 12, false], [back, true]]);
    });
  });
  it('wraps nothing: registers of a 32-bit operation are cut', () => {
    const r = rig();
    const low = r.guest('low', (f) => f.set(RAX, extendU(wrap(reg(RDI)))).ret());
    r.load();
    often(() => expect(r.cpu.call(low, [KERNEL_BASE], from(r))).toBe(0x8000_0000));
  });
});
