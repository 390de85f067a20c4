/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of memtype.c, to reach what its boot code sets. */
#include "memtype.c"
#include "../../../../mm/pfndiff_versions.h"

/* What boot code leaves in the PAT register, by index (the layout since 4.2), and what is there without it. */
static const enum page_cache_mode pat_slots[8] = {
	_PAGE_CACHE_MODE_WB, _PAGE_CACHE_MODE_WC, _PAGE_CACHE_MODE_UC_MINUS, _PAGE_CACHE_MODE_UC,
	_PAGE_CACHE_MODE_WB, _PAGE_CACHE_MODE_WP, _PAGE_CACHE_MODE_UC_MINUS, _PAGE_CACHE_MODE_WT,
};
static const enum page_cache_mode nopat_slots[8] = {
	_PAGE_CACHE_MODE_WB, _PAGE_CACHE_MODE_WT, _PAGE_CACHE_MODE_UC_MINUS, _PAGE_CACHE_MODE_UC,
	_PAGE_CACHE_MODE_WB, _PAGE_CACHE_MODE_WT, _PAGE_CACHE_MODE_UC_MINUS, _PAGE_CACHE_MODE_UC,
};

void pfndiff_pat(bool is_on);

void pfndiff_pat(bool is_on)
{
	const enum page_cache_mode *slots = is_on ? pat_slots : nopat_slots;

#if HAS_PAT_BP_ENABLED
	pat_bp_enabled = is_on;
#else
	pat_disabled = !is_on;
#endif
	/* Where a mode has no slot it has that of uncached-minus. */
	for (int mode = 0; mode < _PAGE_CACHE_MODE_NUM; mode++)
		update_cache_mode_entry(mode == _PAGE_CACHE_MODE_WB ? 0 : 2, mode);
	for (int i = 7; i >= 0; i--)
		update_cache_mode_entry(i, slots[i]);
}

int pfndiff_mode_of(u64 address);

int pfndiff_mode_of(u64 address)
{
	return lookup_memtype(address);
}
