// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the module ../../modules/pfnvalid about page frames by each of its ways. Part
 * WAYS * PLACE + WAY is one of them, PLACE being 0 for memory, 1 for a hole in a section, 2 for a
 * section that is not there.
 *
 * PFNS=a,b,c	the first page frame of each
 * COUNT=n	how many are asked for, STRIDE=n: how far from each other
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../device.h"
#include "../mark.h"

#define MODULE	"/tests/pfnvalid.ko"
#define DEVICE	"/dev/pfnvalid"

#define WAYS	4

static const char *const ways[WAYS] = { "none", "section", "bitmap", "probe" };
static const char *const places[] = { "memory", "hole", "absent" };

/* Returns how many were valid, or -1. Twice, as what happens once only is not to be measured. */
static long ask(int fd, const char *way, const char *what, unsigned int part)
{
	char request[64], answer[32];
	ssize_t got;
	int length, ret, i;

	length = snprintf(request, sizeof(request), "%s %s", way, what);
	for (i = 0; i < 2; i++) {
		if (i)
			mark_begin(part);
		ret = write(fd, request, length);
		if (i)
			mark_end(part);
		if (ret != length)
			return -1;
	}
	got = pread(fd, answer, sizeof(answer) - 1, 0);
	if (got <= 0)
		return -1;
	answer[got] = '\0';
	return strtol(answer, NULL, 10);
}

int main(int argc, char **argv)
{
	const char *place = getenv("PFNS") ?: "", *count = getenv("COUNT") ?: "1000";
	const char *stride = getenv("STRIDE") ?: "1";
	unsigned int i, way, wrong = 0;
	char what[64];
	int fd;

	(void)argc;
	(void)argv;
	printf("TAP version 13\n1..12\n");
	fd = device_of_module(MODULE, DEVICE);
	if (fd < 0)
		return 1;
	mark_prepare();
	for (i = 0; i < 3; i++) {
		snprintf(what, sizeof(what), "%.*s %s %s", (int)strcspn(place, ","), place, count,
			 stride);
		place += strcspn(place, ",");
		place += *place == ',';
		for (way = 0; way < WAYS; way++) {
			/* the kernel counts a hole in a section of boot memory as valid */
			long want = i < 2 || !way ? strtol(count, NULL, 10) : 0;
			long valid = ask(fd, ways[way], what, WAYS * i + way);

			wrong += valid != want;
			printf("%sok %u %s by %s: %ld of %s are valid\n",
			       valid == want ? "" : "not ", WAYS * i + way + 1, places[i], ways[way],
			       valid, count);
		}
	}
	return !!wrong;
}
