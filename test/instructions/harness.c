// Runs instructions on the real processor: for each input record it sets registers, flags and a memory window, executes the
// record's bytes once, and writes what they left. Usage: harness INPUT OUTPUT. Linux, x86-64.

#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x5a1234500000ull
#define WINDOW (CODE + 0x1000)
#define WINDOW_SIZE 256
/* Offset in the code page where a taken branch of the instruction lands. */
#define TAKEN 0x100
/* The instruction itself. */
#define INSN 0x80
/* Bytes of one test: an instruction, or a sequence. */
#define MAX_CODE 104

struct input { uint8_t code[MAX_CODE]; uint32_t length, flags; uint64_t regs[16]; uint8_t memory[WINDOW_SIZE]; uint8_t vectors[256]; };
struct output { uint32_t exception, taken; uint64_t flags; uint64_t regs[16]; uint8_t memory[WINDOW_SIZE]; uint8_t vectors[256]; };

/* In the order of machine code: rax rcx rdx rbx rsp rbp rsi rdi r8 ... */
uint8_t vectors[256];
volatile uint64_t in_regs[16], out_regs[16], in_flags, out_flags, host_rsp, out_taken, target;

extern void enter_insn(void), leave_insn(void), leave_taken(void);
asm(".text\n.globl enter_insn, leave_insn, leave_taken\n"
    "enter_insn:\n push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "movdqu vectors+0(%rip), %xmm0\n"
    "movdqu vectors+16(%rip), %xmm1\n"
    "movdqu vectors+32(%rip), %xmm2\n"
    "movdqu vectors+48(%rip), %xmm3\n"
    "movdqu vectors+64(%rip), %xmm4\n"
    "movdqu vectors+80(%rip), %xmm5\n"
    "movdqu vectors+96(%rip), %xmm6\n"
    "movdqu vectors+112(%rip), %xmm7\n"
    "movdqu vectors+128(%rip), %xmm8\n"
    "movdqu vectors+144(%rip), %xmm9\n"
    "movdqu vectors+160(%rip), %xmm10\n"
    "movdqu vectors+176(%rip), %xmm11\n"
    "movdqu vectors+192(%rip), %xmm12\n"
    "movdqu vectors+208(%rip), %xmm13\n"
    "movdqu vectors+224(%rip), %xmm14\n"
    "movdqu vectors+240(%rip), %xmm15\n"
    "mov %rsp, host_rsp(%rip)\n pushq in_flags(%rip)\n popfq\n"
    "mov in_regs+0(%rip), %rax\n mov in_regs+8(%rip), %rcx\n mov in_regs+16(%rip), %rdx\n mov in_regs+24(%rip), %rbx\n"
    "mov in_regs+32(%rip), %rsp\n mov in_regs+40(%rip), %rbp\n mov in_regs+48(%rip), %rsi\n mov in_regs+56(%rip), %rdi\n"
    "mov in_regs+64(%rip), %r8\n mov in_regs+72(%rip), %r9\n mov in_regs+80(%rip), %r10\n mov in_regs+88(%rip), %r11\n"
    "mov in_regs+96(%rip), %r12\n mov in_regs+104(%rip), %r13\n mov in_regs+112(%rip), %r14\n mov in_regs+120(%rip), %r15\n"
    "jmp *target(%rip)\n"
    "leave_taken: movq $1, out_taken(%rip)\n"
    "leave_insn:\n"
    "mov %rax, out_regs+0(%rip)\n mov %rcx, out_regs+8(%rip)\n mov %rdx, out_regs+16(%rip)\n mov %rbx, out_regs+24(%rip)\n"
    "mov %rsp, out_regs+32(%rip)\n mov %rbp, out_regs+40(%rip)\n mov %rsi, out_regs+48(%rip)\n mov %rdi, out_regs+56(%rip)\n"
    "mov %r8, out_regs+64(%rip)\n mov %r9, out_regs+72(%rip)\n mov %r10, out_regs+80(%rip)\n mov %r11, out_regs+88(%rip)\n"
    "mov %r12, out_regs+96(%rip)\n mov %r13, out_regs+104(%rip)\n mov %r14, out_regs+112(%rip)\n mov %r15, out_regs+120(%rip)\n"
    "mov host_rsp(%rip), %rsp\n pushfq\n popq out_flags(%rip)\n cld\n"
    "pushq $2\n popfq\n"
    "movdqu %xmm0, vectors+0(%rip)\n"
    "movdqu %xmm1, vectors+16(%rip)\n"
    "movdqu %xmm2, vectors+32(%rip)\n"
    "movdqu %xmm3, vectors+48(%rip)\n"
    "movdqu %xmm4, vectors+64(%rip)\n"
    "movdqu %xmm5, vectors+80(%rip)\n"
    "movdqu %xmm6, vectors+96(%rip)\n"
    "movdqu %xmm7, vectors+112(%rip)\n"
    "movdqu %xmm8, vectors+128(%rip)\n"
    "movdqu %xmm9, vectors+144(%rip)\n"
    "movdqu %xmm10, vectors+160(%rip)\n"
    "movdqu %xmm11, vectors+176(%rip)\n"
    "movdqu %xmm12, vectors+192(%rip)\n"
    "movdqu %xmm13, vectors+208(%rip)\n"
    "movdqu %xmm14, vectors+224(%rip)\n"
    "movdqu %xmm15, vectors+240(%rip)\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static volatile uint32_t exception;

static void on_signal(int number, siginfo_t *info, void *context)
{
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t rip = gregs[REG_RIP];
	(void)number;
	(void)info;
	if (rip < CODE || rip >= CODE + 0x1000) {
		const uint8_t *c = (const uint8_t *)CODE + INSN;
		fprintf(stderr, "exception %lld at %llx after", (long long)gregs[REG_TRAPNO], (unsigned long long)rip);
		for (int i = 0; i < 24; i++) fprintf(stderr, " %02x", c[i]);
		_exit(3);
	}
	/* Trap number of the processor: 0 #DE, 6 #UD, 13 #GP, 14 #PF. */
	exception = 0x100 | (uint32_t)gregs[REG_TRAPNO];
	gregs[REG_RIP] = (uint64_t)leave_insn;
}

static void jump_to(uint8_t *at, void (*to)(void))
{
	/* jmp *[rip+0] */
	static const uint8_t jump[6] = {0xff, 0x25, 0, 0, 0, 0};
	memcpy(at, jump, 6);
	memcpy(at + 6, &to, 8);
}

int main(int argc, char **argv)
{
	if (argc != 3) return 2;
	FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
	if (!in || !out) return 2;
	uint8_t *code = mmap((void *)CODE, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint8_t *window = mmap((void *)WINDOW, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (code == MAP_FAILED || window == MAP_FAILED) return 2;
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	sigaltstack(&stack, 0);
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	sigaction(SIGFPE, &action, 0);
	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGILL, &action, 0);
	sigaction(SIGBUS, &action, 0);
	sigaction(SIGTRAP, &action, 0);
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, WINDOW)) return 2;
	memset(code, 0xcc, 0x1000);
	jump_to(code + TAKEN, leave_taken);
	target = CODE + INSN;
	struct input input;
	struct output output;
	uint8_t last[MAX_CODE];
	uint32_t last_length = 0;
	while (fread(&input, sizeof input, 1, in) == 1) {
		if (input.length != last_length || memcmp(input.code, last, MAX_CODE)) {
			memset(code + INSN, 0xcc, TAKEN - INSN);
			memcpy(code + INSN, input.code, input.length);
			jump_to(code + INSN + input.length, leave_insn);
			memcpy(last, input.code, MAX_CODE);
			last_length = input.length;
		}
		memcpy(window, input.memory, WINDOW_SIZE);
		memcpy(vectors, input.vectors, sizeof vectors);
		for (int i = 0; i < 16; i++) in_regs[i] = input.regs[i];
		in_flags = input.flags | 0x202;
		exception = 0;
		out_taken = 0;
		enter_insn();
		output.exception = exception;
		output.taken = out_taken;
		output.flags = out_flags;
		for (int i = 0; i < 16; i++) output.regs[i] = out_regs[i];
		memcpy(output.memory, window, WINDOW_SIZE);
		memcpy(output.vectors, vectors, sizeof vectors);
		fwrite(&output, sizeof output, 1, out);
	}
	return fclose(out);
}
