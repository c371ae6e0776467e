// The IR and the WebAssembly of a few small functions, as text that was read and found right. `npx vitest run -u` writes the files
// anew after a change of the translation; read the difference before it is committed.

import { describe, expect, it } from 'vitest';
import { KERNEL_BASE } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import { add, c32, c64, load, load64, reg, setReg, setTmp, store, sub, tmp, wrap, extendU } from '../../ir/build.ts';
import { RAX, RBX, RCX, RDI, RDX, RSI, RSP, type IrFunction, type Stmt } from '../../ir/ir.ts';
import { FunctionSketch } from '../../ir/sketch.ts';
import { functionText } from '../../ir/text.ts';
import { verify } from '../../ir/verifier.ts';
import { eqz, pred } from '../../ir/build.ts';
import { printCode } from '../../wasm/text.ts';
import { CPU_BLOCK_OFFSET } from '../layout.ts';
import type { WasmRuntime } from '../wasm-runtime.ts';
import { translateUnit } from './translate.ts';

const ENTRY = KERNEL_BASE + 0x0300_0000, CALLEE = ENTRY + 0x1000, HOST = KERNEL_BASE + 0x0100_0010, OTHER = ENTRY + 0x2000;
const runtime: WasmRuntime = {
  ram: new Ram(64 << 20), blockOffset: CPU_BLOCK_OFFSET, imports: undefined as never,
  callee: (address) => (address === HOST ? { kind: 'host', index: 3 } : address === OTHER ? { kind: 'guest', slot: 9, entry: OTHER } : { kind: 'none' }),
  intrinsic: () => 7,
};
const sketch = (entry: number, write: (f: FunctionSketch) => FunctionSketch): IrFunction => {
  const fn = write(new FunctionSketch('golden', entry)).build();
  expect(verify(fn)).toEqual([]);
  return fn;
};
/** What the module of `fns` looks like: each function's IR, then its code. */
function textOf(...fns: IrFunction[]): string {
  const parts: string[] = [];
  const translation = translateUnit(runtime, fns.map((fn, index) => ({ slot: index + 1, fn })), (fn, code, names) => {
    const local = (index: number): string => names.get(index) ?? `$${index}`;
    parts.push(functionText(fn), printCode(code, { local }), '');
  });
  expect(WebAssembly.validate(translation!.unit.builder.encode())).toBe(true);
  return parts.join('\n');
}
const compare = (a: number, b: number): Stmt[] => [setTmp(0, sub(reg(a), reg(b))), { s: 'flags', kind: 'sub', size: 8, a: reg(a), b: reg(b), c: c32(0), r: tmp('i64', 0) }];

describe('translated code', () => {
  it('of a leaf: compare and select by a branch', async () => {
    await expect(textOf(sketch(ENTRY, (f) => f.insn(...compare(RDI, RSI)).branch(pred('l'), 'less').set(RAX, reg(RSI)).ret().label('less').set(RAX, reg(RDI)).ret())))
      .toMatchFileSnapshot('golden/leaf.txt');
  });
  it('of struct accesses: one check for a base', async () => {
    await expect(textOf(sketch(ENTRY, (f) => f.insn(setReg(RAX, load64(add(reg(RDI), c64(16))))).insn(setReg(RCX, load('i64', 4, add(reg(RDI), c64(24)))))
      .insn(store(8, add(reg(RDI), c64(16)), reg(RCX))).insn(store(4, add(reg(RSI), c64(8)), wrap(reg(RAX)))).ret()))).toMatchFileSnapshot('golden/struct.txt');
  });
  it('of a loop over words: unrolled, one check a round', async () => {
    await expect(textOf(sketch(ENTRY, (f) => f.set(RAX, c64(0)).label('again').insn(setReg(RCX, extendU(load('i32', 4, reg(RDI)))))
      .set(RAX, add(reg(RAX), reg(RCX))).set(RDI, add(reg(RDI), c64(4))).insn(...compare(RDI, RSI)).branch(eqz(pred('z')), 'again').ret()))).toMatchFileSnapshot('golden/loop.txt');
  });
  it('of calls: a function of the unit, a host function, another slot, with a callee-saved register', async () => {
    const callee = sketch(CALLEE, (f) => f.set(RAX, add(reg(RDI), c64(1))).ret());
    const caller = sketch(ENTRY, (f) => f.push(RBX).set(RBX, reg(RSI)).call(CALLEE).set(RDI, reg(RAX)).set(RSI, c64(2)).call(HOST)
      .set(RDI, add(reg(RAX), reg(RBX))).call(OTHER).set(RAX, add(reg(RAX), reg(RBX))).pop(RBX).ret());
    await expect(textOf(caller, callee)).toMatchFileSnapshot('golden/calls.txt');
  });
  it('of an indirect call, with a local on the stack', async () => {
    await expect(textOf(sketch(ENTRY, (f) => f.set(RSP, add(reg(RSP), c64(-16))).insn(store(8, add(reg(RSP), c64(8)), reg(RDX))).set(RAX, load64(reg(RDI)))
      .call(reg(RAX)).insn(setReg(RAX, load64(add(reg(RSP), c64(8))))).set(RSP, add(reg(RSP), c64(16))).ret()))).toMatchFileSnapshot('golden/indirect.txt');
  });
  it('of a string store', async () => {
    await expect(textOf(sketch(ENTRY, (f) => f.set(RAX, c64(0)).set(RCX, c64(64)).insn({ s: 'string', kind: 'stos', size: 8, rep: 'rep' }).ret()))).toMatchFileSnapshot('golden/string.txt');
  });
});
