// SPDX-License-Identifier: GPL-2.0
/* Every kind of WARN; execution goes on after each. */
#include "fault.h"

static noinline void warn_on(int value)
{
	pr_info("WARN_ON gives %d\n", !!WARN_ON(value > 2));
}
static noinline void warn_with_text(int value)
{
	pr_info("WARN gives %d\n", !!WARN(value > 2, "value is %d\n", value));
}
static noinline void warn_on_once(int value)
{
	pr_info("WARN_ON_ONCE gives %d\n", !!WARN_ON_ONCE(value > 2));
}
static noinline void warn_once_with_text(int value)
{
	pr_info("WARN_ONCE gives %d\n", !!WARN_ONCE(value > 2, "once: value is %d\n", value));
}

static noinline void commit(void)
{
	int i;

	warn_on(1);
	for (i = 3; i < 5; i++) {
		warn_on(i);
		warn_with_text(i);
		warn_on_once(i);
		warn_once_with_text(i);
	}
}
FAULT_MODULE(commit);
