// %pI, %pM, %pU: IP and socket addresses, MAC addresses, UUIDs.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { FormatContext } from './format-context.ts';
import { formatText } from './format-number.ts';
import type { Spec } from './format-spec.ts';

const AF_INET = 2;
const AF_INET6 = 10;
/** struct sockaddr_in and sockaddr_in6 (man 7 ip, man 7 ipv6). */
const SOCKADDR_IN = { port: 2, address: 4 } as const;
const SOCKADDR_IN6 = { port: 2, flowInfo: 4, address: 8, scopeId: 24 } as const;

export function formatIp(letters: string, spec: Spec, pointer: Ptr, { ram }: FormatContext): string {
  const isPadded = letters[0] === 'i';
  switch (letters[1]) {
    case '4': return formatText(ip4(ram.bytes(pointer, 4), isPadded, letters[2] ?? ''), spec);
    case '6': return formatText(ip6(ram.bytes(pointer, 16), isPadded, letters[2] === 'c'), spec);
    case 'S': return formatText(socketAddress(ram, pointer, isPadded, letters.slice(2)), spec);
    default: return formatText(`(%p${letters[0]}?)`, spec);
  }
}

/** `order`: h and l show the bytes of a little-endian number, everything else is network order. */
function ip4(bytes: Uint8Array, isPadded: boolean, order: string): string {
  const inOrder = order === 'h' || order === 'l' ? Array.from(bytes).reverse() : Array.from(bytes);
  return inOrder.map((byte) => (isPadded ? String(byte).padStart(3, '0') : String(byte))).join('.');
}

function ip6(bytes: Uint8Array, isPlain: boolean, isCompressed: boolean): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!);
  if (isPlain) return words.map(hexWord).join('');
  return isCompressed ? compressed(words, bytes) : words.map(hexWord).join(':');
}

const hexWord = (word: number): string => word.toString(16).padStart(4, '0');

/** RFC 5952; the last two words of mapped and ISATAP addresses are written as IPv4. */
function compressed(words: readonly number[], bytes: Uint8Array): string {
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  const isIsatap = (words[4]! | 0x0200) === 0x0200 && words[5] === 0x5efe;
  const embedsIp4 = isMapped || isIsatap;
  const shown = embedsIp4 ? words.slice(0, 6) : words;
  const run = longestZeroRun(shown);
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  const text = run.length > 1 ? `${hex(shown.slice(0, run.start))}::${hex(shown.slice(run.start + run.length))}` : hex(shown);
  if (!embedsIp4) return text;
  return (text.endsWith(':') ? text : text + ':') + ip4(bytes.subarray(12), false, '');
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function socketAddress(ram: Ram, pointer: Ptr, isPadded: boolean, options: string): string {
  const family = ram.readU16(pointer);
  if (family === AF_INET) return socketAddress4(ram, pointer, isPadded, options);
  if (family === AF_INET6) return socketAddress6(ram, pointer, isPadded, options);
  return '(einval)';
}

function socketAddress4(ram: Ram, pointer: Ptr, isPadded: boolean, options: string): string {
  const order = options.match(/[hlnb]/g)?.at(-1) ?? '';
  const address = ip4(ram.bytes(pointer + SOCKADDR_IN.address, 4), isPadded, order);
  return options.includes('p') ? `${address}:${bigEndian16(ram, pointer + SOCKADDR_IN.port)}` : address;
}

function socketAddress6(ram: Ram, pointer: Ptr, isPlain: boolean, options: string): string {
  const address = ip6(ram.bytes(pointer + SOCKADDR_IN6.address, 16), isPlain, options.includes('c'));
  if (!/[pfs]/.test(options)) return address;
  let text = `[${address}]`;
  if (options.includes('p')) text += `:${bigEndian16(ram, pointer + SOCKADDR_IN6.port)}`;
  if (options.includes('f')) text += `/${bigEndian32(ram, pointer + SOCKADDR_IN6.flowInfo) & 0x0fff_ffff}`;
  if (options.includes('s')) text += `%${ram.readU32(pointer + SOCKADDR_IN6.scopeId)}`;
  return text;
}

const bigEndian16 = (ram: Ram, addr: Ptr): number => (ram.readU8(addr) << 8) | ram.readU8(addr + 1);
const bigEndian32 = (ram: Ram, addr: Ptr): number => ((bigEndian16(ram, addr) << 16) | bigEndian16(ram, addr + 2)) >>> 0;

export function formatMac(letters: string, spec: Spec, pointer: Ptr, { ram }: FormatContext): string {
  const bytes = Array.from(ram.bytes(pointer, 6), (byte) => byte.toString(16).padStart(2, '0'));
  if (letters[1] === 'R') bytes.reverse();
  const separator = letters[0] === 'm' ? '' : letters[1] === 'F' ? '-' : ':';
  return formatText(bytes.join(separator), spec);
}

/** Order of the bytes of a UUID (RFC 4122, big-endian) and of a GUID (its first three fields little-endian). */
const UUID_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

export function formatUuid(letters: string, spec: Spec, pointer: Ptr, { ram }: FormatContext): string {
  const variant = letters[1] ?? 'b';
  const bytes = ram.bytes(pointer, 16);
  const hex = (variant.toLowerCase() === 'l' ? GUID_ORDER : UUID_ORDER).map((index) => bytes[index]!.toString(16).padStart(2, '0')).join('');
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return formatText(variant === 'B' || variant === 'L' ? text.toUpperCase() : text, spec);
}
