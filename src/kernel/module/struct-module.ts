// `struct module` in RAM: the fields that modules and the rest of the kernel read. Offsets come from the ABI, looked up once per
// kernel. State, reference count, list links and taints live here and nowhere else; modules do read and change them.

import type { Abi, StructLayout } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';

export const STATE = { LIVE: 0, COMING: 1, GOING: 2, UNFORMED: 3 } as const;
export type ModuleState = (typeof STATE)[keyof typeof STATE];

/** Offset of a field, or -1 where this release has none. */
const optional = (layout: Pick<StructLayout, 'hasField' | 'offset'>, path: string): number => (layout.hasField(path) ? layout.offset(path) : -1);

export class StructModule {
  readonly ram: Ram;
  readonly sizeBytes: number;
  readonly nameOffset: number;
  readonly nameSize: number;
  readonly #offset: Readonly<Record<FieldName, number>>;
  /** Bases and sizes of the regions, in the order of Layout.areas. */
  readonly areaFields: readonly { readonly base: number; readonly size: number; readonly textSize: number; readonly roSize: number; readonly roAfterInitSize: number }[];

  constructor(ram: Ram, abi: Abi) {
    const layout = abi.struct('module');
    this.ram = ram;
    this.sizeBytes = layout.sizeBytes;
    this.nameOffset = layout.offset('name');
    this.nameSize = layout.field('name').type.sizeBytes;
    this.#offset = Object.fromEntries(FIELDS.map((field) => [field, optional(layout, field)])) as Record<FieldName, number>;
    this.areaFields = layout.hasField('core_layout')
      ? ['core_layout', 'init_layout'].map((area) => ({
        base: layout.offset(`${area}.base`), size: layout.offset(`${area}.size`), textSize: layout.offset(`${area}.text_size`),
        roSize: layout.offset(`${area}.ro_size`), roAfterInitSize: layout.offset(`${area}.ro_after_init_size`),
      }))
      : [0, 1, 2, 3, 4, 5, 6].map((i) => ({ base: layout.offset(`mem[${i}].base`), size: layout.offset(`mem[${i}].size`), textSize: -1, roSize: -1, roAfterInitSize: -1 }));
  }

  /** True if this release has the field. */
  has(field: FieldName): boolean { return this.#offset[field] >= 0; }
  address(module: Ptr, field: FieldName): Ptr { return module + this.#offset[field]; }

  state(module: Ptr): number { return this.ram.readU32(module + this.#offset.state); }
  setState(module: Ptr, state: ModuleState): void { this.ram.writeU32(module + this.#offset.state, state); }
  refcnt(module: Ptr): number { return this.ram.readI32(module + this.#offset.refcnt); }
  setRefcnt(module: Ptr, count: number): void { this.ram.writeU32(module + this.#offset.refcnt, count); }
  name(module: Ptr): string { return this.ram.cstring(module + this.nameOffset, this.nameSize); }

  pointer(module: Ptr, field: FieldName): Ptr { return this.ram.readPtr(module + this.#offset[field]); }
  setPointer(module: Ptr, field: FieldName, value: number): void {
    const at = this.#offset[field];
    if (at >= 0) this.ram.writePtr(module + at, value);
  }
  setU32(module: Ptr, field: FieldName, value: number): void {
    const at = this.#offset[field];
    if (at >= 0) this.ram.writeU32(module + at, value);
  }
  setFlag(module: Ptr, field: FieldName, value: boolean): void {
    const at = this.#offset[field];
    if (at >= 0) this.ram.writeU8(module + at, value ? 1 : 0);
  }
  flag(module: Ptr, field: FieldName): boolean {
    const at = this.#offset[field];
    return at >= 0 && this.ram.readU8(module + at) !== 0;
  }
  /** Makes a `struct list_head` field an empty list. */
  initList(module: Ptr, field: FieldName): void {
    const at = this.#offset[field];
    if (at < 0) return;
    this.ram.writePtr(module + at, module + at);
    this.ram.writePtr(module + at + 8, module + at);
  }
}

const FIELDS = [
  'state', 'list', 'mkobj.mod', 'version', 'srcversion', 'syms', 'crcs', 'num_syms', 'kp', 'num_kp', 'num_gpl_syms', 'gpl_syms', 'gpl_crcs',
  'using_gplonly_symbols', 'sig_ok', 'async_probe_requested', 'num_exentries', 'extable', 'init', 'taints', 'num_bugs', 'bug_list', 'bug_table',
  'args', 'percpu', 'percpu_size', 'param_lock.wait_list', 'jump_entries', 'num_jump_entries', 'num_static_call_sites', 'static_call_sites', 'klp',
  'source_list', 'target_list', 'exit', 'refcnt',
] as const;
export type FieldName = (typeof FIELDS)[number];
