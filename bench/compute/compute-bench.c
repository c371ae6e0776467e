// SPDX-License-Identifier: GPL-2.0
/* The kernels of kernels.h as a module; the benchmark calls them by name. */
#include <linux/module.h>
#include <linux/types.h>

struct node;
u64 bench_crc32(u8 *p, u64 n);
u64 bench_sha256(u8 *p, u64 n);
u64 bench_quicksort(int *a, u64 n);
u64 bench_heapsort(int *a, u64 n);
u64 bench_tree(struct node *pool, u64 n);
u64 bench_list(struct node *pool, u64 n);
u64 bench_fib(void *unused, u64 n);
u64 bench_bytecopy(u8 *p, u64 n);
u64 bench_wordcopy(u64 *p, u64 n);

#include "kernels.h"

static int __init compute_bench_init(void) { return 0; }
static void __exit compute_bench_exit(void) { }
module_init(compute_bench_init);
module_exit(compute_bench_exit);
MODULE_DESCRIPTION("Integer work for benchmarks");
MODULE_LICENSE("GPL");
