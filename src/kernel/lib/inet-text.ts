// Internet addresses in text, read up to a delimiter. Linux: net/core/utils.c. RFC 4291, 2.2 for the IPv6 forms.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';

interface Parsed { readonly bytes: readonly number[]; readonly length: number }

/** Four numbers of one to three digits. */
function parseIpv4(text: string): Parsed | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return match && bytes!.every((byte) => byte <= 255) ? { bytes: bytes!, length: match[0].length } : undefined;
}

/** Groups of hexadecimal digits, `::` once for a run of zeros, an IPv4 address as the last two groups. */
function parseIpv6(text: string): Parsed | undefined {
  const whole = /^[0-9a-f:.]+/i.exec(text)?.[0] ?? '';
  const halves = whole.split('::');
  if (whole === '' || halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupBytes);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return { bytes: [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => 0), ...(tail ?? [])], length: whole.length };
}

function groupBytes(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  for (const [i, group] of text.split(':').entries()) {
    const ipv4 = group.includes('.') && i === text.split(':').length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 && ipv4.length === group.length) bytes.push(...ipv4.bytes);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

export function inetTextExports(ram: Ram): ExportTable {
  /** 1 when an address stands before the delimiter (or the end of the text); `*end` is where reading stopped. */
  const convert = (parse: (text: string) => Parsed | undefined) => (src: Ptr, length: number, dest: Ptr, delimiter: number, endAt: Ptr): number => {
    const text = ram.cstring(src, length < 0 ? undefined : length);
    const limit = delimiter >= 0 ? text.indexOf(String.fromCharCode(delimiter & 0xff)) : -1;
    const part = limit < 0 ? text : text.slice(0, limit);
    const parsed = parse(part);
    if (endAt !== 0) ram.writePtr(endAt, src + (parsed?.length ?? 0));
    if (parsed === undefined || parsed.length !== part.length) return 0;
    ram.writeBytes(dest, Uint8Array.from(parsed.bytes));
    return 1;
  };
  return { in4_pton: fn('in4_pton', convert(parseIpv4)), in6_pton: fn('in6_pton', convert(parseIpv6)) };
}
