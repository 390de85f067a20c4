import { assertNever } from "../../src/assertnever.ts";
import type { Mtrr } from "../../src/trace/trace.ts";
import { type Expectation, type Message, outcomeName } from "./expectation.ts";
import type { Program } from "./program.ts";

/** What the check looks at. */
export function watches(program: Program): "log" | "list" | "result" | "mapping" {
  switch (program.expectation.kind) {
    case "quiet":
      return "log";
    case "result":
      return "result";
    case "mapping":
      return "mapping";
    case "unreserved":
    case "reserved":
    case "type":
    case "not-type":
    case "entry":
      return "list";
    default:
      return assertNever(program.expectation);
  }
}

/** The functions that the check calls. */
export function checkHelpers(program: Program): string[] {
  const own = ownHelpers(program.expectation);
  if (!asksMtrr(program)) return own;
  return [...new Set([...own, TYPE_AT]), memoryType(program.world.mtrr)];
}

/** Whether the MTRRs decide what a step gets. */
export function asksMtrr({ vias }: Program): boolean {
  return vias.includes("devmem");
}

function ownHelpers(expectation: Expectation): string[] {
  switch (expectation.kind) {
    case "result":
    case "mapping":
      return [];
    case "quiet":
      return [
        logOpener(expectation.message),
        expectation.message === "warn" ? LOGGED_WARNING : LOGGED_INVALID_FREE,
      ];
    case "unreserved":
    case "reserved":
      return [ANY_ENTRY];
    case "type":
    case "not-type":
      return [TYPE_AT];
    case "entry":
      return [COUNT_ENTRIES];
    default:
      return assertNever(expectation);
  }
}

/** A C condition that is true where the symptom shows; `error` is the outcome of the step. */
export function symptom({ expectation }: Program): string {
  switch (expectation.kind) {
    case "result":
      return `error != ${outcomeName(expectation.expected)}`;
    case "quiet":
      return expectation.message === "warn" ? "logged_warning()" : "logged_invalid_free()";
    case "unreserved":
      return expectation.pages.map(({ start, end }) => `any_entry(${start}, ${end})`).join(" || ");
    case "reserved":
      return `!any_entry(${expectation.page}, ${expectation.page + 1})`;
    case "type":
      return `strcmp(type_at(${expectation.page}), "${expectation.type}") != 0`;
    case "not-type":
      return `strcmp(type_at(${expectation.page}), "${expectation.type}") == 0`;
    case "mapping": {
      const { proc, page, mapped } = expectation;
      return `${mapped ? "!" : ""}is_mapped(${proc}, ${page})`;
    }
    case "entry": {
      const { entry, count } = expectation;
      return `count_entries(${entry.start}, ${entry.end}, "${entry.type}") < ${count}`;
    }
    default:
      return assertNever(expectation);
  }
}

/** The type of a page, by the list read last. */
const TYPE_AT = `/* The type of a page in the list read last; "none" where no reservation covers it. */
static const char *type_at(unsigned long page)
{
	for (int i = 0; i < entries; i++)
		if (list[i].start <= page && page < list[i].end)
			return list[i].type;
	return "none";
}
`;

/** Tells whether anything is reserved, by the list read last. */
const ANY_ENTRY = `/* Whether the list read last reserves a page of [start, end). */
static int any_entry(unsigned long start, unsigned long end)
{
	for (int i = 0; i < entries; i++)
		if (list[i].start < end && start < list[i].end)
			return 1;
	return 0;
}
`;

/** Counts reservations of one shape, in the list read last. */
const COUNT_ENTRIES = `/* How many reservations of exactly this range and type the list read last has. */
static int count_entries(unsigned long start, unsigned long end, const char *type)
{
	int count = 0;

	for (int i = 0; i < entries; i++)
		if (list[i].start == start && list[i].end == end && !strcmp(list[i].type, type))
			count++;
	return count;
}
`;

/** Opens the kernel log at its end; a warning that comes once a boot may have come before. */
const logOpener = (message: Message) => `static int log_fd;

/* Listens to the kernel log from now on; NULL, or why it cannot. */
static const char *open_log(void)
{
${message === "warn" ? CLEAR_WARNINGS : ""}	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0)
		return "cannot read /dev/kmsg";
	return NULL;
}
`;

const CLEAR_WARNINGS = `	FILE *once = fopen("/sys/kernel/debug/clear_warn_once", "w");

	/* What warns once a boot may have done so. */
	if (once) {
		fputs("1", once);
		fclose(once);
	}
`;

/** Asks for a mapping by /dev/mem and looks which type it gets. */
const memoryType = (
  mtrr: Mtrr,
) => `/* The MTRRs decide what /dev/mem gets; NULL, or what is wrong with them. */
static const char *check_memory(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fds[DEVMEM], offsets[DEVMEM]);
	const char *why = at == MAP_FAILED ? "cannot map the window by /dev/mem" : read_list();

	if (!why && strcmp(type_at(0), "${mtrr === "uncached" ? "uncached-minus" : "write-back"}"))
		why = "the MTRRs do not call the window ${mtrr}: take another, or add an MTRR";
	if (at != MAP_FAILED)
		munmap(at, PAGE);
	return why;
}
`;

/** Looks for the message of an untrack that found no reservation. */
const LOGGED_INVALID_FREE = `/* Whether the kernel has complained about a free inside the window since the last call. */
static int logged_invalid_free(void)
{
	static const char words[] = "freeing invalid memtype [mem ";
	unsigned long long start, end;
	char line[8192], *at;
	int found = 0;
	ssize_t n;

	/* EPIPE: older records were overwritten, newer ones follow. */
	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = 0;
		at = strstr(line, words);
		if (at && sscanf(at + strlen(words), "%llx-%llx", &start, &end) == 2)
			found |= end >= base && start < base + PAGES * PAGE;
	}
	return found;
}
`;

/** Looks for a warning from the architecture's memory management. */
const LOGGED_WARNING = `/* Whether x86's memory management has warned since the last call. */
static int logged_warning(void)
{
	char line[8192];
	int found = 0;
	ssize_t n;

	/* EPIPE: older records were overwritten, newer ones follow. */
	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = 0;
		found |= strstr(line, "WARNING:") && strstr(line, " arch/x86/mm/");
	}
	return found;
}
`;
