// How often Debian's kernels tick.

/** CONFIG_HZ of Debian's kernels. */
export const HZ = 250;
export const NSEC_PER_SEC = 1_000_000_000n;
/** Length of a jiffy. */
export const TICK_NSEC = NSEC_PER_SEC / BigInt(HZ);
/** The same as a number. */
export const TICK_NS = Number(TICK_NSEC);
