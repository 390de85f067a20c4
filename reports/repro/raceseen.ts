/** What a try shows, and what is known of that. */
export const SEEN = `static int log_fd;

/* Counts what the kernel has said since the last call. */
static void read_log(int *invalid, int *warned)
{
	char line[8192];
	ssize_t n;

	/* EPIPE: older records were overwritten, newer ones follow. */
	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = 0;
		*invalid += strstr(line, "freeing invalid memtype") != NULL;
		*warned |= strstr(line, "WARNING:") != NULL;
	}
}

/* The reservations over the window; NULL, or why they cannot be read. */
static const char *write_list(char *text, size_t size)
{
	const char *why = read_list();
	size_t used = 0;

	text[0] = 0;
	for (int i = 0; !why && i < entries && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "[%lu,%lu) %s ", list[i].start,
					 list[i].end, list[i].type);
	return why;
}

/* What tries have shown, and how many. */
static struct seen {
	struct outcome it;
	char list[512], end[512];
	int count;
} seen[256];
static int kinds;

static int is_alike(const struct outcome *one, const struct outcome *other)
{
	return !memcmp(one->results, other->results, sizeof(one->results)) &&
	       one->invalid[0] == other->invalid[0] && one->warned == other->warned &&
	       !strcmp(one->list, other->list) &&
	       (!one->end || (one->invalid[1] == other->invalid[1] && !strcmp(one->end, other->end)));
}

/* What is known of a try, or NULL. */
static const struct outcome *known_as(const struct outcome *it)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (is_alike(&known[i], it))
			return &known[i];
	return NULL;
}

static const char *note_both(struct seen *try)
{
	for (int call = 0; call < CALLS; call++)
		try->it.results[call] = GET(shared->results[first[A] + call]);
	read_log(&try->it.invalid[0], &try->it.warned);
	return write_list(try->list, sizeof(try->list));
}

static const char *note_end(struct seen *try)
{
	int warned = 0;

	read_log(&try->it.invalid[1], &warned);
	return write_list(try->end, sizeof(try->end));
}

static void count(const struct seen *try)
{
	int kind;

	for (kind = 0; kind < kinds && !is_alike(&seen[kind].it, &try->it); kind++)
		;
	if (kind == kinds && kinds < 255) {
		seen[kinds] = *try;
		seen[kinds].it.list = seen[kinds].list;
		seen[kinds++].it.end = seen[kind].end;
	}
	seen[kind].count++;
}
`;

/** Many tries, and what they came to. */
export const MAIN = `/* On to pages that nothing has leaked. */
static void next_window(void)
{
	base += PAGES * PAGE;
	for (int via = 0; via < VIAS; via++)
		offsets[via] += (off_t)(PAGES * PAGE);
}

static void tell(const struct seen *it)
{
	const struct outcome *as = known_as(&it->it);

	printf("# %d: ", it->count);
	for (int call = 0; call < CALLS; call++)
		printf("%s, ", it->it.results[call] ? strerror(it->it.results[call]) : "ok");
	printf("%d+%d invalid frees%s, list %s, at the end %s: %s\\n", it->it.invalid[0],
	       it->it.invalid[1], it->it.warned ? ", WARN" : "", *it->list ? it->list : "empty",
	       *it->end ? it->end : "empty", as ? as->name : "no order of whole ops gives this");
}

int main(int argc, char **argv)
{
	int tries = 2000, races = 0, unheard = 0;
	const char *why;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		tries = atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2 || argc > 3 || tries < 1) {
		fprintf(stderr, "usage: race [-n TRIES] RESOURCE-FILE [OFFSET]\\n");
		return 4;
	}
	why = open_files(argv[1], argc > 2 ? strtoull(argv[2], NULL, 0) : 0);
#ifdef PREPARES
	why = why ? why : prepare(argv[1]);
#endif
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (!why && (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0))
		why = "cannot read /dev/kmsg";
	if (!why && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		why = "there is one processor";
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int done = 0; !why && done < tries; done++) {
		struct seen try = { 0 };

		try.it.list = try.list;
		try.it.end = try.end;
		why = meet_once(&try);
		if (!why)
			count(&try);
		if (*try.end)
			next_window();
	}
	if (why) {
		printf("SKIP: %s\\n", why);
		return 4;
	}
	for (int kind = 0; kind < kinds; kind++) {
		const struct outcome *as = known_as(&seen[kind].it);

		tell(&seen[kind]);
		races += as && as->is_of_order ? 0 : seen[kind].count;
		unheard += as ? 0 : seen[kind].count;
	}
	printf("%s: %d of %d tries gave what no order of whole ops gives, %d of them another outcome than the schedule's\\n",
	       races ? "FAIL" : "PASS", races, tries, unheard);
	return races ? 1 : 0;
}
`;
