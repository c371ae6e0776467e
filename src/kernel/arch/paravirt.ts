// pv_ops: the table through which a Debian kernel does privileged things that a hypervisor may replace. Modules call its slots
// (interrupt flag, cr0, MSRs). Each slot holds the address of a host function; one that this machine cannot do refuses by
// name. All keep every register but rax, as callee-save slots promise. Linux: arch/x86/kernel/paravirt.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { HostFunction, Registers } from '../../cpu/api.ts';
import { RAX, RCX, RDI, RDX, RSI } from '../../ir/ir.ts';
import { cpuid, type CpuModel, RFLAGS } from '../../x86/cpu-model.ts';

export interface ParavirtDeps {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly cpu: CpuModel;
  /** Puts a host function into kernel text under a name. */
  readonly define: (name: string, fn: HostFunction) => Ptr;
  /** Ends the calling context: this machine lacks what `name` asks for. */
  readonly refuse: (name: string) => never;
}

const EIO = 5;

/** Writes the whole table at `at`. */
export function fillPvOps(deps: ParavirtDeps, at: Ptr<'paravirt_patch_template'>): void {
  const { abi, ram, define, refuse } = deps;
  const known = operations(deps);
  for (const group of ['cpu', 'irq', 'mmu', 'lock']) {
    const layout = abi.struct('paravirt_patch_template').field(group);
    for (const member of abi.struct(layout.type.tag).members) {
      if (member.type.sizeBytes !== 8) continue;
      const path = `${group}.${member.name}`;
      const address = known[path] ?? define(`pv_ops.${path}`, () => refuse(`pv_ops.${path}`));
      ram.writePtr(at + layout.offset + member.offset, address);
    }
  }
}

function operations({ ram, cpu, define }: ParavirtDeps): Record<string, Ptr> {
  const getter = (read: () => number | bigint): HostFunction => (regs) => regs.set(RAX, read());
  const control = (n: number): HostFunction => getter(() => cpu.control[n]!);
  const setControl = (n: number): HostFunction => (regs) => {
    cpu.control[n] = regs.getBig(RDI);
    cpu.hooks.pagingChanged();
  };
  const nothing: HostFunction = () => {};
  const identity: HostFunction = (regs) => regs.set(RAX, regs.getBig(RDI));
  const flag = (isSet: boolean): HostFunction => () => cpu.changeSystemFlag(RFLAGS.IF, isSet);
  const readMsr = (regs: Registers): boolean => {
    const value = cpu.hooks.readMsr(regs.get(RDI) & 0xffff_ffff);
    regs.set(RAX, value === undefined ? 0n : BigInt.asIntN(64, value));
    return value !== undefined;
  };
  const writeMsr = (regs: Registers): boolean => {
    const value = (BigInt(regs.get(RDX) >>> 0) << 32n) | BigInt(regs.get(RSI) >>> 0);
    return cpu.hooks.writeMsr(regs.get(RDI) & 0xffff_ffff, value);
  };
  const ident = define('_paravirt_ident_64', identity);
  const nop = define('paravirt_nop', nothing);
  return {
    'irq.save_fl': define('pv_native_save_fl', getter(() => cpu.systemFlags)),
    'irq.irq_disable': define('pv_native_irq_disable', flag(false)),
    'irq.irq_enable': define('pv_native_irq_enable', flag(true)),
    'cpu.io_delay': nop,
    'cpu.get_debugreg': define('pv_native_get_debugreg', (regs) => regs.set(RAX, cpu.debug[regs.get(RDI) & 7]!)),
    'cpu.set_debugreg': define('pv_native_set_debugreg', (regs) => { cpu.debug[regs.get(RDI) & 7] = regs.getBig(RSI); }),
    'cpu.read_cr0': define('native_read_cr0', control(0)),
    'cpu.write_cr0': define('native_write_cr0', setControl(0)),
    'cpu.write_cr4': define('native_write_cr4', setControl(4)),
    'cpu.store_tr': define('native_store_tr', getter(() => cpu.task)),
    'cpu.wbinvd': define('pv_native_wbinvd', nothing),
    'cpu.cpuid': define('native_cpuid', (regs) => readCpuid(ram, cpu.number, regs)),
    'cpu.read_msr': define('native_read_msr', (regs) => { readMsr(regs); }),
    'cpu.write_msr': define('native_write_msr', (regs) => { writeMsr(regs); }),
    'cpu.read_msr_safe': define('native_read_msr_safe', (regs) => { ram.writeU32(regs.get(RSI), readMsr(regs) ? 0 : -EIO); }),
    'cpu.write_msr_safe': define('native_write_msr_safe', (regs) => { regs.set(RAX, writeMsr(regs) ? 0 : -EIO); }),
    'cpu.start_context_switch': nop,
    'cpu.end_context_switch': nop,
    'mmu.read_cr2': define('pv_native_read_cr2', control(2)),
    'mmu.write_cr2': define('pv_native_write_cr2', setControl(2)),
    'mmu.read_cr3': define('native_read_cr3', control(3)),
    'mmu.pte_val': ident, 'mmu.make_pte': ident, 'mmu.pgd_val': ident, 'mmu.make_pgd': ident, 'mmu.pmd_val': ident,
    'mmu.make_pmd': ident, 'mmu.pud_val': ident, 'mmu.make_pud': ident, 'mmu.p4d_val': ident, 'mmu.make_p4d': ident,
    'lock.queued_spin_unlock': define('__raw_callee_save___native_queued_spin_unlock', (regs) => ram.writeU8(regs.get(RDI), 0)),
    'lock.vcpu_is_preempted': define('__raw_callee_save___native_vcpu_is_preempted', (regs) => regs.set(RAX, 0)),
    'lock.wait': nop,
    'lock.kick': nop,
  };
}

/** native_cpuid(&eax, &ebx, &ecx, &edx): leaf and subleaf come in through eax and ecx. */
function readCpuid(ram: Ram, cpu: number, regs: Registers): void {
  const [eax, ebx, ecx, edx] = [regs.get(RDI), regs.get(RSI), regs.get(RDX), regs.get(RCX)];
  const result = cpuid(ram.readU32(eax), ram.readU32(ecx), cpu);
  ram.writeU32(eax, result.eax);
  ram.writeU32(ebx, result.ebx);
  ram.writeU32(ecx, result.ecx);
  ram.writeU32(edx, result.edx);
}
