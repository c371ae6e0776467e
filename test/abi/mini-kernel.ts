// Kernel images for tests: a vmlinux with the sections that an ABI is made from, its vmlinuz, its package.

import { gzipSync } from 'fflate';
import { everyKind } from './btf-builder.ts';

const encoder = new TextEncoder();
const ALIGN = 64;
const BASE = 0xffff_ffff_8100_0000n;

export const BANNER = 'Linux version 6.1.0-mini (root@host) (gcc 12.2, GNU ld 2.40) #7 SMP PREEMPT_DYNAMIC Mini 6.1-7 (2026-01-02)\n';
export const VERMAGIC = '6.1.0-mini SMP preempt mod_unload modversions ';

export interface MiniSymbol { readonly name: string; readonly crc: number; readonly namespace?: string }
export interface MiniKernel { readonly plain: readonly MiniSymbol[]; readonly gpl: readonly MiniSymbol[]; readonly hasCrcs?: boolean; readonly rodata?: string }

/** A 64-bit ELF without symbol table, as in a vmlinuz. */
export function miniVmlinux({ plain, gpl, hasCrcs = true, rodata }: MiniKernel): Uint8Array<ArrayBuffer> {
  const text = new StringSection();
  const sections: { name: string; bytes: Uint8Array; address: bigint }[] = [];
  let offset = ALIGN;
  const add = (name: string, bytes: Uint8Array): void => {
    sections.push({ name, bytes, address: name === '.data..percpu' ? 0n : BASE + BigInt(offset) });
    offset += Math.ceil(bytes.length / ALIGN) * ALIGN;
  };
  add('.rodata', encoder.encode(rodata ?? `junk\0Linux version %s (%s)\0${BANNER}\0${VERMAGIC}\0`));
  for (const symbol of [...plain, ...gpl]) { text.add(symbol.name); text.add(symbol.namespace ?? ''); }
  add('__ksymtab_strings', text.bytes());
  const stringsAt = sections.at(-1)!.address;
  const table = (symbols: readonly MiniSymbol[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(symbols.length * 12));
    for (const [i, { name, namespace }] of symbols.entries()) {
      const here = BASE + BigInt(offset + i * 12);
      view.setInt32(i * 12, -16, true);
      view.setInt32(i * 12 + 4, Number(stringsAt + BigInt(text.at(name)) - here - 4n), true);
      view.setInt32(i * 12 + 8, namespace === undefined ? 0 : Number(stringsAt + BigInt(text.at(namespace)) - here - 8n), true);
    }
    return new Uint8Array(view.buffer);
  };
  add('__ksymtab', table(plain));
  add('__ksymtab_gpl', table(gpl));
  if (hasCrcs) {
    add('__kcrctab', new Uint8Array(Uint32Array.from(plain, (symbol) => symbol.crc).buffer));
    add('__kcrctab_gpl', new Uint8Array(Uint32Array.from(gpl, (symbol) => symbol.crc).buffer));
  }
  add('.BTF', everyKind().bytes());
  add('.data..percpu', new Uint8Array(96));
  return elf(sections);
}

class StringSection {
  readonly #at = new Map<string, number>();
  #text = '\0';
  add(text: string): void {
    if (this.#at.has(text)) return;
    this.#at.set(text, this.#text.length);
    this.#text += `${text}\0`;
  }
  at(text: string): number { return this.#at.get(text)!; }
  bytes(): Uint8Array { return encoder.encode(this.#text); }
}

function elf(sections: readonly { name: string; bytes: Uint8Array; address: bigint }[]): Uint8Array<ArrayBuffer> {
  const names = new StringSection();
  for (const { name } of sections) names.add(name);
  names.add('.shstrtab');
  const all = [...sections, { name: '.shstrtab', bytes: names.bytes(), address: 0n }];
  const bodySize = all.reduce((size, { bytes }) => size + Math.ceil(bytes.length / ALIGN) * ALIGN, ALIGN);
  const out = new Uint8Array(bodySize + (all.length + 1) * 64);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, 62, true);
  view.setBigUint64(40, BigInt(bodySize), true);
  view.setUint16(60, all.length + 1, true);
  view.setUint16(62, all.length, true);
  let offset = ALIGN;
  for (const [i, { name, bytes, address }] of all.entries()) {
    const header = bodySize + (i + 1) * 64;
    out.set(bytes, offset);
    view.setUint32(header, names.at(name), true);
    view.setUint32(header + 4, 1, true);
    view.setBigUint64(header + 16, address, true);
    view.setBigUint64(header + 24, BigInt(offset), true);
    view.setBigUint64(header + 32, BigInt(bytes.length), true);
    offset += Math.ceil(bytes.length / ALIGN) * ALIGN;
  }
  return out;
}

/** The boot protocol's header before the packed image. */
export function miniVmlinuz(vmlinux: Uint8Array, pack: (bytes: Uint8Array) => Uint8Array = gzipSync): Uint8Array<ArrayBuffer> {
  const payload = pack(vmlinux);
  const setupSectors = 2;
  const start = (setupSectors + 1) * 512 + 100;
  const out = new Uint8Array(start + payload.length + 4 + 33);
  const view = new DataView(out.buffer);
  out[0x1f1] = setupSectors;
  view.setUint16(0x1fe, 0xaa55, true);
  out.set(encoder.encode('HdrS'), 0x202);
  view.setUint16(0x206, 0x20f, true);
  view.setUint32(0x248, 100, true);
  view.setUint32(0x24c, payload.length + 4, true);
  out.set(payload, start);
  view.setUint32(start + payload.length, vmlinux.length, true);
  return out;
}

export function miniDeb(files: Readonly<Record<string, Uint8Array>>, pack = true): Uint8Array<ArrayBuffer> {
  const tar = concat([...Object.entries(files).flatMap(([name, bytes]) => [tarHeader(name, bytes.length), padded(bytes, 512)]), new Uint8Array(1024)]);
  const data = pack ? gzipSync(tar) : tar;
  return concat([encoder.encode('!<arch>\n'), ...arMember('debian-binary', encoder.encode('2.0\n')), ...arMember('control.tar.gz', new Uint8Array(33)), ...arMember(pack ? 'data.tar.gz' : 'data.tar', data)]);
}
function tarHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(512);
  header.set(encoder.encode(name));
  header.set(encoder.encode(size.toString(8).padStart(11, '0')), 124);
  header[156] = name.endsWith('/') ? 0x35 : 0x30;
  return header;
}
const arMember = (name: string, bytes: Uint8Array): Uint8Array[] => [encoder.encode(`${name.padEnd(48)}${String(bytes.length).padEnd(10)}\`\n`), padded(bytes, 2)];
function padded(bytes: Uint8Array, unit: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / unit) * unit);
  out.set(bytes);
  return out;
}
function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}
