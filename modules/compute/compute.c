// SPDX-License-Identifier: GPL-2.0
/* Exports the functions of kernels.h; benchmarks and tests call them by name. Prints one small result of each at load. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/types.h>

u64 compute_crc32(u64 n);
u64 compute_sha256(u64 n);
u64 compute_quicksort(u64 n);
u64 compute_heapsort(u64 n);
u64 compute_tree(u64 n);
u64 compute_list(u64 n);
u64 compute_fib(u64 n);
u64 compute_bytecopy(u64 n);

#include "kernels.h"

EXPORT_SYMBOL_GPL(compute_crc32);
EXPORT_SYMBOL_GPL(compute_sha256);
EXPORT_SYMBOL_GPL(compute_quicksort);
EXPORT_SYMBOL_GPL(compute_heapsort);
EXPORT_SYMBOL_GPL(compute_tree);
EXPORT_SYMBOL_GPL(compute_list);
EXPORT_SYMBOL_GPL(compute_fib);
EXPORT_SYMBOL_GPL(compute_bytecopy);

static int __init compute_init(void)
{
	pr_info("crc32 %016llx sha256 %016llx\n", compute_crc32(1000), compute_sha256(1000));
	pr_info("quicksort %016llx heapsort %016llx\n", compute_quicksort(500), compute_heapsort(500));
	pr_info("tree %016llx list %016llx\n", compute_tree(500), compute_list(3));
	pr_info("fib %016llx bytecopy %016llx\n", compute_fib(15), compute_bytecopy(20000));
	return 0;
}
static void __exit compute_exit(void) { }
module_init(compute_init);
module_exit(compute_exit);
MODULE_DESCRIPTION("Integer work for benchmarks");
MODULE_LICENSE("GPL");
