// SPDX-License-Identifier: GPL-2.0
// Functions by address, from this program's own symbol table: read when something goes wrong, and only then.
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host.h"

static const unsigned char *image;

static int open_image(void)
{
	struct stat file;
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &file) < 0)
		return 0;
	image = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		image = NULL;
	return image != NULL;
}

// The starts of all functions, in order.
static unsigned long *starts;
static size_t start_count;

static int by_address(const void *a, const void *b)
{
	const unsigned long one = *(const unsigned long *)a, two = *(const unsigned long *)b;

	return (one > two) - (one < two);
}

static void read_starts(void)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + header->e_shoff);

	for (int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);
		const size_t count = sections[i].sh_size / sizeof(*symbols);

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		starts = malloc(count * sizeof(*starts));
		for (size_t n = 0; starts && n < count; n++)
			if (ELF64_ST_TYPE(symbols[n].st_info) == STT_FUNC && symbols[n].st_value)
				starts[start_count++] = symbols[n].st_value;
	}
	qsort(starts, start_count, sizeof(*starts), by_address);
}

int is_function(unsigned long address)
{
	if (!starts && (image || open_image()))
		read_starts();
	return starts && bsearch(&address, starts, start_count, sizeof(*starts), by_address);
}

const char *symbol_of(unsigned long address)
{
	static char text[256];
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	const Elf64_Sym *best = NULL;
	const char *names = NULL;

	snprintf(text, sizeof(text), "0x%lx", address);
	if (!image && !open_image())
		return text;
	header = (const Elf64_Ehdr *)image;
	sections = (const Elf64_Shdr *)(image + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = (const char *)image + sections[sections[i].sh_link].sh_offset;
		for (size_t n = 0; n < sections[i].sh_size / sizeof(*symbols); n++) {
			const int type = ELF64_ST_TYPE(symbols[n].st_info);

			if ((type == STT_FUNC || type == STT_OBJECT) && symbols[n].st_value <= address &&
			    address - symbols[n].st_value < symbols[n].st_size)
				best = &symbols[n];
		}
	}
	if (best)
		snprintf(text, sizeof(text), "%s+0x%lx", names + best->st_name, address - best->st_value);
	return text;
}
