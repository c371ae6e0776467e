// What the loader writes into a module's `struct module`: identity and lists first, tables once they are linked.

import type { Ptr } from '../../base/ptr.ts';
import type { Load } from './load.ts';

/** Right after the sections are in place. */
export function initialiseStruct(load: Load): void {
  const { context: { struct }, module } = load;
  const { address } = module;
  const { ram } = struct;
  ram.writeU8(address + struct.nameOffset + struct.nameSize - 1, 0);
  for (const list of ['source_list', 'target_list', 'bug_list', 'param_lock.wait_list'] as const) struct.initList(address, list);
  struct.setPointer(address, 'mkobj.mod', address);
  module.areas.forEach((area, i) => {
    const fields = struct.areaFields[i]!;
    ram.writePtr(address + fields.base, area.base);
    ram.writeU32(address + fields.size, area.size);
    if (fields.textSize < 0) return;
    ram.writeU32(address + fields.textSize, area.textSize);
    ram.writeU32(address + fields.roSize, area.readOnlySize);
    ram.writeU32(address + fields.roAfterInitSize, area.roAfterInitSize);
  });
}

/** Fields of struct module that point at the linked tables. */
export function writeStruct(load: Load): void {
  const { context: { struct, deps }, file, layout, module } = load;
  const { address } = module;
  const start = (name: string): Ptr => { const section = file.section(name); return section ? layout.addressOf[section.index]! : 0; };
  const count = (name: string, size: number): number => Math.floor((file.section(name)?.size ?? 0) / size);
  struct.setPointer(address, 'syms', start('__ksymtab'));
  struct.setPointer(address, 'crcs', start('__kcrctab'));
  struct.setU32(address, 'num_syms', count('__ksymtab', 12));
  struct.setPointer(address, 'gpl_syms', start('__ksymtab_gpl'));
  struct.setPointer(address, 'gpl_crcs', start('__kcrctab_gpl'));
  struct.setU32(address, 'num_gpl_syms', count('__ksymtab_gpl', 12));
  struct.setPointer(address, 'kp', module.parameters.address);
  struct.setU32(address, 'num_kp', module.parameters.count);
  struct.setPointer(address, 'extable', start('__ex_table'));
  struct.setU32(address, 'num_exentries', count('__ex_table', 12));
  struct.setPointer(address, 'bug_table', module.bugs.address);
  struct.setU32(address, 'num_bugs', module.bugs.count);
  struct.setPointer(address, 'jump_entries', module.jumpEntries.address);
  struct.setU32(address, 'num_jump_entries', module.jumpEntries.count);
  struct.setPointer(address, 'static_call_sites', module.staticCallSites.address);
  struct.setU32(address, 'num_static_call_sites', module.staticCallSites.count);
  struct.setFlag(address, 'klp', file.info.has('livepatch'));
  deps.ram.writeU32(struct.address(address, 'taints'), module.taints.mask);
}
