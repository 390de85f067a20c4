import { assertNever } from "../../src/assertnever.ts";
import type { Mtrr } from "../../src/trace/trace.ts";
import { type Message, outcomeName } from "./expectation.ts";
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
  const { expectation } = program;
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
    case "type":
    case "not-type":
      return [];
    case "entry":
      return [COUNT_ENTRIES];
    default:
      return assertNever(expectation);
  }
}

/** Whether the MTRRs decide what a step gets. */
export function asksMtrr({ vias }: Pick<Program, "vias">): boolean {
  return vias.includes("devmem");
}

/** A C condition that is true where the symptom shows; `error` is the outcome of the step. */
export function symptom({ expectation }: Program): string {
  switch (expectation.kind) {
    case "result":
      return `error != ${outcomeName(expectation.expected)}`;
    case "quiet":
      return expectation.message === "warn" ? "logged_warning()" : "logged_invalid_free()";
    case "unreserved":
      return expectation.pages
        .map(({ start, end }) => `reserved(${start}, ${end}, NULL)`)
        .join(" || ");
    case "reserved":
      return `!${reservedPage(expectation.page, "NULL")}`;
    case "type":
      return `!${reservedPage(expectation.page, `"${expectation.type}"`)}`;
    case "not-type":
      return reservedPage(expectation.page, `"${expectation.type}"`);
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

/** The same in the process that makes the steps. */
export function straightSymptom(program: Program): string {
  const { expectation } = program;
  if (expectation.kind !== "mapping") return symptom(program);
  // msync() of a page that nothing maps is ENOMEM.
  return `${expectation.mapped ? "" : "!"}msync(AT(${expectation.page}), PAGE, MS_ASYNC)`;
}

/** How many reservations a page has, of a type. */
function reservedPage(page: number, type: string): string {
  return `reserved(${page}, ${page + 1}, ${type})`;
}

/** Counts reservations of one shape. */
const COUNT_ENTRIES = `/* Counts the reservations of exactly pages [start, end) and this type. */
static int count_entries(unsigned long start, unsigned long end,
			 const char *type)
{
	FILE *list = fopen(LIST, "r");
	unsigned long long from, to;
	char line[256], name[20];
	int count = 0;

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "PAT: [mem %llx-%llx] %19s", &from, &to, name) == 3)
			count += from == base + start * PAGE && to == base + end * PAGE &&
				 !strcmp(name, type);
	if (list)
		fclose(list);
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

/** Asks for a mapping by /dev/mem, of a file from a place on, and looks which type it gets. */
export function memoryCheck({ mtrr }: { readonly mtrr: Mtrr }, file: string, from: string): string {
  const type = mtrr === "uncached" ? "uncached-minus" : "write-back";
  return `/* 0 where the MTRRs, who decide here, call the window ${mtrr}. */
static int check_memory(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ${file},
			${from});
	int count = at == MAP_FAILED ? 0 : reserved(0, 1, "${type}");

	if (at != MAP_FAILED)
		munmap(at, PAGE);
	return count > 0 ? 0 : -1;
}
`;
}

/** Why nothing runs where they call it something else. */
export function wrongMemory({ mtrr }: { readonly mtrr: Mtrr }): string {
  return `the MTRRs do not call the window ${mtrr}`;
}

/** Looks for the message of an untrack that found no reservation. */
const LOGGED_INVALID_FREE = `/* Whether the kernel has complained about a free inside the window. */
static int logged_invalid_free(void)
{
	static const char words[] = "freeing invalid memtype [mem ";
	unsigned long long start, end;
	char line[8192], *at;
	int found = 0;
	ssize_t n;

	/* EPIPE: older records were overwritten, newer ones follow. */
	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
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
	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = 0;
		found |= strstr(line, "WARNING:") && strstr(line, " arch/x86/mm/");
	}
	return found;
}
`;
