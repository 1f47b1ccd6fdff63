// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest does while it is measured: a phase for each kind of work. A call of sysinfo(), which
 * nobody else makes, is between what is measured and what is not.
 *
 *	sequential	reads /proc/kpagecount twice: all struct pages, in order
 *	random		reads words of it here and there
 *	mixed		processes, page faults, files, a pipe
 *
 * PICKS=n	how many words (20000)
 * ROUNDS=n	how often the mixed work is done (20)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNTS		"/proc/kpagecount"
#define FILE_NAME	"/tmp/work"
#define AREA		(4 << 20)
#define CHILDREN	8
#define MESSAGES	200

static char buffer[65536];

static void mark(void)
{
	char info[256];

	syscall(SYS_sysinfo, info);
}

static long number(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : fallback;
}

/* Returns how many words there are, or -1. */
static long sequential(void)
{
	long words = 0, got;
	int fd, i;

	for (i = 0; i < 2; i++) {
		fd = open(COUNTS, O_RDONLY);
		if (fd < 0)
			return -1;
		for (words = 0; (got = read(fd, buffer, sizeof(buffer))) > 0; words += got / 8)
			;
		close(fd);
		if (got < 0)
			return -1;
	}
	return words;
}

/* Returns 0, or -1. */
static int pick(long words, long picks)
{
	uint64_t state = 88172645463325252ULL, count;
	int fd = open(COUNTS, O_RDONLY);

	if (fd < 0)
		return -1;
	while (picks--) {
		/* the same pages each time */
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		if (pread(fd, &count, sizeof(count), state % words * 8) != sizeof(count))
			return -1;
	}
	close(fd);
	return 0;
}

static int use_processes(void)
{
	int i, status;

	for (i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (child < 0 || waitpid(child, &status, 0) != child)
			return -1;
	}
	return 0;
}

static int use_memory(void)
{
	char *area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return -1;
	memset(area, 0x5a, AREA);
	return munmap(area, AREA);
}

static int use_file(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600), i;

	if (fd < 0)
		return -1;
	for (i = 0; i < 16; i++)
		if (write(fd, buffer, sizeof(buffer)) != sizeof(buffer))
			return -1;
	for (i = 0; i < 16; i++)
		if (pread(fd, buffer, sizeof(buffer), i * sizeof(buffer)) != sizeof(buffer))
			return -1;
	close(fd);
	return unlink(FILE_NAME);
}

static int use_pipe(void)
{
	int ends[2], i;

	if (pipe(ends))
		return -1;
	for (i = 0; i < MESSAGES; i++)
		if (write(ends[1], buffer, 512) != 512 || read(ends[0], buffer, 512) != 512)
			return -1;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static int mixed(long rounds)
{
	while (rounds--)
		if (use_processes() || use_memory() || use_file() || use_pipe())
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	long words, rounds = number("ROUNDS", 20), picks = number("PICKS", 20000);
	int wrong;

	(void)argc;
	(void)argv;
	printf("TAP version 13\n1..3\n");
	/* What happens once only is not to be measured */
	words = sequential();
	wrong = words <= 0 || pick(words, 100) || mixed(1);

	mark();
	wrong |= sequential() != words;
	mark();
	printf("%sok 1 sequential\n", wrong ? "not " : "");
	if (wrong)
		return 1;
	mark();
	wrong = pick(words, picks);
	mark();
	printf("%sok 2 random\n", wrong ? "not " : "");
	mark();
	wrong |= mixed(rounds);
	mark();
	printf("%sok 3 mixed\n", wrong ? "not " : "");
	return !!wrong;
}
