// Names of flag bits as %pG prints them, in the order in which they are matched: composite masks before their parts. Observed
// on Debian's 6.1 and 6.12 kernels.

export type FlagName = readonly [name: string, mask: bigint];
export interface FlagNames { readonly gfp: readonly FlagName[]; readonly vma: readonly FlagName[]; readonly page: readonly FlagName[] }

const bits = (list: string, first = 0): FlagName[] => list.split(' ').map((name, index): FlagName => [name, 1n << BigInt(first + index)]).filter(([name]) => name !== '-');

/** Bits from `pfnmap` on, in order; `-` has no name. */
const VMA_UPPER = 'pfnmap - uffd_wp locked io seqread randread dontcopy dontexpand lockonfault account noreserve hugetlb sync pat wipeonfork dontdump softdirty mixedmap hugepage nohugepage mergeable';
const vmaNames = (uffdMinorBit: bigint): FlagName[] => [
  ...bits('read write exec shared mayread maywrite mayexec mayshare growsdown uffd_missing'), ['uffd_minor', 1n << uffdMinorBit], ...bits(VMA_UPPER, 10),
];

/** Bits by name, in the order in which they are printed. */
const inOrder = (names: readonly FlagName[], order: string): FlagName[] => order.split(' ').map((name) => names.find(([other]) => other === name)!);

const pageBits61 = (): FlagName[] => bits('locked referenced uptodate dirty lru active workingset waiters error slab owner_priv_1 arch_1 reserved private private_2 writeback head mappedtodisk reclaim swapbacked unevictable mlocked uncached hwpoison arch_2');
const PAGE_ORDER_6_1 = 'locked waiters error referenced uptodate dirty lru active workingset slab owner_priv_1 arch_1 reserved private private_2 writeback head mappedtodisk reclaim swapbacked unevictable mlocked uncached hwpoison arch_2';
const pageBits612 = (): FlagName[] => bits('locked writeback referenced uptodate dirty lru head waiters active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 reclaim swapbacked unevictable mlocked hwpoison young idle arch_2');
const PAGE_ORDER_6_12 = 'locked waiters referenced uptodate dirty lru active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 writeback head reclaim swapbacked unevictable mlocked hwpoison idle young arch_2';

/** Masks that name what callers write, before the single bits. 6.12 has no __GFP_ATOMIC, and its GFP_NOWAIT does not warn. */
const gfpNames = (atomic: bigint, nowait: bigint): FlagName[] => [
  ['GFP_TRANSHUGE', 0x1c24can], ['GFP_TRANSHUGE_LIGHT', 0x1c20can], ['GFP_HIGHUSER_MOVABLE', 0x100ccan], ['GFP_HIGHUSER', 0x100cc2n],
  ['GFP_USER', 0x100cc0n], ['GFP_KERNEL_ACCOUNT', 0x400cc0n], ['GFP_KERNEL', 0xcc0n], ['GFP_NOFS', 0xc40n], ['GFP_ATOMIC', atomic],
  ['GFP_NOIO', 0xc00n], ['GFP_NOWAIT', nowait], ['GFP_DMA', 0x1n], ['__GFP_HIGHMEM', 0x2n], ['GFP_DMA32', 0x4n], ['__GFP_HIGH', 0x20n],
];
const gfpBits = (): FlagName[] => [
  ['__GFP_IO', 0x40n], ['__GFP_FS', 0x80n], ['__GFP_NOWARN', 0x2000n], ['__GFP_RETRY_MAYFAIL', 0x4000n],
  ['__GFP_NOFAIL', 0x8000n], ['__GFP_NORETRY', 0x1_0000n], ['__GFP_COMP', 0x4_0000n], ['__GFP_ZERO', 0x100n], ['__GFP_NOMEMALLOC', 0x8_0000n],
  ['__GFP_MEMALLOC', 0x2_0000n], ['__GFP_HARDWALL', 0x10_0000n], ['__GFP_THISNODE', 0x20_0000n], ['__GFP_RECLAIMABLE', 0x10n],
  ['__GFP_MOVABLE', 0x8n], ['__GFP_ACCOUNT', 0x40_0000n], ['__GFP_WRITE', 0x1000n], ['__GFP_RECLAIM', 0xc00n], ['__GFP_DIRECT_RECLAIM', 0x400n],
  ['__GFP_KSWAPD_RECLAIM', 0x800n], ['__GFP_ZEROTAGS', 0x80_0000n],
];

const flagNames61 = (): FlagNames => ({ gfp: [...gfpNames(0xa20n, 0x800n), ['__GFP_ATOMIC', 0x200n], ...gfpBits()], vma: vmaNames(37n), page: inOrder(pageBits61(), PAGE_ORDER_6_1) });
const flagNames612 = (): FlagNames => ({ gfp: [...gfpNames(0x820n, 0x2800n), ...gfpBits()], vma: vmaNames(38n), page: inOrder(pageBits612(), PAGE_ORDER_6_12) });

/** Made anew at each call: %pG is rare, and few runs see one. */
export const flagNames = ([major, minor]: readonly [number, number]): FlagNames => (major > 6 || (major === 6 && minor >= 4) ? flagNames612() : flagNames61());
