// SPDX-License-Identifier: GPL-2.0
/* Parsers of the kernel: option strings, globs, argument vectors, tokens; scatter lists; notifier chains. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/glob.h>
#include <linux/parser.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/scatterlist.h>
#include <linux/notifier.h>
#include <linux/inet.h>
#include <linux/ctype.h>
#include <linux/kernel.h>

static void options(void)
{
	char text[] = "3,7-9,12 rest", *p = text, *rest;
	int ints[8], value = 0, ret;

	rest = get_options(p, ARRAY_SIZE(ints), ints);
	pr_info("get_options rest '%s': %d values %d %d %d %d %d\n", rest, ints[0], ints[1], ints[2], ints[3], ints[4], ints[5]);
	ret = get_option(&p, &value);
	pr_info("get_option %d %d rest '%s'\n", ret, value, p);
	pr_info("glob %d %d %d %d\n", glob_match("a*c?[0-9]", "abbcx7"), glob_match("[!a-c]*", "dog"), glob_match("\\*", "x"), glob_match("", ""));
}

static void arguments(void)
{
	int argc, i;
	char **argv = argv_split(GFP_KERNEL, "  one two\tthree ", &argc);

	for (i = 0; i < argc; i++)
		pr_info("argument %d '%s'\n", i, argv[i]);
	pr_info("ends with NULL %d\n", argv[argc] == NULL);
	argv_free(argv);
}

enum { opt_size, opt_name, opt_flag, opt_hex, opt_bad };
static const match_table_t tokens = { { opt_size, "size=%d" }, { opt_name, "name=%s" }, { opt_flag, "flag" }, { opt_hex, "hex=%x" }, { opt_bad, NULL } };

static void matching(void)
{
	static const char * const texts[] = { "size=42", "size=x", "name=kobox", "flag", "hex=1f", "flags", "" };
	substring_t args[MAX_OPT_ARGS];
	int i, value;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		char copy[16], *name;
		int token;

		strscpy(copy, texts[i], sizeof(copy));
		token = match_token(copy, tokens, args);
		value = -1;
		if (token == opt_size && !match_int(&args[0], &value))
			pr_info("'%s' is size %d\n", texts[i], value);
		else if (token == opt_hex && !match_hex(&args[0], &value))
			pr_info("'%s' is hex %d\n", texts[i], value);
		else if (token == opt_name) {
			name = match_strdup(&args[0]);
			pr_info("'%s' is name '%s'\n", texts[i], name);
			kfree(name);
		} else
			pr_info("'%s' is token %d\n", texts[i], token);
	}
}

static void scatter(void)
{
	struct scatterlist list[3], *sg;
	char *a = kmalloc(100, GFP_KERNEL), *b = kmalloc(100, GFP_KERNEL), *c = kmalloc(100, GFP_KERNEL), out[60] = "";
	int i, total = 0;

	sg_init_table(list, 3);
	sg_set_buf(&list[0], a, 10);
	sg_set_buf(&list[1], b, 20);
	sg_set_buf(&list[2], c, 30);
	for_each_sg(list, sg, 3, i)
		total += sg->length;
	memset(out, 'q', 59);
	pr_info("scatterlist: %d entries, %d bytes, copied %zu", sg_nents(list), total, sg_copy_from_buffer(list, 3, out, 59));
	memset(out, 0, sizeof(out));
	pr_cont(", back %zu '%.12s', last %d\n", sg_pcopy_to_buffer(list, 3, out, 12, 25), out, sg_is_last(&list[2]));
	kfree(a);
	kfree(b);
	kfree(c);
}

static int hear(struct notifier_block *nb, unsigned long event, void *data)
{
	pr_info("priority %d hears %lu '%s'\n", nb->priority, event, (char *)data);
	return event == 2 && nb->priority == 5 ? NOTIFY_STOP : NOTIFY_OK;
}
static struct notifier_block low = { .notifier_call = hear, .priority = 1 }, middle = { .notifier_call = hear, .priority = 5 },
			     high = { .notifier_call = hear, .priority = 9 }, alone = { .notifier_call = hear };
static RAW_NOTIFIER_HEAD(raw_chain);
static ATOMIC_NOTIFIER_HEAD(atomic_chain);
static BLOCKING_NOTIFIER_HEAD(blocking_chain);

static void notifiers(void)
{
	raw_notifier_chain_register(&raw_chain, &middle);
	raw_notifier_chain_register(&raw_chain, &low);
	raw_notifier_chain_register(&raw_chain, &high);
	pr_info("call 1 gives %#x\n", raw_notifier_call_chain(&raw_chain, 1, "one"));
	pr_info("call 2 gives %#x\n", raw_notifier_call_chain(&raw_chain, 2, "two"));
	pr_info("unregister %d\n", raw_notifier_chain_unregister(&raw_chain, &middle));
	pr_info("unregister again %d\n", raw_notifier_chain_unregister(&raw_chain, &middle));
	atomic_notifier_chain_register(&atomic_chain, &middle);
	pr_info("atomic gives %#x\n", atomic_notifier_call_chain(&atomic_chain, 3, "three"));
	blocking_notifier_chain_register(&blocking_chain, &alone);
	pr_info("blocking gives %#x\n", blocking_notifier_call_chain(&blocking_chain, 4, "four"));
	pr_info("registering twice gives %d\n", blocking_notifier_chain_register(&blocking_chain, &alone));
}

static int __init lib_parse_init(void)
{
	u8 address[16];
	const char *end;

	options();
	arguments();
	matching();
	scatter();
	notifiers();
	pr_info("in4_pton %d %pI4 rest '%s'\n", in4_pton("10.1.2.3/8", -1, address, '/', &end), address, end);
	pr_info("in6_pton %d %pI6c\n", in6_pton("fe80::1:2", -1, address, -1, &end), address);
	return 0;
}
static void __exit lib_parse_exit(void) { }
module_init(lib_parse_init);
module_exit(lib_parse_exit);
MODULE_LICENSE("GPL");
