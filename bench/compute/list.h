/* SPDX-License-Identifier: GPL-2.0 */
/* Name and size of each kernel; the runner reads this list too. */
#define BENCH_LIST(X) \
	X(crc32, 1 << 20) \
	X(sha256, 1 << 20) \
	X(quicksort, 200000) \
	X(heapsort, 200000) \
	X(tree, 60000) \
	X(list, 4096) \
	X(fib, 30) \
	X(bytecopy, 1 << 20) \
	X(wordcopy, 1 << 20)
