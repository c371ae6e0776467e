// Symbols that modules import from the module system: references, notifiers, parameter types, static keys and static calls.
// Linux: kernel/module/main.c, kernel/params.c, kernel/jump_label.c, kernel/static_call_inline.c.

import type { Ptr } from '../../base/ptr.ts';
import { RAX, RDI, RSI } from '../../ir/ir.ts';
import { data, type ExportEntry, type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { SourceLine } from '../services.ts';
import type { ModuleContext } from './context.ts';
import { formed } from './imports.ts';
import { getterName, setterName } from './parameters.ts';
import { findSymbol } from './resolve.ts';
import { STATE } from './struct-module.ts';

const EEXIST = -17;
const ENOENT = -2;

const at = (file: string, line: number, symbol: string): SourceLine => ({ file, line, symbol });

/** `%ps`: the function without its offset. */
function symbolText(context: ModuleContext, address: Ptr): string {
  const module = context.list.byAddressInside(address);
  const symbol = context.deps.image.textSymbolAt(address) ?? module?.kallsyms?.symbolize(address, module);
  return symbol ? `${symbol.name}${module ? ` [${module.name}]` : ''}` : `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}

export function moduleExports(context: ModuleContext): ExportTable {
  return { ...referenceExports(context), ...notifierExports(context), ...parameterExports(context), ...staticKeyExports(context), ...staticCallExports(context) };
}

function referenceExports(context: ModuleContext): ExportTable {
  const { references, struct } = context;
  const { reporter, log, ram, exports } = context.deps;
  const put = (module: Ptr): void => {
    if (!references.put(module)) reporter.warn(at('kernel/module/main.c', context.isNewer ? 887 : 857, 'module_put'), '');
  };
  return {
    try_module_get: fn('try_module_get', (module: Ptr) => references.tryGet(module)),
    __module_get: fn('__module_get', (module: Ptr) => references.get(module)),
    module_put: fn('module_put', put),
    module_refcount: fn('module_refcount', (module: Ptr) => references.count(module)),
    __symbol_get: fn('__symbol_get', (nameAddr: Ptr) => {
      const name = ram.cstring(nameAddr);
      const hit = findSymbol(name, true, exports, formed(context));
      if (!hit) return 0;
      if (!hit.isGplOnly) {
        log.printk(4, `failing symbol_get of non-GPLONLY symbol ${name}.`);
        return 0;
      }
      if (hit.owner && (struct.state(hit.owner.address) !== STATE.LIVE || !references.tryGet(hit.owner.address))) return 0;
      return hit.address;
    }),
    __symbol_put: fn('__symbol_put', (nameAddr: Ptr) => {
      const hit = findSymbol(ram.cstring(nameAddr), true, exports, formed(context));
      if (!hit) return reporter.bug(at('kernel/module/main.c', context.isNewer ? 820 : 784, '__symbol_put'));
      if (hit.owner) put(hit.owner.address);
    }),
    symbol_put_addr: fn('symbol_put_addr', (address: Ptr) => {
      if (context.deps.image.isText(address)) return;
      const owner = context.list.byAddressInside(address);
      if (!owner) return reporter.bug(at('kernel/module/main.c', context.isNewer ? 841 : 805, 'symbol_put_addr'));
      put(owner.address);
    }),
    is_module_sig_enforced: fn('is_module_sig_enforced', () => context.isSignatureEnforced),
  };
}

function notifierExports(context: ModuleContext): ExportTable {
  const { notifiers } = context;
  return {
    register_module_notifier: fn('register_module_notifier', (block: Ptr) => {
      if (notifiers.register(block)) return 0;
      const callback = symbolText(context, context.deps.ram.readPtr(block));
      context.deps.reporter.warn(at('kernel/notifier.c', context.isNewer ? 31 : 28, 'notifier_chain_register'), `notifier callback ${callback} already registered`);
      return EEXIST;
    }),
    unregister_module_notifier: fn('unregister_module_notifier', (block: Ptr) => (notifiers.unregister(block) ? 0 : ENOENT)),
  };
}

/** Types whose operations are exported as `param_ops_NAME`, with what of their set and get functions is. */
const OPS = ['byte', 'short', 'ushort', 'int', 'uint', 'long', 'ulong', 'ullong', 'hexint', 'charp', 'bool', 'bool_enable_only', 'invbool', 'bint', 'string'];

function parameterExports(context: ModuleContext): ExportTable {
  const { parameters } = context;
  const { ram, image, cpu } = context.deps;
  const textAt = (address: Ptr): string | undefined => (address === 0 ? undefined : ram.cstring(address));
  const target = (param: Ptr): { name: string; arg: Ptr } => ({ name: ram.cstring(ram.readPtr(param), 256), arg: ram.readPtr(param + 32) });
  const storeText = (buffer: Ptr, text: string): number => { ram.writeCString(buffer, text); return text.length; };
  const table: Record<string, ExportEntry> = {};

  for (const [name, type] of Object.entries(parameters.types.byName)) {
    const setter = setterName(name);
    const getter = getterName(name);
    table[setter] = fn(setter, (value: Ptr, param: Ptr) => type.set(textAt(value), target(param)));
    table[getter] ??= fn(getter, (buffer: Ptr, param: Ptr) => storeText(buffer, type.get(target(param))));
  }
  // A function is placed when it is first asked for.
  const functionAt = (name: string): Ptr => context.deps.exports(name)?.address ?? image.text(name);
  const opsAt = (address: Ptr, isValueOptional: boolean, set: string, get: string, free: string | undefined): void => {
    ram.writeU32(address, isValueOptional ? 1 : 0);
    ram.writePtr(address + 8, functionAt(set));
    ram.writePtr(address + 16, functionAt(get));
    ram.writePtr(address + 24, free === undefined ? 0 : functionAt(free));
  };
  for (const name of OPS) {
    const type = parameters.types.byName[name]!;
    table[`param_ops_${name}`] = data(32, (address) => opsAt(address, type.isValueOptional, setterName(name), getterName(name), type.free ? `param_free_${name}` : undefined));
  }
  table['param_array_ops'] = data(32, (address) => opsAt(address, false, 'param_array_set', 'param_array_get', 'param_array_free'));
  table['param_free_charp'] = fn('param_free_charp', (arg: Ptr) => parameters.types.freeCharp(arg));
  table['param_set_uint_minmax'] = fn('param_set_uint_minmax', (value: Ptr, param: Ptr, min: number, max: number) => parameters.types.setUintMinMax(textAt(value), target(param), min, max));

  // Operations that Linux keeps to itself, but that modules reach through param_array_ops. They get the value or buffer, and the kernel_param.
  cpu.defineHostFunction(image.text('param_array_set'), 'param_array_set', function* (regs) {
    const value = regs.get(RDI);
    regs.set(RAX, yield* parameters.setArray({ text: textAt(value), address: value }, target(regs.get(RSI)), regs.get(RSI)));
  });
  cpu.defineHostFunction(image.text('param_array_get'), 'param_array_get', function* (regs) {
    const buffer = regs.get(RDI);
    const text = yield* parameters.showArray(target(regs.get(RSI)), regs.get(RSI));
    regs.set(RAX, typeof text === 'number' ? text : storeText(buffer, text));
  });
  cpu.defineHostFunction(image.text('param_array_free'), 'param_array_free', (regs) => parameters.freeArray(regs.get(RDI)));

  const locked = (module: Ptr) => context.list.at(module);
  table['kernel_param_lock'] = sleeping('kernel_param_lock', function* (module: Ptr) {
    const owner = locked(module);
    if (owner) yield* parameters.lock(owner);
  });
  table['kernel_param_unlock'] = fn('kernel_param_unlock', (module: Ptr) => {
    const owner = locked(module);
    if (owner) parameters.unlock(owner);
  });
  return table;
}

function staticKeyExports(context: ModuleContext): ExportTable {
  const { jumpLabels } = context;
  const said = new Set<string>();
  /** WARN_ON_ONCE; the lines of 6.12 come three after those of 6.1. */
  const check = (isGood: boolean, line: number, symbol: string): void => {
    if (isGood || said.has(symbol)) return;
    said.add(symbol);
    context.deps.reporter.warn(at('kernel/jump_label.c', context.isNewer ? line + 3 : line, symbol), '');
  };
  const enable = (key: Ptr): void => check(jumpLabels.enable(key), 200, 'static_key_enable_cpuslocked');
  const disable = (key: Ptr): void => check(jumpLabels.disable(key), 231, 'static_key_disable_cpuslocked');
  return {
    static_key_initialized: data(1, (address) => context.deps.ram.writeU8(address, 1), 1),
    static_key_count: fn('static_key_count', (key: Ptr) => jumpLabels.count(key)),
    static_key_slow_inc: fn('static_key_slow_inc', (key: Ptr) => { jumpLabels.increment(key); return true; }),
    static_key_slow_dec: fn('static_key_slow_dec', (key: Ptr) => check(jumpLabels.decrement(key), 279, 'static_key_dec_not_one')),
    static_key_enable: fn('static_key_enable', enable),
    static_key_enable_cpuslocked: fn('static_key_enable_cpuslocked', enable),
    static_key_disable: fn('static_key_disable', disable),
    static_key_disable_cpuslocked: fn('static_key_disable_cpuslocked', disable),
  };
}

function staticCallExports(context: ModuleContext): ExportTable {
  const { image, log } = context.deps;
  return {
    __static_call_update: fn('__static_call_update', (key: Ptr, trampoline: Ptr, target: Ptr) => {
      const thunk = image.lookup('__x86_return_thunk')?.address ?? 0;
      if (!context.staticCalls.update(key, trampoline, target, thunk)) {
        log.printk(4, `kobox: static call ${image.textSymbolAt(trampoline)?.name ?? ''} belongs to the kernel, its target stays`);
      }
    }),
  };
}
