/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the host half share. */
#ifndef PFNDIFF_HOST_H
#define PFNDIFF_HOST_H

#include <stddef.h>
#include <stdint.h>
#include "../pfndiff.h"

/*
 * What pfndiff and this program say to each other, in 32-bit words: tree/wire.ts has the other half, and a test
 * compares the two.
 *
 * A request is its length in words and so many traces; a trace is TRACE_WORDS words (pfns, vpages, write-back + 2 if
 * it is watched + 8 if there is no PAT + 16 if the processor has
 * protection keys + 32 for the first further region if that is write-back, 64 and 128 for the next ones, from bit 8 on where the
 * ISA window begins; maps; ops; pages of the further regions) and OP_WORDS words an op: code, proc, at, pages, four of its own, and the site and number of the
 * allocation that fails. All but the last two are what a guest is told as well (kernel/wire.ts).
 * Where two tasks run some of its ops by turns, 4 is added to write-back, and RACE_WORDS words follow the ops: the first
 * of them, how many are of either task (one after the other), enum race_mode, whether accesses are points, most
 * preemptions, schedules of a slice, stops; and two words a stop, task and point.
 * An op of a driver is its code, its process, its fields in their order and, in CALLS_WORD, how many calls it makes,
 * from bit SAYS_SHIFT on what it says of its VMA (enum pfndiff_says), and from HOOK_SHIFT on whether it prepares;
 * these follow it, as rows of their own that count as ops do: a code and fields.
 * An answer is its length and, for each trace, records: a word of kind and one of length, then so many words.
 */
#define WIRE_VERSION 1
#define TRACE_WORDS 8
#define OP_WORDS PFNDIFF_ROW
#define OWN_WORDS 4
#define CALLS_WORD 7
#define CALLS_MASK 255
#define SAYS_SHIFT 8
#define SAYS_MASK 15
#define HOOK_SHIFT 12
#define RACE_WORDS 8
#define HELLO_MAGIC 0x45525450

enum record {
	RECORD_STEP = 1,  /* errno: a new step begins, in which nothing has changed so far */
	RECORD_LOG = 2,   /* a line of the kernel log, NUL-padded */
	RECORD_LIST = 3,  /* the memtype list: start, end, mode each */
	RECORD_VMAS = 4,  /* proc, then start, end, pfn, flags of each VMA */
	RECORD_GONE = 5,  /* proc: it is not alive */
	RECORD_PAGES = 6, /* proc, then page, entry of each page table entry that changed */
	RECORD_END = 7,   /* the trace is over */
	RECORD_LEAK = 8,  /* what the trace did not give back, as text */
	RECORD_STOP = 9,  /* enum stop, then text and backtrace: the answer ends here */
	RECORD_TRACE = 10, /* the page where the region of the trace begins */
	RECORD_FAILED = 11, /* site and number of the allocation that failed within the op */
	RECORD_PASSED = 13, /* the functions that the op passed, in the order of their first calls, as text */
	RECORD_CALLS = 14, /* call, errno, pages of each call that a driver has made */
	RECORD_KERNEL_MAPS = 15, /* via, slot, start, end, mode of each range that the kernel has mapped for itself */
	RECORD_RAM = 16, /* start, end, mode of each run of RAM that is not write-back */
	RECORD_SPENT = 12, /* the trace is over, and the answer ends here: it has left something behind */
	RECORD_RACED = 20, /* task: the next step is of its next op, which has come to its end */
	RECORD_POINT = 21, /* task, number of the point, kind, enum turn, ops that the task has done; then lock, functions, state as text */
	RECORD_OUTCOME = 22, /* schedules in two words, preemptions, stops of the shortest: task and point each */
	RECORD_SEARCHED = 23, /* whether all is done, schedules in two words, most points, deaths in two words */
};

enum stop { STOP_BUG = 1, STOP_CRASH = 2, STOP_HANG = 3, STOP_STUB = 4, STOP_UNFIT = 5 };

enum op_code {
	OP_SPAWN, OP_MMAP, OP_MUNMAP, OP_MREMAP, OP_MPROTECT, OP_MADVISE, OP_TOUCH,
	OP_FORK, OP_EXIT, OP_MLOCK, OP_MUNLOCK, OP_MSEAL, OP_REVOKE, OP_PEEK,
};

/* In the order of DRIVER_OPS in src/trace/driverop.ts. */
enum driver_op {
	DRV_MMAP = 64, DRV_RUN, DRV_ZAP, IOREMAP, IOUNMAP, MEMREMAP, MEMUNMAP, MEMREMAP_PAGES, MEMUNMAP_PAGES,
	RESERVE_MEMTYPE_WC, FREE_MEMTYPE_WC, SET_MEMORY, CLAIM, RELEASE,
};

/* The compiler's library, where the kernel's code counts the lines that run. */
void __gcov_dump(void) __attribute__((weak));
void __gcov_reset(void) __attribute__((weak));

/* How a process ends whose answer is sent and which cannot take another request. */
#define STATUS_SPENT 3

#define MOST_PROCS 1024

/* A schedule is run, all of them are searched from the first on, or the search goes on where its last slice ended. */
enum race_mode { RACE_RUN, RACE_SEARCH, RACE_GO_ON };
/* What came at a point: the task went on, it was stopped, it had to wait, it was through. */
enum turn { TURN_ON, TURN_STOPPED, TURN_WAITS, TURN_DONE };

struct race {
	int from, count[2], mode, sees_accesses, bound, slice, stops;
	const int *stop; /* task and point each */
};

struct trace {
	int vpages, maps, ops; /* calls of drivers count as ops */
	struct pfndiff_region regions[PFNDIFF_REGIONS];
	int has_pat, has_keys;
	int is_watched; /* each step says which functions it passed */
	int isa; /* pages from a window before the region to where the ISA window begins; 0 where there is none */
	const struct race *race; /* NULL where nothing is raced */
};

/* answer.c: records, kept until a request is done. */
void answer_begin(void);
void answer_record(enum record kind, const int *words, int count);
void answer_text(enum record kind, int first, const char *text);
/* Makes room for a record of `count` words and returns where they go. */
int *answer_room(enum record kind, int count);
/* Begins a step, before what its op says; and what the op returned, once it has. */
void answer_step(void);
void answer_result(int error);
void answer_send(void);
/* In place of a hello: why the program cannot even start. */
void answer_excuse(enum stop why, const char *text);
int read_words(int *words, long count);

/* state.c: what a step shows, as changes. */
void state_begin(const struct trace *trace);
/* `all`: the op reaches every process' page table. */
void state_show(const struct trace *trace, void *const *mms, int procs, int proc, int child, int all);

/* answer.c: where the next record goes, and the words from there on. */
size_t answer_here(void);
const int *answer_since(size_t here, int *count);

/* trace.c: performs an op; what has become visible since the last call goes into the answer. */
long trace_perform(const int *op);
void trace_show_all(const struct trace *trace);
/* The address space of a process, or NULL. */
void *trace_space(int proc);
int trace_processes(void);

/* race.c: runs the raced ops of a trace as its schedule says, and what comes of each into the answer. */
void race_run(const struct trace *trace, const int *ops);
/* A line of the log or a warning, while two tasks run. */
void race_log(const char *text);
/* Nothing can go on. Returns where the answer is to say so. */
void race_stopped(enum stop kind, const char *text);
/* The lowest address of the stack that runs and how long it is, where it is one of ours. */
int race_stack(unsigned long *lowest, unsigned long *length);
/* Where points come from while schedules are searched; NULL where one is run as told. */
extern int (*race_choose)(int task, int point, int is_free);

/* search.c: searches schedules; returns when the answer says what there is to say. */
void search(const struct trace *trace, const int *ops);
/* A schedule died: notes it as an outcome and ends the process. */
void search_died(enum stop kind, const char *text) __attribute__((noreturn));

/* points.c: whether accesses of what tasks share are points. */
extern int points_are_on;

/* trace.c: runs a trace; returns when its records are written, 0 when it left something behind. */
int trace_run(const struct trace *trace, const int *ops);

/* memory.c: objects that have been allocated and not freed, and which, in words. */
long memory_live(void);
void memory_setup(void);
void memory_mark(void);
/* Ends the trace where what has been freed since the mark was written to afterwards. */
void memory_check(void);
/* Whether an access is to an object that has been freed: of which kind, and how far into it. */
int memory_is_freed(unsigned long at, unsigned long size, const char **what, unsigned long *into);
int memory_left(char *text, size_t size);
/* The kind of the object that an address lies in, and how far; NULL for none. */
const char *memory_kind(unsigned long address, unsigned long *offset);

/* trouble.c: signals, and how a trace ends that cannot go on. */
void trouble_setup(void);
/* Starts the clock of a trace, which counts processor time; one that runs over it hangs. */
void trouble_clock(int ops);
/* Ends the trace: it does not come to an end by itself. */
void host_hang(const char *why) __attribute__((noreturn));
/* Is 0 while no trace runs: then nothing of an answer is there to be told. */
extern int trouble_in_trace;
/* What the kernel says belongs to no op. */
extern int trouble_is_quiet;

/* passes.c: notes the functions that are entered between the two, and says them in a record. */
void passes_begin(void);
void passes_end(void);
/* The processor has come to an instruction. */
void passes_note(unsigned long at);

/* symbols.c: whether a function begins at an address. */
int is_function(unsigned long address);
/* The function and offset of an address, such as "untrack_pfn+0x2a"; static text. */
const char *symbol_of(unsigned long address);

#endif
