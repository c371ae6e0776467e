// SPDX-License-Identifier: GPL-2.0
/* jiffies, ktime, delays, calendar: relations that hold whatever the clock says. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/delay.h>
#include <linux/time.h>

static int __init lib_time_init(void)
{
	unsigned long j = jiffies;
	ktime_t a = ktime_get(), b;
	u64 ns = ktime_get_ns();
	struct timespec64 ts = ns_to_timespec64(1234567890123ULL);
	struct tm tm;

	pr_info("HZ %d, msecs_to_jiffies %lu %lu %lu, usecs %lu, jiffies_to_msecs %u %u\n", HZ, msecs_to_jiffies(0), msecs_to_jiffies(1), msecs_to_jiffies(1000),
		usecs_to_jiffies(4001), jiffies_to_msecs(1), jiffies_to_msecs(250));
	pr_info("jiffies64_to_nsecs %llu, nsecs_to_jiffies %lu, round_jiffies_relative %d\n", jiffies64_to_nsecs(3), nsecs_to_jiffies(1000000000),
		round_jiffies_relative(1000) >= 500);
	udelay(200);
	b = ktime_get();
	pr_info("time moves on: %d, by the delay at least: %d, jiffies do not go back: %d\n", ktime_after(b, a), ktime_us_delta(b, a) >= 200, time_after_eq(jiffies, j));
	mdelay(20);
	pr_info("after 20 ms jiffies moved: %d, ns moved: %d\n", time_after_eq(jiffies, j + msecs_to_jiffies(20) - 1), ktime_get_ns() - ns >= 20 * NSEC_PER_MSEC);
	pr_info("clocks: boottime >= monotonic %d, real > 0 %d, raw > 0 %d\n", ktime_get_boottime_ns() >= ktime_get_coarse_ns(), ktime_get_real_seconds() > 0,
		ktime_get_raw_ns() > 0);
	pr_info("timespec %lld.%09ld, ktime_set %lld, add %lld\n", (s64)ts.tv_sec, ts.tv_nsec, ktime_to_ns(ktime_set(3, 7)),
		ktime_to_ms(ktime_add_us(ktime_set(1, 0), 2500)));
	time64_to_tm(1700000000, 3600, &tm);
	pr_info("tm %ld-%02d-%02d %02d:%02d:%02d day %d of the week, %d of the year\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		tm.tm_wday, tm.tm_yday);
	pr_info("mktime64 %lld\n", mktime64(2023, 11, 14, 22, 13, 20));
	return 0;
}
static void __exit lib_time_exit(void) { }
module_init(lib_time_init);
module_exit(lib_time_exit);
MODULE_LICENSE("GPL");
