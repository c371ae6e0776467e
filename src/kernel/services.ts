// What subsystems may ask of each other at run time, as narrow interfaces. boot.ts hands the implementations over.

import type { Ptr } from '../base/ptr.ts';
import type { Wait } from '../cpu/api.ts';

/** kernel/printk: `text` may hold several lines and need not end in a newline. Levels 0 (emerg) .. 7 (debug). */
export interface Log { printk(level: number, text: string): void }

export interface SymbolInfo { readonly name: string; readonly offset: number; readonly size: number; readonly module: string | null }
/** Address to symbol, over the kernel image and all modules. */
export interface Symbols {
  symbolize(address: Ptr): SymbolInfo | undefined;
  /** Address of a kernel or module symbol by name (kallsyms, not only exports); `module:symbol` is accepted. */
  addressOf(name: string): Ptr | undefined;
}

/** Virtual time since boot. */
export interface Clock {
  nowNs(): bigint;
  advance(ns: bigint): void;
}

/** The task in whose context the kernel runs. */
export interface CurrentTask { readonly pid: number; readonly comm: string; readonly address: Ptr; readonly uid: number }
export interface Tasks { readonly current: CurrentTask }

/** Taint letters as in /proc/sys/kernel/tainted. */
export type TaintLetter = 'P' | 'F' | 'S' | 'R' | 'M' | 'B' | 'U' | 'D' | 'A' | 'W' | 'C' | 'I' | 'O' | 'E' | 'L' | 'K' | 'X' | 'T' | 'N';
export interface Taints {
  add(letter: TaintLetter): void;
  has(letter: TaintLetter): boolean;
  /** Bit sum, as /proc/sys/kernel/tainted shows it. */
  readonly mask: number;
}

/** Where in Linux's source a WARN or BUG stands; `symbol` is the function whose frame the report shows first. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly symbol: string;
  /** Functions of the kernel that the trace shows between `symbol` and the module; by default `via` and the one the module called. */
  readonly frames?: readonly string[];
  /** Inner functions of the kernel, above the one the module called. */
  readonly via?: readonly string[];
}
/** WARN, BUG and dump_stack() raised by kernel code itself (not by guest code). */
export interface Reporter {
  /** Logs Linux's WARNING block with `text` before it ('' for a bare WARN_ON) and returns. */
  warn(at: SourceLine, text: string): void;
  /** `kernel BUG at file:line!`: oopses the running task, never returns. */
  bug(at: SourceLine): never;
  /** `symbols`: the kernel functions that ask, innermost first, before the one the module called. */
  dumpStack(symbols?: string | readonly string[]): void;
}

/** mm: memory for the kernel's own objects. Sizes in bytes; 0 means out of memory. */
export interface Allocator {
  kmalloc(size: number, gfp: number): Ptr;
  kfree(address: Ptr): void;
}

/** mm: room for module text (read-only zone) and data. Zero-filled, page aligned; 0 means out of memory. */
export interface ModuleSpace {
  allocReadOnly(size: number): Ptr;
  allocWritable(size: number): Ptr;
  free(address: Ptr): void;
}

/** mm: static and dynamic per-CPU memory. Offsets are relative to each CPU's area. */
export interface PerCpu {
  readonly nrCpus: number;
  /** 0 when it does not fit. */
  alloc(size: number, align: number): number;
  free(offset: number): void;
  address(offset: number, cpu: number): Ptr;
}

/** gfp_t bits that code here tests (include/linux/gfp_types.h). Values come from the ABI's release. */
export const GFP_KERNEL = 0xcc0;
export const GFP_ATOMIC = 0xa20;
export const __GFP_ZERO = 0x100;

export type { Wait };
