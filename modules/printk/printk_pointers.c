// SPDX-License-Identifier: GPL-2.0
/* The %p extensions that need no file system, no device tree and no address of the running kernel. */
#include <linux/module.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/ioport.h>
#include <linux/rtc.h>
#include <linux/uuid.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/bitmap.h>
#include <linux/jiffies.h>

#define show(format, ...) pr_info("%s -> [" format "]\n", #format, ##__VA_ARGS__)

int printk_pointers_symbol(void);
int printk_pointers_symbol(void)
{
	return 1;
}

static void plain(void)
{
	char first[20], second[20];

	show("%p", NULL);
	show("%p", ERR_PTR(-12));
	show("%px %#px %-20px|", (void *)0x1234, (void *)0x1234, (void *)0x1234);
	show("%pe %pe %pe %pe", ERR_PTR(-2), ERR_PTR(-517), ERR_PTR(-1234), NULL);
	show("%10pe|%-10pe|", ERR_PTR(-EIO), ERR_PTR(-EIO));
	snprintf(first, sizeof(first), "%p", first);
	snprintf(second, sizeof(second), "%p", first);
	/* Early in a boot the hash is not ready: (____ptrval____), which has 16 characters too. */
	pr_info("hash: same %d, %zu characters\n", !strcmp(first, second), strlen(first));
}

static void symbols(void)
{
	char text[80];

	show("%ps", printk_pointers_symbol);
	show("%ps %ps", (void *)0x1234, NULL);
	show("%pS", (void *)0x1234);
	show("%ps", _printk);
	snprintf(text, sizeof(text), "%pS", printk_pointers_symbol);
	pr_info("%%pS names offset, size and module: %d %d\n", strstarts(text, "printk_pointers_symbol+0x0/0x"),
		!!strstr(text, " [printk_pointers]"));
}

static void network(void)
{
	u8 v4[4] = { 1, 2, 3, 40 };
	struct in6_addr v6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }, zero = { };
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, 0xff, 1, 2, 3, 4 } };
	struct in6_addr runs = { .s6_addr = { 0x20, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9 } };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(8080), .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_flowinfo = htonl(7),
				    .sin6_addr = v6, .sin6_scope_id = 2 };
	struct sockaddr odd = { .sa_family = 99 };
	u8 mac[6] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55 };

	show("%pI4 %pi4", v4, v4);
	show("%pI4h %pI4l %pI4n %pI4b", v4, v4, v4, v4);
	show("%pI6 %pi6", &v6, &v6);
	show("%pI6c %pI6c %pI6c %pI6c", &v6, &zero, &mapped, &runs);
	show("%pIS %pISp %pISc %pISpc", &in, &in, &in, &in);
	show("%pIS %pISp %pISc %pISpc %pISpfsc", &in6, &in6, &in6, &in6, &in6);
	show("%pIS", &odd);
	show("%pM %pm %pMF %pMR %pmR", mac, mac, mac, mac, mac);
	show("%20pI4|%-20pI4|", v4, v4);
}

static void identifiers(void)
{
	u8 id[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	u32 fourcc = 0x34325258, big = 0xb4325258;

	show("%pU %pUb", id, id);
	show("%pUB", id);
	show("%pUl", id);
	show("%pUL", id);
	show("%6ph %6phC %6phD %6phN", id, id, id, id);
	show("%ph %0ph %*ph", id, id, 3, id);
	show("%*pE", 5, "a\nb\x01z");
	show("%*pEhp", 5, "a\nb\x01z");
	show("%*pEo", 3, "abc");
	show("%*pEn", 3, "a\0c");
	show("%*pEa", 4, "a\\\"\xe4");
	show("%p4cc %p4cc", &fourcc, &big);
}

static void resources(void)
{
	struct resource io = DEFINE_RES_IO(0x3f8, 8), mem = DEFINE_RES_MEM(0xfe000000, 0x1000);
	struct resource irq = DEFINE_RES_IRQ(5), dma = DEFINE_RES_DMA(3);
	struct resource bus = { .start = 0, .end = 0xff, .flags = IORESOURCE_BUS };
	struct resource window = { .start = 0x100000000ULL, .end = 0x1ffffffffULL,
				   .flags = IORESOURCE_MEM | IORESOURCE_MEM_64 | IORESOURCE_PREFETCH | IORESOURCE_WINDOW };
	struct resource unset = { .start = 0, .end = 0xfff,
				  .flags = IORESOURCE_MEM | IORESOURCE_UNSET | IORESOURCE_DISABLED };
	struct resource none = { .start = 1, .end = 2 };
	phys_addr_t physical = 0xfe000000;
	dma_addr_t dma_address = 0x1234;

	show("%pR %pR %pR %pR %pR", &io, &mem, &irq, &dma, &bus);
	show("%pR", &window);
	show("%pR %pR", &unset, &none);
	show("%pr", &io);
	show("%pr", &window);
	show("%pa %pap %pad", &physical, &physical, &dma_address);
}

static void bits(void)
{
	DECLARE_BITMAP(map, 70) = { };
	DECLARE_BITMAP(empty, 70) = { };
	gfp_t gfp = GFP_ATOMIC | __GFP_ZERO;
	unsigned long vm = VM_READ | VM_WRITE | VM_EXEC;

	bitmap_set(map, 0, 4);
	bitmap_set(map, 8, 1);
	bitmap_set(map, 64, 3);
	show("%70pb %*pbl", map, 70, map);
	show("%10pb|%10pbl", map, map);
	show("%70pb|%70pbl|", empty, empty);
	show("%0pb|%0pbl|", map, map);
	show("%pGg", &gfp);
	show("%pGv", &vm);
}

static void times(void)
{
	struct rtc_time tm = { .tm_year = 122, .tm_mon = 0, .tm_mday = 2, .tm_hour = 3, .tm_min = 4, .tm_sec = 5 };
	time64_t t = 1700000000;

	show("%ptR", &tm);
	show("%ptRd %ptRt", &tm, &tm);
	show("%ptRr", &tm);
	show("%ptRs", &tm);
	show("%ptT", &t);
	show("%ptTs %ptTd %ptTt", &t, &t, &t);
}

static void nested(const char *format, ...)
{
	struct va_format vaf = { .fmt = format };
	va_list args;

	va_start(args, format);
	vaf.va = &args;
	pr_info("%%pV -> [%pV]\n", &vaf);
	va_end(args);
}

static void bad(void)
{
	show("%pI4 %pM %pU", NULL, NULL, NULL);
	show("%pR|%pUb|%6ph", NULL, NULL, NULL);
	show("%pI4|%pR", (void *)100, (void *)100);
	show("%pOF", printk_pointers_symbol);
}

static int __init printk_pointers_init(void)
{
	plain();
	symbols();
	network();
	identifiers();
	resources();
	bits();
	times();
	nested("hello %d %s %llx", 3, "x", 0x123456789abcULL);
	bad();
	return 0;
}
static void __exit printk_pointers_exit(void) { }
module_init(printk_pointers_init);
module_exit(printk_pointers_exit);
MODULE_LICENSE("GPL");
