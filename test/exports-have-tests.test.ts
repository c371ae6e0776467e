// Every symbol that the kernel exports to modules is used by some test: named in a unit test or in C source of a test module, or
// imported by a built test module (headers turn spin_lock() into _raw_spin_lock). The list of the others only shrinks.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { bootKernel } from '../src/kernel/boot.ts';
import { SHN_UNDEF, SHT_SYMTAB } from '../src/elf/constants.ts';
import { parseElf64 } from '../src/elf/elf64.ts';
import { loadTestAbi, type Series, TEST_SERIES, testModules } from './test-kernel.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Tests that build names from parts: what they cover, said once. */
const BY_PATTERN: readonly RegExp[] = [
  // src/kernel/arch/arch.test.ts: every register of every kind of thunk.
  /^__x86_indirect_(call_|jump_)?thunk_r\w+$/,
];

/** Exports that still wait for a test. This list only shrinks: a new export comes with its test. */
const AWAITED: ReadonlySet<string> = new Set([
  '__init_rwsem', '__init_swait_queue_head', '__init_waitqueue_head', '__mutex_init', '__wake_up_locked', '__wake_up_locked_key', '__wake_up_sync',
  '__wake_up_sync_key', '_dev_alert', '_dev_crit', '_dev_emerg', '_dev_notice', '_local_bh_enable', '_raw_read_lock_bh', '_raw_read_lock_irq',
  '_raw_read_lock_irqsave', '_raw_read_trylock', '_raw_read_unlock_bh', '_raw_read_unlock_irq', '_raw_read_unlock_irqrestore', '_raw_spin_lock_irq',
  '_raw_spin_trylock_bh', '_raw_spin_unlock_irq', '_raw_write_lock', '_raw_write_lock_bh', '_raw_write_lock_irqsave', '_raw_write_trylock',
  '_raw_write_unlock', '_raw_write_unlock_bh', '_raw_write_unlock_irqrestore', 'add_timer_global', 'add_timer_local', 'add_timer_on',
  'add_wait_queue', 'add_wait_queue_exclusive', 'atomic_notifier_chain_register_unique_prio', 'atomic_notifier_chain_unregister',
  'autoremove_wake_function', 'blocking_notifier_chain_register_unique_prio', 'blocking_notifier_chain_unregister', 'complete_all',
  'default_wake_function', 'dev_driver_string', 'dev_printk_emit', 'dev_vprintk_emit', 'do_wait_intr', 'down_interruptible', 'down_killable',
  'down_read_interruptible', 'down_read_killable', 'down_write_killable', 'hrtimer_resolution', 'kthread_complete_and_exit', 'kvasprintf',
  'mutex_lock_io', 'mutex_lock_killable', 'nmi_panic', 'no_hash_pointers', 'oops_in_progress', 'panic_notifier_list', 'panic_timeout',
  'param_get_bool', 'param_get_byte', 'param_get_charp', 'param_get_hexint', 'param_get_invbool', 'param_get_long', 'param_get_short',
  'param_get_string', 'param_get_ullong', 'param_get_ulong', 'param_get_ushort', 'param_set_bool', 'param_set_byte', 'param_set_copystring',
  'param_set_hexint', 'param_set_invbool', 'param_set_long', 'param_set_short', 'param_set_uint', 'param_set_ullong', 'param_set_ulong',
  'param_set_ushort', 'prepare_to_wait', 'prepare_to_wait_exclusive', 'remove_wait_queue', 'schedule_hrtimeout_range_clock', 'schedule_timeout_idle',
  'schedule_timeout_interruptible', 'schedule_timeout_killable', 'schedule_timeout_uninterruptible', 'sprint_symbol', 'sprint_symbol_no_offset',
  'timer_shutdown', 'vscnprintf', 'vsprintf', 'vsscanf', 'wait_for_completion_interruptible', 'wait_for_completion_interruptible_timeout',
  'wait_for_completion_io', 'wait_for_completion_io_timeout', 'wait_for_completion_killable', 'wait_for_completion_killable_timeout',
  'wait_for_completion_timeout', 'wait_woken', 'woken_wake_function',
  'call_rcu_hurry', 'cancel_work', 'cond_synchronize_rcu_expedited', 'disable_delayed_work', 'disable_delayed_work_sync', 'disable_work',
  'disable_work_sync', 'enable_delayed_work', 'enable_work', 'execute_in_process_context', 'get_completed_synchronize_rcu', 'kvfree_rcu_barrier',
  'queue_work_node', 'rcu_gp_is_expedited', 'rcu_gp_is_normal', 'rcu_is_watching', 'set_worker_desc', 'start_poll_synchronize_rcu_expedited',
  'system_dfl_wq', 'system_freezable_power_efficient_wq', 'system_freezable_wq', 'system_highpri_wq', 'system_long_wq', 'system_power_efficient_wq',
  'tasklet_unlock', 'tasklet_unlock_spin_wait', 'work_on_cpu_key', 'work_on_cpu_safe_key', 'workqueue_congested', 'workqueue_set_max_active',
]);

function* files(folder: string, isWanted: (name: string) => boolean): Iterable<string> {
  for (const entry of fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* files(path.join(folder, entry.name), isWanted);
    else if (isWanted(entry.name)) yield path.join(ROOT, folder, entry.name);
  }
}

/** Symbols that built test modules import; files that are malformed on purpose have none. */
function* imports(series: Series): Iterable<string> {
  for (const file of testModules(series).values()) {
    let elf: ReturnType<typeof parseElf64>;
    try {
      elf = parseElf64(fs.readFileSync(file));
    } catch {
      continue;
    }
    const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
    const symbols = table && elf.symbols(table);
    for (let i = 1; symbols && i < symbols.count; i++) if (symbols.section(i) === SHN_UNDEF) yield symbols.name(i);
  }
}

it('every exported symbol is used by a test', () => {
  const sources = [...files('src', (name) => name.endsWith('.test.ts')), ...files('test', (name) => name.endsWith('.ts')), ...files('modules', (name) => /\.[ch]$/.test(name))];
  const words = new Set(sources.flatMap((file) => fs.readFileSync(file, 'utf8').match(/\b[A-Za-z_]\w*/g) ?? []));
  const untested = new Set<string>();
  for (const series of TEST_SERIES) {
    const abi = loadTestAbi(series);
    if (!abi) continue;
    for (const name of imports(series)) words.add(name);
    for (const { name } of bootKernel({ abi }).exports.all()) {
      if (!words.has(name) && !AWAITED.has(name) && !BY_PATTERN.some((pattern) => pattern.test(name))) untested.add(name);
    }
  }
  expect([...untested].sort()).toEqual([]);
});
