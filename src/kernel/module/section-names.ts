// Names of sections that the module loader knows, and sizes of the records in them (spec 2.2).

export const THIS_MODULE = '.gnu.linkonce.this_module';
export const MODINFO = '.modinfo';
export const VERSIONS = '__versions';
export const PER_CPU = '.data..percpu';
export const RO_AFTER_INIT = '.data..ro_after_init';
export const JUMP_TABLE = '__jump_table';

export const KSYMTAB_ENTRY = 12;
export const PARAM_ENTRY = 40;
export const EXTABLE_ENTRY = 12;
export const BUG_ENTRY = 12;
export const JUMP_ENTRY = 16;
export const STATIC_CALL_SITE = 8;

/** Sections freed once init has returned. */
export const isInitSection = (name: string): boolean => name.startsWith('.init');
