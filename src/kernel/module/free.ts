// Giving back everything a module holds, in Linux's order (spec 6.6). Linux: kernel/module/main.c (free_module).

import type { ModuleContext } from './context.ts';
import type { LoadedModule } from './loaded-module.ts';
import { STATE } from './struct-module.ts';

/** For a module on the list, in whatever state; after a load that failed, or after exit. */
export function freeModule(context: ModuleContext, module: LoadedModule): void {
  const { cpu, space, perCpu, allocator, waits } = context.deps;
  module.hasSysfs = false;
  context.struct.setState(module.address, STATE.UNFORMED);
  context.jumpLabels.removeModule(module);
  context.references.dropUses(module);
  if (module.canHaveParameters) context.parameters.destroy(module);
  context.list.remove(module);
  for (const area of module.areas) {
    if (area.textSize > 0) cpu.removeCode(area.readOnlyBase);
    area.free(space);
  }
  if (module.perCpuOffset !== 0) perCpu.free(module.perCpuOffset);
  if (module.argsAddress !== 0) allocator.kfree(module.argsAddress);
  for (const address of module.ownedStrings) allocator.kfree(address);
  module.argsAddress = module.perCpuOffset = 0;
  module.ownedStrings.length = 0;
  context.observer?.stateChanged?.(module.name, 'FREED');
  waits.wake();
}
