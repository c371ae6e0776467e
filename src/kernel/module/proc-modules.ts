// The texts of /proc/modules and of the `Modules linked in:` line (spec 7.1, 11.2).

import { hex16, type Ptr } from '../../base/ptr.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { ModuleReferences } from './references.ts';
import { STATE, type StructModule } from './struct-module.ts';

const STATE_WORDS: Readonly<Record<number, string>> = { [STATE.LIVE]: 'Live', [STATE.COMING]: 'Loading', [STATE.GOING]: 'Unloading' };

/** Letters of the module's taints and a sign for a module that comes or goes, in parentheses; '' when there is nothing to say. */
export function flagsOf(module: LoadedModule, state: number): string {
  if (module.taints.mask === 0 && state !== STATE.COMING && state !== STATE.GOING) return '';
  return `(${module.taints.letters}${state === STATE.GOING ? '-' : state === STATE.COMING ? '+' : ''})`;
}

export function procModulesLine(module: LoadedModule, struct: StructModule, references: ModuleReferences, showsAddresses: boolean): string {
  const state = struct.state(module.address);
  const isPermanent = struct.pointer(module.address, 'init') !== 0 && struct.pointer(module.address, 'exit') === 0;
  const users = module.users.map((user) => `${user.name},`).join('') + (isPermanent ? '[permanent],' : '');
  const address: Ptr = showsAddresses ? module.textAddress : 0;
  const flags = module.taints.mask === 0 ? '' : ` ${flagsOf(module, state)}`;
  return `${module.name} ${module.coreSize + module.initSize} ${references.count(module.address)} ${users === '' ? '-' : users} ${STATE_WORDS[state] ?? 'Live'} 0x${hex16(address)}${flags}\n`;
}
