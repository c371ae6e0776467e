// A module's parameters: the `__param` records, and what /sys/module/NAME/parameters reads and writes (spec 5). A setter or getter is either one of the kernel's own, which runs here directly, or code of a module.

import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { KernelImage } from '../image.ts';
import { GFP_KERNEL, type Allocator, type Log } from '../services.ts';
import { KERN_ERR, KERN_NOTICE, type LoadReport } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { ModuleTainter } from './module-taints.ts';
import { isSameParameter } from './param-string.ts';
import { type ParamTarget, type ParamType, ParamTypes } from './param-types.ts';
import { PARAM_ENTRY } from './section-names.ts';
import type { ModuleWaits } from './waits.ts';

/** One `struct kernel_param` in RAM. */
export interface ParamRecord {
  readonly address: Ptr;
  readonly name: string;
  readonly ops: Ptr;
  /** Mode of the sysfs file; 0 for none. */
  readonly mode: number;
  readonly isUnsafe: boolean;
  readonly arg: Ptr;
}

/** A value on its way to a setter: the text, and where a module finds it in memory. */
export interface ParamValue {
  readonly text: string | undefined;
  readonly address: Ptr;
  /** The kernel function that traces show as the setter's caller, if it is not the parser of the load. */
  readonly caller?: 'param_attr_store';
}

const OPS_SET = 8;
const OPS_GET = 16;
const OPS_FREE = 24;
const FL_UNSAFE = 1;
const EINVAL = -22;
const ENOMEM = -12;

export interface ParametersContext {
  readonly ram: Ram;
  readonly cpu: Cpu;
  readonly image: KernelImage;
  readonly allocator: Allocator;
  readonly log: Log;
  readonly waits: ModuleWaits;
  readonly tainter: ModuleTainter;
}

export class Parameters {
  readonly #context: ParametersContext;
  readonly types: ParamTypes;
  /** The kernel's own setters and getters by text address. */
  readonly #setters = new Map<Ptr, ParamType>();
  readonly #getters = new Map<Ptr, ParamType>();
  readonly #frees = new Map<Ptr, ParamType>();
  readonly #arraySet: Ptr;
  readonly #arrayGet: Ptr;
  readonly #arrayFree: Ptr;

  constructor(context: ParametersContext) {
    this.#context = context;
    this.types = new ParamTypes(context);
    for (const [name, type] of Object.entries(this.types.byName)) {
      this.#setters.set(context.image.text(setterName(name)), type);
      this.#getters.set(context.image.text(getterName(name)), type);
      if (type.free) this.#frees.set(context.image.text(`param_free_${name}`), type);
    }
    this.#arraySet = context.image.text('param_array_set');
    this.#arrayGet = context.image.text('param_array_get');
    this.#arrayFree = context.image.text('param_array_free');
  }

  *records(module: LoadedModule): Iterable<ParamRecord> {
    const { ram } = this.#context;
    for (let i = 0, at = module.parameters.address; i < module.parameters.count; i++, at += PARAM_ENTRY) yield this.#record(ram, at);
  }
  #record(ram: Ram, address: Ptr): ParamRecord {
    return {
      address, name: ram.cstring(ram.readPtr(address), 256), ops: ram.readPtr(address + 16), mode: ram.readU16(address + 24),
      isUnsafe: (ram.readU8(address + 27) & FL_UNSAFE) !== 0, arg: ram.readPtr(address + 32),
    };
  }
  find(module: LoadedModule, name: string): ParamRecord | undefined {
    for (const record of this.records(module)) if (isSameParameter(record.name, name)) return record;
    return undefined;
  }

  /** One parameter through its setter, the parameter mutex held: 0 or a negative errno. */
  *set(module: LoadedModule, record: ParamRecord, value: ParamValue, report: LoadReport): Sleeping<number> {
    const { ram, tainter } = this.#context;
    if (value.text === undefined && (ram.readU32(record.ops) & 1) === 0) return EINVAL;
    yield* this.lock(module);
    if (record.isUnsafe) {
      report.note(KERN_NOTICE, `Setting dangerous option ${record.name} - tainting kernel`);
      tainter.kernel('U', report);
    }
    // An oops in the setter leaves the mutex locked, as on Linux.
    const result = yield* this.#callSetter(record.ops, value, record, record.address);
    this.unlock(module);
    return result;
  }

  *#callSetter(ops: Ptr, value: ParamValue, target: ParamTarget, guestParam: Ptr): Sleeping<number> {
    const { ram, cpu, image } = this.#context;
    const setter = ram.readPtr(ops + OPS_SET);
    const standard = this.#setters.get(setter);
    if (standard) return standard.set(value.text, target);
    if (setter === this.#arraySet) return yield* this.setArray(value, target, guestParam);
    return (yield* cpu.callSleeping(setter, [value.address, guestParam], image.callSite(value.caller ?? 'parse_args'))) | 0;
  }

  /** `param_array_set`: elements separated by commas, each through the element type's setter. */
  *setArray(value: ParamValue, target: ParamTarget, guestParam: Ptr): Sleeping<number> {
    const { ram, log } = this.#context;
    const array = this.#array(target.arg);
    if (value.text === undefined) return EINVAL;
    let count = 0;
    let at = 0;
    const element = yield* this.#elementParam(guestParam);
    for (;;) {
      if (count >= array.max) {
        log.printk(KERN_ERR, `${target.name}: can only take ${array.max} arguments`);
        this.#dropElementParam(element);
        return EINVAL;
      }
      const comma = value.text.indexOf(',', at);
      const end = comma < 0 ? value.text.length : comma;
      if (value.address !== 0) ram.writeU8(value.address + end, 0);
      const arg = array.elements + count * array.elementSize;
      if (element !== 0) ram.writePtr(element + 32, arg);
      const result = yield* this.#callSetter(array.ops, { text: value.text.slice(at, end), address: value.address === 0 ? 0 : value.address + at }, { name: target.name, arg }, element);
      if (result !== 0) {
        this.#dropElementParam(element);
        return result;
      }
      count++;
      if (array.countAt !== 0) ram.writeU32(array.countAt, count);
      if (comma < 0) break;
      at = comma + 1;
    }
    this.#dropElementParam(element);
    return 0;
  }
  #array(at: Ptr): { readonly max: number; readonly elementSize: number; readonly countAt: Ptr; readonly ops: Ptr; readonly elements: Ptr } {
    const { ram } = this.#context;
    return { max: ram.readU32(at), elementSize: ram.readU32(at + 4), countAt: ram.readPtr(at + 8), ops: ram.readPtr(at + 16), elements: ram.readPtr(at + 24) };
  }
  /** A `struct kernel_param` that element setters of modules get; 0 when there is none to copy. */
  // biome-ignore lint/correctness/useYield: allocation may sleep once the allocator does
  *#elementParam(guestParam: Ptr): Sleeping<Ptr> {
    if (guestParam === 0) return 0;
    const { ram, allocator } = this.#context;
    const copy = allocator.kmalloc(PARAM_ENTRY, GFP_KERNEL);
    if (copy !== 0) ram.copy(copy, guestParam, PARAM_ENTRY);
    return copy;
  }
  #dropElementParam(address: Ptr): void {
    if (address !== 0) this.#context.allocator.kfree(address);
  }

  /** Text of a parameter as its sysfs file shows it, or a negative errno. */
  *show(module: LoadedModule, record: ParamRecord): Sleeping<string | number> {
    const getter = this.#context.ram.readPtr(record.ops + OPS_GET);
    if (getter === 0) return -1; // EPERM
    yield* this.lock(module);
    const text = yield* this.#callGetter(record.ops, record, record.address);
    this.unlock(module);
    return text;
  }
  *#callGetter(ops: Ptr, target: ParamTarget, guestParam: Ptr): Sleeping<string | number> {
    const { ram } = this.#context;
    const getter = ram.readPtr(ops + OPS_GET);
    const standard = this.#getters.get(getter);
    if (standard) return standard.get(target).slice(0, PAGE_SIZE - 1);
    if (getter === this.#arrayGet) return yield* this.showArray(target, guestParam);
    return yield* this.#callGuestGetter(getter, guestParam);
  }
  *#callGuestGetter(getter: Ptr, guestParam: Ptr): Sleeping<string | number> {
    const { ram, cpu, image, allocator } = this.#context;
    const buffer = allocator.kmalloc(PAGE_SIZE, GFP_KERNEL);
    if (buffer === 0) return ENOMEM;
    ram.fill(buffer, PAGE_SIZE);
    const length = (yield* cpu.callSleeping(getter, [buffer, guestParam], image.callSite('param_attr_show'))) | 0;
    const text = length < 0 ? length : ram.cstring(buffer, PAGE_SIZE).slice(0, length);
    allocator.kfree(buffer);
    return text;
  }
  *showArray(target: ParamTarget, guestParam: Ptr): Sleeping<string | number> {
    const { ram } = this.#context;
    const array = this.#array(target.arg);
    const count = array.countAt === 0 ? array.max : Math.min(ram.readU32(array.countAt), PAGE_SIZE);
    const parts: string[] = [];
    const element = yield* this.#elementParam(guestParam);
    for (let i = 0; i < count; i++) {
      const arg = array.elements + i * array.elementSize;
      if (element !== 0) ram.writePtr(element + 32, arg);
      const text = yield* this.#callGetter(array.ops, { name: target.name, arg }, element);
      if (typeof text === 'number') {
        this.#dropElementParam(element);
        return text;
      }
      parts.push(text.endsWith('\n') ? text.slice(0, -1) : text);
    }
    this.#dropElementParam(element);
    return parts.length === 0 ? '' : `${parts.join(',')}\n`;
  }

  /** A write to the sysfs file: 0 or a negative errno. */
  *store(module: LoadedModule, record: ParamRecord, text: string, report: LoadReport): Sleeping<number> {
    const { ram, allocator } = this.#context;
    if (ram.readPtr(record.ops + OPS_SET) === 0) return -1; // EPERM
    const buffer = allocator.kmalloc(text.length + 1, GFP_KERNEL);
    if (buffer === 0) return ENOMEM;
    ram.writeCString(buffer, text);
    const result = yield* this.set(module, record, { text, address: buffer, caller: 'param_attr_store' }, report);
    allocator.kfree(buffer);
    return result;
  }

  /** Module memory is about to go: lets values free what they own. */
  destroy(module: LoadedModule): void {
    const { ram, cpu, image } = this.#context;
    for (const { ops, arg } of this.records(module)) {
      const free = ram.readPtr(ops + OPS_FREE);
      if (free === 0) continue;
      const standard = this.#frees.get(free);
      if (standard) standard.free!(arg);
      else if (free === this.#arrayFree) this.freeArray(arg);
      else cpu.call(free, [arg], image.callSite('destroy_params'));
    }
    this.types.freeStringsOf((arg) => module.contains(arg));
  }
  freeArray(arg: Ptr): void {
    const { ram } = this.#context;
    const array = this.#array(arg);
    const standard = this.#frees.get(ram.readPtr(array.ops + OPS_FREE));
    if (!standard?.free) return;
    const count = Math.min(array.countAt === 0 ? array.max : ram.readU32(array.countAt), array.max);
    for (let i = 0; i < count; i++) standard.free(array.elements + i * array.elementSize);
  }

  *lock(module: LoadedModule): Sleeping<void> {
    while (module.isParamLocked) {
      if ((yield* this.#context.waits.wait(() => !module.isParamLocked, undefined, false)) !== 'done') return;
    }
    module.isParamLocked = true;
  }
  unlock(module: LoadedModule): void {
    module.isParamLocked = false;
    this.#context.waits.wake();
  }
}

/** Kernel names of a type's functions: bint shows through param_get_int, string through param_get_string. */
export const setterName = (type: string): string => (type === 'string' ? 'param_set_copystring' : `param_set_${type}`);
export const getterName = (type: string): string => (type === 'bint' ? 'param_get_int' : type === 'bool_enable_only' ? 'param_get_bool' : `param_get_${type}`);

