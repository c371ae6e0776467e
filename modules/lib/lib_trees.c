// SPDX-License-Identifier: GPL-2.0
/* Red-black trees (plain, cached, augmented), radix tree, interval tree. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/rbtree_augmented.h>
#include <linux/radix-tree.h>
#include <linux/interval_tree.h>
#include <linux/slab.h>

struct node { struct rb_node rb; u32 key; u32 max; };

static struct node nodes[200];
static u32 seed = 777;
static u32 next_random(void) { return seed = seed * 1664525 + 1013904223; }

#define node_max(node) ((node)->key)
RB_DECLARE_CALLBACKS_MAX(static, augment, struct node, rb, u32, max, node_max)

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct node, rb)->key < rb_entry(b, struct node, rb)->key;
}
static int compare(const void *key, const struct rb_node *b)
{
	u32 x = *(const u32 *)key, y = rb_entry(b, struct node, rb)->key;

	return (x > y) - (x < y);
}

/* Black height, or -1 where the tree breaks a rule of red-black trees. */
static int black_height(struct rb_node *n)
{
	int left, right;
	bool red;

	if (!n)
		return 1;
	red = !(n->__rb_parent_color & 1);
	if (red && ((n->rb_left && !(n->rb_left->__rb_parent_color & 1)) || (n->rb_right && !(n->rb_right->__rb_parent_color & 1))))
		return -1;
	left = black_height(n->rb_left);
	right = black_height(n->rb_right);
	return left < 0 || left != right ? -1 : left + !red;
}

static void plain(void)
{
	struct rb_root root = RB_ROOT;
	struct rb_node *n;
	u32 last = 0, wanted;
	int i, count = 0, in_order = 1;

	for (i = 0; i < 200; i++) {
		nodes[i].key = next_random() % 10000;
		rb_add(&nodes[i].rb, &root, less);
	}
	for (n = rb_first(&root); n; n = rb_next(n), count++) {
		in_order &= rb_entry(n, struct node, rb)->key >= last;
		last = rb_entry(n, struct node, rb)->key;
	}
	pr_info("rbtree: %d nodes, in order %d, valid %d, first %u, last %u\n", count, in_order, black_height(root.rb_node) > 0,
		rb_entry(rb_first(&root), struct node, rb)->key, rb_entry(rb_last(&root), struct node, rb)->key);
	wanted = nodes[77].key;
	pr_info("find %d, missing %d, prev of first %d\n", !!rb_find(&wanted, &root, compare), !!rb_find(&(u32){ 99999 }, &root, compare),
		!!rb_prev(rb_first(&root)));
	for (i = 0; i < 200; i += 2) {
		rb_erase(&nodes[i].rb, &root);
		if (black_height(root.rb_node) < 0)
			pr_info("erase %d breaks the tree\n", i);
	}
	for (n = rb_first(&root), count = 0; n; n = rb_next(n))
		count++;
	pr_info("after erasing half: %d nodes\n", count);
	for (n = rb_first_postorder(&root), count = 0; n; n = rb_next_postorder(n))
		count++;
	nodes[0].key = nodes[1].key;
	rb_replace_node(&nodes[1].rb, &nodes[0].rb, &root);
	pr_info("postorder visits %d, replaced still valid %d\n", count, black_height(root.rb_node) > 0);
}

static void cached_and_augmented(void)
{
	struct rb_root_cached cached = RB_ROOT_CACHED;
	struct rb_root root = RB_ROOT;
	int i;

	for (i = 0; i < 50; i++)
		rb_add_cached(&nodes[i].rb, &cached, less);
	pr_info("cached leftmost %d\n", rb_first_cached(&cached) == rb_first(&cached.rb_root));
	rb_erase_cached(rb_first_cached(&cached), &cached);
	pr_info("cached leftmost after erase %d\n", rb_first_cached(&cached) == rb_first(&cached.rb_root));

	for (i = 100; i < 160; i++) {
		struct rb_node **link = &root.rb_node, *parent = NULL;

		nodes[i].max = nodes[i].key;
		while (*link) {
			parent = *link;
			link = nodes[i].key < rb_entry(parent, struct node, rb)->key ? &parent->rb_left : &parent->rb_right;
		}
		rb_link_node(&nodes[i].rb, parent, link);
		augment_propagate(parent, NULL);
		rb_insert_augmented(&nodes[i].rb, &root, &augment);
	}
	pr_info("augmented max is the last key %d\n", rb_entry(root.rb_node, struct node, rb)->max == rb_entry(rb_last(&root), struct node, rb)->key);
	rb_erase_augmented(rb_last(&root), &root, &augment);
	pr_info("and after erasing it %d\n", rb_entry(root.rb_node, struct node, rb)->max == rb_entry(rb_last(&root), struct node, rb)->key);
}

static void radix(void)
{
	RADIX_TREE(tree, GFP_KERNEL);
	void *results[10], **slot;
	struct radix_tree_iter iter;
	int i, ret = 0;
	unsigned long sum = 0;

	for (i = 0; i < 100; i++)
		ret |= radix_tree_insert(&tree, i * 37, &nodes[i]);
	pr_info("radix: insert %d, again %d, lookup %d %d\n", ret, radix_tree_insert(&tree, 37, &nodes[1]), radix_tree_lookup(&tree, 37 * 5) == &nodes[5],
		!!radix_tree_lookup(&tree, 38));
	radix_tree_tag_set(&tree, 37 * 3, 0);
	radix_tree_tag_set(&tree, 37 * 90, 0);
	pr_info("tagged %d, gang lookup %u %u\n", radix_tree_tagged(&tree, 0), radix_tree_gang_lookup_tag(&tree, results, 0, 10, 0),
		radix_tree_gang_lookup(&tree, results, 3000, 10));
	rcu_read_lock();
	radix_tree_for_each_slot(slot, &tree, &iter, 0)
		sum += iter.index;
	rcu_read_unlock();
	pr_info("sum of indices %lu\n", sum);
	for (i = 0; i < 100; i++)
		if (radix_tree_delete(&tree, i * 37) != &nodes[i])
			pr_info("delete %d fails\n", i);
	pr_info("empty %d\n", radix_tree_empty(&tree));
}

static void intervals(void)
{
	struct rb_root_cached root = RB_ROOT_CACHED;
	static struct interval_tree_node it[20];
	struct interval_tree_node *n;
	int i, count = 0;

	for (i = 0; i < 20; i++) {
		it[i].start = i * 10;
		it[i].last = i * 10 + (i % 4) * 10 + 5;
		interval_tree_insert(&it[i], &root);
	}
	for (n = interval_tree_iter_first(&root, 95, 120); n; n = interval_tree_iter_next(n, 95, 120))
		count++;
	interval_tree_remove(&it[9], &root);
	pr_info("intervals over 95..120: %d, first after removal starts at %lu\n", count, interval_tree_iter_first(&root, 95, 120)->start);
}

static int __init lib_trees_init(void)
{
	plain();
	cached_and_augmented();
	radix();
	intervals();
	return 0;
}
static void __exit lib_trees_exit(void) { }
module_init(lib_trees_init);
module_exit(lib_trees_exit);
MODULE_LICENSE("GPL");
