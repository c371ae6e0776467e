/* SPDX-License-Identifier: GPL-2.0 */
/* An interrupt chip that notes each call of it, a letter per function, and an interrupt to fire its lines from. */
#ifndef TRACED_CHIP_H
#define TRACED_CHIP_H
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/irqdesc.h>

static char chip_trace[256];
static int chip_used;

static void chip_note(char what)
{
	if (chip_used < (int)sizeof(chip_trace) - 1)
		chip_trace[chip_used++] = what;
	chip_trace[chip_used] = 0;
}

static const char * __maybe_unused chip_calls(void)
{
	static char text[256];

	memcpy(text, chip_trace, chip_used + 1);
	chip_used = 0;
	chip_trace[0] = 0;
	return text;
}

static void traced_ack(struct irq_data *data) { chip_note('a'); }
static void traced_mask(struct irq_data *data) { chip_note('m'); }
static void traced_unmask(struct irq_data *data) { chip_note('u'); }
static void traced_eoi(struct irq_data *data) { chip_note('e'); }
static int traced_wake(struct irq_data *data, unsigned int on) { chip_note(on ? 'W' : 'w'); return 0; }
static int traced_type(struct irq_data *data, unsigned int type)
{
	chip_note('t');
	chip_note('0' + type);
	return 0;
}

static struct irq_chip traced_chip = {
	.name = "traced",
	.irq_ack = traced_ack,
	.irq_mask = traced_mask,
	.irq_unmask = traced_unmask,
	.irq_eoi = traced_eoi,
	.irq_set_type = traced_type,
	.irq_set_wake = traced_wake,
};

static unsigned int fired_irq;
static int fire_times = 1;

static void do_fire(struct irq_work *work)
{
	int i;

	for (i = 0; i < fire_times; i++)
		generic_handle_irq(fired_irq);
}
static DEFINE_IRQ_WORK(fire_work, do_fire);

/* As a device would: from a hardware interrupt. */
static void __maybe_unused fire(unsigned int irq, int times)
{
	fired_irq = irq;
	fire_times = times;
	irq_work_queue(&fire_work);
	irq_work_sync(&fire_work);
}
#endif
