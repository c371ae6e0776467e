// The virtual CPU's feature bits in Linux's own numbering (X86_FEATURE_*, arch/x86/include/asm/cpufeatures.h): words copied
// from cpuid, and words that Linux fills itself. Alternatives, boot_cpu_data and /proc/cpuinfo all read these.

import { cpuid } from '../../x86/cpu-model.ts';

/** Bits of Linux's own words that hold for this CPU: word * 32 + bit. */
const SYNTHETIC = {
  CONSTANT_TSC: 3 * 32 + 8,
  REP_GOOD: 3 * 32 + 16,
  LFENCE_RDTSC: 3 * 32 + 18,
  NOPL: 3 * 32 + 20,
  ALWAYS: 3 * 32 + 21,
  TSC_RELIABLE: 3 * 32 + 23,
  NONSTOP_TSC: 3 * 32 + 24,
  CPUID: 3 * 32 + 25,
  RETPOLINE: 7 * 32 + 12,
} as const;

const CAPABILITY_BITS = 32;

export class CpuFeatureWords {
  readonly words = new Uint32Array(24);

  constructor(cpu = 0) {
    const basic = cpuid(1, 0, cpu);
    const extended = cpuid(0x80000001, 0, cpu);
    const structured = cpuid(7, 0, cpu);
    const w = this.words;
    w[0] = basic.edx;
    w[1] = extended.edx;
    w[4] = basic.ecx;
    w[6] = extended.ecx;
    w[9] = structured.ebx;
    w[16] = structured.ecx;
    w[18] = structured.edx;
    for (const feature of Object.values(SYNTHETIC)) w[feature / CAPABILITY_BITS | 0]! |= 1 << feature % CAPABILITY_BITS;
  }
  has(feature: number): boolean {
    const word = this.words[Math.floor(feature / CAPABILITY_BITS)];
    return word !== undefined && (word >>> feature % CAPABILITY_BITS & 1) === 1;
  }
}
