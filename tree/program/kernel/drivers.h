/* SPDX-License-Identifier: GPL-2.0 */
/* What a driver's hooks and the calls that its handlers make share. */
#ifndef PFNDIFF_DRIVERS_H
#define PFNDIFF_DRIVERS_H

#include <linux/fs.h>
#include <linux/mm.h>

/* The rows of the calls that a handler is to make now. */
extern const int *pfndiff_calls;
extern int pfndiff_call_count;
/* Every driver lets its pages be read by debuggers; some have a handler of faults, whose row says of which. */
extern const struct vm_operations_struct pfndiff_plain_ops;
const struct vm_operations_struct *pfndiff_ops_of(const int *row);
void pfndiff_handlers_init(void);
/* Makes the calls, up to the first that fails. */
int pfndiff_make_calls(struct vm_area_struct *vma);
/* What a call has come to. */
void pfndiff_note(int call, int error, unsigned long pages);
/* A row of a fault handler that outlives the op. */
void *pfndiff_kept_handler(const int *row);
/* The pages that a remap of a mapping of these flags is to map, or 0 where it may not. */
unsigned long pfndiff_remapped_of(struct mm_struct *mm, unsigned long start, unsigned long end, vm_flags_t flags,
				  const int *row);
unsigned long pfndiff_real_pfn(int pfn, int is_ram);
pgprot_t pfndiff_in_mode(pgprot_t prot, int mode);

#endif
