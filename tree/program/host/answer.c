// SPDX-License-Identifier: GPL-2.0
// The answer to a request, in memory until it is whole: pfndiff reads nothing before it has written all.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host.h"

static int *words;
static size_t used, room;
static size_t step; // where the result of the step at hand goes

void answer_begin(void)
{
	used = 1;
}

int *answer_room(enum record kind, int count)
{
	if (used + 2 + (size_t)count > room) {
		room = (used + 2 + (size_t)count) * 2;
		words = realloc(words, room * sizeof(*words));
		if (!words)
			_exit(1);
	}
	words[used] = kind;
	words[used + 1] = count;
	used += 2 + (size_t)count;
	return words + used - count;
}

void answer_record(enum record kind, const int *from, int count)
{
	memcpy(answer_room(kind, count), from, (size_t)count * sizeof(*from));
}

// A text follows a number; its last word is padded with NULs.
void answer_text(enum record kind, int first, const char *text)
{
	const size_t length = strlen(text);
	const int count = 1 + (int)((length + sizeof(int)) / sizeof(int));
	int *at = answer_room(kind, count);

	at[0] = first;
	at[count - 1] = 0;
	memcpy(at + 1, text, length);
}

size_t answer_here(void)
{
	return used;
}

const int *answer_since(size_t here, int *count)
{
	*count = (int)(used - here);
	return words + here;
}

void answer_step(void)
{
	*answer_room(RECORD_STEP, 1) = 0;
	step = used - 1;
}

void answer_result(int error)
{
	words[step] = error;
}

void answer_send(void)
{
	const char *at = (const char *)words;
	size_t left = used * sizeof(*words);

	words[0] = (int)(used - 1);
	while (left > 0) {
		const ssize_t n = write(STDOUT_FILENO, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		at += n;
		left -= (size_t)n;
	}
}

void answer_excuse(enum stop why, const char *text)
{
	const int words_of_text = (int)((strlen(text) + sizeof(int)) / sizeof(int));
	const int head[] = { 0, why, words_of_text, 0 };
	char padded[8192] = { 0 };

	snprintf(padded, sizeof(padded), "%s", text);
	if (write(STDOUT_FILENO, head, sizeof(head)) < 0 ||
	    write(STDOUT_FILENO, padded, (size_t)words_of_text * sizeof(int)) < 0)
		_exit(1);
}

// Reads so many words; 0 at the end of all requests.
int read_words(int *to, long count)
{
	char *at = (char *)to;
	size_t left = (size_t)count * sizeof(*to);

	while (left > 0) {
		const ssize_t n = read(STDIN_FILENO, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		at += n;
		left -= (size_t)n;
	}
	return 1;
}
