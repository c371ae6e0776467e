// SPDX-License-Identifier: GPL-2.0
/* The conversions of vsnprintf, without the pointer extensions. */
#include <linux/module.h>

#define show(format, ...) pr_info("%s -> [" format "]\n", #format, ##__VA_ARGS__)

static void integers(void)
{
	show("%d %i %u", -42, 42, 4000000000U);
	show("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
	show("%.3d|%8.3d|%-8.3d|%08.3d", 5, 5, 5, 5);
	show("%.0d|%.0d", 0, 1);
	show("%x %X %#x %#X %o %#o", 255, 255, 255, 255, 8, 8);
	show("%#08x %#x %#o %#010X", 255, 0, 0, 0xabc);
	show("%hhd %hhu %hd %hu", 300, 300, 70000, 70000);
	show("%ld %lu %lx", LONG_MIN, ULONG_MAX, 0x123456789abcdefUL);
	show("%lld %llu %llx %Lx", LLONG_MIN, ULLONG_MAX, 0xfedcba9876543210ULL, 1ULL << 40);
	show("%zd %zu %zx %td", (ssize_t)-5, (size_t)5, (size_t)255, (ptrdiff_t)-6);
	show("%*d|%-*d|%.*d|%*.*d", 6, 42, 6, 42, 4, 42, 7, 3, 42);
	show("%*d|%.*d", -6, 42, -1, 42);
	show("%+5d|%+-5d|% 05d|%+05d", 7, 7, 7, 7);
	show("%d %d %d %d", INT_MAX, INT_MIN, 0, -1);
	show("%u %x", -1, -1);
	show("%#llx|%#20llx|%-#20llx|", 0x123456789aULL, 0x123456789aULL, 0x123456789aULL);
	show("%020llu|%20llu", 1234567890123456789ULL, 1234567890123456789ULL);
}

static void text(void)
{
	char buffer[16];
	int ret;

	show("%s", "plain");
	show("%10s|%-10s|%.2s|%10.2s|%-10.2s|", "abc", "abc", "abc", "abc", "abc");
	show("%.*s|%*s", 3, "abcdef", 8, "abc");
	show("%s|%10s|%.3s", (char *)NULL, (char *)NULL, (char *)NULL);
	show("%s|%s", (char *)100, (char *)-ENOENT);
	show("%c%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd', 'e');
	show("%%|%5%|%d", 7);
	show("%.0s|%.s|", "gone", "gone");
	ret = snprintf(buffer, 5, "%s", "abcdefgh");
	pr_info("snprintf %d '%s'\n", ret, buffer);
	ret = scnprintf(buffer, 5, "%s", "abcdefgh");
	pr_info("scnprintf %d '%s'\n", ret, buffer);
	ret = snprintf(NULL, 0, "%d-%s", 12345, "abc");
	pr_info("snprintf without buffer %d\n", ret);
	ret = snprintf(buffer, 1, "%d", 12345);
	pr_info("snprintf with one byte %d '%s'\n", ret, buffer);
	ret = sprintf(buffer, "%s", "");
	pr_info("sprintf of nothing %d '%s'\n", ret, buffer);
}

static void scanning(void)
{
	int a = -1, b = -1, c = -1, ret;
	unsigned int u = 0;
	unsigned long long big = 0;
	char word[8] = "", letter = '?';

	ret = sscanf("12 -34 0x5f", "%d %d %i", &a, &b, &c);
	pr_info("sscanf %d: %d %d %d\n", ret, a, b, c);
	ret = sscanf("ff:077", "%x:%o", &u, &a);
	pr_info("sscanf %d: %u %d\n", ret, u, a);
	ret = sscanf("hello world", "%7s %c", word, &letter);
	pr_info("sscanf %d: '%s' '%c'\n", ret, word, letter);
	ret = sscanf("18446744073709551615 rest", "%llu %n", &big, &a);
	pr_info("sscanf %d: %llu %d\n", ret, big, a);
	ret = sscanf("123456", "%2d%2d%d", &a, &b, &c);
	pr_info("sscanf %d: %d %d %d\n", ret, a, b, c);
	ret = sscanf("abc123", "%7[a-z]%d", word, &a);
	pr_info("sscanf %d: '%s' %d\n", ret, word, a);
	ret = sscanf("7 skip 8", "%d %*s %d", &a, &b);
	pr_info("sscanf %d: %d %d\n", ret, a, b);
	ret = sscanf("x", "%d", &a);
	pr_info("sscanf %d\n", ret);
	ret = sscanf("", "%d", &a);
	pr_info("sscanf %d\n", ret);
}

static int __init printk_formats_init(void)
{
	integers();
	text();
	scanning();
	return 0;
}
static void __exit printk_formats_exit(void) { }
module_init(printk_formats_init);
module_exit(printk_formats_exit);
MODULE_LICENSE("GPL");
