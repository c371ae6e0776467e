// The kernel's taint flags: what happened to this kernel that makes its further behaviour less trustworthy. Never cleared.
// Linux: kernel/panic.c; Documentation/admin-guide/tainted-kernels.rst.

import type { TaintLetter, Taints } from '../services.ts';

/** Letter and name of each bit, in order; the name is what 6.12 adds to reports. */
const FLAGS: readonly (readonly [letter: TaintLetter, name: string])[] = [
  ['P', 'PROPRIETARY_MODULE'], ['F', 'FORCED_MODULE'], ['S', 'CPU_OUT_OF_SPEC'], ['R', 'FORCED_RMMOD'], ['M', 'MACHINE_CHECK'], ['B', 'BAD_PAGE'], ['U', 'USER'], ['D', 'DIE'],
  ['A', 'OVERRIDDEN_ACPI_TABLE'], ['W', 'WARN'], ['C', 'CRAP'], ['I', 'FIRMWARE_WORKAROUND'], ['O', 'OOT_MODULE'], ['E', 'UNSIGNED_MODULE'], ['L', 'SOFTLOCKUP'], ['K', 'LIVEPATCH'],
  ['X', 'AUX'], ['T', 'RANDSTRUCT'], ['N', 'TEST'],
];

/** Bit number by letter, as in /proc/sys/kernel/tainted. */
export const TAINT_BITS: ReadonlyMap<TaintLetter, number> = new Map(FLAGS.map(([letter], bit) => [letter, bit]));

/** The letter of bit `bit`; undefined beyond the last. */
export const taintLetter = (bit: number): TaintLetter | undefined => FLAGS[bit]?.[0];

export class KernelTaints implements Taints {
  #mask = 0;

  add(letter: TaintLetter): void { this.#mask |= 1 << TAINT_BITS.get(letter)!; }
  has(letter: TaintLetter): boolean { return (this.#mask & (1 << TAINT_BITS.get(letter)!)) !== 0; }
  get mask(): number { return this.#mask; }

  /** `Tainted: G           OE     `, one character per flag, or `Not tainted`. */
  get text(): string {
    if (this.#mask === 0) return 'Not tainted';
    return `Tainted: ${FLAGS.map(([letter], bit) => ((this.#mask >> bit) & 1 ? letter : bit === 0 ? 'G' : ' ')).join('')}`;
  }
  /** `[O]=OOT_MODULE, [E]=UNSIGNED_MODULE`. */
  get names(): string {
    return FLAGS.filter((_, bit) => (this.#mask >> bit) & 1).map(([letter, name]) => `[${letter}]=${name}`).join(', ');
  }
}
