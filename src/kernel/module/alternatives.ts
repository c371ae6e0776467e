// `.altinstructions`: code that a feature of the processor replaces (spec appendix B). Entries are applied in order; a relative
// branch at the start of a replacement is adjusted for its new place; the rest of the original becomes NOPs.

import type { Ptr } from '../../base/ptr.ts';
import type { CodePatcher } from './code-patcher.ts';

/** Feature bits of the virtual CPU: word * 32 + bit, as X86_FEATURE_* (arch/x86 cpufeatures). */
export interface CpuFeatures { has(feature: number): boolean }

const INVERT_6_1 = 0x8000;
const FLAG_NOT = 1;
const FLAG_DIRECT_CALL = 2;

export interface AlternativesContext {
  readonly patcher: CodePatcher;
  readonly features: CpuFeatures;
  /** 12 bytes per entry (6.1), or 14 with flags of their own (6.12). */
  readonly hasFlagsField: boolean;
  /** True for memory of the module that is being loaded. */
  readonly isOwn: (address: Ptr, size: number) => boolean;
}

/** False when an entry points outside the module. */
export function applyAlternatives(context: AlternativesContext, table: Ptr, sizeBytes: number): boolean {
  const { ram } = context.patcher;
  const entrySize = context.hasFlagsField ? 14 : 12;
  for (let at = table; at + entrySize <= table + sizeBytes; at += entrySize) {
    const original = at + ram.readI32(at);
    const replacement = at + 4 + ram.readI32(at + 4);
    const feature = ram.readU16(at + 8);
    const flags = context.hasFlagsField ? ram.readU16(at + 10) : (feature & INVERT_6_1) !== 0 ? FLAG_NOT : 0;
    const length = ram.readU8(at + entrySize - 2);
    const newLength = ram.readU8(at + entrySize - 1);
    if (!context.isOwn(original, length) || !context.isOwn(replacement, newLength) || newLength > length) return false;
    const isPresent = context.features.has(context.hasFlagsField ? feature : feature & ~INVERT_6_1);
    if (isPresent === ((flags & FLAG_NOT) !== 0)) continue;
    // Direct calls replace calls through pv_ops, whose slots hold callable functions here: the original works as it is.
    if ((flags & FLAG_DIRECT_CALL) !== 0) continue;
    applyOne(context.patcher, original, length, replacement, newLength);
  }
  return true;
}

function applyOne(patcher: CodePatcher, original: Ptr, length: number, replacement: Ptr, newLength: number): void {
  const { ram } = patcher;
  const bytes = ram.bytes(replacement, newLength).slice();
  const opcode = bytes[0];
  if (newLength >= 5 && (opcode === 0xe8 || opcode === 0xe9)) {
    const distance = ram.readI32(replacement + 1) + (replacement - original);
    for (let i = 0; i < 4; i++) bytes[1 + i] = (distance >> (8 * i)) & 0xff;
  } else if (newLength >= 6 && opcode === 0x0f && (bytes[1]! & 0xf0) === 0x80) {
    const distance = ram.readI32(replacement + 2) + (replacement - original);
    for (let i = 0; i < 4; i++) bytes[2 + i] = (distance >> (8 * i)) & 0xff;
  }
  patcher.write(original, bytes);
  patcher.nops(original + newLength, length - newLength);
}
