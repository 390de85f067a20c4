// SPDX-License-Identifier: GPL-2.0
// How a trace ends that cannot go on: the step says why and where, what is there of the answer is sent, and the
// program ends; pfndiff starts another one. Warnings are noted and gone on from.
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "host.h"

// What a stub of data that is on no list lies in: nobody may look at it.
extern char __start_pfndiff_absent[] __attribute__((weak)), __stop_pfndiff_absent[] __attribute__((weak));

#define MOST_FRAMES 24
#define STACK_BYTES (8UL << 20)

int trouble_in_trace, trouble_is_quiet;

// The stack grows down from here.
static unsigned long stack_top;

static void backtrace(char *text, size_t size, unsigned long address, const unsigned long *frame)
{
	size_t used = strlen(text);
	unsigned long lowest = stack_top - STACK_BYTES, length = STACK_BYTES;

	race_stack(&lowest, &length);
	for (int i = 0; i < MOST_FRAMES; i++) {
		const unsigned long at = (unsigned long)frame;
		const char *symbol = symbol_of(address);

		// What called the kernel's code is ours.
		if (!strncmp(symbol, "trace_perform+", 14) || !strncmp(symbol, "trace_run+", 10))
			return;
		if (address && used < size)
			used += (size_t)snprintf(text + used, size - used, "\n  %s", symbol);
		if (at % 8 || at - lowest >= length)
			return;
		address = frame[1];
		frame = (const unsigned long *)frame[0];
	}
}

static void stop(enum stop kind, const char *why, unsigned long address, const unsigned long *frame)
	__attribute__((noreturn));
static void stop(enum stop kind, const char *why, unsigned long address, const unsigned long *frame)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s", why);
	backtrace(text, sizeof(text), address, frame);
	race_stopped(kind, text);
	if (trouble_in_trace) {
		answer_text(RECORD_STOP, kind, text);
		answer_send();
	} else {
		answer_excuse(kind, text);
	}
	if (__gcov_dump)
		__gcov_dump();
	_exit(STATUS_SPENT);
}

#define CALLER ((const unsigned long *)__builtin_frame_address(0))

void host_bug(const char *why)
{
	stop(STOP_BUG, why, 0, CALLER);
}

void host_hang(const char *why)
{
	stop(STOP_HANG, why, 0, CALLER);
}

void host_unfit(const char *why)
{
	stop(STOP_UNFIT, why, 0, CALLER);
}

void host_stub(const char *name)
{
	stop(STOP_STUB, name, 0, CALLER);
}

static void say(const char *text)
{
	if (host_is_raced)
		race_log(text);
	else if (trouble_in_trace && !trouble_is_quiet)
		answer_text(RECORD_LOG, 0, text);
}

void host_log(const char *format, va_list arguments)
{
	char line[512], *text = line;

	vsnprintf(line, sizeof(line), format, arguments);
	// A message begins with its level: a byte 1 and a digit or letter.
	if (text[0] == 1 && text[1])
		text += 2;
	text[strcspn(text, "\n")] = 0;
	say(text);
}

int host_format(char *to, unsigned long size, const char *format, va_list arguments)
{
	return vsnprintf(to, size, format, arguments);
}

void host_warn(const char *file, unsigned int line, unsigned long at)
{
	char text[512];

	snprintf(text, sizeof(text), "WARNING: %s:%u at %s", file, line, symbol_of(at));
	say(text);
}

// ud2 stands where a WARN() or BUG() is.
static void on_ud2(ucontext_t *context, unsigned long at, const unsigned long *frame)
{
	const char *file = "";
	unsigned int line = 0;
	char why[512];

	switch (k_bug_at(at, &file, &line)) {
	case 1:
		host_warn(file, line, at);
		break;
	case 2:
		break;
	case 0:
		snprintf(why, sizeof(why), "kernel BUG at %s:%u", file, line);
		stop(STOP_BUG, why, at, frame);
	default:
		stop(STOP_BUG, "kernel code reached what its compiler takes for unreachable", at, frame);
	}
	context->uc_mcontext.gregs[REG_RIP] += 2;
}

// rdpkru, on a processor without protection keys: every right to every key, which is what programs here have.
static int is_rights(ucontext_t *context, const unsigned char *at)
{
	greg_t *registers = context->uc_mcontext.gregs;

	if (at[0] != 0x0f || at[1] != 0x01 || at[2] != 0xee)
		return 0;
	registers[REG_RAX] = registers[REG_RDX] = 0;
	registers[REG_RIP] += 3;
	return 1;
}

// Interrupts are off and on for nobody: the instruction becomes a nop once it is met.
static int is_interrupt_flag(unsigned char *at)
{
	if (*at != 0xfa && *at != 0xfb)
		return 0;
	mprotect((void *)((unsigned long)at & ~4095UL), 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	*at = 0x90;
	return 1;
}

// hlt, and of the two-byte instructions those on control and model-specific registers, caches and TLBs.
static int is_privileged(const unsigned char *at)
{
	return *at == 0xf4 || (*at == 0x0f && strchr("\x20\x22\x30\x32\x09\x01", at[1]) && at[1]);
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
	ucontext_t *context = ucontext;
	unsigned long at = (unsigned long)context->uc_mcontext.gregs[REG_RIP];
	const unsigned long *frame = (const unsigned long *)context->uc_mcontext.gregs[REG_RBP];
	const unsigned long address = (unsigned long)info->si_addr;
	unsigned char *code = (unsigned char *)at;
	char why[256];

	if (signal == SIGTRAP && info->si_code == TRAP_TRACE)
		return passes_note(at);
	if (at < 65536) {
		// A call of nothing: the caller's address is on the stack.
		snprintf(why, sizeof(why), "a call of address 0x%lx", at);
		stop(STOP_CRASH, why, *(unsigned long *)context->uc_mcontext.gregs[REG_RSP], frame);
	}
	if (signal == SIGILL && code[0] == 0x0f && code[1] == 0x0b)
		return on_ud2(context, at, frame);
	if (signal == SIGILL && is_rights(context, code))
		return;
	if (signal == SIGSEGV && info->si_code == SI_KERNEL && is_interrupt_flag(code))
		return;
	if (signal == SIGSEGV && info->si_code == SI_KERNEL && is_privileged(code))
		stop(STOP_UNFIT, "an instruction that only a kernel may run", at, frame);
	if (address >= (unsigned long)__start_pfndiff_absent && address < (unsigned long)__stop_pfndiff_absent) {
		snprintf(why, sizeof(why), "%s", symbol_of(address));
		why[strcspn(why, "+")] = 0;
		stop(STOP_STUB, strncmp(why, "stub_", 5) ? why : why + 5, at, frame);
	}
	if (info->si_code == SI_KERNEL)
		snprintf(why, sizeof(why), "%s: an address that no memory can have", strsignal(signal));
	else
		snprintf(why, sizeof(why), "%s: no memory at address 0x%lx", strsignal(signal), address);
	stop(STOP_CRASH, why, at, frame);
}

static void on_clock(int signal, siginfo_t *info, void *ucontext)
{
	const ucontext_t *context = ucontext;

	(void)signal;
	(void)info;
	stop(STOP_HANG, "the op does not end", (unsigned long)context->uc_mcontext.gregs[REG_RIP],
	     (const unsigned long *)context->uc_mcontext.gregs[REG_RBP]);
}

void trouble_setup(void)
{
	static char stack[1 << 17];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	stack_top = (unsigned long)__builtin_frame_address(0) + 4096;
	sigaltstack(&other, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	action.sa_sigaction = on_clock;
	sigaction(SIGVTALRM, &action, NULL);
	if (__start_pfndiff_absent)
		mprotect(__start_pfndiff_absent, (size_t)(__stop_pfndiff_absent - __start_pfndiff_absent), PROT_NONE);
}

// Seconds that a trace may take, and milliseconds more for each of its ops.
#define TRACE_SECONDS 5
#define OP_MILLISECONDS 2

void trouble_clock(int ops)
{
	const long milliseconds = TRACE_SECONDS * 1000L + (long)ops * OP_MILLISECONDS;
	const struct itimerval limit = {
		.it_value = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 },
	};

	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}
