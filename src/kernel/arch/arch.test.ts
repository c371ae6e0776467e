import { beforeEach, describe, expect, test } from 'vitest';
import { FakeRegisters } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine } from '../../../test/kernel/library-machine.ts';
import { loadTestAbi } from '../../../test/test-kernel.ts';
import { CpuFeatureWords } from './cpu-features.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const IF = 0x200;

describe('pv_ops', () => {
  const slot = (path: string): number => {
    const [group, member] = path.split('.') as [string, string];
    const layout = m.abi.struct('paravirt_patch_template').field(group);
    return m.ram.readPtr(m.data('pv_ops') + layout.offset + m.abi.struct(layout.type.tag).offset(member));
  };
  const call = (path: string, ...args: (number | bigint)[]): bigint => {
    const regs = new FakeRegisters();
    [7, 6, 2, 1].forEach((reg, i) => { if (args[i] !== undefined) regs.set(reg, args[i]!); });
    m.hostFunctions.get(slot(path))!(regs);
    return regs.getBig(0);
  };
  test('the interrupt flag', () => {
    expect(Number(call('irq.save_fl')) & IF).toBe(IF);
    call('irq.irq_disable');
    expect([m.cpu.isInterruptible, m.call('native_save_fl') & IF]).toEqual([false, 0]);
    call('irq.irq_enable');
    expect(m.cpu.isInterruptible).toBe(true);
  });
  test('control registers, MSRs, cpuid, identities', () => {
    call('cpu.write_cr0', call('cpu.read_cr0') & ~0x10000n);
    expect(m.cpu.control[0]! & 0x10000n).toBe(0n);
    m.msrs.set(0x10, 5n);
    call('cpu.write_msr', 0x10, 7, 1);
    expect([call('cpu.read_msr', 0x10), m.msrs.get(0x10)]).toEqual([(1n << 32n) | 7n, (1n << 32n) | 7n]);
    const error = m.alloc(4);
    expect([call('cpu.read_msr_safe', 0x99, error), m.ram.readI32(error)]).toEqual([0n, -5]);
    expect(call('cpu.write_msr_safe', 0x99, 1, 2)).toBe(-5n);
    const at = m.alloc(16);
    call('cpu.cpuid', at, at + 4, at + 8, at + 12);
    expect([m.ram.cstring(at + 4, 4), m.ram.cstring(at + 12, 4)]).toEqual(['Genu', 'ineI']);
    expect(call('mmu.pte_val', -5n)).toBe(-5n);
    expect(call('lock.vcpu_is_preempted', 0)).toBe(0n);
  });
  test('every slot holds a function; what is missing refuses by name', () => {
    const layout = m.abi.struct('paravirt_patch_template');
    for (let offset = 0; offset < layout.sizeBytes; offset += 8) {
      const address = m.ram.readPtr(m.data('pv_ops') + offset);
      expect(address === 0 ? layout.field('mmu').offset : m.hostFunctions.has(address), `slot at ${offset}`).toBeTruthy();
    }
    expect(() => call('cpu.load_gdt', 0)).toThrow('refused: pv_ops.cpu.load_gdt');
  });
});

describe('the processor', () => {
  test('boot_cpu_data and cpu_info describe it', () => {
    const layout = m.abi.struct('cpuinfo_x86');
    for (const at of [m.data('boot_cpu_data'), m.data('cpu_info')]) {
      expect([m.ram.readU8(at + layout.offset('x86')), m.ram.readU8(at + layout.offset('x86_model'))]).toEqual([6, 60]);
      expect(m.text(at + layout.offset('x86_vendor_id'))).toBe('GenuineIntel');
      expect(m.text(at + layout.offset('x86_model_id'))).toMatch(/kobox/);
      // X86_FEATURE_ALWAYS is word 3, bit 21.
      expect(m.ram.readU32(at + layout.offset('x86_capability') + 12) >>> 21 & 1).toBe(1);
    }
    const signature = 0x000306c1;
    expect([m.call('x86_family', signature), m.call('x86_model', signature), m.call('x86_stepping', signature), m.call('x86_family', 0x00800f12)]).toEqual([6, 60, 1, 23]);
  });
  test('features in the numbering that alternatives use', () => {
    const features = new CpuFeatureWords();
    const [ALWAYS, REP_GOOD, ERMS, POPCNT, XENPV, LA57, SMAP] = [3 * 32 + 21, 3 * 32 + 16, 9 * 32 + 9, 4 * 32 + 23, 8 * 32 + 16, 16 * 32 + 16, 9 * 32 + 20];
    expect([ALWAYS, REP_GOOD, ERMS, POPCNT].map((bit) => features.has(bit))).toEqual([true, true, true, true]);
    expect([XENPV, LA57, SMAP, 9999].map((bit) => features.has(bit))).toEqual([false, false, false, false]);
  });
  test('no hypervisor, no encrypted memory', () => {
    expect(m.call('cc_platform_has', 0)).toBe(false);
    for (const name of ['xen_domain_type', 'x86_hyper_type', 'boot_cpu_physical_apicid']) expect(m.ram.readU32(m.data(name))).toBe(0);
    expect(m.ram.readPtr(m.data('x86_spec_ctrl_base'))).toBe(0);
    m.call('native_io_delay');
  });
  test('pages are cleared and copied', () => {
    const [a, b] = [m.call('__get_free_pages', 0xcc0, 0), m.call('__get_free_pages', 0xcc0, 0)];
    for (const symbol of ['clear_page_orig', 'clear_page_rep', 'clear_page_erms']) {
      m.ram.fill(a, 4096, 7);
      m.call(symbol, a);
      expect(m.ram.bytes(a, 4096).every((byte) => byte === 0)).toBe(true);
    }
    m.ram.fill(a, 4096, 9);
    m.call('copy_page', b, a);
    expect(m.ram.readU8(b + 4095)).toBe(9);
  });
  test('FPU sections keep preemption off', () => {
    expect(m.call('irq_fpu_usable')).toBe(true);
    m.call('kernel_fpu_begin_mask', 3);
    expect(m.preemptCount).toBe(1);
    m.call('kernel_fpu_end');
    expect(m.preemptCount).toBe(0);
  });
});

describe('thunks', () => {
  const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
  test('are resolved by the translator', () => {
    const target = (name: string): unknown => {
      const entry = m.exports[name];
      return entry?.kind === 'special' ? entry.target : undefined;
    };
    expect([target('__fentry__'), target('__x86_return_thunk'), target('__SCT__preempt_schedule'), target('__SCT__preempt_schedule_notrace')]).toEqual([{ kind: 'nop' }, { kind: 'return' }, { kind: 'nop' }, { kind: 'nop' }]);
    for (const prefix of ['__x86_indirect_thunk_', '__x86_indirect_call_thunk_', '__x86_indirect_jump_thunk_']) {
      expect(REGISTERS.map((name) => target(prefix + name))).toEqual(REGISTERS.map((_, reg) => ({ kind: 'indirect', reg })));
    }
  });
  test('static calls of the voluntary preemption model', () => {
    expect(['__SCT__might_resched', '__SCT__cond_resched', '__cond_resched'].map((name) => m.call(name))).toEqual([1, 1, 1]);
    expect(m.call('__static_call_return0')).toBe(0);
  });
  test.skipIf(!loadTestAbi('6.12'))('a call that alternatives should have replaced refuses', () => {
    m = new LibraryMachine({ abi: loadTestAbi('6.12')! });
    expect(() => m.call('BUG_func')).toThrow('refused: BUG_func');
  });
});
