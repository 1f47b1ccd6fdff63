// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the module ../../modules/vcompounds, line by line, what /tests/requests has. A line that
 * begins with a number is that part of what is measured: it is asked for twice, as what happens once
 * only is not to be measured. Each line is told with its answer.
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

#define MODULE		"/tests/vcompounds.ko"
#define DEVICE		"/dev/vcompounds"
#define REQUESTS	"/tests/requests"

static char requests[65536];

static int ask(int fd, const char *request, char *answer, size_t size)
{
	ssize_t got;

	if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
		return -1;
	got = pread(fd, answer, size - 1, 0);
	if (got <= 0)
		return -1;
	answer[got] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

static int ask_marked(int fd, unsigned int part, const char *request, char *answer, size_t size)
{
	int ret;

	if (ask(fd, request, answer, size))
		return -1;
	mark_begin(part);
	ret = ask(fd, request, answer, size);
	mark_end(part);
	return ret;
}

int main(int argc, char **argv)
{
	char *line, *end, *rest, answer[64];
	int fd, wrong = 0, number = 0, lines = 0;

	(void)argc;
	(void)argv;
	printf("TAP version 13\n");
	fd = open(REQUESTS, O_RDONLY);
	if (fd < 0 || read(fd, requests, sizeof(requests) - 1) <= 0) {
		printf("Bail out! " REQUESTS " cannot be read\n");
		return 1;
	}
	close(fd);
	for (line = requests; *line; line++)
		lines += *line == '\n';
	printf("1..%d\n", lines);
	fd = device_of_module(MODULE, DEVICE);
	if (fd < 0)
		return 1;
	mark_prepare();
	for (line = requests; *line; line = end) {
		unsigned int part = strtoul(line, &rest, 10);
		int ret;

		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		if (rest == line)
			ret = ask(fd, line, answer, sizeof(answer));
		else
			ret = ask_marked(fd, part, rest + 1, answer, sizeof(answer));
		wrong |= ret;
		printf("%sok %d %s: %s\n", ret ? "not " : "", ++number, line, ret ? "-" : answer);
	}
	return !!wrong;
}
