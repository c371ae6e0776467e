// SPDX-License-Identifier: GPL-2.0
/* Runs one kernel natively: native NAME RUNS prints its result and the CPU time of each run in microseconds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#include "list.h"

#define DECLARE(name, size) u64 bench_##name(void *memory, u64 n);
BENCH_LIST(DECLARE)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	static u8 memory[16 << 20] __attribute__((aligned(4096)));
	int runs = argc > 2 ? atoi(argv[2]) : 5, i;

	memset(memory, 0, sizeof(memory));
#define RUN(name, size) \
	if (argc > 1 && !strcmp(argv[1], #name)) \
		for (i = 0; i < runs; i++) { \
			double start = now(); \
			u64 result = bench_##name(memory, size); \
			printf("%016llx %.1f\n", (unsigned long long)result, now() - start); \
		}
	BENCH_LIST(RUN)
	return 0;
}
