// Where RAM holds what the processor itself needs, by RAM offset. Page 0 is never mapped; the CPU blocks lie in pages that no
// struct page describes. A module that scribbles here harms its own machine, not the host: engines read these words as data.

/** One block of state per virtual CPU. Offsets within the block, in bytes. */
export const CPU_BLOCK_OFFSET = 0x1000;
export const CPU_BLOCK_SIZE = 0x1000;
export const BLOCK = {
  /** 16 x i64: registers across calls between engines and host (arguments in, rax/rdx out). */
  regs: 0x000,
  /** i64: target of the indirect or not yet translated call in progress. */
  target: 0x080,
  /** i64: lowest rsp that a function entry accepts (stack base + guard). */
  stackLimit: 0x088,
  /** i64: address of this CPU's per-CPU area (GS base). */
  gsBase: 0x090,
  fsBase: 0x098,
  /** i32: work left before the engines must return to the host (counted at function entries and back edges). */
  budget: 0x0a0,
  /** i64: faulting address handed over by an exit. */
  faultAddress: 0x0a8,
  /** 9 x u8: predicates in the order of PREDICATES. */
  preds: 0x0b0,
  /** 32 x 64 bytes: vector registers (xmm/ymm/zmm) for intrinsics. */
  vectors: 0x100,
} as const;

/** Kernel text: one 16-byte slot per symbol the kernel defines, as Linux's _text at 0xffffffff81000000. */
export const KERNEL_TEXT_OFFSET = 0x0100_0000;
export const KERNEL_TEXT_SIZE = 0x0010_0000;
/** Percentage of RAM, at its top, that holds read-only text and rodata of modules; stores by translated code fault there. */
export const READ_ONLY_SHARE = 0.25;

/**
 * What translated code leaves free around the memory it may access without leaving to the interpreter. It checks the base of an
 * address once and then uses displacements below ACCESS_REACH on either side of it, so a base below ACCESS_FLOOR, or within
 * ACCESS_REACH of the end of RAM (loads) or of the writable part (stores), takes the slow path. Nothing that modules access
 * often belongs there: allocators leave these bytes out.
 */
export const ACCESS_FLOOR = 0x2_0000;
export const ACCESS_REACH = 0x8000;
