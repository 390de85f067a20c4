/* SPDX-License-Identifier: GPL-2.0 */
/* The task that takes the place of each process in turn, two more that run by turns, and their rights. */
#include "pfndiff_glue.h"
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>

struct task_struct init_task;
struct user_namespace init_user_ns;
static struct task_struct tasks[PFNDIFF_TASKS], *mine = &tasks[0];
static struct signal_struct my_signals;
static struct cred my_cred;
static struct user_struct my_user;

/* Preemption is never due: the bit that says so is the other way round. */
#define NOT_DUE 0x40000000

#if HAS_PCPU_HOT
struct pcpu_hot pcpu_hot = { .current_task = &tasks[0], .preempt_count = NOT_DUE };
asm(".globl const_pcpu_hot\nconst_pcpu_hot = pcpu_hot\n");
#else
DEFINE_PER_CPU(struct task_struct *, current_task) = &tasks[0];
asm(".globl const_current_task\nconst_current_task = current_task\n");
DEFINE_PER_CPU(typeof(__preempt_count), __preempt_count) = NOT_DUE;
#endif
asm(".globl preempt_schedule_thunk\npreempt_schedule_thunk: ret\n");

static void begin_task(struct task_struct *task)
{
	task->signal = &my_signals;
	task->pid = task->tgid = 1;
	task->comm[0] = 't';
	task->cred = task->real_cred = &my_cred;
	INIT_LIST_HEAD(&task->tasks);
	INIT_LIST_HEAD(&task->thread_node);
	task->group_leader = task;
}

void pfndiff_tasks_init(void)
{
	my_cred.user = &my_user;
	my_cred.user_ns = &init_user_ns;
	INIT_LIST_HEAD(&my_signals.thread_head);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		my_signals.rlim[i].rlim_cur = my_signals.rlim[i].rlim_max = RLIM_INFINITY;
	for (int i = 0; i < PFNDIFF_TASKS; i++)
		begin_task(&tasks[i]);
}

void k_task(int number)
{
	static int counts[PFNDIFF_TASKS] = { NOT_DUE, NOT_DUE, NOT_DUE };
	const int was = mine - tasks;

	mine = &tasks[number];
#if HAS_PCPU_HOT
	counts[was] = pcpu_hot.preempt_count;
	pcpu_hot.current_task = mine;
	pcpu_hot.preempt_count = counts[number];
#else
	counts[was] = this_cpu_read(__preempt_count);
	this_cpu_write(current_task, mine);
	this_cpu_write(__preempt_count, counts[number]);
#endif
}

void pfndiff_become(struct mm_struct *mm)
{
	mine->mm = mine->active_mm = mm;
}

struct task_struct *pfndiff_task(void)
{
	return mine;
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
