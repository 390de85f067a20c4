/*
 * The processes of a trace. Each is a real process: spawn forks a fresh one from a process that
 * has done nothing, and so has little to copy and nothing to copy again when it is written; fork is
 * done by the process itself so that its VMAs are inherited. All are children of init
 * (CLONE_PARENT), so that init can reap each of them whoever forked it.
 *
 * A process waits on its slot in a shared page, performs one op, and says so; two futexes a slot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

struct slot {
	uint32_t asked; /* counts the ops handed to the process */
	uint32_t done;  /* counts the ops it has performed */
	int32_t error;
	int32_t child; /* pid, after a fork */
	int32_t nth; /* which allocation is to fail, 0: none; then whether it did */
	int32_t op[OP_WORDS];
};

/* The slot of the process that spawn forks from, behind those of traces. */
#define FRESH MAX_PROCS

static struct shared {
	struct world world;
	struct slot slots[MAX_PROCS + 1];
} *shared; /* by all */
static struct slot *slots;
static pid_t pids[MAX_PROCS + 1]; /* 0 where no process lives */
static int smaps_fds[MAX_PROCS];
static int limit; /* one past the highest proc id that was ever alive in this trace */
static int is_claimed; /* a driver has the region's device for itself */
static int failed; /* whether an allocation did, in the last op, as it was told */

static void wait_while(uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, timeout, NULL, 0);
}

static void wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void live(struct slot *slot);

static int do_fork(struct slot *slot)
{
	/* Read first: by the time the child runs, this slot may hold the parent's next op. */
	struct slot *child = &slots[slot->op[4]];
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid < 0)
		return errno;
	if (pid == 0)
		live(child);
	slot->child = (int32_t)pid;
	return 0;
}

static int perform_of(struct slot *slot)
{
	return slot->op[0] == OP_FORK ? do_fork(slot) : perform(&shared->world, slot->op);
}

static int perform_failing(struct slot *slot)
{
	int fd = faults_begin(slot->nth);
	int error = perform_of(slot);

	slot->nth = faults_end(fd);
	return error;
}

/* The whole life of a process of a trace. */
static void live(struct slot *slot)
{
	for (uint32_t seen = 0;; seen++) {
		while (__atomic_load_n(&slot->asked, __ATOMIC_ACQUIRE) == seen)
			wait_while(&slot->asked, seen, NULL);
		slot->error = slot->nth ? perform_failing(slot) : perform_of(slot);
		__atomic_store_n(&slot->done, seen + 1, __ATOMIC_RELEASE);
		wake(&slot->done);
	}
}

/* Once what processes of traces are to inherit is there. */
void procs_setup(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	slots = shared->slots;
	pids[FRESH] = fork();
	if (pids[FRESH] == 0) {
		perform_setup();
		live(&slots[FRESH]);
	}
}

/* Hands the op over and waits for it; -1 when the process died of it. Its nth allocation fails. */
static int ask(int proc, const int32_t *op, int nth)
{
	struct slot *slot = &slots[proc];
	struct timespec second = { .tv_sec = 1 };
	uint32_t before = slot->done;

	for (int i = 0; i < OP_WORDS; i++)
		slot->op[i] = op[i];
	slot->nth = nth;
	__atomic_store_n(&slot->asked, before + 1, __ATOMIC_RELEASE);
	wake(&slot->asked);
	while (__atomic_load_n(&slot->done, __ATOMIC_ACQUIRE) == before) {
		wait_while(&slot->done, before, &second);
		if (slot->done == before && waitpid(pids[proc], NULL, WNOHANG) == pids[proc])
			return -1;
	}
	return slot->error;
}

static void prepare(int proc)
{
	slots[proc] = (struct slot){ 0 };
	if (proc >= limit)
		limit = proc + 1;
}

static const char *adopt(int proc, pid_t pid)
{
	char path[32];

	pids[proc] = pid;
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	smaps_fds[proc] = open(path, O_RDONLY);
	return smaps_fds[proc] < 0 ? "cannot open the smaps of a process" : NULL;
}

/* Closing smaps first lets go of the mm; the process is gone for good once it is reaped. */
static void bury(int proc)
{
	close(smaps_fds[proc]);
	waitpid(pids[proc], NULL, 0);
	pids[proc] = 0;
}

static int spawn(int proc, const char **failure)
{
	const int32_t op[OP_WORDS] = { OP_FORK, FRESH, [4] = proc };

	prepare(proc);
	int error = ask(FRESH, op, 0);

	if (error < 0)
		*failure = "the process that others are forked from has died";
	else if (error == 0)
		*failure = adopt(proc, slots[FRESH].child);
	if (error == 0 && shared->world.maps && !*failure)
		*failure = limits_room(pids[proc], shared->world.maps);
	return error;
}

int procs_perform(const int32_t *op, const char **failure)
{
	int proc = op[1];

	failed = 0;
	if (op[0] == OP_SPAWN)
		return spawn(proc, failure);
	if (!procs_alive(proc))
		return ESRCH;
	if (op[0] == OP_EXIT) {
		for (int i = 0; i < OP_WORDS; i++)
			slots[proc].op[i] = op[i];
		slots[proc].nth = 0;
		__atomic_store_n(&slots[proc].asked, slots[proc].done + 1, __ATOMIC_RELEASE);
		wake(&slots[proc].asked);
		bury(proc);
		return 0;
	}
	if (op[0] == OP_REVOKE && is_claimed)
		return EBUSY;
	if (op[0] == OP_REVOKE) {
		*failure = devices_revoke(shared->world.places[op[4] ? op[5] : 0].region);
		return 0;
	}
	int late = op[0] == OP_FORK && op[5];

	if (op[0] == OP_FORK)
		prepare(op[4]);
	if (late)
		*failure = limits_commit(1);
	int nth = op[OP_FAULT_SITE] ? faults_aim(&shared->world, op, failure) : 0;
	int error = ask(proc, op, nth);

	failed = nth && slots[proc].nth;
	if (error == 0 && (op[0] == CLAIM || op[0] == RELEASE))
		is_claimed = op[0] == CLAIM;
	if (late && !*failure)
		*failure = limits_commit(0);
	if (error < 0) {
		pids[proc] = 0;
		*failure = "a process died of an op that is not exit";
	} else if (error == 0 && op[0] == OP_FORK) {
		*failure = adopt(op[4], slots[proc].child);
	}
	return error;
}

int procs_failed(void)
{
	return failed;
}

void procs_begin(const struct world *next)
{
	shared->world = *next;
	is_claimed = 0;
	limit = 0;
}

void procs_end(void)
{
	for (int proc = 0; proc < limit; proc++) {
		if (!pids[proc])
			continue;
		kill(pids[proc], SIGKILL);
		bury(proc);
	}
	limit = 0;
}

int procs_alive(int proc)
{
	return pids[proc] != 0;
}

pid_t procs_pid(int proc)
{
	return pids[proc];
}

int procs_smaps(int proc)
{
	return smaps_fds[proc];
}

int procs_limit(void)
{
	return limit;
}
