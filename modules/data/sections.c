// SPDX-License-Identifier: GPL-2.0
/* Data in every kind of section, with pointers between them: relocations of all sorts. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/cache.h>

static int plain = 1;
static int zero;
static const int constant = 2;
static int sealed __ro_after_init = 3;
static int often __read_mostly = 4;
static int early __initdata = 5;
static const int early_constant __initconst = 6;
static int late __exitdata = 7;
static int aligned __aligned(4096) = 8;

struct node { const struct node *next; const int *value; const char *name; int (*get)(const struct node *node); };

static int get_value(const struct node *node)
{
	return *node->value;
}
static const struct node nodes[] = {
	{ &nodes[1], &plain, "plain", get_value },
	{ &nodes[2], &zero, "zero", get_value },
	{ &nodes[3], &constant, "constant", get_value },
	{ &nodes[4], &sealed, "sealed", get_value },
	{ &nodes[5], &often, "often", get_value },
	{ NULL, &aligned, "aligned", get_value },
};

static void walk(const struct node *node)
{
	for (; node; node = node->next)
		pr_info("%s %d\n", node->name, node->get(node));
}

static int __init sections_init(void)
{
	zero = early + early_constant;
	sealed *= 10;
	walk(nodes);
	pr_info("aligned to 4096: %d, const in reach: %d\n", ((unsigned long)&aligned & 4095) == 0, nodes[2].value == &constant);
	return 0;
}
static void __exit sections_exit(void)
{
	pr_info("late %d, sealed %d\n", late, sealed);
}
module_init(sections_init);
module_exit(sections_exit);
MODULE_LICENSE("GPL");
