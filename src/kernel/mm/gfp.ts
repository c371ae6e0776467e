// gfp_t bits that the allocators here test (include/linux/gfp_types.h). 6.1 and 6.12 agree on these.

export { __GFP_ZERO, GFP_ATOMIC, GFP_KERNEL } from '../services.ts';

export const __GFP_DMA = 0x01;
export const __GFP_RECLAIMABLE = 0x10;
export const __GFP_ACCOUNT = 0x400000;
export const __GFP_NOWARN = 0x2000;
export const __GFP_NOFAIL = 0x8000;
export const __GFP_COMP = 0x40000;
export const __GFP_DIRECT_RECLAIM = 0x400;
