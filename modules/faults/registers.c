// SPDX-License-Identifier: GPL-2.0
/* Faults with a known value in every general register, so that the report can be compared word for word. */
#include "fault.h"

static noinline void commit(void)
{
	asm volatile(
		"push %%rbp\n\t"
		"mov $0x1111111111111111, %%rax\n\t"
		"mov $0x2222222222222222, %%rbx\n\t"
		"mov $0x3333333333333333, %%rcx\n\t"
		"mov $0x4444444444444444, %%rdx\n\t"
		"mov $0x5555555555555555, %%rsi\n\t"
		"mov $0x120, %%rdi\n\t"
		"mov $0x6666666666666666, %%rbp\n\t"
		"mov $0x0888888888888888, %%r8\n\t"
		"mov $0x0999999999999999, %%r9\n\t"
		"mov $0x0aaaaaaaaaaaaaaa, %%r10\n\t"
		"mov $0x0bbbbbbbbbbbbbbb, %%r11\n\t"
		"mov $0x0ccccccccccccccc, %%r12\n\t"
		"mov $0x0ddddddddddddddd, %%r13\n\t"
		"mov $0x0eeeeeeeeeeeeeee, %%r14\n\t"
		"mov $0x0fffffffffffffff, %%r15\n\t"
		"xor %%eax, %%eax\n\t"
		"movb $7, 3(%%rdi, %%rax, 2)\n\t"
		"pop %%rbp"
		: : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}
FAULT_MODULE(commit);
