/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer work in the ways that modules do it, the same source for compute-bench.ko and for the native program it is compared
 * with. Every kernel takes a block of memory and a size, and returns a checksum.
 */
#ifndef KOBOX_BENCH_KERNELS_H
#define KOBOX_BENCH_KERNELS_H

#define KEEP __attribute__((__noinline__))
/* A copy loop stays the loop it is written as. */
#define AS_LOOP __attribute__((__noinline__, optimize("no-tree-loop-distribute-patterns")))

static KEEP u64 fill_random(u32 *p, u64 n, u32 seed)
{
	u64 i;
	u32 x = seed;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = x;
	}
	return x;
}

static u32 crc_table[256];
static KEEP void make_crc_table(void)
{
	u32 i, j, c;

	for (i = 0; i < 256; i++) {
		c = i;
		for (j = 0; j < 8; j++)
			c = c & 1 ? (c >> 1) ^ 0xedb88320u : c >> 1;
		crc_table[i] = c;
	}
}
u64 bench_crc32(u8 *p, u64 n)
{
	u32 c = ~0u;

	if (!crc_table[1])
		make_crc_table();
	while (n--)
		c = crc_table[(c ^ *p++) & 0xff] ^ (c >> 8);
	return ~c;
}

static const u32 sha_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
	0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
static KEEP void sha_block(u32 *s, const u8 *p)
{
	u32 w[64], a, b, c, d, e, f, g, h, t1, t2;
	int i;

	for (i = 0; i < 16; i++)
		w[i] = ((u32)p[4 * i] << 24) | ((u32)p[4 * i + 1] << 16) | ((u32)p[4 * i + 2] << 8) | p[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (ROTATE(w[i - 15], 7) ^ ROTATE(w[i - 15], 18) ^ (w[i - 15] >> 3)) +
		       (ROTATE(w[i - 2], 17) ^ ROTATE(w[i - 2], 19) ^ (w[i - 2] >> 10));
	a = s[0]; b = s[1]; c = s[2]; d = s[3]; e = s[4]; f = s[5]; g = s[6]; h = s[7];
	for (i = 0; i < 64; i++) {
		t1 = h + (ROTATE(e, 6) ^ ROTATE(e, 11) ^ ROTATE(e, 25)) + ((e & f) ^ (~e & g)) + sha_k[i] + w[i];
		t2 = (ROTATE(a, 2) ^ ROTATE(a, 13) ^ ROTATE(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
	}
	s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
}
u64 bench_sha256(u8 *p, u64 n)
{
	u32 s[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	for (; n >= 64; p += 64, n -= 64)
		sha_block(s, p);
	return ((u64)s[0] << 32) | s[7];
}

static KEEP u64 checksum(const u32 *p, u64 n)
{
	u64 i, h = 0;

	for (i = 0; i < n; i++)
		h = h * 31 + p[i];
	return h;
}

static KEEP void quicksort(int *a, long low, long high)
{
	while (high - low > 16) {
		long i = low, j = high;
		int pivot = a[(low + high) / 2], t;

		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j) {
				t = a[i]; a[i] = a[j]; a[j] = t;
				i++;
				j--;
			}
		}
		if (j - low < high - i) {
			quicksort(a, low, j);
			low = i;
		} else {
			quicksort(a, i, high);
			high = j;
		}
	}
	{
		long i, j;

		for (i = low + 1; i <= high; i++) {
			int v = a[i];

			for (j = i - 1; j >= low && a[j] > v; j--)
				a[j + 1] = a[j];
			a[j + 1] = v;
		}
	}
}
u64 bench_quicksort(int *a, u64 n)
{
	fill_random((u32 *)a, n, 12345);
	quicksort(a, 0, (long)n - 1);
	return checksum((u32 *)a, n);
}

/* Heap sort with callbacks, as the kernel's sort() has them. */
static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}
static void exchange_ints(void *a, void *b)
{
	int t = *(int *)a;

	*(int *)a = *(int *)b;
	*(int *)b = t;
}
struct sort_ops {
	int (*compare)(const void *a, const void *b);
	void (*exchange)(void *a, void *b);
};
struct sort_ops bench_sort_ops = { compare_ints, exchange_ints };
static KEEP void heapsort_ints(int *a, u64 n, struct sort_ops *ops)
{
	u64 start = n / 2, end = n, root, child;

	while (end > 1) {
		if (start > 0) {
			start--;
		} else {
			end--;
			ops->exchange(&a[0], &a[end]);
		}
		for (root = start; (child = 2 * root + 1) < end; root = child) {
			if (child + 1 < end && ops->compare(&a[child], &a[child + 1]) < 0)
				child++;
			if (ops->compare(&a[root], &a[child]) >= 0)
				break;
			ops->exchange(&a[root], &a[child]);
		}
	}
}
u64 bench_heapsort(int *a, u64 n)
{
	fill_random((u32 *)a, n, 12345);
	heapsort_ints(a, n, &bench_sort_ops);
	return checksum((u32 *)a, n);
}

struct node {
	struct node *left, *right, *parent;
	u64 key;
	struct node *next;
	u64 pad;
};
static KEEP struct node *tree_find(struct node *t, u64 key)
{
	while (t) {
		if (key < t->key)
			t = t->left;
		else if (key > t->key)
			t = t->right;
		else
			return t;
	}
	return 0;
}
static KEEP void tree_insert(struct node **root, struct node *n)
{
	struct node **link = root, *parent = 0;

	while (*link) {
		parent = *link;
		link = n->key < parent->key ? &parent->left : &parent->right;
	}
	n->parent = parent;
	n->left = n->right = 0;
	*link = n;
}
static KEEP struct node *tree_next(struct node *n)
{
	struct node *parent;

	if (n->right) {
		for (n = n->right; n->left; n = n->left)
			;
		return n;
	}
	while ((parent = n->parent) && n == parent->right)
		n = parent;
	return parent;
}
static u64 next_key(u64 x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ (x << 17);
}
u64 bench_tree(struct node *pool, u64 n)
{
	struct node *root = 0, *t;
	u64 i, x = 88172645463325252ull, sum = 0, k = 0;

	for (i = 0; i < n; i++) {
		x = next_key(x);
		pool[i].key = x;
		tree_insert(&root, &pool[i]);
	}
	x = 88172645463325252ull;
	for (i = 0; i < n; i++) {
		x = next_key(x);
		t = tree_find(root, x);
		sum += (u64)(t - pool);
		t = tree_find(root, x ^ 5);
		if (t)
			sum += t->key;
	}
	for (t = root; t->left; t = t->left)
		;
	for (; t; t = tree_next(t))
		sum = sum * 3 + (t->key >> 40) + k++;
	return sum;
}
u64 bench_list(struct node *pool, u64 n)
{
	u64 i, sum = 0, round;
	struct node *p;

	for (i = 0; i < n; i++) {
		pool[i].key = i;
		pool[i].next = &pool[(i * 7919 + 1) & (n - 1)];
	}
	for (round = 0; round < 400; round++) {
		p = &pool[round];
		for (i = 0; i < n; i++) {
			sum += p->key ^ i;
			p = p->next;
		}
	}
	return sum;
}

static KEEP __attribute__((optimize("no-optimize-sibling-calls"))) u64 fib(u64 n)
{
	if (n < 2)
		return n;
	return fib(n - 1) + fib(n - 2);
}
u64 bench_fib(void *unused, u64 n)
{
	return fib(n);
}

static AS_LOOP void copy_bytes(u8 *to, const u8 *from, u64 n)
{
	while (n--)
		*to++ = *from++;
}
static AS_LOOP void copy_words(u64 *to, const u64 *from, u64 n)
{
	while (n--)
		*to++ = *from++;
}
u64 bench_bytecopy(u8 *p, u64 n)
{
	u64 round;

	fill_random((u32 *)p, 1024, 12345);
	for (round = 0; round < 8; round++)
		copy_bytes(p + n, p, n);
	return checksum((u32 *)(p + n), 1024);
}
u64 bench_wordcopy(u64 *p, u64 n)
{
	u64 round;

	fill_random((u32 *)p, 1024, 12345);
	for (round = 0; round < 16; round++)
		copy_words(p + n / 8, p, n / 8);
	return checksum((u32 *)(p + n / 8), 1024);
}

#endif
