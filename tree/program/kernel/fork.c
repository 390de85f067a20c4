/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of kernel/fork.c, to reach dup_mm(), which is static. */
#include "fork.c"

struct mm_struct *pfndiff_dup_mm(struct task_struct *task, struct mm_struct *mm);

struct mm_struct *pfndiff_dup_mm(struct task_struct *task, struct mm_struct *mm)
{
	return dup_mm(task, mm);
}
