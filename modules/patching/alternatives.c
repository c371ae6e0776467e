// SPDX-License-Identifier: GPL-2.0
/* Alternatives: instructions chosen by CPU features when the module is loaded, and interrupt flags through pv_ops. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/irqflags.h>
#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/page.h>
#include <linux/gfp.h>
#include <linux/string.h>
#include <linux/bitops.h>

static noinline int choose_always(void)
{
	int value;

	asm volatile(ALTERNATIVE("movl $1, %0", "movl $2, %0", X86_FEATURE_ALWAYS) : "=r" (value));
	return value;
}
static noinline int choose_never(void)
{
	int value;

	asm volatile(ALTERNATIVE("movl $1, %0", "movl $2, %0", X86_FEATURE_CENTAUR_MCR) : "=r" (value));
	return value;
}
static noinline int choose_shorter(void)
{
	int value;

	asm volatile(ALTERNATIVE("movl $1, %0\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop", "movl $3, %0", X86_FEATURE_ALWAYS) : "=r" (value));
	return value;
}
static noinline int choose_longer(void)
{
	int value;

	asm volatile(ALTERNATIVE("movl $1, %0", "movl $2, %0\n\tshll $4, %0\n\taddl $1, %0", X86_FEATURE_ALWAYS) : "=r" (value));
	return value;
}
static noinline int choose_of_two(void)
{
	int value;

	asm volatile(ALTERNATIVE_2("movl $1, %0", "movl $2, %0", X86_FEATURE_ALWAYS, "movl $3, %0", X86_FEATURE_ALWAYS) : "=r" (value));
	return value;
}
static noinline int has_long_mode(void) { return static_cpu_has(X86_FEATURE_LM); }
static noinline int has_centaur(void) { return static_cpu_has(X86_FEATURE_CENTAUR_MCR); }

static void interrupt_flags(void)
{
	unsigned long flags;

	pr_info("disabled %d\n", irqs_disabled());
	local_irq_save(flags);
	pr_info("after save %d\n", irqs_disabled());
	local_irq_restore(flags);
	pr_info("after restore %d\n", irqs_disabled());
	local_irq_disable();
	pr_info("after disable %d, flags say %d\n", irqs_disabled(), irqs_disabled_flags(native_save_fl()));
	local_irq_enable();
	pr_info("after enable %d\n", irqs_disabled());
}

static int __init alternatives_init(void)
{
	char *page = (char *)__get_free_page(GFP_KERNEL), *copy = (char *)__get_free_page(GFP_KERNEL);

	pr_info("always %d, never %d, shorter %d, longer %d, of two %d\n", choose_always(), choose_never(), choose_shorter(),
		choose_longer(), choose_of_two());
	pr_info("static_cpu_has: LM %d, CENTAUR_MCR %d; boot_cpu_has %d\n", has_long_mode(), has_centaur(),
		boot_cpu_has(X86_FEATURE_LM));
	interrupt_flags();
	memset(page, 9, PAGE_SIZE);
	clear_page(copy);
	pr_info("clear_page: %d\n", !memchr_inv(copy, 0, PAGE_SIZE));
	copy_page(copy, page);
	pr_info("copy_page: %d, hweight %u %u\n", !memcmp(page, copy, PAGE_SIZE), hweight32(0xf0f0f0f1), (u32)hweight64(0x123456789abcdefULL));
	free_page((unsigned long)page);
	free_page((unsigned long)copy);
	return 0;
}
static void __exit alternatives_exit(void) { }
module_init(alternatives_init);
module_exit(alternatives_exit);
MODULE_LICENSE("GPL");
