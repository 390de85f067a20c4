import type { Program } from "./program.ts";

/** Whether the processes of a program may run out of VMAs. */
export function isLimited({ world }: Program): boolean {
  return world.maps !== undefined;
}

/**
 * What leaves every process room for `world.maps` VMAs beside its own. A process has those of the
 * program that forks it, so that one counts its own.
 */
export function limitHelpers({ world }: Program): string {
  return world.maps === undefined ? "" : limits(world.maps);
}

const limits = (maps: number) => `#define ROOM ${maps} /* for VMAs, beside a process' own */
#define LIMIT "/proc/sys/vm/max_map_count"

static long limit_before;

/* Reads or writes the limit on a process' VMAs; -1 where that fails. */
static long limit(const char *mode, long number)
{
	FILE *file = fopen(LIMIT, mode);
	int done = -1;

	if (file && *mode == 'r')
		done = fscanf(file, "%ld", &number) == 1 ? 0 : -1;
	else if (file)
		done = fprintf(file, "%ld", number) > 0 ? 0 : -1;
	if (file && fclose(file))
		done = -1;
	return done ? -1 : number;
}

static void lift_limit(void)
{
	if (limit_before > 0)
		limit("w", limit_before);
}

/* Counts our VMAs, which a child has too; the vsyscall page is none. */
static int limit_maps(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long start;
	char line[512];
	long own = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-", &start) == 1 && start < 1UL << 63)
			own++;
	if (!file || fclose(file))
		return -1;
	if (limit_before == 0) {
		limit_before = limit("r", 0);
		atexit(lift_limit);
	}
	return limit_before > 0 && limit("w", own + ROOM) > 0 ? 0 : -1;
}
`;
