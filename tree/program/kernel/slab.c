/* SPDX-License-Identifier: GPL-2.0 */
/* Objects, and what RCU puts off until nobody looks at them: the host half has the memory. */
#include "pfndiff_glue.h"
#include <linux/slab.h>
#include <asm/memtype.h>
#include "../arch/x86/mm/pat/memtype.h"

struct pfndiff_cache {
	const char *name;
	unsigned int size, align;
	enum pfndiff_site site;
	void (*ctor)(void *);
};

static enum pfndiff_site fault_site;
static int fault_nth;
static bool is_paused;

void k_fault(int site, int nth)
{
	fault_site = site;
	fault_nth = nth;
}

int k_has_failed(void)
{
	return fault_site != SITE_NONE && fault_nth <= 0;
}

bool pfndiff_pause_faults(bool pause)
{
	const bool was = is_paused;

	is_paused = pause;
	return was;
}

bool pfndiff_fails(enum pfndiff_site site)
{
	return site != SITE_NONE && !is_paused && fault_site == site && --fault_nth == 0;
}

static enum pfndiff_site site_of(const char *name)
{
	if (!strcmp(name, "vm_area_struct"))
		return SITE_VMA;
	return strcmp(name, "maple_node") ? SITE_NONE : SITE_MAPLE_NODE;
}

static struct kmem_cache *new_cache(const char *name, unsigned int size, unsigned int align, slab_flags_t flags,
				    void (*ctor)(void *))
{
	struct pfndiff_cache *cache = host_alloc("cache", sizeof(*cache), 16);

	cache->name = name;
	cache->size = size;
	cache->align = align > 16 ? align : flags & SLAB_HWCACHE_ALIGN ? 64 : 16;
	cache->site = site_of(name);
	cache->ctor = ctor;
	return (void *)cache;
}

#if HAS_TAGGED_ALLOCATION
struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size, struct kmem_cache_args *args,
					    slab_flags_t flags)
{
	return new_cache(name, size, args ? args->align : 0, flags, args ? args->ctor : NULL);
}
#else
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, slab_flags_t flags,
				     void (*ctor)(void *))
{
	return new_cache(name, size, align, flags, ctor);
}

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int align,
					      slab_flags_t flags, unsigned int offset, unsigned int usersize,
					      void (*ctor)(void *))
{
	return new_cache(name, size, align, flags, ctor);
}
#endif

/* What may not fail does not count either. */
static bool cache_fails(const struct pfndiff_cache *cache, gfp_t flags)
{
	return !(flags & __GFP_NOFAIL) && pfndiff_fails(cache->site);
}

static void *new_object(const struct pfndiff_cache *cache, gfp_t flags)
{
	void *object = host_alloc(cache->name, cache->size, cache->align);

	if (cache->ctor)
		cache->ctor(object);
	else if (flags & __GFP_ZERO)
		memset(object, 0, cache->size);
	return object;
}

void *kmem_cache_alloc_noprof(struct kmem_cache *s, gfp_t flags)
{
	return cache_fails((void *)s, flags) ? NULL : new_object((void *)s, flags);
}

void *kmem_cache_alloc_node_noprof(struct kmem_cache *s, gfp_t flags, int node)
{
	return kmem_cache_alloc_noprof(s, flags);
}

void *kmem_cache_alloc_lru_noprof(struct kmem_cache *s, struct list_lru *lru, gfp_t flags)
{
	return kmem_cache_alloc_noprof(s, flags);
}

void kmem_cache_free(struct kmem_cache *s, void *object)
{
	host_free(object);
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t count, void **objects)
{
	while (count--)
		host_free(objects[count]);
}

const char pfndiff_context_kind[] = "kmalloc";

/* Where two tasks run by turns, an access of the tracking is told from that of other objects. */
static const char *kind_of(size_t size)
{
#if HAS_TRACK_CONTEXT && defined(CONFIG_DEBUG_SPINLOCK)
	if (size == sizeof(struct pfnmap_track_ctx))
		return pfndiff_context_kind;
#endif
	return "kmalloc";
}

/* The two sites that traces know are told by what is allocated: nothing else there has these sizes. */
static void *kmalloc_any(size_t size, gfp_t flags)
{
	void *object;

	if (size == sizeof(struct memtype) && pfndiff_fails(SITE_MEMTYPE))
		return NULL;
#if HAS_TRACK_CONTEXT
	if (size == sizeof(struct pfnmap_track_ctx) && pfndiff_fails(SITE_CONTEXT))
		return NULL;
#endif
	object = host_alloc(kind_of(size), size, 16);
	if (flags & __GFP_ZERO)
		memset(object, 0, size);
	return object;
}

void *__kmalloc_cache_noprof(struct kmem_cache *s, gfp_t flags, size_t size)
{
	return kmalloc_any(size, flags);
}

#if !HAS_TAGGED_ALLOCATION
void *__kmalloc(size_t size, gfp_t flags)
{
	return kmalloc_any(size, flags);
}
#endif

void kfree(const void *object)
{
	host_free(object);
}

void kvfree(const void *object)
{
	host_free(object);
}

#if HAS_SHEAVES
struct slab_sheaf {
	unsigned int count;
};

struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *s, gfp_t flags, unsigned int count)
{
	struct slab_sheaf *sheaf;

	if (cache_fails((void *)s, flags))
		return NULL;
	sheaf = host_alloc("sheaf", sizeof(*sheaf), 16);
	sheaf->count = count;
	return sheaf;
}

int kmem_cache_refill_sheaf(struct kmem_cache *s, gfp_t flags, struct slab_sheaf **sheaf, unsigned int count)
{
	if (cache_fails((void *)s, flags))
		return -ENOMEM;
	(*sheaf)->count = count;
	return 0;
}

void kmem_cache_return_sheaf(struct kmem_cache *s, gfp_t flags, struct slab_sheaf *sheaf)
{
	host_free(sheaf);
}

void *kmem_cache_alloc_from_sheaf_noprof(struct kmem_cache *s, gfp_t flags, struct slab_sheaf *sheaf)
{
	if (sheaf->count)
		sheaf->count--;
	return new_object((void *)s, flags);
}

unsigned int kmem_cache_sheaf_size(struct slab_sheaf *sheaf)
{
	return sheaf->count;
}
#else
int kmem_cache_alloc_bulk_noprof(struct kmem_cache *s, gfp_t flags, size_t count, void **objects)
{
	for (size_t i = 0; i < count; i++) {
		objects[i] = kmem_cache_alloc_noprof(s, flags);
		if (!objects[i]) {
			kmem_cache_free_bulk(s, i, objects);
			return 0;
		}
	}
	return count;
}
#endif

/* A grace period lasts until the op at hand is over: nobody reads on another processor. */
#define MOST_PUT_OFF 65536

static struct rcu_head *put_off;
static void *put_off_objects[MOST_PUT_OFF];
static int put_off_count;

void call_rcu(struct rcu_head *head, rcu_callback_t function)
{
	head->func = function;
	head->next = put_off;
	put_off = head;
}

#if HAS_SLAB_KVFREE
void pfndiff_kvfree_call_rcu(void *head, void *object) __asm__("kvfree_call_rcu");
void pfndiff_kvfree_call_rcu(void *head, void *object)
{
	if (put_off_count == MOST_PUT_OFF)
		host_unfit("one op frees more by RCU than slab.c has room for");
	put_off_objects[put_off_count++] = object;
}
#endif

void synchronize_rcu(void)
{
}

void pfndiff_quiesce(void)
{
	struct rcu_head *head;

	if (host_is_raced)
		return;
	lru_add_drain();
	while ((head = put_off)) {
		put_off = head->next;
		/* kfree_rcu() stores how far into the object its head lies instead of a function. */
		if ((unsigned long)head->func < PAGE_SIZE)
			host_free((void *)head - (unsigned long)head->func);
		else
			head->func(head);
	}
	while (put_off_count)
		host_free(put_off_objects[--put_off_count]);
}

void k_quiesce(void)
{
	pfndiff_quiesce();
}
