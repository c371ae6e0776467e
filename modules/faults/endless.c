// SPDX-License-Identifier: GPL-2.0
/* Loops for ever. Real Linux never gets out of it, so no transcript exists: kobox's watchdog must end it. */
#include "fault.h"

static volatile int is_running = 1;

static noinline void commit(void)
{
	while (is_running)
		;
}
FAULT_MODULE(commit);
