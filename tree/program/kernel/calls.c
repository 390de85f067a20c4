/* SPDX-License-Identifier: GPL-2.0 */
/* What processes do: system calls by their own entries, faults, fork and exit by what these come down to. */
#include "pfndiff_glue.h"
#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/ksm.h>
#include <linux/mman.h>
#include <linux/pkeys.h>
#include <linux/radix-tree.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <asm/memtype.h>
#include <asm/ptrace.h>
#include "internal.h"

void __init proc_caches_init(void);
void mm_cache_init(void);

void k_init(unsigned long ram, unsigned long memmap)
{
	pfndiff_memory_init(ram, memmap);
	pfndiff_platform_init();
	pfndiff_direct_init();
	pfndiff_huge_init();
	pfndiff_tasks_init();
	pfndiff_pat(true);
	radix_tree_init();
	maple_tree_init();
	mm_cache_init();
	proc_caches_init();
	anon_vma_init();
	pfndiff_devices_init();
	pfndiff_drivers_init();
}

#if HAS_MM_GET_UNMAPPED_AREA
static unsigned long fixed_area(struct file *file, unsigned long address, unsigned long length,
				unsigned long offset, unsigned long flags)
{
	return pfndiff_room(address);
}
#endif

/* The key that a process gets which has none: whom a trace names `own`. One that nobody asks for is the last. */
#define OWN_KEY 1
#define OTHER_KEY 15

static void allocate_key(struct mm_struct *mm)
{
	extern long __x64_sys_pkey_alloc(const struct pt_regs *);
	const struct pt_regs regs = {};

	pfndiff_become(mm);
	if (__x64_sys_pkey_alloc(&regs) != OWN_KEY)
		host_unfit("a process cannot have a protection key; calls.c asks for it");
	pfndiff_become(NULL);
}

void *k_spawn(void)
{
	struct mm_struct *mm;

	pfndiff_become(NULL);
	mm = mm_alloc();
	if (!mm)
		return NULL;
	mm->task_size = TASK_SIZE;
	mm->mmap_base = TASK_SIZE / 2;
#if HAS_MM_GET_UNMAPPED_AREA
	mm->get_unmapped_area = fixed_area;
#endif
	if (arch_pkeys_enabled())
		allocate_key(mm);
	return mm;
}

/* Memory above every window that a late fork is refused: so much that nothing else asks for it. */
#define BALLAST (PFNDIFF_WINDOW + 2 * PFNDIFF_WINDOW_PAGES * PFNDIFF_PAGE)
#define BALLAST_PAGES (1UL << 20)

static bool refuses_ballast;

/* The linker sends calls here (--wrap): it stands for overcommit_memory=2. */
int __real___vm_enough_memory(const struct mm_struct *mm, long pages, int cap_sys_admin);
int __wrap___vm_enough_memory(const struct mm_struct *mm, long pages, int cap_sys_admin);
int __wrap___vm_enough_memory(const struct mm_struct *mm, long pages, int cap_sys_admin)
{
	if (refuses_ballast && pages >= BALLAST_PAGES)
		return -ENOMEM;
	return __real___vm_enough_memory(mm, pages, cap_sys_admin);
}

/*
 * What a VMA's duplicate needs before it is in the tree; calls come by --wrap as well. Releases differ in how many
 * arguments there are, all of which fit a register.
 */
int __real_anon_vma_clone(unsigned long dst, unsigned long src, unsigned long more);
int __wrap_anon_vma_clone(unsigned long dst, unsigned long src, unsigned long more);
int __wrap_anon_vma_clone(unsigned long dst, unsigned long src, unsigned long more)
{
	return pfndiff_fails(SITE_VMA_SETUP) ? -ENOMEM : __real_anon_vma_clone(dst, src, more);
}

int __real_anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *parent);
int __wrap_anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *parent);
int __wrap_anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *parent)
{
	return pfndiff_fails(SITE_VMA_SETUP) ? -ENOMEM : __real_anon_vma_fork(vma, parent);
}

/* The site is of duplicates: a new VMA neither fails nor counts. */
struct vm_area_struct *__real_vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *__wrap_vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *__wrap_vm_area_alloc(struct mm_struct *mm)
{
	const bool was = pfndiff_pause_faults(true);
	struct vm_area_struct *vma = __real_vm_area_alloc(mm);

	pfndiff_pause_faults(was);
	return vma;
}

/* A process whose memory may be merged with others' is put on the list of the thread that does it: there is none. */
int __ksm_enter(struct mm_struct *mm)
{
	return 0;
}

/* The limit on VMAs is for those of the window. */
static void map_ballast(void)
{
	const int limit = sysctl_max_map_count;
	unsigned long at;

	pfndiff_pause_faults(true);
	sysctl_max_map_count = INT_MAX;
	at = vm_mmap_pgoff(NULL, BALLAST, BALLAST_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	sysctl_max_map_count = limit;
	pfndiff_pause_faults(false);
	if (IS_ERR_VALUE(at))
		host_unfit("a late fork's memory cannot be mapped; calls.c maps it");
}

void *k_fork(void *mm, int late)
{
	struct mm_struct *child;

	pfndiff_become(mm);
	if (late)
		map_ballast();
	refuses_ballast = late;
	child = pfndiff_dup_mm(pfndiff_task(), mm);
	refuses_ballast = false;
	if (late)
		vm_munmap(BALLAST, BALLAST_PAGES * PAGE_SIZE);
	pfndiff_become(NULL);
	pfndiff_quiesce();
	return child;
}

void k_exit(void *mm)
{
	pfndiff_become(NULL);
	mmput(mm);
	pfndiff_quiesce();
}

/* Ends a call: an address is a success too. */
static long done(unsigned long result)
{
	pfndiff_become(NULL);
	pfndiff_quiesce();
	return IS_ERR_VALUE(result) ? (long)result : 0;
}

#define SYSCALL(name, mm, ...) ({						\
	extern long __x64_sys_##name(const struct pt_regs *);			\
	const unsigned long args_[5] = { __VA_ARGS__ };				\
	struct pt_regs regs_ = { .di = args_[0], .si = args_[1], .dx = args_[2], .r10 = args_[3], .r8 = args_[4] }; \
	pfndiff_become(mm);							\
	done(__x64_sys_##name(&regs_));						\
})

long pfndiff_mmap(struct mm_struct *mm, struct file *file, unsigned long at, unsigned long length, int prot,
		  int is_private, unsigned long offset)
{
	const int flags = MAP_FIXED | (is_private ? MAP_PRIVATE : MAP_SHARED);

	pfndiff_become(mm);
	return done(vm_mmap_pgoff(file, at, length, prot, flags, offset));
}

/* As guests map it: not accounted, so that nothing depends on how much memory there is. */
static long mmap_anon(struct mm_struct *mm, unsigned long at, unsigned long length, int prot)
{
	pfndiff_become(mm);
	return done(vm_mmap_pgoff(NULL, at, length, prot, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0));
}

long k_mmap(void *mm, int via, unsigned long at, unsigned long length, int prot, int is_private, unsigned long pfn)
{
	if (via == VIA_ANON)
		return mmap_anon(mm, at, length, prot);
	/* A resource file begins with the resource, /dev/mem with physical page 0. */
	const unsigned long offset = via < 2 ? pfn % PFNDIFF_REGION_PAGES : pfndiff_pfn_of(pfn);
	struct file *file = pfndiff_file(via, pfn / PFNDIFF_REGION_PAGES);

	return pfndiff_mmap(mm, file, at, length, prot, is_private, offset);
}

long k_munmap(void *mm, unsigned long at, unsigned long length)
{
	return SYSCALL(munmap, mm, at, length);
}

long k_mprotect(void *mm, unsigned long at, unsigned long length, int prot, int key)
{
	static const int keys[] = { -1, 0, OWN_KEY, OTHER_KEY };

	if (key)
		return SYSCALL(pkey_mprotect, mm, at, length, prot, keys[key]);
	return SYSCALL(mprotect, mm, at, length, prot);
}

long k_madvise(void *mm, unsigned long at, unsigned long length, int advice)
{
	return SYSCALL(madvise, mm, at, length, advice);
}

long k_mlock(void *mm, unsigned long at, unsigned long length)
{
	return SYSCALL(mlock, mm, at, length);
}

long k_munlock(void *mm, unsigned long at, unsigned long length)
{
	return SYSCALL(munlock, mm, at, length);
}

/* It came with 6.10; a number that a kernel does not know is ENOSYS. */
extern long pfndiff_mseal(const struct pt_regs *) __asm__("__x64_sys_mseal") __weak;

long k_mseal(void *mm, unsigned long at, unsigned long length)
{
	const struct pt_regs regs = { .di = at, .si = length };

	if (!pfndiff_mseal)
		return -ENOSYS;
	pfndiff_become(mm);
	return done(pfndiff_mseal(&regs));
}

long k_mremap(void *mm, unsigned long at, unsigned long length, unsigned long fresh, int flags, unsigned long to)
{
	return SYSCALL(mremap, mm, at, length, fresh, flags, to);
}
