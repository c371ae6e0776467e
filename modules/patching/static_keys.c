// SPDX-License-Identifier: GPL-2.0
/* Static keys: branches that are patched when their key changes, at load and through a parameter. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/jump_label.h>

static DEFINE_STATIC_KEY_FALSE(off_key);
static DEFINE_STATIC_KEY_TRUE(on_key);
static struct static_key old_style = STATIC_KEY_INIT_FALSE;
DEFINE_STATIC_KEY_FALSE(exported_key);
EXPORT_SYMBOL_GPL(exported_key);

static noinline int likely_off(void) { return static_branch_likely(&off_key) ? 1 : 2; }
static noinline int unlikely_off(void) { return static_branch_unlikely(&off_key) ? 1 : 2; }
static noinline int likely_on(void) { return static_branch_likely(&on_key) ? 1 : 2; }
static noinline int unlikely_on(void) { return static_branch_unlikely(&on_key) ? 1 : 2; }
static noinline int unlikely_old(void) { return static_key_false(&old_style) ? 1 : 2; }

static void show(const char *when)
{
	pr_info("%s: %d %d %d %d %d, counts %d %d\n", when, likely_off(), unlikely_off(), likely_on(), unlikely_on(),
		unlikely_old(), static_key_count(&off_key.key), static_key_count(&on_key.key));
}

static int set_keys(const char *val, const struct kernel_param *kp)
{
	switch (val[0]) {
	case '1': static_branch_enable(&off_key); break;
	case '0': static_branch_disable(&off_key); break;
	case '+': static_branch_inc(&on_key); static_key_slow_inc(&old_style); break;
	case '-': static_branch_dec(&on_key); static_key_slow_dec(&old_style); break;
	default: return -EINVAL;
	}
	show("set");
	return 0;
}
static const struct kernel_param_ops keys_ops = { .set = set_keys };
module_param_cb(keys, &keys_ops, NULL, 0200);

static int __init static_keys_init(void)
{
	show("init");
	static_branch_enable(&off_key);
	static_branch_disable(&on_key);
	show("flipped");
	static_branch_disable(&off_key);
	static_branch_enable(&on_key);
	show("flipped back");
	return 0;
}
static void __exit static_keys_exit(void)
{
	show("exit");
}
module_init(static_keys_init);
module_exit(static_keys_exit);
MODULE_LICENSE("GPL");
