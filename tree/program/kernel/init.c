/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of arch/x86/mm/init.c, to reach what its boot code sets: the kernel maps by pages of 2 MiB too. */
#include "init.c"

void pfndiff_init_mapping(void);

void pfndiff_init_mapping(void)
{
	page_size_mask = 1 << PG_LEVEL_2M;
	after_bootmem = 1;
}
