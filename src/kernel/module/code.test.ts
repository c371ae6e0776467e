// Code that is patched after relocation: static keys, static calls, alternatives; and the tables that faults are looked up in.

import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../../test/modules/fake-kernel.ts';
import { kernelOf, moduleFile, type Series } from '../../../test/modules/fixtures.ts';
import { CodePatcher } from './code-patcher.ts';

const NOP2 = [0x66, 0x90];
const NOP5 = [0x0f, 0x1f, 0x44, 0x00, 0x00];
const XENPV = 8 * 32 + 16;

describe.each<Series>(['6.1', '6.12'])('kitchen.ko on %s', (series) => {
  const kernel = kernelOf(series);
  kernel.insmod(moduleFile('kitchen', series));
  const { system, ram } = kernel;
  const address = (name: string): number => system.addressOf(`kitchen:${name}`)!;
  const function_ = (name: string, size: number): number[] => [...ram.bytes(address(name), size)];

  it('patches branches when keys change', () => {
    const before = function_('kitchen_two', 0x24);
    const { jumpLabels } = system.context;
    const module = system.find('kitchen')!;
    const sites = Array.from({ length: module.jumpEntries.count }, (_, i) => {
      const at = module.jumpEntries.address + i * 16;
      return { code: at + ram.readI32(at), key: at + 8 + (ram.readPtr(at + 8) - (ram.readI32(at + 8) & 3)) };
    });
    const siteOf = (key: string): number => sites.find((site) => site.key === address(key))!.code;
    const bytesAt = (at: number): number[] => [...ram.bytes(at, 5)];
    const isNop = (bytes: readonly number[]): boolean => [NOP2, NOP5].some((nop) => nop.every((byte, i) => bytes[i] === byte));
    const isJump = (bytes: readonly number[]): boolean => bytes[0] === 0xeb || bytes[0] === 0xe9;
    expect([isNop(bytesAt(siteOf('kitchen_off'))), isNop(bytesAt(siteOf('kitchen_on')))]).toEqual([true, true]);

    kernel.cpu.invalidated.length = 0;
    jumpLabels.increment(address('kitchen_off'));
    expect(isJump(bytesAt(siteOf('kitchen_off')))).toBe(true);
    expect(kernel.cpu.invalidated.map(({ address: at }) => at)).toEqual([siteOf('kitchen_off')]);
    jumpLabels.increment(address('kitchen_off'));
    jumpLabels.decrement(address('kitchen_off'));
    expect([jumpLabels.count(address('kitchen_off')), kernel.cpu.invalidated.length]).toEqual([1, 1]);
    expect(jumpLabels.disable(address('kitchen_on'))).toBe(true);
    expect(isJump(bytesAt(siteOf('kitchen_on')))).toBe(true);
    expect(jumpLabels.disable(address('kitchen_on'))).toBe(true);
    jumpLabels.decrement(address('kitchen_off'));
    expect(jumpLabels.decrement(address('kitchen_off'))).toBe(false);
    expect(jumpLabels.enable(address('kitchen_on'))).toBe(true);
    expect(function_('kitchen_two', 0x24)).toEqual(before);
  });
  it('redirects a static call through its trampoline', () => {
    const trampoline = address('__SCT__kitchen_call');
    const key = address('__SCK__kitchen_call');
    const target = (): number => trampoline + 5 + ram.readI32(trampoline + 1);
    expect([ram.readU8(trampoline), target(), ram.readPtr(key)]).toEqual([0xe9, address('kitchen_target'), address('kitchen_target')]);
    expect(system.context.staticCalls.update(key, trampoline, address('kitchen_one'), 0)).toBe(true);
    expect([target(), ram.readPtr(key)]).toEqual([address('kitchen_one'), address('kitchen_one')]);
    expect(system.context.staticCalls.update(key, trampoline, 0, address('kitchen_two'))).toBe(true);
    expect([target(), ram.readPtr(key)]).toEqual([address('kitchen_two'), 0]);
  });
  it('knows BUG and WARN sites', () => {
    const module = system.find('kitchen')!;
    expect(module.bugs.count).toBeGreaterThanOrEqual(1);
    const ud2 = [...ram.bytes(address('kitchen_two'), 0x40)].findIndex((byte, i, all) => byte === 0x0f && all[i + 1] === 0x0b);
    const entry = system.bugEntry(address('kitchen_two') + ud2)!;
    expect(entry).toMatchObject({ line: 33, isWarning: true, isOnce: false, isDone: false, taint: 9 });
    expect(entry.file).toMatch(/kitchen\.c$/);
    entry.markDone();
    expect(system.bugEntry(entry.address)?.isDone).toBe(true);
    expect(system.bugEntry(entry.address + 1)).toBeUndefined();
  });
  it('knows where to go on after a fault', () => {
    const fixup = [...kernel.system.context.list.loaded()][0]!.exceptions!;
    const start = address('kitchen_fixup.constprop.0');
    const found = Array.from({ length: 0x20 }, (_, i) => ({ at: start + i, to: system.exceptionFixup(start + i) })).filter(({ to }) => to !== undefined);
    expect(found).toHaveLength(1);
    expect(found[0]!.to).toMatchObject({ type: 1, register: 0, immediate: 0 });
    expect(found[0]!.to!.fixup).toBeGreaterThan(found[0]!.at);
    expect(fixup.find(start - 1)).toBeUndefined();
  });
  it('copies the per-CPU template', () => {
    expect(ram.readPtr(kernel.system.context.deps.perCpu.address(address('kitchen_counter'), 0))).toBe(7);
  });
});

describe.each<Series>(['6.1', '6.12'])('alternatives on %s', (series) => {
  it.each([[false, true], [true, false]])('when the CPU has XENPV: %s, the pv_ops calls are replaced: %s', (hasXenPv, isReplaced) => {
    const kernel = kernelOf(series, { cpuFeatures: { has: (feature) => hasXenPv && feature === XENPV } });
    let code: number[] = [];
    kernel.cpu.scripts.set('kitchen_init', () => {
      code = [...kernel.ram.bytes(kernel.system.addressOf('kitchen:kitchen_init')!, 0x80)];
      return 0;
    });
    kernel.insmod(moduleFile('kitchen', series));
    const text = code.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    // pushf; pop %rax with NOPs behind it, cli, sti.
    expect([text.includes('9c580f1f'), /fa(66)?0f1f/.test(text)]).toEqual([isReplaced, isReplaced]);
  });
});

it('fills with long NOPs and reaches branches only within 2 GiB', () => {
  const { ram, cpu } = new FakeKernel();
  const patcher = new CodePatcher(ram, cpu);
  const at = -0x7e00_0000;
  patcher.nops(at, 11);
  expect([...ram.bytes(at, 11)]).toEqual([0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0]);
  expect([patcher.branch(at, 0xe9, at + 5), patcher.branch(at, 0xe9, at + 5 + 0x8000_0000)]).toEqual([true, false]);
  expect([...ram.bytes(at, 5)]).toEqual([0xe9, 0, 0, 0, 0]);
});
