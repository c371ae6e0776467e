// Integers and padding as the kernel's printf does them. Differs from C: `%#x` prints its prefix before 0 too, and the flag 0
// stays in force beside a precision.

import type { Spec } from './format-spec.ts';

/** `value` is not negative unless the conversion is signed. */
export function formatInteger(value: number | bigint, base: 8 | 10 | 16, spec: Spec, isUpper = false): string {
  const isNegative = value < 0;
  const magnitude = isNegative ? -value : value;
  let digits = magnitude.toString(base);
  if (isUpper) digits = digits.toUpperCase();
  if (digits.length < spec.precision) digits = digits.padStart(spec.precision, '0');
  const lead = isNegative ? '-' : prefix(magnitude, base, spec, isUpper);
  const length = lead.length + digits.length;
  if (length >= spec.width) return lead + digits;
  if (spec.left) return (lead + digits).padEnd(spec.width);
  if (spec.zero) return lead + digits.padStart(spec.width - lead.length, '0');
  return (lead + digits).padStart(spec.width);
}

function prefix(magnitude: number | bigint, base: 8 | 10 | 16, spec: Spec, isUpper: boolean): string {
  if (base === 10) return '';
  if (!spec.alternate) return '';
  if (base === 16) return isUpper ? '0X' : '0x';
  return Number(magnitude) === 0 ? '' : '0';
}

/** Sign of a signed decimal that is not negative. */
export const positiveSign = (spec: Spec): string => (spec.plus ? '+' : spec.space ? ' ' : '');

export function formatSigned(value: number | bigint, spec: Spec): string {
  const sign = value < 0 ? '' : positiveSign(spec);
  if (sign === '') return formatInteger(value, 10, spec);
  const digits = value.toString().padStart(Math.max(spec.precision, 0), '0');
  if (spec.left) return (sign + digits).padEnd(Math.max(spec.width, 0));
  if (spec.zero) return sign + digits.padStart(Math.max(spec.width - 1, 0), '0');
  return (sign + digits).padStart(Math.max(spec.width, 0));
}

/** A string under width, precision and '-'. */
export function formatText(text: string, spec: Spec): string {
  const cut = spec.precision >= 0 && text.length > spec.precision ? text.slice(0, spec.precision) : text;
  if (cut.length >= spec.width) return cut;
  return spec.left ? cut.padEnd(spec.width) : cut.padStart(spec.width);
}

/** `0x` and at least `bytes` bytes of hexadecimal digits, as %pa and %pNF print values. */
export const formatWideHex = (value: bigint, bytes: number): string => '0x' + value.toString(16).padStart(bytes * 2, '0');
