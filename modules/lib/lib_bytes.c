// SPDX-License-Identifier: GPL-2.0
/* Checksums, hashes, hexadecimal, byte order, unaligned access, kfifo. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/crc32.h>
#include <linux/crc-ccitt.h>
#include <linux/jhash.h>
#include <linux/hash.h>
#include <linux/siphash.h>
#include <linux/prandom.h>
#include <linux/kfifo.h>
#include <linux/swab.h>
#include <linux/uuid.h>
#include <net/checksum.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

static u8 bytes[300];

static void checksums(void)
{
	pr_info("crc32_le %08x, crc32_be %08x, crc32c %08x, ccitt %04x\n", crc32_le(~0, bytes, 300), crc32_be(~0, bytes, 300),
		__crc32c_le(~0, bytes, 300), crc_ccitt(0xffff, bytes, 300));
	pr_info("crc32 of parts %08x, of nothing %08x, of 9 digits %08x\n", crc32_le(crc32_le(~0, bytes, 100), bytes + 100, 200), crc32_le(~0, bytes, 0),
		~crc32_le(~0, "123456789", 9));
	pr_info("crc32_le_combine %08x\n", crc32_le_combine(crc32_le(~0, bytes, 100), crc32_le(0, bytes + 100, 200), 200));
	pr_info("ip_compute_csum %04x, csum_partial folded %04x\n", (__force u16)ip_compute_csum(bytes, 300),
		(__force u16)csum_fold(csum_partial(bytes, 37, 0)));
}

static void hashes(void)
{
	siphash_key_t key = { { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } };
	struct rnd_state state;
	u8 out[5];

	pr_info("jhash %08x, jhash2 %08x, jhash_3words %08x, hash_32 %u, hash_64 %u\n", jhash(bytes, 33, 5), jhash2((u32 *)bytes, 7, 1), jhash_3words(1, 2, 3, 4),
		hash_32(12345, 10), (u32)hash_64(1234567890123ULL, 16));
	pr_info("siphash %016llx, 1u64 %016llx, hsiphash %08x\n", siphash(bytes, 15, &key), siphash_1u64(42, &key),
		hsiphash_1u32(7, &(hsiphash_key_t){ { 1, 2 } }));
	prandom_seed_state(&state, 42);
	pr_info("prandom %u %u\n", prandom_u32_state(&state), prandom_u32_state(&state));
	prandom_bytes_state(&state, out, sizeof(out));
	pr_info("prandom bytes %*ph\n", 5, out);
}

static void hexadecimal(void)
{
	char text[40] = "", *end;
	u8 out[4] = { };
	uuid_t uuid;
	guid_t guid;

	end = bin2hex(text, bytes + 1, 4);
	*end = 0;
	pr_info("bin2hex '%s', hex2bin %d %*ph, bad %d, hex_to_bin %d %d\n", text, hex2bin(out, "c0FFee01", 4), 4, out, hex2bin(out, "zz", 1),
		hex_to_bin('b'), hex_to_bin('g'));
	pr_info("hex_dump_to_buffer %d '%s'\n", hex_dump_to_buffer(bytes, 6, 16, 1, text, sizeof(text), true), text);
	end = hex_byte_pack_upper(text, 0xab);
	*end = 0;
	pr_info("hex_byte_pack '%s'\n", text);
	pr_info("uuid_parse %d %d, valid %d\n", uuid_parse("01234567-89ab-cdef-0123-456789abcdef", &uuid), uuid_parse("0123", &uuid), uuid_is_valid("01234567-89ab-cdef-0123-456789abcdef"));
	guid_parse("01234567-89ab-cdef-0123-456789abcdef", &guid);
	pr_info("uuid %*ph guid %*ph\n", 16, &uuid, 16, &guid);
}

static void order(void)
{
	u8 raw[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	pr_info("unaligned %x %x %llx, swab %x %x %llx\n", get_unaligned_le16(raw + 1), get_unaligned_be32(raw + 1), get_unaligned_le64(raw), swab16(0x1234),
		swab32(0x12345678), swab64(0x123456789abcdef0ULL));
	put_unaligned_be32(0xdeadbeef, raw + 3);
	pr_info("put %*ph, cpu_to_be64 %llx\n", 8, raw, (__force u64)cpu_to_be64(0x1122334455667788ULL));
}

static void fifos(void)
{
	DEFINE_KFIFO(numbers, int, 8);
	struct kfifo fifo;
	char out[20] = "";
	int i, value = 0, got;

	for (i = 0; i < 10; i++)
		if (!kfifo_put(&numbers, i * i))
			pr_info("full at %d\n", i);
	got = kfifo_get(&numbers, &value);
	pr_info("kfifo: got %d %d", got, value);
	got = kfifo_peek(&numbers, &value);
	pr_cont(", peek %d %d, length %u, avail %u, full %d\n", got, value, kfifo_len(&numbers), kfifo_avail(&numbers), kfifo_is_full(&numbers));
	if (kfifo_alloc(&fifo, 20, GFP_KERNEL))
		return;
	pr_info("allocated %u bytes, in %u", kfifo_size(&fifo), kfifo_in(&fifo, "hello world", 11));
	got = kfifo_out(&fifo, out, 5);
	pr_cont(", out %u '%s'", got, out);
	kfifo_in(&fifo, "this is too much for the rest of it", 35);
	pr_cont(", now %u, full %d\n", kfifo_len(&fifo), kfifo_is_full(&fifo));
	memset(out, 0, sizeof(out));
	got = kfifo_out_peek(&fifo, out, 12);
	pr_info("peek %u '%s'\n", got, out);
	kfifo_reset(&fifo);
	pr_info("empty %d\n", kfifo_is_empty(&fifo));
	kfifo_free(&fifo);
}

static int __init lib_bytes_init(void)
{
	int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 31 + (i >> 3);
	checksums();
	hashes();
	hexadecimal();
	order();
	fifos();
	return 0;
}
static void __exit lib_bytes_exit(void) { }
module_init(lib_bytes_init);
module_exit(lib_bytes_exit);
MODULE_LICENSE("GPL");
