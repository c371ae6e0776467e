// delete_module(2): the checks in Linux's order, then exit and removal (spec 1.6, 6.6).

import { Errno } from '../errors.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { ModuleContext } from './context.ts';
import { freeModule } from './free.ts';
import { LoadReport } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import { flagsOf } from './proc-modules.ts';
import { STATE } from './struct-module.ts';

export const O_NONBLOCK = 0x800;
/** Forces removal of a module that is in use or has no exit. */
export const O_TRUNC = 0x200;
const NAME_MAX = 55;

export function* unloadModule(context: ModuleContext, name: string, flags: number): Sleeping<void> {
  const { struct, references } = context;
  if (name === '' || name.length > NAME_MAX) throw new Errno('ENOENT', 'no such module');
  const module = context.list.find(name);
  if (!module) throw new Errno('ENOENT', `module ${name} is not loaded`);
  if (module.users.length > 0) throw new Errno('EAGAIN', `module ${name} is used by ${module.users.map((user) => user.name).join(', ')}`);
  if (context.state(module) !== STATE.LIVE) throw new Errno('EBUSY', `module ${name} is not live`);
  const canForce = (flags & O_TRUNC) !== 0;
  const init = struct.pointer(module.address, 'init');
  const exit = struct.pointer(module.address, 'exit');
  let isForced = false;
  if (init !== 0 && exit === 0) {
    if (!canForce) throw new Errno('EBUSY', `module ${name} is permanent: it has no exit function`);
    isForced = true;
  }
  if (struct.refcnt(module.address) < 1) context.deps.reporter.bug({ file: 'kernel/module/main.c', line: context.isNewer ? 692 : 656, symbol: 'try_release_module_ref' });
  if (!references.tryRelease(module)) {
    if (!canForce) throw new Errno('EAGAIN', `module ${name} is in use`);
    isForced = true;
  }
  if (isForced) context.tainter.kernel('R', new LoadReport(context.deps.log));
  struct.setState(module.address, STATE.GOING);
  context.observer?.stateChanged?.(name, 'GOING');
  yield* remove(context, module, exit);
}

function* remove(context: ModuleContext, module: LoadedModule, exit: number): Sleeping<void> {
  const { cpu, image } = context.deps;
  if (exit !== 0) {
    context.observer?.exitCalled?.(module.name, exit);
    // An oops in here passes through: the module stays GOING for ever.
    yield* cpu.callSleeping(exit, [], image.callSite(context.isNewer ? '__do_sys_delete_module.isra.0' : '__do_sys_delete_module.constprop.0'));
  }
  yield* context.notifiers.send(STATE.GOING, module);
  context.lastUnloaded = { name: module.name, flags: flagsOf(module, STATE.LIVE) };
  if (module.hasSysfs) context.uevents.send('remove', module);
  freeModule(context, module);
}
