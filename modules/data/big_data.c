// SPDX-License-Identifier: GPL-2.0
/* Megabytes of .bss, and large .data and .rodata, to be laid out, copied and summed. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

#define R4(x) (x), (x) + 1, (x) + 2, (x) + 3
#define R16(x) R4(x), R4((x) + 4), R4((x) + 8), R4((x) + 12)
#define R64(x) R16(x), R16((x) + 16), R16((x) + 32), R16((x) + 48)
#define R256(x) R64(x), R64((x) + 64), R64((x) + 128), R64((x) + 192)
#define R1024(x) R256(x), R256((x) + 256), R256((x) + 512), R256((x) + 768)
#define R4096(x) R1024(x), R1024((x) + 1024), R1024((x) + 2048), R1024((x) + 3072)

static const u32 constants[] = { R4096(0), R4096(10000), R4096(20000), R4096(30000) };
static u32 variables[] = { R4096(1), R4096(10001), R4096(20001), R4096(30001) };
static u32 zeros[1 << 20];
static const u32 *pointers[] = { &constants[0], &constants[100], &variables[5], &zeros[1 << 19] };

static u64 sum(const u32 *words, size_t nr)
{
	u64 total = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		total += words[i];
	return total;
}

static int __init big_data_init(void)
{
	size_t i;

	pr_info("constants %zu bytes, sum %llu\n", sizeof(constants), sum(constants, ARRAY_SIZE(constants)));
	pr_info("variables %zu bytes, sum %llu\n", sizeof(variables), sum(variables, ARRAY_SIZE(variables)));
	pr_info("zeros %zu bytes, sum %llu\n", sizeof(zeros), sum(zeros, ARRAY_SIZE(zeros)));
	for (i = 0; i < ARRAY_SIZE(zeros); i++)
		zeros[i] = i;
	for (i = 0; i < ARRAY_SIZE(variables); i++)
		variables[i] ^= constants[i];
	pr_info("after writing: variables %llu, zeros %llu\n", sum(variables, ARRAY_SIZE(variables)),
		sum(zeros, ARRAY_SIZE(zeros)));
	pr_info("pointers give %u %u %u %u\n", *pointers[0], *pointers[1], *pointers[2], *pointers[3]);
	return 0;
}
static void __exit big_data_exit(void)
{
	pr_info("last word %u\n", zeros[ARRAY_SIZE(zeros) - 1]);
}
module_init(big_data_init);
module_exit(big_data_exit);
MODULE_LICENSE("GPL");
