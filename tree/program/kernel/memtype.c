/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of memtype.c, to reach what its boot code sets. */
#include "memtype.c"
#include "../../../../mm/pfndiff_versions.h"

void pfndiff_pat_on(void);

void pfndiff_pat_on(void)
{
#if HAS_PAT_BP_ENABLED
	pat_bp_enabled = true;
#endif
}
