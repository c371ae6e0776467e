// SPDX-License-Identifier: GPL-2.0
/* Writes to its own constants, to its own text, and to data that is read-only after init. */
#include "fault.h"
#include <linux/cache.h>

static const int constant = 5;
static int sealed __ro_after_init = 6;
static char *what = "constant";
module_param(what, charp, 0644);

static noinline void overwrite(volatile int *where)
{
	*where = 7;
}
static noinline void commit(void)
{
	if (what[0] == 'c')
		overwrite((int *)&constant);
	else if (what[0] == 't')
		overwrite((int *)overwrite);
	else
		overwrite(&sealed);
	pr_info("sealed is %d\n", sealed);
}
FAULT_MODULE(commit);
