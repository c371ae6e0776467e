// pr_debug() and dev_dbg() sites that dynamic debug has turned on: the decoration that their flags ask for.
// Linux: lib/dynamic_debug.c; Documentation/admin-guide/dynamic-debug-howto.rst.

import type { Ptr } from '../../base/ptr.ts';
import type { Printk } from './printk.ts';

/** Flags of struct _ddebug, letters m f l t s of the control file. */
const INCLUDE = { module: 2, functionName: 4, line: 8, thread: 16, source: 32 } as const;

/** `[92] t_p3:t_init:22: `; empty where only printing is on. */
export function dynamicPrefix(printk: Printk, descriptor: Ptr<'_ddebug'>): string {
  const { ram, abi, tasks, inInterrupt } = printk.parts;
  const layout = abi.struct('_ddebug');
  const flags = Number(layout.field('flags').read(ram, descriptor));
  const text = (field: string): string => ram.cstring(ram.readPtr(descriptor + layout.offset(field)));
  let prefix = '';
  if (flags & INCLUDE.thread) prefix += inInterrupt?.() ? '<intr> ' : `[${tasks.current.pid}] `;
  const place: string[] = [];
  if (flags & INCLUDE.module) place.push(text('modname'));
  if (flags & INCLUDE.functionName) place.push(text('function'));
  if (flags & INCLUDE.source) place.push(text('filename'));
  if (flags & INCLUDE.line) place.push(String(layout.field('lineno').read(ram, descriptor)));
  return place.length > 0 ? `${prefix}${place.join(':')}: ` : prefix;
}
