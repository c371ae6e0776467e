// SPDX-License-Identifier: GPL-2.0
/* hrtimers: one-shot and periodic with forward, states, cancelling, modes and clocks, context of the callback, sleeps. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sched.h>

#define PERIOD (3 * NSEC_PER_MSEC)

static struct hrtimer timer, other;
static DECLARE_COMPLETION(done);
static int rounds, overruns, early, bad_state, order[4], nr_order;
static ktime_t first;

static struct {
	int count, hard, serving, off, queued, running, active, cancel;
} seen;

static enum hrtimer_restart look(struct hrtimer *t)
{
	seen.hard = !!in_hardirq();
	seen.serving = !!in_serving_softirq();
	seen.off = irqs_disabled();
	seen.queued = hrtimer_is_queued(t);
	seen.running = hrtimer_callback_running(t);
	seen.active = hrtimer_active(t);
	seen.cancel = hrtimer_try_to_cancel(t);
	if (ktime_before(hrtimer_cb_get_time(t), hrtimer_get_expires(t)))
		early++;
	seen.count++;
	complete(&done);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart periodic(struct hrtimer *t)
{
	if (rounds == 0)
		first = hrtimer_get_expires(t);
	if (ktime_to_ns(ktime_sub(hrtimer_get_expires(t), first)) % PERIOD)
		bad_state++;
	if (++rounds == 10) {
		complete(&done);
		return HRTIMER_NORESTART;
	}
	overruns += hrtimer_forward_now(t, ns_to_ktime(PERIOD)) < 1;
	if (ktime_after(hrtimer_cb_get_time(t), hrtimer_get_expires(t)))
		bad_state++;
	return HRTIMER_RESTART;
}

static enum hrtimer_restart number_one(struct hrtimer *t)
{
	order[nr_order++] = 1;
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart number_two(struct hrtimer *t)
{
	order[nr_order++] = 2;
	return HRTIMER_NORESTART;
}

static void try_mode(const char *name, clockid_t clock, enum hrtimer_mode mode)
{
	ktime_t time = ms_to_ktime(2);

	memset(&seen, 0, sizeof(seen));
	hrtimer_init(&timer, clock, mode);
	timer.function = look;
	if (!(mode & HRTIMER_MODE_REL))
		time = ktime_add(hrtimer_cb_get_time(&timer), time);
	hrtimer_start(&timer, time, mode);
	wait_for_completion(&done);
	pr_info("timers_hrtimer: %s: hard %d serving %d off %d queued %d running %d active %d cancel %d\n", name, seen.hard, seen.serving, seen.off, seen.queued, seen.running, seen.active,
		seen.cancel);
}

static int __init timers_hrtimer_init(void)
{
	struct hrtimer forward;
	ktime_t time, before;
	u64 n;

	try_mode("monotonic rel", CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	try_mode("monotonic abs", CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	try_mode("monotonic rel soft", CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	try_mode("monotonic rel pinned hard", CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	try_mode("realtime abs", CLOCK_REALTIME, HRTIMER_MODE_ABS);
	try_mode("realtime rel", CLOCK_REALTIME, HRTIMER_MODE_REL);
	try_mode("boottime abs", CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	try_mode("tai abs soft", CLOCK_TAI, HRTIMER_MODE_ABS_SOFT);
	pr_info("timers_hrtimer: early %d\n", early);

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = periodic;
	pr_info("timers_hrtimer: active before %d\n", hrtimer_active(&timer));
	hrtimer_start(&timer, ns_to_ktime(PERIOD), HRTIMER_MODE_REL);
	pr_info("timers_hrtimer: active after %d, queued %d\n", hrtimer_active(&timer), hrtimer_is_queued(&timer));
	wait_for_completion(&done);
	pr_info("timers_hrtimer: %d rounds, no overrun %d, bad %d\n", rounds, overruns, bad_state);

	hrtimer_start(&timer, ms_to_ktime(10000), HRTIMER_MODE_REL);
	pr_info("timers_hrtimer: remaining %d\n", ktime_to_ms(hrtimer_get_remaining(&timer)) > 9000);
	pr_info("timers_hrtimer: try_to_cancel %d", hrtimer_try_to_cancel(&timer));
	pr_cont(" again %d", hrtimer_try_to_cancel(&timer));
	pr_cont(" cancel %d\n", hrtimer_cancel(&timer));
	hrtimer_restart(&timer);
	pr_info("timers_hrtimer: restarted %d, cancel %d\n", hrtimer_active(&timer), hrtimer_cancel(&timer));

	/* Two timers in order of expiry, then two for the same time in order of starting. */
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	hrtimer_init(&other, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer.function = number_one;
	other.function = number_two;
	time = ktime_add_ms(ktime_get(), 20);
	hrtimer_start(&timer, ktime_add_ms(time, 5), HRTIMER_MODE_ABS);
	hrtimer_start(&other, time, HRTIMER_MODE_ABS);
	msleep(60);
	time = ktime_add_ms(ktime_get(), 20);
	hrtimer_start(&other, time, HRTIMER_MODE_ABS);
	hrtimer_start(&timer, time, HRTIMER_MODE_ABS);
	msleep(60);
	pr_info("timers_hrtimer: order %d %d, then %d %d\n", order[0], order[1], order[2], order[3]);

	hrtimer_init(&forward, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	hrtimer_set_expires(&forward, ns_to_ktime(1000));
	n = hrtimer_forward(&forward, ns_to_ktime(999), ns_to_ktime(100));
	pr_info("timers_hrtimer: forward early %llu to %lld\n", n, hrtimer_get_expires_ns(&forward));
	n = hrtimer_forward(&forward, ns_to_ktime(1000), ns_to_ktime(100));
	pr_info("timers_hrtimer: forward now %llu to %lld\n", n, hrtimer_get_expires_ns(&forward));
	n = hrtimer_forward(&forward, ns_to_ktime(1550), ns_to_ktime(100));
	pr_info("timers_hrtimer: forward late %llu to %lld\n", n, hrtimer_get_expires_ns(&forward));

	before = ktime_get();
	usleep_range(3000, 4000);
	pr_info("timers_hrtimer: usleep_range %d\n", ktime_to_us(ktime_sub(ktime_get(), before)) >= 3000);
	time = ms_to_ktime(5);
	before = ktime_get();
	set_current_state(TASK_INTERRUPTIBLE);
	pr_info("timers_hrtimer: schedule_hrtimeout %d", schedule_hrtimeout(&time, HRTIMER_MODE_REL));
	pr_cont(" %d\n", ktime_to_ms(ktime_sub(ktime_get(), before)) >= 5);
	time = 0;
	set_current_state(TASK_INTERRUPTIBLE);
	pr_info("timers_hrtimer: no time %d\n", schedule_hrtimeout_range(&time, 1000, HRTIMER_MODE_ABS));
	return 0;
}

static void __exit timers_hrtimer_exit(void)
{
}

module_init(timers_hrtimer_init);
module_exit(timers_hrtimer_exit);
MODULE_LICENSE("GPL");
