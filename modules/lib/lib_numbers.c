// SPDX-License-Identifier: GPL-2.0
/* Text to numbers, and integer mathematics. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/gcd.h>
#include <linux/lcm.h>
#include <linux/rational.h>
#include <linux/log2.h>
#include <linux/reciprocal_div.h>

#define try(function, type, format, text, ...) do {							\
	type value = 0;											\
	int ret = function(text, ##__VA_ARGS__, &value);						\
	pr_info(#function "(\"%s\") %d " format "\n", text, ret, value);				\
} while (0)

static void strict(void)
{
	static const char * const texts[] = { "0", "42", "-42", "+42", "0x2a", "0X2A", "052", "42\n", "42\n\n", " 42", "42 ", "", "\n",
					      "-", "0x", "08", "2147483647", "2147483648", "-2147483648", "-2147483649",
					      "4294967296", "18446744073709551615", "18446744073709551616", "9223372036854775808" };
	int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		try(kstrtoint, int, "%d", texts[i], 0);
		try(kstrtouint, unsigned int, "%u", texts[i], 0);
		try(kstrtoll, long long, "%lld", texts[i], 10);
		try(kstrtoull, unsigned long long, "%llu", texts[i], 16);
	}
	try(kstrtou8, u8, "%u", "255", 10);
	try(kstrtou8, u8, "%u", "256", 10);
	try(kstrtos8, s8, "%d", "-128", 10);
	try(kstrtou16, u16, "%u", "ffff", 16);
	try(kstrtos16, s16, "%d", "32768", 10);
	try(kstrtol, long, "%ld", "-1010", 2);
	try(kstrtoul, unsigned long, "%lu", "zz", 36);
	try(kstrtobool, bool, "%d", "y");
	try(kstrtobool, bool, "%d", "off");
	try(kstrtobool, bool, "%d", "On\n");
	try(kstrtobool, bool, "%d", "2");
	try(kstrtobool, bool, "%d", "");
}

static void lenient(void)
{
	char *end;
	const char *text = "12abc";
	unsigned long value = simple_strtoul(text, &end, 0);

	pr_info("simple_strtoul %lu rest '%s'\n", value, end);
	pr_info("simple_strtol %ld, simple_strtoull %llx, simple_strtoll %lld\n", simple_strtol("-077x", &end, 0),
		simple_strtoull("0xffffffffff", NULL, 0), simple_strtoll("-9", NULL, 10));
	text = "64M,";
	pr_info("memparse %llu rest '%s'\n", memparse(text, &end), end);
	pr_info("memparse %llu %llu %llu %llu\n", memparse("1k", NULL), memparse("2G", NULL), memparse("0x10", NULL), memparse("3T", NULL));
}

static void mathematics(void)
{
	u64 big = 123456789012345678ULL;
	u32 rest;
	unsigned long n, d;
	struct reciprocal_value r = reciprocal_value(7);
	volatile long three = 3;

	pr_info("int_sqrt %lu %lu %lu, int_sqrt64 %u\n", int_sqrt(0), int_sqrt(99), int_sqrt(ULONG_MAX), int_sqrt64(1ULL << 40));
	pr_info("gcd %lu %lu, lcm %lu, lcm_not_zero %lu, int_pow %llu\n", gcd(84, 36), gcd(0, 5), lcm(21, 6), lcm_not_zero(0, 6), int_pow(7, 9));
	rational_best_approximation(31415, 10000, 255, 255, &n, &d);
	pr_info("rational %lu/%lu\n", n, d);
	pr_info("div_u64 %llu, div64_u64 %llu, div_s64 %lld, mul_u64_u64_div_u64 %llu\n", div_u64(big, 7), div64_u64(big, 12345678901ULL),
		div_s64(-(s64)big, 1000), mul_u64_u64_div_u64(big, 1000003, 999999937));
	big = div_u64_rem(big, 1000, &rest);
	pr_info("div_u64_rem %llu rest %u, do_div rest %u\n", big, rest, do_div(big, 1000000));
	pr_info("mul_u64_u32_shr %llu, mul_u64_u64_shr %llu\n", mul_u64_u32_shr(1ULL << 40, 12345, 20), mul_u64_u64_shr(~0ULL, ~0ULL, 64));
	pr_info("reciprocal_divide %u %u, ilog2 %d %d, roundup_pow_of_two %lu, order %d\n", reciprocal_divide(100, r), reciprocal_divide(0xffffffff, r),
		ilog2(1000 + three), ilog2((1ULL << 40) + three), roundup_pow_of_two(1000 + three), order_base_2(1000 + three));
	pr_info("DIV_ROUND_UP %ld, DIV_ROUND_CLOSEST %ld %ld, round_up %ld, abs %ld, signed division %ld %ld\n", DIV_ROUND_UP(10, three),
		DIV_ROUND_CLOSEST(10, three), DIV_ROUND_CLOSEST(-11, three), round_up(1001 + three, 8), abs(-three), -10 / three, -10 % three);
	pr_info("shifts %d %u %lld\n", -100 >> (int)three, 0xffffff00U >> (int)three, (-1LL << 40) >> (int)three);
	pr_info("overflow %d", check_add_overflow(INT_MAX, (int)three, (int *)&rest));
	pr_cont(" %d\n", check_mul_overflow(1 << 20, (int)three << 12, (int *)&rest));
}

static int __init lib_numbers_init(void)
{
	strict();
	lenient();
	mathematics();
	return 0;
}
static void __exit lib_numbers_exit(void) { }
module_init(lib_numbers_init);
module_exit(lib_numbers_exit);
MODULE_LICENSE("GPL");
