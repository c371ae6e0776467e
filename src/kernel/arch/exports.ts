// Exported symbols of arch/x86 that describe the processor or work its flags.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { RAX } from '../../ir/ir.ts';
import type { CpuModel } from '../../x86/cpu-model.ts';
import { data, type ExportTable, fn, raw, since } from '../exports/define.ts';
import type { PerCpu } from '../services.ts';
import { family, model, writeCpuInfo } from './boot-cpu-data.ts';
import type { CpuFeatureWords } from './cpu-features.ts';
import { fillPvOps, type ParavirtDeps } from './paravirt.ts';
import { thunkExports, type ThunkDeps } from './thunk-exports.ts';

export interface ArchDeps extends ParavirtDeps, ThunkDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: CpuModel;
  readonly perCpu: PerCpu;
  readonly features: CpuFeatureWords;
  readonly loopsPerJiffy: number;
  /** preempt_count() of this CPU. */
  readonly context: { preemptCount: number };
}

export function archExports(deps: ArchDeps): ExportTable {
  const { ram, abi, cpu, perCpu, features, loopsPerJiffy } = deps;
  const u32 = (value = 0) => data(4, (at) => ram.writeU32(at, value), 4);
  const word = (value = 0) => data(8, (at) => ram.writePtr(at, value));
  const cpuInfo = (n: number) => (at: Ptr): void => writeCpuInfo(ram, abi, at, n, features, loopsPerJiffy);
  return {
    ...thunkExports(deps),
    pv_ops: data(abi.sizeOf('paravirt_patch_template'), (at) => fillPvOps(deps, at)),
    boot_cpu_data: data(abi.sizeOf('cpuinfo_x86'), cpuInfo(0), 64),
    cpu_info: perCpuCopies(abi, perCpu, cpuInfo),
    // Target of calls that alternatives replace before they can run.
    BUG_func: since([6, 12], raw(() => deps.refuse('BUG_func'))),
    native_save_fl: raw((regs) => regs.set(RAX, cpu.systemFlags)),
    native_io_delay: fn('native_io_delay', () => {}),
    x86_family: fn('x86_family', (signature: number) => family(signature)),
    x86_model: fn('x86_model', (signature: number) => model(signature)),
    x86_stepping: fn('x86_stepping', (signature: number) => signature & 0xf),
    // Vector registers are nobody else's here: nothing is saved, but the section may not be left.
    kernel_fpu_begin_mask: fn('kernel_fpu_begin_mask', (_mask: number) => { deps.context.preemptCount++; }),
    kernel_fpu_end: fn('kernel_fpu_end', () => { deps.context.preemptCount--; }),
    irq_fpu_usable: fn('irq_fpu_usable', () => true),
    // Neither confidential computing nor Xen nor any other hypervisor that guests know.
    cc_platform_has: fn('cc_platform_has', (_attribute: number) => false),
    xen_domain_type: u32(),
    x86_hyper_type: u32(),
    boot_cpu_physical_apicid: u32(),
    x86_spec_ctrl_base: word(),
    clear_page_orig: raw((regs) => clearPage(ram, regs.get(7))),
    clear_page_rep: raw((regs) => clearPage(ram, regs.get(7))),
    clear_page_erms: raw((regs) => clearPage(ram, regs.get(7))),
    copy_page: raw((regs) => ram.copy(regs.get(7), regs.get(6), 4096)),
  };
}

const clearPage = (ram: Ram, page: Ptr): void => ram.fill(page, 4096);

/** One record per CPU at the place vmlinux gives the variable. */
function perCpuCopies(abi: Abi, perCpu: PerCpu, fill: (cpu: number) => (at: Ptr) => void) {
  let cpu = 0;
  const entry = data(abi.sizeOf('cpuinfo_x86'), (at) => { fill(cpu++ % perCpu.nrCpus)(at); });
  return { ...entry, perCpu: true };
}
