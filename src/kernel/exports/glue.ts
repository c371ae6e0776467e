// Between the register block and a typed handler: an export's BTF prototype says how each argument is read, how the result
// leaves and what a thrown Errno becomes. One closure per export, chosen by arity, so a call allocates nothing of its own.

import type { Abi, CType, Prototype } from '../../abi/abi.ts';
import { assert } from '../../base/assert.ts';
import { KERNEL_BASE } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { HostFunction, Registers, Sleeping } from '../../cpu/api.ts';
import { RAX, RCX, RDI, RDX, RSI, RSP } from '../../ir/ir.ts';
import { Errno } from '../errors.ts';
import type { Failure, FunctionExport } from './define.ts';
import { ARGUMENT_REGISTERS, CallArguments, stackArgument } from './va-list.ts';

/** How a value crosses: as the low 8, 16 or 32 bits, as a bool, as a signed or unsigned word, as a size (never negative), as a 64-bit bigint. */
type Shape = 'void' | 'bool' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'word' | 'uword' | 'size' | 'i64' | 'u64';

type Handler = (...args: unknown[]) => unknown;
type Finish = (regs: Registers, result: unknown) => void;

/** The prototype asks for something that no argument register carries. */
export class GlueError extends Error {}

/** Makes the host function of `entry`. A symbol without prototype (assembly) takes and returns signed words. */
export function hostFunction(name: string, entry: FunctionExport, prototype: Prototype | undefined, ram: Ram): HostFunction {
  const handler = entry.handler as unknown as Handler;
  const shapes = prototype ? prototype.parameters.map((p) => shapeOf(name, p.type)) : Array.from({ length: entry.handler.length }, (): Shape => 'word');
  const returns = prototype ? shapeOf(name, prototype.returns) : 'word';
  const call = prototype?.isVariadic ? variadicCall(handler, shapes, ram) : fixedCall(handler, shapes, ram);
  const finish = finisher(name, returns);
  const fail = failure(name, entry.fails, prototype?.returns);
  const host = entry.sleeps === 'never' ? neverSleeping(call, finish, fail) : maySleep(call, finish, fail);
  if (prototype && !prototype.isVariadic) host.reads = ARGUMENT_REGISTERS.slice(0, shapes.length).reduce((mask, register) => mask | (1 << register), 0);
  return host;
}

function neverSleeping(call: (regs: Registers) => unknown, finish: Finish, fail: Finish): HostFunction {
  return (regs) => {
    try {
      finish(regs, call(regs));
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      fail(regs, thrown.errno);
    }
  };
}

function maySleep(call: (regs: Registers) => unknown, finish: Finish, fail: Finish): HostFunction {
  function* wait(regs: Registers, pending: Sleeping<unknown>): Sleeping<void> {
    try {
      finish(regs, yield* pending);
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      fail(regs, thrown.errno);
    }
  }
  return (regs) => {
    try {
      const result = call(regs);
      if (typeof result === 'object' && result !== null) return wait(regs, result as Sleeping<unknown>);
      finish(regs, result);
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown;
      fail(regs, thrown.errno);
    }
  };
}

function fixedCall(handler: Handler, shapes: readonly Shape[], ram: Ram): (regs: Registers) => unknown {
  const [a, b, c, d, e, f] = shapes as [Shape, Shape, Shape, Shape, Shape, Shape];
  switch (shapes.length) {
    case 0: return () => handler();
    case 1: return (r) => handler(argument(r, RDI, a));
    case 2: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b));
    case 3: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), argument(r, RDX, c));
    case 4: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), argument(r, RDX, c), argument(r, RCX, d));
    case 5: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), argument(r, RDX, c), argument(r, RCX, d), argument(r, 8, e));
    case 6: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), argument(r, RDX, c), argument(r, RCX, d), argument(r, 8, e), argument(r, 9, f));
    default: return (r) => handler(...shapes.map((shape, index) => argumentAt(r, ram, index, shape)));
  }
}

/** The handler gets the variable part as one more argument. */
function variadicCall(handler: Handler, shapes: readonly Shape[], ram: Ram): (regs: Registers) => unknown {
  const [a, b, c] = shapes as [Shape, Shape, Shape];
  switch (shapes.length) {
    case 1: return (r) => handler(argument(r, RDI, a), new CallArguments(r, ram, 1));
    case 2: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), new CallArguments(r, ram, 2));
    case 3: return (r) => handler(argument(r, RDI, a), argument(r, RSI, b), argument(r, RDX, c), new CallArguments(r, ram, 3));
    default: return (r) => handler(...shapes.map((shape, index) => argumentAt(r, ram, index, shape)), new CallArguments(r, ram, shapes.length));
  }
}

function argumentAt(regs: Registers, ram: Ram, index: number, shape: Shape): unknown {
  const register = ARGUMENT_REGISTERS[index];
  if (register !== undefined) return argument(regs, register, shape);
  const address = stackArgument(regs.get(RSP), index);
  switch (shape) {
    case 'word': return ram.readPtr(address);
    case 'uword': return unsignedWord(ram.readPtr(address));
    case 'size': return ram.readULong(address);
    case 'i64': return ram.readI64(address);
    case 'u64': return ram.readU64(address);
    default: return narrow(ram.readI32(address), shape);
  }
}

/** An unsigned long that is a kernel address stays the exact negative number that addresses are here. */
const unsignedWord = (value: number): number => (value < KERNEL_BASE ? value + 2 ** 64 : value);

function argument(regs: Registers, register: number, shape: Shape): unknown {
  switch (shape) {
    case 'word': return regs.get(register);
    case 'uword': return unsignedWord(regs.get(register));
    case 'size': {
      const value = regs.get(register);
      return value < 0 ? value + 2 ** 64 : value;
    }
    case 'i64': return BigInt.asIntN(64, regs.getBig(register));
    case 'u64': return BigInt.asUintN(64, regs.getBig(register));
    default: return narrow(low32(regs, register), shape);
  }
}

/** The callee may not trust the upper half of a register that holds an int, and `get` rounds beyond 53 bits. */
function low32(regs: Registers, register: number): number {
  const value = regs.get(register);
  return Number.isSafeInteger(value) ? value | 0 : Number(BigInt.asIntN(32, regs.getBig(register)));
}

function narrow(value: number, shape: Shape): number | boolean {
  switch (shape) {
    case 'i32': return value;
    case 'u32': return value >>> 0;
    case 'bool': return (value & 0xff) !== 0;
    case 'u8': return value & 0xff;
    case 'i8': return (value << 24) >> 24;
    case 'u16': return value & 0xffff;
    default: return (value << 16) >> 16;
  }
}

/** Leaves a handler's value in rax as gcc expects a result of that type: small types are extended to 64 bits. */
function finisher(name: string, shape: Shape): Finish {
  switch (shape) {
    case 'void': return (_regs, result) => { if (result !== undefined) wrongResult(name, result); };
    case 'i64':
    case 'u64': return (regs, result) => {
      if (typeof result !== 'bigint') wrongResult(name, result);
      regs.set(RAX, BigInt.asIntN(64, result as bigint));
    };
    case 'word':
    case 'size':
    case 'uword': return (regs, result) => {
      const value = integer(name, result);
      regs.set(RAX, Number.isSafeInteger(value) ? value : BigInt.asIntN(64, BigInt(value)));
    };
    default: return (regs, result) => regs.set(RAX, Number(narrow(integer(name, result) | 0, shape)));
  }
}

function integer(name: string, result: unknown): number {
  if (typeof result === 'number' && Math.floor(result) === result) return result;
  if (typeof result === 'boolean') return result ? 1 : 0;
  return wrongResult(name, result);
}

function wrongResult(name: string, result: unknown): never {
  throw new Error(`kobox bug: the handler of ${name} returned ${typeof result} ${String(result)}`);
}

/** What a thrown Errno leaves in rax. A type that cannot carry it is a wrong declaration, found at the first throw. */
function failure(name: string, fails: Failure, returns: CType | undefined): Finish {
  if (fails === 'NULL') return (regs) => regs.set(RAX, 0);
  const canCarry = returns === undefined || (fails === 'ERR_PTR' ? returns.kind === 'pointer' : returns.isSigned && returns.kind !== 'void');
  return (regs, errno) => {
    assert(canCarry, `${name} failed with errno ${String(errno)}, which its result (${returns?.spelling}) cannot carry as ${fails}`);
    regs.set(RAX, -(errno as number));
  };
}

function shapeOf(name: string, type: CType): Shape {
  switch (type.kind) {
    case 'void': return 'void';
    case 'bool': return 'bool';
    case 'pointer':
    case 'array':
    case 'function': return 'word';
    case 'int':
    case 'char':
    case 'enum': return integerShape(name, type);
    default: throw new GlueError(`${name}: ${type.spelling || type.kind} by value is not supported at the export boundary`);
  }
}

function integerShape(name: string, type: CType): Shape {
  if (type.isLongLong) return type.isSigned ? 'i64' : 'u64';
  switch (type.sizeBytes) {
    case 1: return type.isSigned ? 'i8' : 'u8';
    case 2: return type.isSigned ? 'i16' : 'u16';
    case 4: return type.isSigned ? 'i32' : 'u32';
    case 8: return type.isSigned ? 'word' : type.spelling === 'size_t' ? 'size' : 'uword';
    default: throw new GlueError(`${name}: an integer of ${type.sizeBytes} bytes does not fit a register`);
  }
}

/** Number of parameters the TypeScript handler must declare; undefined where the symbol has no prototype. */
export function expectedArity(abi: Abi, name: string): number | undefined {
  const prototype = abi.prototype(name);
  return prototype && prototype.parameters.length + (prototype.isVariadic ? 1 : 0);
}
