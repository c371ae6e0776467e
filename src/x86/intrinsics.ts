// What `intrinsic` statements do: instructions that the IR has no words for, written in TypeScript over the register block. An
// engine stores full state, calls `run`, and takes back the registers (and flags) that the statement writes. Everything that may
// fault comes before a change, so that the instruction can be restarted.

import { RAX, RBX, RCX, RDX } from '../ir/ir.ts';
import { CONDITION_FLAGS, type CpuModel, cpuid, type PortSize, RFLAGS } from './cpu-model.ts';
import { sseIntrinsics } from './sse.ts';

/** The state an intrinsic works on, as the engine offers it. Register values are signed 64-bit. */
export interface IntrinsicEnv {
  readonly cpu: CpuModel;
  get(reg: number): bigint;
  set(reg: number, value: bigint): void;
  /** RFLAGS image of the condition predicates (other bits are ignored by the setter). */
  conditionFlags: number;
  /** Guest memory, zero-extended; throws what a fault is to the engine. */
  load(addr: number, size: 1 | 2 | 4 | 8): bigint;
  store(addr: number, size: 1 | 2 | 4 | 8, value: bigint): void;
  /** Vector registers, 64 bytes each. */
  readonly vectors: DataView;
  fsBase: bigint;
  gsBase: bigint;
  /** Raises an exception at the instruction; never returns. */
  raise(vector: number, errorCode: number): never;
}

type Arguments = readonly (number | bigint)[];
/** `addr` is the address of the memory operand; meaningless without one. */
export type Intrinsic = (env: IntrinsicEnv, args: Arguments, addr: number) => void;

const DIVIDE_ERROR = 0, GENERAL_PROTECTION = 13;
const low32 = (value: bigint): number => Number(BigInt.asIntN(32, value));
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const pair = (env: IntrinsicEnv): bigint => BigInt.asUintN(32, env.get(RDX)) << 32n | BigInt.asUintN(32, env.get(RAX));
/** edx:eax = value, upper halves cleared. */
const setPair = (env: IntrinsicEnv, value: bigint): void => {
  env.set(RAX, BigInt.asUintN(32, value));
  env.set(RDX, BigInt.asUintN(32, value >> 32n));
};

/** A source operand given as a register argument (`registerArgument` of lifting.ts), zero-extended. */
const source = (env: IntrinsicEnv, register: number | bigint, size: number, addr: number): bigint => {
  const n = Number(register);
  if (n < 0) return env.load(addr, size as 1 | 2 | 4 | 8);
  return BigInt.asUintN(size * 8, n >= 16 ? env.get(n - 16) >> 8n : env.get(n));
};
/** Writes a result of `size` bytes to a register argument or to memory. */
const deliver = (env: IntrinsicEnv, register: number | bigint, size: number, addr: number, value: bigint): void => {
  const n = Number(register);
  if (n < 0) env.store(addr, size as 1 | 2 | 4 | 8, BigInt.asUintN(size * 8, value));
  else if (size >= 4) env.set(n, BigInt.asIntN(64, BigInt.asUintN(size * 8, value)));
  else env.set(n, BigInt.asIntN(64, (unsigned(env.get(n)) & ~((1n << BigInt(size * 8)) - 1n)) | BigInt.asUintN(size * 8, value)));
};

const divide: Intrinsic = (env, [src], addr) => {
  const divisor = source(env, src!, 8, addr);
  if (divisor === 0n) env.raise(DIVIDE_ERROR, 0);
  const dividend = unsigned(env.get(RDX)) << 64n | unsigned(env.get(RAX));
  const quotient = dividend / divisor;
  if (quotient >> 64n !== 0n) env.raise(DIVIDE_ERROR, 0);
  env.set(RAX, BigInt.asIntN(64, quotient));
  env.set(RDX, BigInt.asIntN(64, dividend % divisor));
};
const divideSigned: Intrinsic = (env, [src], addr) => {
  const divisor = BigInt.asIntN(64, source(env, src!, 8, addr));
  if (divisor === 0n) env.raise(DIVIDE_ERROR, 0);
  const dividend = env.get(RDX) << 64n | unsigned(env.get(RAX));
  const quotient = dividend / divisor;
  if (BigInt.asIntN(64, quotient) !== quotient) env.raise(DIVIDE_ERROR, 0);
  env.set(RAX, quotient);
  env.set(RDX, dividend % divisor);
};

const scatter = (isDeposit: boolean): Intrinsic => (env, [size, dest, src, maskArgument], addr) => {
  const width = Number(size);
  const mask = source(env, maskArgument!, width, addr);
  const value = source(env, src!, width, addr);
  let result = 0n, taken = 0n;
  for (let i = 0n; i < BigInt(width * 8); i++) {
    if ((mask >> i & 1n) === 0n) continue;
    result |= isDeposit ? (value >> taken & 1n) << i : (value >> i & 1n) << taken;
    taken++;
  }
  deliver(env, dest!, width, addr, result);
};

/** CRC-32C, reflected polynomial of 0x11EDC6F41. */
const crc32: Intrinsic = (env, [size, dest, src], addr) => {
  let crc = low32(env.get(Number(dest)));
  const value = source(env, src!, Number(size), addr);
  for (let i = 0n; i < BigInt(Number(size)); i++) {
    crc ^= Number(value >> (i * 8n) & 0xffn);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  }
  env.set(Number(dest), BigInt(crc >>> 0));
};

const random: Intrinsic = (env, [size, dest], addr) => {
  deliver(env, dest!, Number(size), addr, env.cpu.hooks.random());
  env.conditionFlags = RFLAGS.CF;
};

const portOf = (env: IntrinsicEnv, port: number | bigint): number => (Number(port) >= 0 ? Number(port) : low32(env.get(RDX)) & 0xffff);
const portIn: Intrinsic = (env, [size, port], addr) => {
  const value = env.cpu.hooks.portIn(portOf(env, port!), Number(size) as PortSize);
  deliver(env, RAX, Number(size), addr, BigInt(value >>> 0));
};
const portOut: Intrinsic = (env, [size, port], addr) =>
  env.cpu.hooks.portOut(portOf(env, port!), Number(size) as PortSize, Number(source(env, RAX, Number(size), addr)));

const identify: Intrinsic = (env) => {
  const { eax, ebx, ecx, edx } = cpuid(low32(env.get(RAX)), low32(env.get(RCX)), env.cpu.number);
  for (const [register, value] of [[RAX, eax], [RBX, ebx], [RCX, ecx], [RDX, edx]] as const) env.set(register, BigInt(value >>> 0));
};

const readMsr: Intrinsic = (env) => {
  setPair(env, env.cpu.hooks.readMsr(low32(env.get(RCX)) >>> 0) ?? env.raise(GENERAL_PROTECTION, 0));
};
const writeMsr: Intrinsic = (env) => {
  if (!env.cpu.hooks.writeMsr(low32(env.get(RCX)) >>> 0, pair(env))) env.raise(GENERAL_PROTECTION, 0);
};

const flag = (bit: number, isSet: boolean): Intrinsic => (env) => env.cpu.changeSystemFlag(bit, isSet);

const pushFlags: Intrinsic = (env, [size], addr) => {
  const bytes = Number(size) as 2 | 8;
  // RF and VM are pushed as zero.
  const image = (env.cpu.systemFlags & ~(CONDITION_FLAGS | RFLAGS.RF)) | (env.conditionFlags & CONDITION_FLAGS) | RFLAGS.FIXED;
  env.store(addr, bytes, BigInt.asUintN(bytes * 8, BigInt(image >>> 0)));
};
const popFlags: Intrinsic = (env, [size], addr) => {
  const bytes = Number(size) as 2 | 8;
  const popped = Number(env.load(addr, bytes) & 0xffffffffn) | 0;
  // A word leaves the upper bits of RFLAGS alone.
  const image = bytes === 2 ? (env.cpu.systemFlags & ~0xffff) | (popped & 0xffff) : popped;
  env.conditionFlags = image & CONDITION_FLAGS;
  env.cpu.setSystemFlags(image);
};

const readRegister = (file: 'control' | 'debug'): Intrinsic => (env, [number, dest]) => env.set(Number(dest), env.cpu[file][Number(number)]!);
const writeRegister = (file: 'control' | 'debug'): Intrinsic => (env, [number, src]) => {
  env.cpu[file][Number(number)] = env.get(Number(src));
  if (file === 'control') env.cpu.hooks.pagingChanged();
};
const readSegment: Intrinsic = (env, [number, dest, size], addr) =>
  deliver(env, dest!, Number(dest) < 0 ? 2 : Number(size), addr, BigInt(env.cpu.selectors[Number(number)]!));
const writeSegment: Intrinsic = (env, [number, src], addr) => {
  env.cpu.selectors[Number(number)] = Number(source(env, src!, 2, addr));
};
const pushSegment: Intrinsic = (env, [number, size], addr) => env.store(addr, Number(size) as 2 | 8, BigInt(env.cpu.selectors[Number(number)]!));
const popSegment: Intrinsic = (env, [number, size], addr) => {
  env.cpu.selectors[Number(number)] = Number(env.load(addr, Number(size) as 2 | 8) & 0xffffn);
};

const storeTable = (table: 'gdt' | 'idt'): Intrinsic => (env, _args, addr) => {
  env.store(addr + 2, 8, unsigned(env.cpu[table].base));
  env.store(addr, 2, BigInt(env.cpu[table].limit));
};
const loadTable = (table: 'gdt' | 'idt'): Intrinsic => (env, _args, addr) => {
  const limit = Number(env.load(addr, 2));
  env.cpu[table] = { base: env.load(addr + 2, 8), limit };
};
const storeSelector = (name: 'ldt' | 'task'): Intrinsic => (env, [dest, size], addr) => deliver(env, dest!, Number(size), addr, BigInt(env.cpu[name]));
const loadSelector = (name: 'ldt' | 'task'): Intrinsic => (env, [src], addr) => { env.cpu[name] = Number(source(env, src!, 2, addr)); };

/** No selector but the kernel's own is readable or writable; Z tells. */
const verify: Intrinsic = (env, [src], addr) => {
  const selector = Number(source(env, src!, 2, addr));
  const isKnown = selector !== 0 && env.cpu.selectors.includes(selector);
  env.conditionFlags = isKnown ? env.conditionFlags | RFLAGS.ZF : env.conditionFlags & ~RFLAGS.ZF;
};

const MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE = 0xc0000102;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  div64: divide,
  idiv64: divideSigned,
  pdep: scatter(true),
  pext: scatter(false),
  crc32,
  rdrand: random,
  rdseed: random,
  in: portIn,
  out: portOut,
  cpuid: identify,
  rdtsc: (env) => setPair(env, env.cpu.hooks.timestamp()),
  rdtscp: (env) => {
    setPair(env, env.cpu.hooks.timestamp());
    env.set(RCX, BigInt(env.cpu.number));
  },
  rdpid: (env, [dest]) => env.set(Number(dest), BigInt(env.cpu.number)),
  // No performance counters.
  rdpmc: (env) => env.raise(GENERAL_PROTECTION, 0),
  rdmsr: readMsr,
  wrmsr: writeMsr,
  xgetbv: (env) => (low32(env.get(RCX)) === 0 ? setPair(env, env.cpu.xcr0) : env.raise(GENERAL_PROTECTION, 0)),
  xsetbv: (env) => {
    if (low32(env.get(RCX)) !== 0 || (pair(env) & 1n) === 0n) env.raise(GENERAL_PROTECTION, 0);
    env.cpu.xcr0 = pair(env);
  },
  rdpkru: (env) => (low32(env.get(RCX)) === 0 ? setPair(env, BigInt(env.cpu.pkru >>> 0)) : env.raise(GENERAL_PROTECTION, 0)),
  wrpkru: (env) => {
    if (low32(env.get(RCX)) !== 0 || low32(env.get(RDX)) !== 0) env.raise(GENERAL_PROTECTION, 0);
    env.cpu.pkru = low32(env.get(RAX));
  },
  cli: flag(RFLAGS.IF, false), sti: flag(RFLAGS.IF, true),
  cld: flag(RFLAGS.DF, false),
  clac: flag(RFLAGS.AC, false), stac: flag(RFLAGS.AC, true),
  pushf: pushFlags,
  popf: popFlags,
  clts: (env) => { env.cpu.control[0] = env.cpu.control[0]! & ~8n; },
  swapgs: (env) => {
    const other = env.cpu.hooks.readMsr(MSR_KERNEL_GS_BASE) ?? env.raise(GENERAL_PROTECTION, 0);
    const current = env.gsBase;
    env.cpu.hooks.writeMsr(MSR_KERNEL_GS_BASE, current);
    env.cpu.hooks.writeMsr(MSR_GS_BASE, other);
    env.gsBase = other;
  },
  wrfsbase: (env, [src]) => { env.fsBase = env.get(Number(src)); },
  wrgsbase: (env, [src]) => { env.gsBase = env.get(Number(src)); },
  read_control: readRegister('control'), write_control: writeRegister('control'),
  read_debug: readRegister('debug'), write_debug: writeRegister('debug'),
  read_segment: readSegment, write_segment: writeSegment,
  push_segment: pushSegment, pop_segment: popSegment,
  sgdt: storeTable('gdt'), sidt: storeTable('idt'), lgdt: loadTable('gdt'), lidt: loadTable('idt'),
  sldt: storeSelector('ldt'), lldt: loadSelector('ldt'), str: storeSelector('task'), ltr: loadSelector('task'),
  smsw: (env, [dest, size], addr) => deliver(env, dest!, Number(size), addr, env.cpu.control[0]!),
  lmsw: (env, [src], addr) => { env.cpu.control[0] = (env.cpu.control[0]! & ~0xen) | (source(env, src!, 2, addr) & 0xfn); },
  verr: verify, verw: verify,
  invlpg: (env) => env.cpu.hooks.pagingChanged(),
};

/** What a statement of this name does. */
export const intrinsicOf = (name: string): Intrinsic | undefined => INTRINSICS[name] ?? sseIntrinsics()[name];
