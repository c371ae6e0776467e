// SPDX-License-Identifier: GPL-2.0
/* Calls into its own data. */
#include "fault.h"

static unsigned char not_code[16] = { 0x90, 0x90, 0xc3 };

static noinline void commit(void)
{
	void (*target)(void) = (void (*)(void))not_code;

	OPTIMIZER_HIDE_VAR(target);
	target();
}
FAULT_MODULE(commit);
