// SPDX-License-Identifier: GPL-2.0
/* Exception tables: loads that may fault, with fixups in this module; and the kernel's own probes. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/asm.h>

/* Jumps to the fixup. */
static noinline int try_load(unsigned long address, int *value)
{
	int ret = -EFAULT, loaded = -1;

	asm volatile("1: movl (%2), %1\n\t"
		     "xorl %0, %0\n"
		     "2:\n\t"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (ret), "+&r" (loaded) : "r" (address) : "memory");
	*value = loaded;
	return ret;
}
/* The handler itself sets the register to -EFAULT. */
static noinline int try_load_register(unsigned long address, int *value)
{
	int ret = 0, loaded = -1;

	asm volatile("1: movl (%2), %1\n"
		     "2:\n\t"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_EFAULT_REG, %0)
		     : "+r" (ret), "+&r" (loaded) : "r" (address) : "memory");
	*value = loaded;
	return ret;
}

static int __init extable_init(void)
{
	static int good = 42;
	int value = 0, other = 0;
	static const unsigned long addresses[] = { 0, 0x1000, 0xdead000000000100UL, 0xffffffffff000000UL };
	long ret;
	int i;

	ret = try_load((unsigned long)&good, &value);
	pr_info("good: %ld %d\n", ret, value);
	ret = try_load_register((unsigned long)&good, &other);
	pr_info("good: %ld %d\n", ret, other);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		ret = try_load(addresses[i], &value);
		pr_info("%lx: %ld %d, %d", addresses[i], ret, value, try_load_register(addresses[i], &other));
		pr_cont(" %d\n", other);
	}
	ret = copy_from_kernel_nofault(&value, &good, sizeof(value));
	pr_info("copy_from_kernel_nofault: %ld %d\n", ret, value);
	pr_info("copy_from_kernel_nofault of NULL: %ld\n", copy_from_kernel_nofault(&value, NULL, sizeof(value)));
	pr_info("get_kernel_nofault: %ld\n", (long)get_kernel_nofault(value, (int *)0xffffffffff000000UL));
	return 0;
}
static void __exit extable_exit(void) { }
module_init(extable_init);
module_exit(extable_exit);
MODULE_LICENSE("GPL");
