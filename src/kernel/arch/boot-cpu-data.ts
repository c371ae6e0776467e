// struct cpuinfo_x86 of the virtual CPU, as boot_cpu_data and as cpu_info of each CPU. Linux: arch/x86/kernel/cpu/common.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { cpuid } from '../../x86/cpu-model.ts';
import type { CpuFeatureWords } from './cpu-features.ts';

const X86_VENDOR_INTEL = 0;

export function writeCpuInfo(ram: Ram, abi: Abi, at: Ptr<'cpuinfo_x86'>, cpu: number, features: CpuFeatureWords, loopsPerJiffy: number): void {
  const layout = abi.struct('cpuinfo_x86');
  const signature = cpuid(1, 0, cpu).eax;
  const sizes = cpuid(0x80000008, 0, cpu).eax;
  const values: Record<string, number> = {
    x86: family(signature), x86_vendor: X86_VENDOR_INTEL, x86_model: model(signature), x86_stepping: signature & 0xf,
    x86_virt_bits: sizes >> 8 & 0xff, x86_phys_bits: sizes & 0xff, x86_cache_bits: sizes & 0xff,
    extended_cpuid_level: cpuid(0x80000000, 0, cpu).eax, cpuid_level: cpuid(0, 0, cpu).eax,
    x86_clflush_size: 64, x86_cache_alignment: 64, x86_cache_size: 0, x86_max_cores: 1, booted_cores: 1, cpu_index: cpu,
    apicid: cpu, initial_apicid: cpu, loops_per_jiffy: loopsPerJiffy,
  };
  // Releases move some of these to other structs; what this one has is filled.
  for (const [name, value] of Object.entries(values)) if (layout.hasField(name)) layout.field(name).write(ram, at, value);
  const words = Math.min(features.words.length, (layout.field('x86_capability').type.sizeBytes >> 2));
  for (let i = 0; i < words; i++) ram.writeU32(at + layout.offset('x86_capability') + i * 4, features.words[i]!);
  ram.writeCString(at + layout.offset('x86_vendor_id'), registersText([cpuid(0, 0, cpu)].flatMap(({ ebx, edx, ecx }) => [ebx, edx, ecx])));
  const brand = [0x80000002, 0x80000003, 0x80000004].map((leaf) => cpuid(leaf, 0, cpu)).flatMap(({ eax, ebx, ecx, edx }) => [eax, ebx, ecx, edx]);
  ram.writeCString(at + layout.offset('x86_model_id'), registersText(brand));
}

/** Family and model as cpuid's signature encodes them (SDM vol. 2, CPUID). */
export const family = (signature: number): number => {
  const base = signature >> 8 & 0xf;
  return base === 0xf ? base + (signature >> 20 & 0xff) : base;
};
export const model = (signature: number): number => {
  const low = signature >> 4 & 0xf;
  return family(signature) >= 6 ? low + ((signature >> 16 & 0xf) << 4) : low;
};

/** Text that cpuid returns in registers, up to the first NUL. */
const registersText = (words: readonly number[]): string =>
  String.fromCharCode(...words.flatMap((w) => [w & 0xff, w >> 8 & 0xff, w >> 16 & 0xff, w >>> 24])).replace(/\0.*/s, '');
