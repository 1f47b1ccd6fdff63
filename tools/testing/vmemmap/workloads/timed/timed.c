// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command between two marks, and tells what it took, as kernbench tells it: seconds, of the
 * command and of all that it waited for, and context switches.
 *
 *	timed [--part=N] COMMAND [ARGUMENT]...
 *
 * COMMAND is the path of a program. The exit status is the command's; 128 and the signal's number
 * if it was killed; 127 if it could not be executed; 2 for bad usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mark.h"

#define MICRO	1000000ULL

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * MICRO + time.tv_nsec / 1000;
}

static uint64_t of_timeval(struct timeval time)
{
	return time.tv_sec * MICRO + time.tv_usec;
}

static void tell(const char *what, uint64_t micro)
{
	printf("timed: %s %llu.%03llu\n", what, (unsigned long long)(micro / MICRO),
	       (unsigned long long)(micro % MICRO / 1000));
}

/* Takes the option, if there is one; returns how many words it is, or -1. */
static int take_part(const char *text, unsigned long *part)
{
	static const char name[] = "--part=";
	char *end;

	if (strncmp(text, "--", 2))
		return 0;
	if (strncmp(text, name, strlen(name)))
		return -1;
	text += strlen(name);
	*part = strtoul(text, &end, 10);
	return *text < '0' || *text > '9' || *end || *part >= MARK_PARTS ? -1 : 1;
}

int main(int argc, char **argv)
{
	uint64_t begin, elapsed, user, system;
	unsigned long part = 0;
	struct rusage used;
	int status, skip;
	pid_t child;

	skip = argc > 1 ? take_part(argv[1], &part) : -1;
	if (skip < 0 || argc < 2 + skip) {
		fprintf(stderr, "usage: timed [--part=0..%d] COMMAND [ARGUMENT]...\n",
			MARK_PARTS - 1);
		return 2;
	}
	argv += 1 + skip;
	mark_prepare();
	/* or the child would have it, too, and print it */
	fflush(stdout);
	mark_begin(part);
	begin = now();
	child = fork();
	if (!child) {
		execve(argv[0], argv, environ);
		fprintf(stderr, "timed: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child) {
		mark_end(part);
		fprintf(stderr, "timed: %s: %s\n", argv[0], strerror(errno));
		return 127;
	}
	elapsed = now() - begin;
	mark_end(part);
	user = of_timeval(used.ru_utime);
	system = of_timeval(used.ru_stime);
	tell("elapsed", elapsed);
	tell("user", user);
	tell("system", system);
	printf("timed: percent %llu\n",
	       (unsigned long long)(elapsed ? (user + system) * 100 / elapsed : 0));
	printf("timed: switches %ld\n", (long)used.ru_nivcsw);
	printf("timed: sleeps %ld\n", (long)used.ru_nvcsw);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
