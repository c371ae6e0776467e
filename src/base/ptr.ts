// Kernel addresses as JavaScript numbers. An address in the top 2 GiB, read as a signed 64-bit number, is a small negative
// integer and exact; a user address (below 2^47) is an exact positive one.

declare const pointee: unique symbol;
/** Address of a guest object. The brand is optional: a plain number is accepted, a pointer to something else is not. */
// biome-ignore lint/suspicious/noExplicitAny: a pointer to anything converts both ways, as void * does
export type Ptr<T extends string = any> = number & { readonly [pointee]?: T };

/** 0xffffffff80000000 as a signed number: the address of RAM offset 0 (x86-64 `__START_KERNEL_map`). */
export const KERNEL_BASE = -0x8000_0000;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;

/** RAM offset (= physical address) of a kernel address; meaningful only when the address lies in RAM. */
export const offsetOf = (addr: Ptr): number => addr - KERNEL_BASE;
export const addressAt = (offset: number): Ptr => offset + KERNEL_BASE;

export const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

/** Sixteen lower-case hex digits, as `%016lx` prints an address. */
export const hex16 = (addr: Ptr): string => BigInt.asUintN(64, BigInt(addr)).toString(16).padStart(16, '0');
