/* SPDX-License-Identifier: GPL-2.0 */
/* The one task there is, which takes the place of each process in turn, and its rights. */
#include "pfndiff_glue.h"
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>

struct task_struct init_task;
struct user_namespace init_user_ns;
static struct task_struct me;
static struct signal_struct my_signals;
static struct cred my_cred;
static struct user_struct my_user;

/* Preemption is never due: the bit that says so is the other way round. */
#define NOT_DUE 0x40000000

#if HAS_PCPU_HOT
struct pcpu_hot pcpu_hot = { .current_task = &me, .preempt_count = NOT_DUE };
asm(".globl const_pcpu_hot\nconst_pcpu_hot = pcpu_hot\n");
#else
DEFINE_PER_CPU(struct task_struct *, current_task) = &me;
asm(".globl const_current_task\nconst_current_task = current_task\n");
DEFINE_PER_CPU(typeof(__preempt_count), __preempt_count) = NOT_DUE;
#endif
asm(".globl preempt_schedule_thunk\npreempt_schedule_thunk: ret\n");

void pfndiff_tasks_init(void)
{
	me.signal = &my_signals;
	me.pid = me.tgid = 1;
	me.comm[0] = 't';
	me.cred = me.real_cred = &my_cred;
	my_cred.user = &my_user;
	my_cred.user_ns = &init_user_ns;
	INIT_LIST_HEAD(&me.tasks);
	INIT_LIST_HEAD(&me.thread_node);
	INIT_LIST_HEAD(&my_signals.thread_head);
	me.group_leader = &me;
	for (int i = 0; i < RLIM_NLIMITS; i++)
		my_signals.rlim[i].rlim_cur = my_signals.rlim[i].rlim_max = RLIM_INFINITY;
}

void pfndiff_become(struct mm_struct *mm)
{
	me.mm = me.active_mm = mm;
}

struct task_struct *pfndiff_task(void)
{
	return &me;
}

bool capable(int capability)
{
	return true;
}

bool ns_capable(struct user_namespace *ns, int capability)
{
	return true;
}

int cap_vm_enough_memory(struct mm_struct *mm, long pages)
{
	return 1;
}

int cap_mmap_addr(unsigned long address)
{
	return 0;
}
