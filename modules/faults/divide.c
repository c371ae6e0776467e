// SPDX-License-Identifier: GPL-2.0
/* Divides by zero. */
#include "fault.h"

static int divisor;
module_param(divisor, int, 0644);

static noinline int divide(int a, int b)
{
	return a / b;
}
static noinline void commit(void)
{
	pr_info("100 / %d is %d\n", divisor, divide(100, divisor));
}
FAULT_MODULE(commit);
