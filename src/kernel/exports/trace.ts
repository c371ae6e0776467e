// Watches calls across the boundary between kernel and modules, with arguments decoded by their prototypes (`kobox run --trace`).
// It puts itself between the processor and whoever defines and makes calls; without it nothing is computed.

import type { Abi, CType } from '../../abi/abi.ts';
import { hex16, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, GuestWord, HostFunction, Registers, Sleeping } from '../../cpu/api.ts';
import { RAX, RSP } from '../../ir/ir.ts';
import type { Symbols } from '../services.ts';
import { ARGUMENT_REGISTERS, stackArgument } from './va-list.ts';

export interface CallEvent {
  /** 'out': the module calls the kernel. 'in': the kernel calls the module. */
  readonly direction: 'out' | 'in';
  readonly phase: 'call' | 'return';
  /** Calls that are under way around this one. */
  readonly depth: number;
  readonly name: string;
  /** `fmt="hello", 3` at the call, `12` at the return; '' where the function returns nothing. */
  readonly text: string;
}

export interface TraceParts {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly symbols: Symbols;
  readonly onCall: (event: CallEvent) => void;
}

const MAX_TEXT = 60;
/** Words of a variadic call that are shown after its named parameters, if a format asks for them. */
const CONVERSION = /%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|L|z|t)?([diuxXocspe])/g;

/** From now on every host function that is defined, and every call of guest code, is reported. */
export function traceCalls(cpu: Cpu, parts: TraceParts): void {
  const tracer = new Tracer(parts);
  const define = cpu.defineHostFunction.bind(cpu);
  const call = cpu.call.bind(cpu);
  const callSleeping = cpu.callSleeping.bind(cpu);
  cpu.defineHostFunction = (address, name, fn) => define(address, name, tracer.wrap(name, fn));
  cpu.call = (address, args, from) => {
    const leave = tracer.enter(address, args);
    try {
      return leave(call(address, args, from));
    } finally {
      tracer.restore(leave);
    }
  };
  cpu.callSleeping = function* (address: Ptr, args: readonly GuestWord[], from: Ptr): Sleeping<number> {
    const leave = tracer.enter(address, args);
    try {
      return leave(yield* callSleeping(address, args, from));
    } finally {
      tracer.restore(leave);
    }
  };
}

type Leave = ((result: number) => number) & { readonly depth: number };

class Tracer {
  readonly #parts: TraceParts;
  #depth = 0;

  constructor(parts: TraceParts) { this.#parts = parts; }

  wrap(name: string, fn: HostFunction): HostFunction {
    const prototype = this.#parts.abi.prototype(name);
    const finish = (regs: Registers, depth: number): void => {
      this.#depth = depth;
      const isVoid = prototype?.returns.kind === 'void';
      this.#report('out', 'return', name, isVoid ? '' : this.#value(regs.getBig(RAX), prototype?.returns));
    };
    return (regs) => {
      const depth = this.#depth;
      this.#report('out', 'call', name, this.#arguments(name, regs));
      this.#depth++;
      let isDone = false;
      try {
        const pending = fn(regs);
        isDone = true;
        if (!pending) {
          finish(regs, depth);
          return;
        }
        return (function* (): Sleeping<void> {
          yield* pending;
          finish(regs, depth);
        })();
      } finally {
        if (!isDone) this.#depth = depth;
      }
    };
  }

  enter(address: Ptr, args: readonly GuestWord[]): Leave {
    const depth = this.#depth;
    const symbol = this.#parts.symbols.symbolize(address);
    const name = symbol ? symbol.name : `0x${hex16(address)}`;
    this.#report('in', 'call', name, args.map((arg) => this.#value(BigInt(arg), undefined)).join(', '));
    this.#depth++;
    const leave = (result: number): number => {
      this.#depth = depth;
      this.#report('in', 'return', name, this.#value(BigInt(Number.isSafeInteger(result) ? result : 0), undefined));
      return result;
    };
    return Object.assign(leave, { depth });
  }
  restore(leave: Leave): void { this.#depth = leave.depth; }

  #report(direction: 'out' | 'in', phase: 'call' | 'return', name: string, text: string): void {
    this.#parts.onCall({ direction, phase, depth: this.#depth, name, text });
  }

  #arguments(name: string, regs: Registers): string {
    const prototype = this.#parts.abi.prototype(name);
    if (!prototype) return '';
    const word = (index: number): bigint => {
      const register = ARGUMENT_REGISTERS[index];
      return register === undefined ? this.#parts.ram.readI64(stackArgument(regs.get(RSP), index)) : regs.getBig(register);
    };
    const texts = prototype.parameters.map((parameter, index) => `${parameter.name ? `${parameter.name}=` : ''}${this.#value(word(index), parameter.type)}`);
    if (prototype.isVariadic) {
      const format = this.#string(Number(word(prototype.parameters.length - 1))) ?? '';
      let index = prototype.parameters.length;
      for (const [, conversion] of format.matchAll(CONVERSION)) texts.push(this.#formatted(word(index++), conversion!));
    }
    return texts.join(', ');
  }
  #formatted(word: bigint, conversion: string): string {
    if (conversion === 's') return this.#quoted(Number(word)) ?? this.#pointer(word);
    if (conversion === 'p') return this.#pointer(word);
    return String(conversion === 'd' || conversion === 'i' ? BigInt.asIntN(32, word) : BigInt.asUintN(64, word));
  }

  #value(word: bigint, type: CType | undefined): string {
    switch (type?.kind) {
      case 'pointer': case 'array': case 'function': return (isText(type) ? this.#quoted(Number(word)) : undefined) ?? this.#pointer(word);
      case 'bool': return (word & 0xffn) === 0n ? 'false' : 'true';
      case 'int': case 'char': case 'enum': {
        const bits = type.sizeBytes * 8;
        return String(type.isSigned ? BigInt.asIntN(bits, word) : BigInt.asUintN(bits, word));
      }
      default: return this.#looksLikeAddress(word) ? this.#pointer(word) : String(BigInt.asIntN(64, word));
    }
  }
  #looksLikeAddress(word: bigint): boolean {
    const address = Number(BigInt.asIntN(64, word));
    return Number.isSafeInteger(address) && this.#parts.ram.has(address, 1);
  }
  #pointer(word: bigint): string {
    const value = BigInt.asIntN(64, word);
    if (value === 0n) return 'NULL';
    if (value < 0n && value >= -4095n) return String(value);
    const address = Number(value);
    const symbol = Number.isSafeInteger(address) ? this.#parts.symbols.symbolize(address) : undefined;
    if (!symbol) return `0x${hex16(address)}`;
    return symbol.offset === 0 ? symbol.name : `${symbol.name}+0x${symbol.offset.toString(16)}`;
  }
  #quoted(address: number): string | undefined {
    const text = this.#string(address);
    return text === undefined ? undefined : JSON.stringify(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text);
  }
  #string(address: number): string | undefined {
    return Number.isSafeInteger(address) && this.#parts.ram.has(address, 1) ? this.#parts.ram.cstring(address, 256) : undefined;
  }
}

const isText = (type: CType): boolean => type.kind === 'pointer' && type.element?.kind === 'char';
