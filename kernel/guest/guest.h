/* What the parts of the guest offer each other. */
#ifndef PFNDIFF_GUEST_H
#define PFNDIFF_GUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../module/pfndiff.h"
#include "wire.h"

/* The physical memory a trace runs on, and the files that reach it. */
struct region {
	uint64_t base;      /* physical address */
	uint64_t bytes;
	const char *device; /* its address on the bus; NULL where there is none */
	int fd[4];          /* by VIA_*; -1 where the region has no such file */
	uint64_t offset[4]; /* file offset of the region's first byte */
};

/* A window of a region, in bytes. */
struct place {
	const struct region *region;
	uint64_t window; /* from the region's base */
	uint64_t bytes;
};

/* One trace's world, in addresses. */
struct world {
	struct place places[1 + FURTHER_REGIONS]; /* by the number of the region in the trace; empty where there is none */
	uint64_t virtual_bytes;
	uint64_t address; /* of virtual page 0 */
	int maps; /* room for VMAs in every process, 0 where nothing limits it */
};

/* procs.c: the processes of a trace. */
void procs_setup(void);
void procs_begin(const struct world *world);
/* Performs one op, returns 0 or an errno; *failure is set when the guest cannot go on. */
int procs_perform(const int32_t *op, const char **failure);
/* Whether an allocation failed in the last op as it was told. */
int procs_failed(void);
/* Kills and reaps every live process. */
void procs_end(void);
int procs_alive(int proc);
pid_t procs_pid(int proc);
int procs_smaps(int proc);
int procs_limit(void);

/* perform.c: what a process of a trace does; only such a one catches its faults: one of init itself must stay a panic. */
void perform_setup(void);
/* Allocates the protection key that all processes have; negative where there are none. */
int perform_keys(void);
/* Performs an op that brings no process to life; returns 0 or an errno. */
int perform(const struct world *world, const int32_t *op);

/* drivers.c: the module, where there is one for this kernel. */
void drivers_setup(struct pfndiff_hello *hello);
/* The driver's file, -1 without the module. */
int drivers_file(void);
const char *drivers_begin(const struct world *world);
/* What the driver's handlers do from here on, and say of their VMAs. */
const char *drivers_calls(const int32_t *rows, uint32_t count, uint32_t says, uint32_t hook);
/* Records what calls of drivers returned, what the kernel has mapped for itself, and the modes of RAM. */
const char *drivers_observe(void);
/* Records the page table of a process. */
const char *drivers_pages(const struct world *world, int proc);

/* What the VMAs of a process in its window are marked with, as struct pfndiff_entries has it; returns how many, or -1. */
int drivers_marks(const struct world *world, int proc, const int32_t **rows);

/* limits.c: what the kernel lets a process have. NULL, or why it cannot be set. */
const char *limits_room(pid_t pid, int maps);
const char *limits_lift(void);
const char *limits_setup(void);
/* From here until it is lifted no fork of a process of a trace can copy all of it. */
const char *limits_commit(int limited);

/* observe.c: what a step shows, written as records. Return 0, or why it could not be read. */
const char *observe_setup(void);
const char *observe_fresh(const struct world *world); /* whether nothing is reserved yet */
const char *observe_memtype(const struct world *world);
const char *observe_vmas(const struct world *world, const int32_t *op);

/* From here to the end of the trace no page of a VMA is looked at to tell what it is. */
void observe_quietly(void);

/* What a fork copies of a process' window: VMAs, and page tables at most. */
struct copied {
	int vmas, tables;
};
const char *observe_copied(const struct world *world, int proc, struct copied *copied);

/* log.c: the lines of the kernel log, each a record of a type; of none where that is 0. Return 0, or why it cannot be read. */
const char *log_setup(void);
const char *log_observe(uint32_t type);
/* A trace begins: what was logged before it is passed over. */
const char *log_forget(void);

/* faults.c: allocations that fail on request, where the kernel was built for it. */
const char *faults_setup(void);
/* Which allocation of the calling task is to fail for an op to fail as told; 0: none can. */
int faults_aim(const struct world *world, const int32_t *op, const char **failure);
/* The calling task's nth allocation from here on fails; returns what faults_end() wants. */
int faults_begin(int nth);
/* Whether it came to that. */
int faults_end(int fd);

/* answer.c: records, chunks and the doorbell. */
void *own_memory(size_t bytes); /* init's alone; NULL where there is none */
void answer_setup(int doorbell);
void answer_into(volatile uint8_t *mailbox);
void answer_begin(uint32_t sequence, int slow);
void answer_progress(uint32_t trace, uint32_t op);
void record(uint32_t type, const uint32_t *words, int count, const void *bytes, size_t length);
void answer_step_done(void);
void answer_end(void);
uint32_t checksum(const void *bytes, size_t length);
void read_exactly(int fd, void *bytes, size_t length);
int read_line(int fd, char *line, size_t size);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* devices.c: finding and opening the regions and the mailbox. */
const char *devices_setup(struct region *regions, volatile uint8_t **mailbox);
/* Whether the kernel was booted with `nopat`. */
int devices_without_pat(void);
/* Lets a driver claim a device, which takes its BAR from every process. */
const char *devices_revoke(const struct region *region);

/* lacks.c: tells the host which options the kernel was built without. */
void lacks_tell(void);
/* And those that only show when a driver claims the aperture. */
void lacks_tell_of_claims(const struct region *aperture);

#endif
