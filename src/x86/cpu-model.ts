// The virtual processor as software can ask about it: identification, control registers, MSRs, the RFLAGS bits that are not
// condition flags. It claims what this machine runs and no more: the integer instructions of x86-64 with BMI and ADX, no x87 and
// no SSE. One object per virtual CPU; the machine behind it (ports, clock, random numbers) comes in as hooks.

/** Bits of RFLAGS that the engines' predicates do not hold. */
export const RFLAGS = { CF: 1, FIXED: 2, PF: 4, AF: 0x10, ZF: 0x40, SF: 0x80, TF: 0x100, IF: 0x200, DF: 0x400, OF: 0x800, NT: 0x4000, RF: 0x10000, AC: 0x40000, ID: 0x200000 } as const;
/** The six condition flags as in an RFLAGS image. */
export const CONDITION_FLAGS = RFLAGS.CF | RFLAGS.PF | RFLAGS.AF | RFLAGS.ZF | RFLAGS.SF | RFLAGS.OF;
/** What popf changes at privilege level 0, besides the condition flags. */
const POPF_WRITABLE = RFLAGS.TF | RFLAGS.IF | RFLAGS.DF | RFLAGS.NT | RFLAGS.AC | RFLAGS.ID | 0x3000;

export type PortSize = 1 | 2 | 4;

/** The machine as the processor reaches it. */
export interface CpuHooks {
  /** Unclaimed ports read as all ones. */
  portIn(port: number, size: PortSize): number;
  portOut(port: number, size: PortSize, value: number): void;
  /** Time-stamp counter. */
  timestamp(): bigint;
  /** 64 bits from the kernel's seeded source. */
  random(): bigint;
  /** Value of a model-specific register, or undefined: #GP. */
  readMsr(index: number): bigint | undefined;
  /** False: no such register, #GP. */
  writeMsr(index: number, value: bigint): boolean;
  /** The interrupt flag changed (cli, sti, popf). */
  interruptsChanged(isEnabled: boolean): void;
  /** A paging-related register was written (cr0, cr3, cr4) or a page invalidated. */
  pagingChanged(): void;
}

type CpuidRegister = 'eax' | 'ebx' | 'ecx' | 'edx';
/** Feature bits: name as in /proc/cpuinfo, leaf, register, bit. */
export const CPUID_FEATURES: readonly (readonly [string, number, CpuidRegister, number])[] = [
  ['de', 1, 'edx', 2], ['pse', 1, 'edx', 3], ['tsc', 1, 'edx', 4], ['msr', 1, 'edx', 5], ['pae', 1, 'edx', 6], ['cx8', 1, 'edx', 8],
  ['pge', 1, 'edx', 13], ['cmov', 1, 'edx', 15], ['clflush', 1, 'edx', 19],
  ['cx16', 1, 'ecx', 13], ['movbe', 1, 'ecx', 22], ['popcnt', 1, 'ecx', 23], ['rdrand', 1, 'ecx', 30], ['hypervisor', 1, 'ecx', 31],
  ['fsgsbase', 7, 'ebx', 0], ['bmi1', 7, 'ebx', 3], ['bmi2', 7, 'ebx', 8], ['erms', 7, 'ebx', 9], ['rdseed', 7, 'ebx', 18],
  ['adx', 7, 'ebx', 19], ['clflushopt', 7, 'ebx', 23], ['clwb', 7, 'ebx', 24],
  ['lahf_lm', 0x80000001, 'ecx', 0], ['abm', 0x80000001, 'ecx', 5], ['3dnowprefetch', 0x80000001, 'ecx', 8],
  ['syscall', 0x80000001, 'edx', 11], ['nx', 0x80000001, 'edx', 20], ['rdtscp', 0x80000001, 'edx', 27], ['lm', 0x80000001, 'edx', 29],
  ['constant_tsc', 0x80000007, 'edx', 8],
];

const BRAND = 'kobox virtual x86-64 processor';
/** Family 6, model 60, stepping 1. */
const SIGNATURE = 0x000306c1;
const PHYSICAL_ADDRESS_BITS = 40, VIRTUAL_ADDRESS_BITS = 48;

export interface CpuidResult { readonly eax: number; readonly ebx: number; readonly ecx: number; readonly edx: number }

const word = (text: string, at: number): number => {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = value << 8 | (text.charCodeAt(at + i) || 0);
  return value;
};
const features = (leaf: number, register: CpuidRegister): number =>
  CPUID_FEATURES.reduce((sum, [, l, r, bit]) => (l === leaf && r === register ? sum | 1 << bit : sum), 0);

/** cpuid: the result for a leaf and subleaf on CPU number `cpu`. */
export const cpuid = (leaf: number, subleaf: number, cpu: number): CpuidResult => {
  const zero = { eax: 0, ebx: 0, ecx: 0, edx: 0 };
  switch (leaf >>> 0) {
    case 0: return { eax: 0xd, ebx: word('GenuineIntel', 0), edx: word('GenuineIntel', 4), ecx: word('GenuineIntel', 8) };
    case 1: return { eax: SIGNATURE, ebx: cpu << 24 | 8 << 8, ecx: features(1, 'ecx'), edx: features(1, 'edx') };
    case 7: return subleaf === 0 ? { ...zero, ebx: features(7, 'ebx') } : zero;
    case 0x80000000: return { ...zero, eax: 0x80000008 | 0 };
    case 0x80000001: return { ...zero, ecx: features(0x80000001, 'ecx'), edx: features(0x80000001, 'edx') };
    case 0x80000002: case 0x80000003: case 0x80000004: {
      const at = ((leaf >>> 0) - 0x80000002) * 16;
      return { eax: word(BRAND, at), ebx: word(BRAND, at + 4), ecx: word(BRAND, at + 8), edx: word(BRAND, at + 12) };
    }
    case 0x80000007: return { ...zero, edx: features(0x80000007, 'edx') };
    case 0x80000008: return { ...zero, eax: VIRTUAL_ADDRESS_BITS << 8 | PHYSICAL_ADDRESS_BITS };
    default: return zero;
  }
};

export class CpuModel {
  readonly number: number;
  readonly hooks: CpuHooks;
  /** RFLAGS without the condition flags. */
  systemFlags: number = RFLAGS.FIXED | RFLAGS.IF;
  /** Index by register number. As Linux leaves them: PE MP ET NE WP AM PG; PAE PGE and friends. */
  readonly control = new BigInt64Array([0x80050033n, 0n, 0n, 0n, 0xa0n, 0n, 0n, 0n, 0n]);
  readonly debug = new BigInt64Array([0n, 0n, 0n, 0n, 0n, 0n, 0xffff0ff0n, 0x400n]);
  /** Selectors ES CS SS DS FS GS: Linux's __KERNEL_CS and __KERNEL_DS, null for the others. */
  readonly selectors = new Uint16Array([0, 0x10, 0x18, 0, 0, 0]);
  ldt = 0;
  task = 0x40;
  /** Descriptor tables: base and limit. */
  gdt = { base: 0n, limit: 0x7f };
  idt = { base: 0n, limit: 0xfff };
  xcr0 = 1n;
  pkru = 0;
  /** SSE control and status; only its reset value works. */
  mxcsr = 0x1f80;

  constructor(number: number, hooks: CpuHooks) {
    this.number = number;
    this.hooks = hooks;
  }

  get isInterruptible(): boolean { return (this.systemFlags & RFLAGS.IF) !== 0; }

  /** Replaces the system flags by those of an RFLAGS image. */
  setSystemFlags(image: number): void {
    const before = this.systemFlags;
    this.systemFlags = (before & ~POPF_WRITABLE) | (image & POPF_WRITABLE) | RFLAGS.FIXED;
    if (((before ^ this.systemFlags) & RFLAGS.IF) !== 0) this.hooks.interruptsChanged(this.isInterruptible);
  }
  changeSystemFlag(flag: number, isSet: boolean): void {
    this.setSystemFlags(isSet ? this.systemFlags | flag : this.systemFlags & ~flag);
  }
}
