// SPDX-License-Identifier: GPL-2.0
/* Linked lists: the operations that headers inline, hash lists, and what Linux says about a corrupted list. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/hashtable.h>

struct item { struct list_head link; struct hlist_node hash; int value; };

static struct item items[10];
static bool corrupt;
module_param(corrupt, bool, 0);

static void show(const char *what, struct list_head *list)
{
	struct item *item;

	pr_info("%s:", what);
	list_for_each_entry(item, list, link)
		pr_cont(" %d", item->value);
	pr_cont("\n");
}

static void lists(void)
{
	LIST_HEAD(list);
	LIST_HEAD(other);
	struct item *item, *next;
	int i;

	for (i = 0; i < 10; i++) {
		items[i].value = i;
		if (i & 1)
			list_add(&items[i].link, &list);
		else
			list_add_tail(&items[i].link, &list);
	}
	show("added", &list);
	list_move(&items[5].link, &list);
	list_move_tail(&items[4].link, &list);
	show("moved", &list);
	list_for_each_entry_safe(item, next, &list, link)
		if (item->value % 3 == 0)
			list_move_tail(&item->link, &other);
	show("rest", &list);
	show("threes", &other);
	list_splice_init(&other, &list);
	show("spliced", &list);
	list_cut_position(&other, &list, &items[9].link);
	show("cut", &other);
	list_rotate_left(&list);
	show("rotated", &list);
	list_swap(&items[1].link, &items[2].link);
	show("swapped", &list);
	list_del_init(&items[1].link);
	pr_info("empty %d %d, singular %d, first %d, last %d, count %zu\n", list_empty(&list), list_empty(&items[1].link), list_is_singular(&list),
		list_first_entry(&list, struct item, link)->value, list_last_entry(&list, struct item, link)->value, list_count_nodes(&list));
	list_del(&items[2].link);
	pr_info("deleted entries are poisoned: %d\n", items[2].link.next == LIST_POISON1 && items[2].link.prev == LIST_POISON2);
	list_replace(&items[8].link, &items[1].link);
	show("replaced", &list);
}

static void hashes(void)
{
	DEFINE_HASHTABLE(table, 3);
	struct item *item;
	int i, bucket, count = 0, sum = 0;

	for (i = 0; i < 10; i++)
		hash_add(table, &items[i].hash, items[i].value);
	hash_for_each_possible(table, item, hash, 7)
		sum += item->value == 7;
	hash_del(&items[7].hash);
	hash_for_each(table, bucket, item, hash)
		count++;
	pr_info("hashed: found %d, left %d, hashed %d %d\n", sum, count, hash_hashed(&items[6].hash), hash_hashed(&items[7].hash));
}

static noinline void break_a_list(void)
{
	LIST_HEAD(list);

	list_add(&items[0].link, &list);
	list_del(&items[0].link);
	list_del(&items[0].link);
	pr_info("after the double deletion\n");
	INIT_LIST_HEAD(&list);
	list.next = &items[1].link;
	list_add(&items[0].link, &list);
	pr_info("after adding to a broken list\n");
}

static int __init lib_lists_init(void)
{
	lists();
	hashes();
	if (corrupt)
		break_a_list();
	return 0;
}
static void __exit lib_lists_exit(void) { }
module_init(lib_lists_init);
module_exit(lib_lists_exit);
MODULE_LICENSE("GPL");
