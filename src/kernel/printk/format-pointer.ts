// %p and its extensions: which letters mean what. Each row of the table formats what the pointer points at; the families lie
// in files of their own. Documentation/core-api/printk-formats.rst.

import { errnoName, isErrPtr } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { VaList } from '../exports/define.ts';
import { CopiedVaList } from '../exports/va-list.ts';
import { formatBitmap, formatBitmapList } from './format-bitmap.ts';
import { formatEscaped, formatHexString } from './format-bytes.ts';
import type { FormatContext } from './format-context.ts';
import { formatFlags } from './format-flags.ts';
import { formatIp, formatMac, formatUuid } from './format-net.ts';
import { formatInteger, formatText, formatWideHex } from './format-number.ts';
import { formatBlockDevice, formatClock, formatDentry, formatFile, formatFirmwareNode, formatResource } from './format-object.ts';
import type { Spec } from './format-spec.ts';
import { formatTime } from './format-time.ts';
import { backtraceText, symbolName, symbolText } from '../symbol-text.ts';

/** Formats the va_format of %pV; the formatter itself. */
export interface NestedFormat { formatAt(format: Ptr<'char'>, args: VaList): string }

export type PointerFormat = (letters: string, spec: Spec, pointer: Ptr, context: FormatContext, nested: NestedFormat) => string;

/** By the first letter after %p. */
const EXTENSIONS: Readonly<Record<string, PointerFormat>> = {
  S: (_letters, spec, pointer, { symbols }) => formatText(symbolText(symbols, pointer), spec),
  s: (_letters, spec, pointer, { symbols }) => formatText(symbolName(symbols, pointer), spec),
  B: (_letters, spec, pointer, { symbols }) => formatText(backtraceText(symbols, pointer), spec),
  R: checked(formatResource),
  r: checked(formatResource),
  h: formatHexString,
  b: checked((letters, spec, pointer, { ram }) => (letters[1] === 'l' ? formatBitmapList : formatBitmap)(ram, pointer, spec)),
  M: checked(formatMac),
  m: checked(formatMac),
  I: checked(formatIp),
  i: checked(formatIp),
  E: formatEscaped,
  U: checked(formatUuid),
  V: checked(formatNested),
  K: formatRestricted,
  N: checked(formatNetdevFeatures),
  '4': checked(formatFourcc),
  a: checked((_letters, _spec, pointer, { ram }) => formatWideHex(ram.readU64(pointer), 8)),
  d: checked(formatDentry),
  D: checked(formatFile),
  t: checked(formatTime),
  C: checked(formatClock),
  g: checked(formatBlockDevice),
  G: checked(formatFlags),
  O: (letters, spec) => formatText(letters[1] === 'F' ? '(%pOF?)' : '(%pO?)', spec),
  f: (letters, spec, pointer, context) => (letters[1] === 'w' ? checked(formatFirmwareNode)(letters, spec, pointer, context, NO_NESTING) : formatText('(%pf?)', spec)),
  A: formatRust,
  x: (_letters, spec, pointer) => rawPointer(pointer, spec),
  e: formatErrorPointer,
  k: formatProbedString,
  u: formatProbedString,
};

const NO_NESTING: NestedFormat = { formatAt: () => '' };

export function formatPointer(letters: string, spec: Spec, pointer: Ptr, context: FormatContext, nested: NestedFormat): string {
  const extension = EXTENSIONS[letters[0] ?? ''];
  return extension ? extension(letters, spec, pointer, context, nested) : hashedPointer(spec, pointer, context);
}

/** An extension that follows its pointer: NULL and the first and last page print as (null) and (efault). */
function checked(format: PointerFormat): PointerFormat {
  return (letters, spec, pointer, context, nested) => {
    const bad = context.badPointer(pointer);
    return bad === undefined ? format(letters, spec, pointer, context, nested) : formatText(bad, spec);
  };
}

function rawPointer(pointer: Ptr, spec: Spec): string {
  const value = BigInt.asUintN(64, BigInt(pointer));
  return formatInteger(value, 16, spec.width < 0 ? { ...spec, width: 16, zero: true } : spec);
}

/** NULL and error pointers say nothing about the kernel's layout and are shown as they are. */
export function hashedPointer(spec: Spec, pointer: Ptr, context: FormatContext): string {
  return rawPointer(pointer === 0 || isErrPtr(pointer) ? pointer : context.hash(pointer), spec);
}

function formatRestricted(_letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  switch (context.pointerView()) {
    case 'hashed': return hashedPointer(spec, pointer, context);
    case 'real': return rawPointer(pointer, spec);
    case 'zero': return rawPointer(0, spec);
  }
}

function formatErrorPointer(_letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  if (!isErrPtr(pointer)) return hashedPointer(spec, pointer, context);
  const name = errnoName(-pointer);
  return formatText(name === undefined ? String(pointer) : `-${name}`, spec);
}

/** struct va_format: a format and the list to print it with; width and precision do not apply. */
function formatNested(_letters: string, _spec: Spec, pointer: Ptr, { ram, abi }: FormatContext, nested: NestedFormat): string {
  const layout = abi.struct('va_format');
  return nested.formatAt(ram.readPtr(pointer + layout.offset('fmt')), new CopiedVaList(ram, ram.readPtr(pointer + layout.offset('va'))));
}

function formatNetdevFeatures(letters: string, spec: Spec, pointer: Ptr, { ram }: FormatContext): string {
  return letters[1] === 'F' ? formatWideHex(ram.readU64(pointer), 8) : formatText('(%pN?)', spec);
}

/** %p4cc: the code of a pixel format; bit 31 says big-endian. */
function formatFourcc(letters: string, spec: Spec, pointer: Ptr, { ram }: FormatContext): string {
  if (letters !== '4cc') return formatText('(%p4?)', spec);
  const value = ram.readU32(pointer);
  const code = [0, 8, 16, 24].map((shift) => String.fromCharCode(((value & 0x7fff_ffff) >>> shift) & 0xff)).join('').replace(/[^\x20-\x7e]/g, '.');
  const order = value >>> 31 ? 'big-endian' : 'little-endian';
  return formatText(`${code} ${order} (0x${value.toString(16).padStart(8, '0')})`, spec);
}

function formatRust(_letters: string, spec: Spec, _pointer: Ptr, context: FormatContext): string {
  context.warnOnce('rust', 'Please remove %pA from non-Rust code');
  return formatText('(%pA?)', spec);
}

/** %pks and %pus: a string that BPF programs print. */
function formatProbedString(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  if (letters[1] !== 's') return formatText('(einval)', spec);
  const bad = context.badPointer(pointer);
  return formatText(bad ?? context.ram.cstring(pointer, spec.precision >= 0 ? spec.precision : undefined), spec);
}
