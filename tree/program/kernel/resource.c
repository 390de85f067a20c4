/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of kernel/resource.c, to say whose mappings a claim takes away, as the boot code does with its inode. */
#include <linux/mm.h>

/* Which of them it has allocated itself the kernel asks of their pages, but objects lie in none here: all that it frees. */
#define virt_to_head_page(object) NULL
#define PageSlab(page) true

#include "resource.c"

void pfndiff_revoke_from(struct inode *inode);

void pfndiff_revoke_from(struct inode *inode)
{
	iomem_inode = inode;
}
