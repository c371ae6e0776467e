// The first lines of a page-fault report: what was accessed, how, and what the page tables say. Linux: arch/x86/mm/fault.c.

import { type Ptr, PAGE_SIZE } from '../../base/ptr.ts';

/** Page-fault error code bits (SDM vol. 3, 4.7). */
export const PF = { present: 1, write: 2, user: 4, reserved: 8, fetch: 16, protectionKey: 32 } as const;

const hex = (address: bigint, digits = 16): string => BigInt.asUintN(64, address).toString(16).padStart(digits, '0');

/** Level and text of each line. */
export function pageFaultLines(address: bigint, errorCode: number, uid: number): [level: number, text: string][] {
  const lines: [number, string][] = [];
  if ((errorCode & PF.fetch) !== 0 && (errorCode & PF.present) !== 0) lines.push([2, `kernel tried to execute NX-protected page - exploit attempt? (uid: ${uid})`]);
  lines.push([1, faultSummary(address)]);
  lines.push([1, `#PF: ${errorCode & PF.user ? 'user' : 'supervisor'} ${accessName(errorCode)} in kernel mode`]);
  lines.push([1, `#PF: error_code(0x${hex(BigInt(errorCode), 4)}) - ${reason(errorCode)}`]);
  lines.push([6, pageWalk(address, errorCode)]);
  return lines;
}

export function faultSummary(address: bigint): string {
  const isNull = address >= 0n && address < BigInt(PAGE_SIZE);
  return `BUG: ${isNull ? 'kernel NULL pointer dereference, address' : 'unable to handle page fault for address'}: ${hex(address)}`;
}

function accessName(errorCode: number): string {
  if (errorCode & PF.fetch) return 'instruction fetch';
  return errorCode & PF.write ? 'write access' : 'read access';
}

function reason(errorCode: number): string {
  if (!(errorCode & PF.present)) return 'not-present page';
  if (errorCode & PF.reserved) return 'reserved bit violation';
  return errorCode & PF.protectionKey ? 'protection keys violation' : 'permissions violation';
}

/**
 * Differs from Linux: there are no page tables for kernel addresses, so the entries are those that such tables would plausibly
 * hold: nothing for an address that is not mapped, a read-only or no-execute page for one that is.
 */
function pageWalk(address: bigint, errorCode: number): string {
  if (!(errorCode & PF.present)) return 'PGD 0 P4D 0 ';
  const page = BigInt.asUintN(31, address) & ~0xfffn;
  const entry = (errorCode & PF.fetch ? 0x8000_0000_0000_0163n : 0x161n) | page;
  return `PGD 2a15067 P4D 2a15067 PUD 2a17067 PMD 1feb7067 PTE ${entry.toString(16)}`;
}

/** Bits 47 to 63 of a canonical address are equal; the processor raises #GP for others. */
export const isCanonical = (address: bigint): boolean => BigInt.asIntN(48, address) === BigInt.asIntN(64, address);

export const isUserRange = (address: bigint): boolean => address >= 0n && address < 1n << 47n;

/** Where in RAM: for messages that hash it. */
export const asPointer = (address: bigint): Ptr => Number(BigInt.asIntN(64, address));
