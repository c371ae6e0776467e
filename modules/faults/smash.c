// SPDX-License-Identifier: GPL-2.0
/* Writes past the end of an array on its stack: the stack protector notices when the function returns. */
#include "fault.h"

static int length = 16;
module_param(length, int, 0644);

static noinline void overwrite(char *buffer, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		((volatile char *)buffer)[i] = 'A';
}
static noinline void commit(void)
{
	char buffer[16];

	overwrite(buffer, length);
	pr_info("wrote %d bytes\n", length);
}
FAULT_MODULE(commit);
