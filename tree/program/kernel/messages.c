/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says: messages, warnings, BUG(). */
#include "pfndiff_glue.h"
#include <linux/bug.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

int _printk(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_log(format, arguments);
	va_end(arguments);
	return 0;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = host_format(to, size, format, arguments);
	va_end(arguments);
	return length;
}

void __warn_printk(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_log(format, arguments);
	va_end(arguments);
}

/* Every message shows: how fast others came before it says nothing of the trace. */
int ___ratelimit(struct ratelimit_state *state, const char *function)
{
	return 1;
}

/* What led to a message is the trace itself. */
void dump_stack(void)
{
}

void dump_stack_lvl(const char *level)
{
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	host_log(format, arguments);
	va_end(arguments);
	host_bug("panic()");
}

/* The linker sets these around the sections: __bug_table, and .data..once under a name that it knows. */
extern struct bug_entry __start___bug_table[], __stop___bug_table[];
extern char __start_pfndiff_once[] __weak, __stop_pfndiff_once[] __weak;

static unsigned long bug_address(const struct bug_entry *bug)
{
#ifdef CONFIG_GENERIC_BUG_RELATIVE_POINTERS
	return (unsigned long)&bug->bug_addr_disp + bug->bug_addr_disp;
#else
	return bug->bug_addr;
#endif
}

static const char *bug_file(const struct bug_entry *bug)
{
#ifdef CONFIG_GENERIC_BUG_RELATIVE_POINTERS
	return (const char *)&bug->file_disp + bug->file_disp;
#else
	return bug->file;
#endif
}

/* A one-time warning has shown since they were forgotten. */
static bool has_shown;

static int report(struct bug_entry *bug, const char **file, unsigned int *line)
{
	*file = bug_file(bug);
	*line = bug->line;
	if (!(bug->flags & BUGFLAG_WARNING))
		return 0;
	if (!(bug->flags & BUGFLAG_ONCE))
		return 1;
	if (bug->flags & BUGFLAG_DONE)
		return 2;
	bug->flags |= BUGFLAG_DONE;
	has_shown = true;
	return 1;
}

int k_bug_at(unsigned long at, const char **file, unsigned int *line)
{
	for (struct bug_entry *bug = __start___bug_table; bug < __stop___bug_table; bug++)
		if (bug_address(bug) == at)
			return report(bug, file, line);
	return -1;
}

void k_forget_warnings(void)
{
	for (struct bug_entry *bug = __start___bug_table; has_shown && bug < __stop___bug_table; bug++)
		bug->flags &= ~BUGFLAG_DONE;
	has_shown = false;
	memset(__start_pfndiff_once, 0, __stop_pfndiff_once - __start_pfndiff_once);
}

#if HAS_WARN_TRAP
/* WARN() with a message calls this through a static call, which stays what it was at the start. */
void pfndiff_warn_trap(struct bug_entry *bug, ...) __asm__("__SCT__WARN_trap");
void pfndiff_warn_trap(struct bug_entry *bug, ...)
{
	const char *file;
	unsigned int line;

	if (report(bug, &file, &line) != 1)
		return;
#ifdef HAVE_ARCH_BUG_FORMAT_ARGS
	{
		va_list arguments;

		va_start(arguments, bug);
		host_log((const char *)&bug->format_disp + bug->format_disp, arguments);
		va_end(arguments);
	}
#endif
	host_warn(file, line, (unsigned long)__builtin_return_address(0));
}
#endif
