/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the hooks of the driver (driver.c) have of its handlers (handlers.c). */
#ifndef PFNDIFF_DRIVER_H
#define PFNDIFF_DRIVER_H

#include "module.h"

extern int pfndiff_calls[PFNDIFF_MOST_CALLS][PFNDIFF_ROW];
extern int pfndiff_call_count;
extern const struct vm_operations_struct pfndiff_plain_ops;

bool pfndiff_is_drivers(const struct vm_area_struct *vma);
int pfndiff_make_calls(struct vm_area_struct *vma);
/* What a call has returned: 0 or a negative errno. */
void pfndiff_note(int call, int error, unsigned long pages);
pgprot_t pfndiff_in_mode(pgprot_t prot, int mode);
/* The pages that a remap of a mapping of these flags is to map, or 0 where it may not. */
unsigned long pfndiff_remapped_of(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags,
				  const int *row);
/* The hooks of a VMA whose faults a handler's row serves. */
const struct vm_operations_struct *pfndiff_ops_of(const int *row);
/* A fault handler's row where it stays; NULL where there is no room. */
int *pfndiff_kept_handler(const int *row);
void pfndiff_handlers_begin(void);

#endif
