/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of drivers/char/mem.c, to reach the operations of /dev/mem, which are static. */
#include "mem.c"

extern const struct file_operations *pfndiff_mem_fops;

const struct file_operations *pfndiff_mem_fops = &mem_fops;
