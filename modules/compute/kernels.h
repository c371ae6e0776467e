/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer work as modules do it, the same source for compute.ko and for the native program that benchmarks compare with.
 * Each function takes a size, works on static memory, and returns a checksum, so that results can be compared too.
 */
#ifndef KOBOX_KERNELS_H
#define KOBOX_KERNELS_H

#define WORDS 4096
static u32 words[WORDS];
static u8 bytes[WORDS * 4], copy[WORDS * 4];

static u32 random_state;
static u32 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}
static void fill_words(u32 n)
{
	u32 i;

	random_state = 2463534242u;
	for (i = 0; i < n; i++)
		words[i] = next_random();
}
static u64 checksum(const u32 *p, u32 n)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < n; i++)
		sum = sum * 31 + p[i];
	return sum;
}

/* CRC-32 (reflected, polynomial 0xedb88320), a table of 256 entries. */
static u32 crc_table[256];
u64 compute_crc32(u64 n)
{
	u32 crc = ~0u, i, j;

	if (!crc_table[1])
		for (i = 0; i < 256; i++) {
			u32 c = i;

			for (j = 0; j < 8; j++)
				c = (c >> 1) ^ (c & 1 ? 0xedb88320u : 0);
			crc_table[i] = c;
		}
	for (i = 0; i < n; i++)
		crc = (crc >> 8) ^ crc_table[(crc ^ i) & 0xff];
	return ~crc;
}

/* SHA-256 (FIPS 180-4) over n bytes of a counter pattern; the sum of the digest's words. */
static const u32 sha_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
	0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
#define ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
static void sha_block(u32 *h, const u8 *p)
{
	u32 w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7], i;

	for (i = 0; i < 16; i++)
		w[i] = (u32)p[4 * i] << 24 | (u32)p[4 * i + 1] << 16 | (u32)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (; i < 64; i++) {
		u32 s0 = ROTR(w[i - 15], 7) ^ ROTR(w[i - 15], 18) ^ (w[i - 15] >> 3);
		u32 s1 = ROTR(w[i - 2], 17) ^ ROTR(w[i - 2], 19) ^ (w[i - 2] >> 10);

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (i = 0; i < 64; i++) {
		u32 t1 = k + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + ((e & f) ^ (~e & g)) + sha_k[i] + w[i];
		u32 t2 = (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

		k = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
	}
	h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
}
u64 compute_sha256(u64 n)
{
	u32 h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	u8 block[64];
	u64 done, sum = 0;
	u32 i;

	for (done = 0; done + 64 <= n; done += 64) {
		for (i = 0; i < 64; i++)
			block[i] = done + i;
		sha_block(h, block);
	}
	for (i = 0; i < 64; i++)
		block[i] = i < (n & 63) ? (u8)(done + i) : 0;
	block[n & 63] = 0x80;
	if ((n & 63) >= 56) {
		sha_block(h, block);
		for (i = 0; i < 56; i++)
			block[i] = 0;
	}
	for (i = 0; i < 8; i++)
		block[56 + i] = (n * 8) >> (56 - 8 * i);
	sha_block(h, block);
	for (i = 0; i < 8; i++)
		sum = sum * 31 + h[i];
	return sum;
}

static void quicksort(u32 *p, long low, long high)
{
	while (low < high) {
		u32 pivot = p[(low + high) / 2], t;
		long i = low, j = high;

		while (i <= j) {
			while (p[i] < pivot)
				i++;
			while (p[j] > pivot)
				j--;
			if (i <= j) {
				t = p[i]; p[i] = p[j]; p[j] = t;
				i++; j--;
			}
		}
		if (j - low < high - i) {
			quicksort(p, low, j);
			low = i;
		} else {
			quicksort(p, i, high);
			high = j;
		}
	}
}
u64 compute_quicksort(u64 n)
{
	if (n > WORDS)
		n = WORDS;
	fill_words(n);
	quicksort(words, 0, (long)n - 1);
	return checksum(words, n);
}

/* Heap sort with a comparison callback, as sort() of the kernel has. */
static int compare_words(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}
static void heap_sort(u32 *p, u32 n, int (*compare)(const void *a, const void *b))
{
	u32 start = n / 2, end = n, root, child, t;

	while (end > 1) {
		if (start) {
			start--;
		} else {
			end--;
			t = p[end]; p[end] = p[0]; p[0] = t;
		}
		for (root = start; (child = 2 * root + 1) < end; root = child) {
			if (child + 1 < end && compare(&p[child], &p[child + 1]) < 0)
				child++;
			if (compare(&p[root], &p[child]) >= 0)
				break;
			t = p[root]; p[root] = p[child]; p[child] = t;
		}
	}
}
u64 compute_heapsort(u64 n)
{
	if (n > WORDS)
		n = WORDS;
	fill_words(n);
	heap_sort(words, n, compare_words);
	return checksum(words, n);
}

/* An unbalanced binary search tree: insert n keys, then look each up. */
struct tree_node { struct tree_node *left, *right; u32 key, count; };
static struct tree_node tree_nodes[WORDS];
u64 compute_tree(u64 n)
{
	struct tree_node *root = NULL, **link, *node;
	u64 depth = 0;
	u32 i, used = 0;

	if (n > WORDS)
		n = WORDS;
	fill_words(n);
	for (i = 0; i < n; i++) {
		for (link = &root; (node = *link) && node->key != words[i]; link = words[i] < node->key ? &node->left : &node->right)
			;
		if (node) {
			node->count++;
			continue;
		}
		node = *link = &tree_nodes[used++];
		node->left = node->right = NULL;
		node->key = words[i];
		node->count = 1;
	}
	for (i = 0; i < n; i++)
		for (node = root; node->key != words[i]; node = words[i] < node->key ? node->left : node->right)
			depth++;
	return depth * 31 + used;
}

/* A doubly linked list: built, walked, reversed, partly unlinked. */
struct chain { struct chain *next, *prev; u64 value; };
static struct chain chain_nodes[WORDS];
u64 compute_list(u64 n)
{
	struct chain head = { &head, &head, 0 }, *p, *next;
	u64 sum = 0;
	u32 round, i;

	for (i = 0; i < WORDS; i++) {
		p = &chain_nodes[i];
		p->value = i;
		p->next = &head;
		p->prev = head.prev;
		head.prev->next = p;
		head.prev = p;
	}
	for (round = 0; round < n; round++) {
		for (p = head.next; p != &head; p = p->next)
			sum += p->value ^ round;
		for (p = head.next; p != &head; p = next) {
			next = p->next;
			if ((p->value + round) % 64 == 0) {
				p->prev->next = p->next;
				p->next->prev = p->prev;
			}
		}
	}
	return sum;
}

#ifndef noinline
#define noinline __attribute__((noinline))
#endif
static noinline u64 fib(u64 n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
u64 compute_fib(u64 n)
{
	return fib(n);
}

/* Copies byte by byte, n bytes in all. */
u64 compute_bytecopy(u64 n)
{
	u64 done = 0, size = sizeof(bytes), i;
	volatile u8 *to = copy;

	for (i = 0; i < size; i++)
		bytes[i] = i * 7;
	while (done < n) {
		for (i = 0; i < size && done < n; i++, done++)
			to[i] = bytes[i] + 1;
	}
	return checksum((u32 *)copy, size / 4);
}

#endif
