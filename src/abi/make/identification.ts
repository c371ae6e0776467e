// How a kernel image names itself: the banner of /proc/version and the vermagic of its modules.

import { AbiError } from '../abi.ts';
import { cstring } from './elf-sections.ts';

export interface Identification { readonly release: string; readonly version: string; readonly vermagic: string }

const encoder = new TextEncoder();

/** `rodata` holds `Linux version 6.1.0-56-amd64 (..) (gcc ..) #1 SMP PREEMPT_DYNAMIC Debian ..` and the vermagic string. */
export function identify(rodata: Uint8Array): Identification {
  for (const at of findAll(rodata, encoder.encode('Linux version '))) {
    const match = /^Linux version (\d\S*) .*?(#\d.*?)\s*$/.exec(cstring(rodata, at));
    if (match) return { release: match[1]!, version: match[2]!, vermagic: findVermagic(rodata, match[1]!) };
  }
  throw new AbiError('the kernel image has no version banner');
}

function findVermagic(rodata: Uint8Array, release: string): string {
  for (const at of findAll(rodata, encoder.encode(`${release} `))) {
    const text = cstring(rodata, at);
    if (/^\S+ (?:\w+ )+$/.test(text) && text.includes('mod_unload ')) return text;
  }
  throw new AbiError('the kernel image has no vermagic string: it was built without modules');
}

function* findAll(bytes: Uint8Array, pattern: Uint8Array): Iterable<number> {
  for (let at = bytes.indexOf(pattern[0]!); at >= 0; at = bytes.indexOf(pattern[0]!, at + 1)) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) yield at;
  }
}
