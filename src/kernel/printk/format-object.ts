// Kernel objects by pointer: resources (%pR), dentries and files (%pd, %pD), block devices (%pg), clocks (%pC).

import type { Ptr } from '../../base/ptr.ts';
import type { FormatContext } from './format-context.ts';
import { formatText } from './format-number.ts';
import type { Spec } from './format-spec.ts';

/** include/linux/ioport.h */
const IORESOURCE = {
  IO: 0x100, MEM: 0x200, IRQ: 0x400, DMA: 0x800, BUS: 0x1000,
  PREFETCH: 0x2000, MEM_64: 0x10_0000, WINDOW: 0x20_0000, DISABLED: 0x1000_0000, UNSET: 0x2000_0000,
} as const;

type AddressStyle = (value: bigint) => string;
const hex = (digits: number): AddressStyle => (value) => '0x' + value.toString(16).padStart(digits, '0');
const decimal: AddressStyle = (value) => value.toString();

/** By type bit, first match wins. */
const RESOURCE_TYPES: readonly (readonly [bit: number, name: string, style: AddressStyle])[] = [
  [IORESOURCE.IO, 'io  ', hex(4)],
  [IORESOURCE.MEM, 'mem ', hex(8)],
  [IORESOURCE.IRQ, 'irq ', decimal],
  [IORESOURCE.DMA, 'dma ', decimal],
  [IORESOURCE.BUS, 'bus ', (value) => value.toString(16).padStart(2, '0')],
];

export function formatResource(letters: string, spec: Spec, pointer: Ptr, { ram, abi }: FormatContext): string {
  const layout = abi.struct('resource');
  const start = ram.readU64(pointer + layout.offset('start'));
  const end = ram.readU64(pointer + layout.offset('end'));
  const flags = ram.readU64(pointer + layout.offset('flags'));
  const has = (bit: number): boolean => (flags & BigInt(bit)) !== 0n;
  const type = RESOURCE_TYPES.find(([bit]) => has(bit));
  const style = type ? type[2] : hex(8);
  const isDecoded = letters[0] === 'R' && type !== undefined;
  const range = isDecoded && has(IORESOURCE.UNSET) ? `size ${style(BigInt.asUintN(64, end - start + 1n))}` : start === end ? style(start) : `${style(start)}-${style(end)}`;
  return formatText(`[${type ? type[1] : '??? '}${range}${isDecoded ? attributes(has) : ` flags 0x${flags.toString(16)}`}]`, spec);
}

function attributes(has: (bit: number) => boolean): string {
  return (has(IORESOURCE.MEM_64) ? ' 64bit' : '') + (has(IORESOURCE.PREFETCH) ? ' pref' : '') + (has(IORESOURCE.WINDOW) ? ' window' : '') + (has(IORESOURCE.DISABLED) ? ' disabled' : '');
}

/** %pd, %pd2 ... %pd4: the last components of the path within its file system. */
export function formatDentry(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  const depth = /^[2-4]$/.test(letters[1] ?? '') ? Number(letters[1]) : 1;
  return formatText(dentryPath(pointer, depth, context), spec);
}

function dentryPath(dentry: Ptr, depth: number, { ram, abi }: FormatContext): string {
  const layout = abi.struct('dentry');
  const names: string[] = [];
  for (let at = dentry, left = depth; left > 0; left--) {
    const parent = ram.readPtr(at + layout.offset('d_parent'));
    const name = ram.cstring(ram.readPtr(at + layout.offset('d_name.name')));
    if (parent === at) return names.length === 0 ? name : '/' + names.join('/');
    names.unshift(name);
    at = parent;
  }
  return names.join('/');
}

export function formatFile(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  const dentry = context.ram.readPtr(pointer + context.abi.struct('file').offset('f_path.dentry'));
  const bad = context.badPointer(dentry);
  return bad === undefined ? formatDentry(letters, spec, dentry, context) : formatText(bad, spec);
}

/** The disk's name and the partition: `sda1`, `nvme0n1p2`. */
export function formatBlockDevice(_letters: string, spec: Spec, pointer: Ptr, { ram, abi }: FormatContext): string {
  const device = abi.struct('block_device');
  const disk = ram.readPtr(pointer + device.offset('bd_disk'));
  const name = ram.cstring(disk + abi.struct('gendisk').offset('disk_name'));
  // 6.12 keeps the partition number in the low byte of its flag word.
  const partition = ram.readU8(pointer + device.offset(device.hasField('bd_partno') ? 'bd_partno' : '__bd_flags'));
  const joint = /\d$/.test(name) ? 'p' : '';
  return formatText(partition === 0 ? name : `${name}${joint}${partition}`, spec);
}

export function formatClock(_letters: string, spec: Spec, pointer: Ptr, { ram, abi }: FormatContext): string {
  const core = ram.readPtr(pointer + abi.struct('clk').offset('core'));
  return formatText(ram.cstring(ram.readPtr(core + abi.struct('clk_core').offset('name'))), spec);
}

/** Differs from Linux: the node's operations, which know its name, are not called. */
export function formatFirmwareNode(_letters: string, spec: Spec): string {
  return formatText('(%pfw?)', spec);
}
