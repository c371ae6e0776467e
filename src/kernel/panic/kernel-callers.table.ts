// The kernel functions that stand around a place from which kobox calls module code. On Linux each of them is a frame on the
// stack; here the place is one text address, and the others are named in traces only. Observed on Debian's 6.1 and 6.12 kernels.
// Differs from Linux: their offsets are not those of the real functions.

/** Frames by the name of the call site, innermost first. Sites that are not listed stand for themselves. */
export type KernelCallers = Readonly<Record<string, readonly string[]>>;

const SYSCALL = ['do_syscall_64', 'entry_SYSCALL_64_after_hwframe'];
const SYSFS_WRITE = ['module_attr_store', 'kernfs_fop_write_iter', 'vfs_write', 'ksys_write', ...SYSCALL];
const SYSFS_READ = ['module_attr_show', 'sysfs_kf_seq_show', 'seq_read_iter', 'vfs_read', 'ksys_read', ...SYSCALL];

const HANDLER = ['__handle_irq_event_percpu', 'handle_irq_event'];

const COMMON: KernelCallers = {
  handle_simple_irq: [...HANDLER, 'handle_simple_irq', 'handle_irq_desc'],
  handle_level_irq: [...HANDLER, 'handle_level_irq', 'handle_irq_desc'],
  handle_edge_irq: [...HANDLER, 'handle_edge_irq', 'handle_irq_desc'],
  handle_fasteoi_irq: [...HANDLER, 'handle_fasteoi_irq', 'handle_irq_desc'],
  irq_work_single: ['irq_work_single', 'irq_work_run_list', 'irq_work_run', '__sysvec_irq_work', 'sysvec_irq_work'],
  param_attr_store: ['param_attr_store', ...SYSFS_WRITE],
  param_attr_show: ['param_attr_show', ...SYSFS_READ],
  sort: ['sort_r', 'sort'],
};

const FINIT_6_1 = ['__do_sys_finit_module', ...SYSCALL];
const CALLERS_6_1: KernelCallers = {
  ...COMMON,
  do_one_initcall: ['do_one_initcall', 'do_init_module', ...FINIT_6_1],
  do_init_module: ['do_init_module', ...FINIT_6_1],
  load_module: ['load_module', ...FINIT_6_1],
  parse_args: ['parse_args', 'load_module', ...FINIT_6_1],
  '__do_sys_delete_module.constprop.0': ['__do_sys_delete_module.constprop.0', ...SYSCALL],
};

const FINIT_6_12 = ['init_module_from_file', 'idempotent_init_module', '__x64_sys_finit_module', ...SYSCALL];
const CALLERS_6_12: KernelCallers = {
  ...COMMON,
  do_one_initcall: ['do_one_initcall', 'do_init_module', ...FINIT_6_12],
  do_init_module: ['do_init_module', ...FINIT_6_12],
  load_module: ['load_module', ...FINIT_6_12],
  parse_args: ['parse_args', 'load_module', ...FINIT_6_12],
  '__do_sys_delete_module.isra.0': ['__do_sys_delete_module.isra.0', ...SYSCALL],
};

export const kernelCallers = ([major, minor]: readonly [number, number]): KernelCallers => (major > 6 || (major === 6 && minor >= 4) ? CALLERS_6_12 : CALLERS_6_1);

/** Where an interrupt came in: the outermost function on its stack, the entry on the task's, and what the kernel was interrupted in. */
export interface InterruptEntry { readonly entry: string; readonly interrupted: readonly [string, ...string[]] }
export const INTERRUPT_ENTRIES: Readonly<Record<string, InterruptEntry>> = {
  sysvec_irq_work: { entry: 'asm_sysvec_irq_work', interrupted: ['arch_irq_work_raise', 'irq_work_queue'] },
};

/** Exported functions that end in a jump to another one, which is the one on the stack. */
export const TAIL_CALLS: Readonly<Record<string, string>> = {
  generic_handle_irq: 'handle_irq_desc',
};

/** Functions between schedule() and an exported function that sleeps, innermost first. Others are shown without. */
export const SLEEPERS: KernelCallers = {
  msleep: ['schedule_timeout'],
};
