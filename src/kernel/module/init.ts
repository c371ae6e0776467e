// Running a module's init, and what follows (spec 6.5). Linux: kernel/module/main.c (do_init_module), init/main.c (do_one_initcall).

import type { Sleeping } from '../../cpu/api.ts';
import type { ModuleContext } from './context.ts';
import { freeModule } from './free.ts';
import type { Load } from './load.ts';
import { LoadFailed } from './load-failed.ts';
import { KERN_DEBUG, KERN_WARNING } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import { STATE } from './struct-module.ts';

export function* runInit(load: Load): Sleeping<void> {
  const { context, module, report } = load;
  const { struct, observer } = context;
  const init = struct.pointer(module.address, 'init');
  let result = 0;
  if (init !== 0) {
    observer?.initCalled?.(module.name, init);
    // An oops in here passes through: the module stays COMING for ever.
    result = yield* callInit(context, module, init);
    observer?.initReturned?.(module.name, result);
  }
  if (result < 0) {
    struct.setState(module.address, STATE.GOING);
    observer?.stateChanged?.(module.name, 'GOING');
    context.references.put(module.address);
    yield* context.notifiers.send(STATE.GOING, module);
    freeModule(context, module);
    report.silentIssue(`${module.name}: init returned ${result}`);
    throw new LoadFailed(result, report.issues);
  }
  if (result > 0) {
    report.note(KERN_WARNING, `do_init_module: '${module.name}'->init suspiciously returned ${result}, it should follow 0/-E convention\ndo_init_module: loading module anyway...`);
    context.deps.reporter.dumpStack('do_init_module');
  }
  struct.setState(module.address, STATE.LIVE);
  observer?.stateChanged?.(module.name, 'LIVE');
  yield* context.notifiers.send(STATE.LIVE, module);
  context.uevents.send('add', module);
  context.references.put(module.address);
  freeInit(context, module);
  context.deps.waits.wake();
}

function* callInit(context: ModuleContext, module: LoadedModule, init: number): Sleeping<number> {
  const { cpu, image, execution, log, tasks, clock, options } = context.deps;
  const preemptCount = execution?.preemptCount ?? 0;
  const isTraced = options?.isInitcallDebug === true;
  const started = isTraced ? clock.nowNs() : 0n;
  const name = (): string => {
    const symbol = module.kallsyms?.symbolize(init, module);
    return symbol ? `${symbol.name}+0x${symbol.offset.toString(16)}/0x${symbol.size.toString(16)} [${module.name}]` : `0x${init.toString(16)}`;
  };
  if (isTraced) log.printk(KERN_DEBUG, `calling  ${name()} @ ${tasks.current.pid}`);
  const result = context.toInt(yield* cpu.callSleeping(init, [], image.callSite('do_one_initcall')));
  if (isTraced) log.printk(KERN_DEBUG, `initcall ${name()} returned ${result} after ${(clock.nowNs() - started) / 1000n} usecs`);
  if (execution) {
    let problems = '';
    if (execution.preemptCount !== preemptCount) {
      problems += 'preemption imbalance ';
      execution.preemptCount = preemptCount;
    }
    if (execution.areInterruptsDisabled) {
      problems += 'disabled interrupts ';
      execution.areInterruptsDisabled = false;
    }
    if (problems !== '') context.deps.reporter.warn({ file: 'init/main.c', line: context.isNewer ? 1253 : 1284, symbol: 'do_one_initcall' }, `initcall ${name()} returned with ${problems}`);
  }
  return result;
}

/** Init code and data are of no use any more. */
function freeInit(context: ModuleContext, module: LoadedModule): void {
  const { struct, deps } = context;
  module.kallsyms?.dropInit();
  context.jumpLabels.removeModule(module, true);
  module.areas.forEach((area, i) => {
    if (!area.isInit) return;
    if (area.textSize > 0) deps.cpu.removeCode(area.readOnlyBase);
    area.free(deps.space);
    const fields = struct.areaFields[i]!;
    deps.ram.writePtr(module.address + fields.base, 0);
    deps.ram.writeU32(module.address + fields.size, 0);
    if (fields.textSize >= 0) for (const field of [fields.textSize, fields.roSize, fields.roAfterInitSize]) deps.ram.writeU32(module.address + field, 0);
  });
}
