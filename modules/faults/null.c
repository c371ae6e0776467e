// SPDX-License-Identifier: GPL-2.0
/* Reads through a NULL pointer to a struct; `how` chooses another access. */
#include "fault.h"

struct record { long first; char name[40]; int value; };
static struct record *none;
static void (*no_function)(void);
static char *how = "read";
module_param(how, charp, 0644);

static noinline int read_value(struct record *record)
{
	return record->value;
}
static noinline void write_value(struct record *record)
{
	record->value = 7;
}

static noinline void commit(void)
{
	if (how[0] == 'r')
		pr_info("value is %d\n", read_value(READ_ONCE(none)));
	else if (how[0] == 'w')
		write_value(READ_ONCE(none));
	else
		READ_ONCE(no_function)();
}
FAULT_MODULE(commit);
