// The files under /proc and /sys that exist before there is a file system: a table of paths. A VFS will put the same
// handlers into inodes. Contents are bytes, one character each.

import type { Sleeping } from '../cpu/api.ts';
import type { KernelParts } from './boot.ts';
import { Errno } from './errors.ts';
import { TAINT_BITS } from './panic/taints.ts';

interface VirtualFile {
  readonly read?: (parts: KernelParts) => string;
  readonly write?: (parts: KernelParts, text: string) => void;
}

const decimal = (value: number | bigint): string => `${value}\n`;

const FILES: Readonly<Record<string, VirtualFile>> = {
  '/proc/modules': { read: ({ modules }) => modules.procModules() },
  '/proc/kallsyms': { read: ({ modules }) => modules.kallsyms() },
  '/proc/interrupts': { read: ({ interrupts }) => interrupts().proc() },
  '/proc/dynamic_debug/control': { read: ({ modules }) => modules.dynamicDebugControl(), write: ({ modules }, text) => { modules.writeDynamicDebugControl(text); } },
  '/proc/version': { read: ({ abi }) => `Linux version ${abi.release} ${abi.version}\n` },
  '/proc/uptime': { read: ({ clock }) => `${seconds(clock.nowNs())} ${seconds(clock.nowNs())}\n` },
  '/proc/sys/kernel/ostype': { read: () => 'Linux\n' },
  '/proc/sys/kernel/osrelease': { read: ({ abi }) => `${abi.release}\n` },
  '/proc/sys/kernel/version': { read: ({ abi }) => `${abi.version}\n` },
  '/proc/sys/kernel/tainted': { read: ({ taints }) => decimal(taints.mask), write: addTaints },
  '/proc/sys/kernel/modules_disabled': { read: ({ modules }) => decimal(modules.context.isDisabled ? 1 : 0), write: disableModules },
  '/proc/sys/kernel/printk': { read: ({ printk }) => [0, 1, 2, 3].map((index) => printk.level(index)).join('\t') + '\n', write: setLevels },
  '/sys/kernel/oops_count': { read: ({ panic }) => decimal(panic.oopsCount) },
  '/sys/kernel/warn_count': { read: ({ panic }) => decimal(panic.warnCount) },
};

const SYS_MODULE = '/sys/module';

export function* readVirtualFile(parts: KernelParts, path: string): Sleeping<string> {
  if (isUnder(path, SYS_MODULE)) return yield* parts.modules.sysModule.read(path.slice(SYS_MODULE.length));
  const file = find(path);
  if (!file.read) throw new Errno('EINVAL', path);
  return file.read(parts);
}

export function* writeVirtualFile(parts: KernelParts, path: string, text: string): Sleeping<void> {
  if (isUnder(path, SYS_MODULE)) return yield* parts.modules.sysModule.write(path.slice(SYS_MODULE.length), text);
  const file = find(path);
  if (!file.write) throw new Errno('EACCES', path);
  file.write(parts, text);
}

const isUnder = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

function find(path: string): VirtualFile {
  const file = FILES[path];
  if (!file) throw new Errno('ENOENT', path);
  return file;
}

const seconds = (ns: bigint): string => (Number(ns / 10_000_000n) / 100).toFixed(2);

function integer(text: string): number {
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isInteger(value)) throw new Errno('EINVAL', text);
  return value;
}

/** Ors the bits in; none is ever cleared. */
function addTaints({ taints }: KernelParts, text: string): void {
  const mask = integer(text);
  for (const [letter, bit] of TAINT_BITS) if (Math.floor(mask / 2 ** bit) % 2 === 1) taints.add(letter);
}
function disableModules({ modules }: KernelParts, text: string): void {
  if (integer(text) !== 1) throw new Errno('EINVAL', text);
  modules.context.isDisabled = true;
}
function setLevels({ printk }: KernelParts, text: string): void {
  text.trim().split(/\s+/).slice(0, 4).forEach((word, index) => { printk.setLevel(index, integer(word)); });
}
