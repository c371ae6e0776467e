// SPDX-License-Identifier: GPL-2.0
/* Timers of different distance: the jiffy at which each fires, armed by a timer and by a task; the order of those that expire together. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/timer.h>

static const unsigned int distance[] = { 0, 1, 2, 3, 10, 61, 62, 63, 64, 65, 66, 71, 72, 73, 100, 200, 500, 503, 504, 505, 506, 511, 512, 513, 520, 576, 600 };
#define NR ARRAY_SIZE(distance)

struct shot {
	struct timer_list timer;
	unsigned long start;
	unsigned int late;
	int order;
	bool is_pending;
};

static struct shot shots[NR], together[6];
static struct timer_list starter;
static int nr_fired;
static unsigned int phase;
static DECLARE_COMPLETION(started);

static void fired(struct timer_list *t)
{
	struct shot *shot = from_timer(shot, t, timer);

	shot->late = min_t(unsigned int, shot->late, jiffies - shot->start);
	shot->is_pending = timer_pending(t);
	shot->order = nr_fired++;
}

static void (*arms)(void);

static void arm(void)
{
	unsigned long now = jiffies;
	int i;

	nr_fired = 0;
	for (i = 0; i < NR; i++) {
		shots[i].start = now;
		mod_timer(&shots[i].timer, now + distance[i]);
	}
}

static const unsigned int same[] = { 70, 72, 66, 70, 71, 72 };

static void arm_together(void)
{
	unsigned long now = jiffies;
	int i;

	nr_fired = 0;
	for (i = 0; i < ARRAY_SIZE(same); i++) {
		together[i].start = now;
		mod_timer(&together[i].timer, now + same[i]);
	}
}

/* Waits for a jiffy with a known place among the coarse ticks of the wheel. */
static void start(struct timer_list *t)
{
	if ((jiffies & 511) < 449) {
		mod_timer(t, jiffies + 30);
		return;
	}
	if ((jiffies & 511) != phase) {
		mod_timer(t, jiffies);
		return;
	}
	if (arms)
		arms();
	complete(&started);
}

/* Returns in the jiffy after the phase, early. */
static void next_phase(unsigned int wanted, void (*arms_these)(void))
{
	unsigned long before;

	phase = wanted;
	arms = arms_these;
	mod_timer(&starter, jiffies);
	wait_for_completion(&started);
	before = jiffies;
	while (jiffies == before)
		udelay(50);
}

static void reset(void)
{
	int i;

	for (i = 0; i < NR; i++)
		shots[i].late = UINT_MAX;
}

static void show(const char *by)
{
	int i;

	for (i = 0; i < NR; i++)
		pr_info("timers_wheel: %s: %u after %u, number %d, pending inside %d\n", by, distance[i], shots[i].late, shots[i].order, shots[i].is_pending);
}

static int __init timers_wheel_init(void)
{
	int i;

	for (i = 0; i < NR; i++)
		timer_setup(&shots[i].timer, fired, 0);
	timer_setup(&starter, start, 0);

	/* A machine that is slow may fire late: the shortest of three rounds counts. */
	reset();
	for (i = 0; i < 3; i++) {
		next_phase(470, arm);
		msleep(3000);
	}
	show("armed by a timer");

	reset();
	for (i = 0; i < 3; i++) {
		next_phase(509, NULL);
		arm();
		msleep(3000);
	}
	show("armed by a task");

	for (i = 0; i < ARRAY_SIZE(same); i++) {
		timer_setup(&together[i].timer, fired, 0);
		together[i].late = UINT_MAX;
	}
	for (i = 0; i < 3; i++) {
		next_phase(480, arm_together);
		msleep(600);
	}
	for (i = 0; i < ARRAY_SIZE(same); i++)
		pr_info("timers_wheel: together: %u after %u, number %d\n", same[i], together[i].late, together[i].order);
	return 0;
}

static void __exit timers_wheel_exit(void)
{
}

module_init(timers_wheel_init);
module_exit(timers_wheel_exit);
MODULE_LICENSE("GPL");
