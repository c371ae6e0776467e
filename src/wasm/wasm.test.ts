import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { Code } from './code.ts';
import { ModuleBuilder } from './module-builder.ts';
import { EMPTY, I32, I64, OP } from './opcodes.ts';
import { printCode } from './text.ts';

const bytesOf = (write: (writer: ByteWriter) => void): number[] => {
  const writer = new ByteWriter(1);
  write(writer);
  return [...writer.view()];
};

/** One exported function `f` over the body that `write` emits. */
const build = (params: (typeof I32 | typeof I64)[], results: (typeof I32 | typeof I64)[], write: (code: Code) => void): Uint8Array<ArrayBuffer> => {
  const builder = new ModuleBuilder();
  const index = builder.declare(builder.type(params, results));
  const code = new Code(params.length);
  write(code);
  builder.define(index, code);
  builder.export('f', index);
  return builder.encode();
};
// biome-ignore lint/suspicious/noExplicitAny: exports of a module built here
const run = (bytes: Uint8Array<ArrayBuffer>): any => new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports['f'];

describe('LEB128', () => {
  it('writes unsigned numbers', () => {
    expect(bytesOf((w) => w.u32(0))).toEqual([0]);
    expect(bytesOf((w) => w.u32(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(bytesOf((w) => w.u32(0xffffffff))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });
  it('writes signed numbers', () => {
    expect(bytesOf((w) => w.s32(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(bytesOf((w) => w.s32(63))).toEqual([63]);
    expect(bytesOf((w) => w.s32(64))).toEqual([0xc0, 0]);
    expect(bytesOf((w) => w.s32(-64))).toEqual([0x40]);
  });
  it('writes the same for a 64-bit number and bigint, and gives it back', () => {
    const values = [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 31) - 1, -0x7effff00, 2 ** 53 - 1, -(2 ** 53) + 1, 0x123456789abc];
    for (const value of values) {
      expect(bytesOf((w) => w.s64(value))).toEqual(bytesOf((w) => w.s64(BigInt(value))));
      expect(run(build([], [I64], (code) => code.i64(value)))()).toBe(BigInt(value));
    }
    for (const value of [0xffffffffffffffffn, 1n << 63n, 0x123456789abcdef0n]) expect(run(build([], [I64], (code) => code.i64(value)))()).toBe(BigInt.asIntN(64, value));
  });
});

describe('module', () => {
  it('runs a loop with labels named by their blocks', () => {
    const sum = build([I32], [I32], (code) => {
      const total = code.local(I32);
      const done = code.block();
      const again = code.loop();
      code.get(0);
      code.op(OP['i32.eqz']);
      code.brIf(done);
      code.get(total);
      code.get(0);
      code.op(OP['i32.add']);
      code.set(total);
      code.get(0);
      code.i32(-1);
      code.op(OP['i32.add']);
      code.set(0);
      code.br(again);
      code.end();
      code.end();
      code.get(total);
    });
    expect(WebAssembly.validate(sum)).toBe(true);
    expect(run(sum)(10)).toBe(55);
  });
  it('catches a host exception and throws it on', () => {
    const builder = new ModuleBuilder();
    const type = builder.type([], []);
    const thrower = builder.importFunction('e', 'thrower', type);
    const note = builder.importFunction('e', 'note', builder.type([I32], []));
    const index = builder.declare(type);
    const code = new Code(0);
    const body = code.try();
    code.call(thrower);
    code.catchAll();
    code.i32(7);
    code.call(note);
    code.rethrow(body);
    code.end();
    builder.define(index, code);
    builder.export('f', index);
    const bytes = builder.encode();
    expect(WebAssembly.validate(bytes)).toBe(true);
    const notes: number[] = [], thrown = { a: 1 };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { thrower: () => { throw thrown; }, note: (x: number) => notes.push(x) } });
    let caught: unknown;
    try { (instance.exports['f'] as () => void)(); } catch (error) { caught = error; }
    expect(caught).toBe(thrown);
    expect(notes).toEqual([7]);
  });
  it('calls through an imported table and memory', () => {
    const builder = new ModuleBuilder();
    builder.importMemory('e', 'memory');
    builder.importTable('e', 'table');
    const type = builder.type([I32], [I32]);
    const index = builder.declare(type);
    const code = new Code(1);
    code.get(0);
    code.i32(3);
    code.callIndirect(type);
    builder.define(index, code);
    builder.export('f', index);
    const bytes = builder.encode();
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 8 });
    const memory = new WebAssembly.Memory({ initial: 1 });
    table.set(3, run(build([I32], [I32], (body) => { body.get(0); body.i32(1); body.op(OP['i32.add']); })));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { memory, table } });
    expect((instance.exports['f'] as (x: number) => number)(41)).toBe(42);
  });
});

describe('text', () => {
  it('prints one instruction a line', () => {
    const code = new Code(1);
    const x = code.local(I64);
    code.block(EMPTY);
    code.get(0);
    code.brIf(1);
    code.i64(-2);
    code.set(x);
    code.get(x);
    code.memory(OP['i64.load32_u'], 16);
    code.end();
    expect(printCode(code)).toBe(['(local $1:i64)', 'block', '  local.get $0', '  br_if 0', '  i64.const -2', '  local.tee $1', '  i64.load32_u offset=0x10', 'end'].join('\n'));
  });
});
