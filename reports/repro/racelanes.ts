/** How our guests revoke: what a driver that claims the device does to its mappings. */
export const REVOKE = `static char device[256]; /* such as 0000:00:05.0 */

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int error = fd < 0 || write(fd, text, strlen(text)) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

/*
 * The nvme driver claims every BAR before it looks at any, and the kernel takes them from user
 * space: unmap_mapping_range(). It finds BAR 0 too small and lets go.
 */
static int take_back(void)
{
	int error = put("/sys/bus/pci/drivers/nvme/bind", device);

	return error == ENODEV ? 0 : error ? error : EEXIST;
}

/* Has the device go to nvme alone; NULL, or why it cannot. */
static const char *prepare(const char *path)
{
	char name[512];
	const char *end = strrchr(path, '/'), *start = end;

	while (start && start > path && start[-1] != '/')
		start--;
	if (!start)
		return "FILE is no PCI resource file";
	snprintf(device, sizeof(device), "%.*s", (int)(end - start), start);
	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%.200s/driver_override", device);
	if (put(name, "nvme"))
		return "cannot give the device to a driver";
	return take_back() ? "the nvme driver does not claim the device and let go again" : NULL;
}
#define PREPARES 1
`;

/** A fork inside of a process of the trace. */
export const FORK_TO = `static void live(int proc, int from);

/* CLONE_PARENT: the test stays the parent of all, so it can wait for each of them. */
static int fork_to(int child)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		live(child, here + 1);
	if (pid > 0)
		SET(shared->pids[child], (pid_t)pid);
	return pid < 0 ? errno : 0;
}
`;

/** The processes: each performs its steps, those of both tasks at once where it has any. */
export const SHARED = `struct shared {
	int done[LANES];   /* steps of each that are over */
	int opened;        /* the last one that may begin */
	int met[2];        /* tasks that are where they start */
	int results[STEPS];
	pid_t pids[PROCS];
	unsigned long long start, wait[2], began[2], took[2];
};

static struct shared *shared;

#define GET(word) __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#define SET(word, value) __atomic_store_n(&(word), value, __ATOMIC_RELEASE)

static __thread int here; /* the step at hand */

static unsigned long long now(void)
{
	return __builtin_ia32_rdtsc();
}

`;

/** How they meet and go on. */
export const LIVE = `/* Stays on a processor of its own. */
static void pin(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Waits for the other task, then as long as this try wants. */
static void meet(int task)
{
	pin(task);
	SET(shared->met[task], 1);
	while (!GET(shared->start))
		__builtin_ia32_pause();
	while (now() < shared->start + shared->wait[task])
		__builtin_ia32_pause();
	shared->began[task] = now();
}

static void serve(int proc, int lane, int from)
{
	int is_task = lane == A || lane == B;

	for (int step = first[lane]; step < first[lane + 1]; step++) {
		if (step < from || steps[step].proc != proc)
			continue;
		while (GET(shared->opened) < lane || GET(shared->done[lane]) != step - first[lane])
			is_task && step > first[lane] ? sched_yield() : usleep(50);
		if (is_task && step == first[lane])
			meet(lane - A);
		here = step;
		SET(shared->results[step], perform(step));
		if (is_task)
			shared->took[lane - A] = now() - shared->began[lane - A];
		SET(shared->done[lane], step - first[lane] + 1);
	}
}

static int has(int proc, int lane, int from)
{
	for (int step = first[lane]; step < first[lane + 1]; step++)
		if (step >= from && steps[step].proc == proc)
			return 1;
	return 0;
}

static void *serve_b(void *proc)
{
	serve((int)(long)proc, B, 0);
	return NULL;
}

/* The whole life of a process, from a step on. */
static void __attribute__((noreturn)) live(int proc, int from)
{
	pthread_t other;
	int has_two;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve(proc, SETUP, from);
	has_two = has(proc, A, from) && has(proc, B, from);
	if (has_two && pthread_create(&other, NULL, serve_b, (void *)(long)proc))
		_exit(2);
	serve(proc, A, from);
	if (has_two)
		pthread_join(other, NULL);
	else
		serve(proc, B, from);
	serve(proc, LATER, from);
	for (;;)
		pause();
}
`;

/** One try. */
export const TRY = `/* Whether a process that is gone was to exit, which is over then. */
static int has_exited(pid_t gone)
{
	for (int lane = SETUP; lane < LANES; lane++) {
		int next = first[lane] + GET(shared->done[lane]);

		if (next == first[lane + 1] || !steps[next].is_exit || GET(shared->pids[steps[next].proc]) != gone)
			continue;
		if (lane == A || lane == B)
			shared->took[lane - A] = now() - shared->began[lane - A];
		SET(shared->done[lane], next + 1 - first[lane]);
		return 1;
	}
	return 0;
}

/* Notes processes that ended. NULL, or what went wrong. */
static const char *collect(void)
{
	pid_t gone;

	while ((gone = waitpid(-1, NULL, WNOHANG)) > 0)
		if (!has_exited(gone))
			return "a process died of what is no exit";
	return NULL;
}

/* Waits until a part of the try is over. */
static const char *await(int lane)
{
	const char *why = NULL;

	for (int naps = 0; !why && GET(shared->done[lane]) < first[lane + 1] - first[lane]; naps++) {
		why = naps > 200000 ? "a try does not come to its end" : collect();
		usleep(100);
	}
	return why;
}

static void end_all(void)
{
	for (int proc = 0; proc < PROCS; proc++)
		if (shared->pids[proc])
			kill(shared->pids[proc], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Lets both tasks meet once; NULL, or what went wrong. */
static const char *meet_once(struct seen *try)
{
	unsigned long long took[2] = { shared->took[0], shared->took[1] };
	unsigned long long distance = (unsigned long long)(drand48() * (double)(took[0] + took[1]));
	const char *why;

	memset(shared, 0, sizeof(*shared));
	shared->wait[0] = distance < took[1] ? took[1] - distance : 0;
	shared->wait[1] = distance < took[1] ? 0 : distance - took[1];
	for (int step = first[SETUP]; step < first[A]; step++) {
		pid_t pid = steps[step].is_spawn ? fork() : -1;

		if (pid == 0)
			live(steps[step].proc, step);
		if (pid > 0)
			SET(shared->pids[steps[step].proc], pid);
	}
	why = await(SETUP);
	SET(shared->opened, B);
	for (int naps = 0; !why && !(GET(shared->met[0]) && GET(shared->met[1])); naps++) {
		why = naps > 200000 ? "the tasks do not meet" : NULL;
		usleep(50);
	}
	SET(shared->start, now());
	why = why ? why : await(A);
	why = why ? why : await(B);
	why = why ? why : note_both(try);
	SET(shared->opened, LATER);
	why = why ? why : await(LATER);
	end_all();
	return why ? why : note_end(try);
}
`;
