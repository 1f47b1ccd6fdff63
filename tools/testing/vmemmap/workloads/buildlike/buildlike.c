// SPDX-License-Identifier: GPL-2.0
/*
 * Does to a kernel what compiling a part of another kernel does, where there is no compiler to run:
 * a make that starts as many jobs as it is told, each of which is a chain of programs that read a
 * source file and its headers, take them apart into words, work on these in memory that grows page
 * by page, leave a temporary file, make an object of it, and end. Nothing is compiled.
 *
 *	buildlike			a run for each number in KERNBENCH_LOADS, as KTAP
 *	buildlike make JOBS		make all objects
 *
 * and what make starts:
 *
 *	buildlike unit N		make object N, as the driver of a compiler does, by way of
 *	buildlike front N TEXT		sources to text
 *	buildlike back TEXT OBJECT	text to object
 *	buildlike archive		all objects to one file
 *
 * The folder that it is run in, FOLDER for runs, has a file "units" with a line for each object:
 * its name, its source, headers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER		"/obj"
#define UNITS		"units"
#define TIMED		"/tests/timed"
#define ARCHIVE		"built-in.a"
/* What a compiler's allocator asks the kernel for at a time */
#define CHUNK		(512 * 1024UL)
#define BUCKETS		16384
/* How often all words are gone through: about as long as a compiler takes */
#define PASSES		24
#define MAX_UNITS	256
#define MAX_JOBS	64
/* How many words become one line of text */
#define LINE_WORDS	4

struct word {
	struct word *next;
	uint32_t hash, uses;
	unsigned int length;
	char text[];
};

struct token {
	struct word *word;
	struct token *before;
	uint64_t value;
};

struct unit {
	char *object;
	char *files;
};

static const char *self;
static struct unit units[MAX_UNITS];
static unsigned int unit_count;
static struct word *buckets[BUCKETS];
static struct token *last;

static void fail(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "buildlike: %s: %s\n", text, strerror(errno));
	exit(1);
}

/* Memory is never given back before a program ends, as compilers do it. */
static void *take(size_t size)
{
	static char *next;
	static size_t left;
	void *taken;

	size = (size + 15) & ~15UL;
	if (size > left) {
		left = size > CHUNK ? size : CHUNK;
		next = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (next == MAP_FAILED)
			fail("memory");
	}
	taken = next;
	next += size;
	left -= size;
	return taken;
}

static char *read_whole(const char *path, size_t *length)
{
	struct stat status;
	ssize_t got;
	size_t done = 0;
	char *text;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || stat(path, &status))
		fail("%s", path);
	text = take(status.st_size + 1);
	while ((got = read(fd, text + done, status.st_size - done)) > 0)
		done += got;
	if (got < 0)
		fail("%s", path);
	close(fd);
	text[done] = '\0';
	*length = done;
	return text;
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		fail("%s", path);
	return fd;
}

static void put(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t done;

	for (; size; size -= done, at += done) {
		done = write(fd, at, size);
		if (done <= 0)
			fail("write");
	}
}

static void read_units(void)
{
	size_t length;
	char *at = read_whole(UNITS, &length), *end;

	for (; *at && unit_count < MAX_UNITS; at = end) {
		units[unit_count].object = at;
		at = strchr(at, ' ');
		end = at ? strchr(at, '\n') : NULL;
		if (!end) {
			errno = EINVAL;
			fail(UNITS);
		}
		*at++ = '\0';
		*end++ = '\0';
		units[unit_count++].files = at;
	}
}

/* The words end with the first one that is NULL. */
static pid_t start(const char *program, const char *a, const char *b, const char *c,
		   const char *d)
{
	const char *argv[6] = { program, a, b, c, d, NULL };
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (!child) {
		execve(program, (char **)argv, environ);
		fail("%s", program);
	}
	return child;
}

static void run(const char *what, const char *a, const char *b)
{
	int status;

	if (waitpid(start(self, what, a, b, NULL), &status, 0) < 0 || status)
		exit(1);
}

static void note(const char *text, unsigned int length, uint32_t hash)
{
	struct word **at = &buckets[hash % BUCKETS], *word;
	struct token *token;

	for (word = *at; word; word = word->next)
		if (word->hash == hash && word->length == length &&
		    !memcmp(word->text, text, length))
			break;
	if (!word) {
		word = take(sizeof(*word) + length);
		word->next = *at;
		word->hash = hash;
		word->length = length;
		word->uses = 0;
		memcpy(word->text, text, length);
		*at = word;
	}
	word->uses++;
	token = take(sizeof(*token));
	token->word = word;
	token->before = last;
	token->value = hash;
	last = token;
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static void take_apart(const char *text)
{
	const char *begin;
	uint32_t hash;

	while (*text) {
		if (*text == ' ' || *text == '\t' || *text == '\n') {
			text++;
			continue;
		}
		begin = text;
		hash = 2166136261U;
		do
			hash = (hash ^ (unsigned char)*text++) * 16777619U;
		while (is_word(*begin) && is_word(*text));
		note(begin, text - begin, hash);
	}
}

/* Each pass leaves something behind for the next one, as those of a compiler do. */
static void pass(void)
{
	struct token *token, *copy, *end = NULL;

	for (token = last; token; token = token->before) {
		token->value = token->value * 6364136223846793005ULL + token->word->uses;
		if (token->value >> 62)
			continue;
		copy = take(sizeof(*copy));
		*copy = *token;
		copy->before = end;
		end = copy;
	}
}

static int front(const char *number, const char *goal)
{
	char line[LINE_WORDS * 17 + 1], *path, *end;
	struct token *token;
	unsigned int i, used = 0;
	size_t length;
	int fd;

	read_units();
	i = atoi(number);
	if (i >= unit_count)
		return 2;
	for (path = units[i].files; *path; path = end) {
		end = path + strcspn(path, " ");
		if (*end)
			*end++ = '\0';
		take_apart(read_whole(path, &length));
	}
	for (i = 0; i < PASSES; i++)
		pass();
	fd = create(goal);
	for (token = last; token; token = token->before) {
		/* only a source is turned into instructions, most of the words are in headers */
		if (token->word->uses > 8)
			continue;
		used += snprintf(line + used, sizeof(line) - used, "%016llx ",
				 (unsigned long long)token->value);
		if (used < sizeof(line) - 1)
			continue;
		put(fd, line, used);
		used = 0;
	}
	put(fd, line, used);
	close(fd);
	return 0;
}

static int back(const char *source, const char *goal)
{
	size_t length, at, used = 0;
	const char *text = read_whole(source, &length);
	uint64_t *object = take(length + 8);
	int fd;

	object[used++] = length;
	for (at = 0; at + 17 <= length; at += 17)
		object[used++] = strtoull(text + at, NULL, 16);
	fd = create(goal);
	put(fd, object, used * sizeof(*object));
	close(fd);
	return 0;
}

static int unit(const char *number)
{
	char text[64];

	read_units();
	if ((unsigned int)atoi(number) >= unit_count)
		return 2;
	snprintf(text, sizeof(text), "/tmp/cc%d.s", (int)getpid());
	run("front", number, text);
	run("back", text, units[atoi(number)].object);
	unlink(text);
	return 0;
}

static int archive(void)
{
	unsigned int i;
	size_t length;
	char *data;
	int fd;

	read_units();
	fd = create(ARCHIVE);
	for (i = 0; i < unit_count; i++) {
		data = read_whole(units[i].object, &length);
		put(fd, data, length);
	}
	close(fd);
	return 0;
}

static int reap(void)
{
	int status;

	if (waitpid(-1, &status, 0) < 0)
		fail("wait");
	return status;
}

/* A job may start when there is a byte in a pipe, as with make's job server. */
static int make(int jobs)
{
	struct stat status;
	unsigned int i;
	int ends[2], running = 0, free_jobs = jobs;
	char number[12], token = '+';

	if (jobs < 1 || jobs > MAX_JOBS)
		return 2;
	read_units();
	if (pipe(ends))
		fail("pipe");
	for (i = 0; i < (unsigned int)jobs; i++)
		put(ends[1], &token, 1);
	for (i = 0; i < unit_count; i++) {
		if (!stat(units[i].object, &status))
			continue;
		if (!free_jobs) {
			if (reap())
				return 1;
			running--;
			free_jobs++;
			put(ends[1], &token, 1);
		}
		if (read(ends[0], &token, 1) != 1)
			fail("pipe");
		free_jobs--;
		snprintf(number, sizeof(number), "%u", i);
		start(self, "unit", number, NULL, NULL);
		running++;
	}
	for (; running; running--)
		if (reap())
			return 1;
	run("archive", NULL, NULL);
	return 0;
}

static int is_complete(void)
{
	struct stat status;
	unsigned int i;

	for (i = 0; i < unit_count; i++)
		if (stat(units[i].object, &status) || status.st_size <= 8)
			return 0;
	return !stat(ARCHIVE, &status) && status.st_size > 8;
}

static void clean(void)
{
	unsigned int i;

	for (i = 0; i < unit_count; i++)
		unlink(units[i].object);
	unlink(ARCHIVE);
}

static int measure(void)
{
	const char *loads = getenv("KERNBENCH_LOADS"), *at;
	char part[24], jobs[12];
	int number = 0, status;

	if (!loads)
		loads = "1";
	if (chdir(FOLDER))
		fail(FOLDER);
	read_units();
	for (at = loads; at; at = strchr(at + 1, ','))
		number++;
	printf("KTAP version 1\n1..%d\n", number);
	fflush(stdout);
	/* Sources and programs are in memory from the start: one warms what there is to warm */
	run("unit", "0", NULL);
	number = 0;
	for (at = loads; at; at = strchr(at, ',')) {
		at += *at == ',';
		clean();
		snprintf(part, sizeof(part), "--part=%d", number++);
		snprintf(jobs, sizeof(jobs), "%d", atoi(at));
		printf("# load %s\n", jobs);
		fflush(stdout);
		if (waitpid(start(TIMED, part, self, "make", jobs), &status, 0) < 0)
			fail("wait");
		printf("%s %d make %s\n", !status && is_complete() ? "ok" : "not ok", number, jobs);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	self = argv[0];
	if (argc == 1)
		return measure();
	if (!strcmp(what, "make") && argc == 3)
		return make(atoi(argv[2]));
	if (!strcmp(what, "unit") && argc == 3)
		return unit(argv[2]);
	if (!strcmp(what, "front") && argc == 4)
		return front(argv[2], argv[3]);
	if (!strcmp(what, "back") && argc == 4)
		return back(argv[2], argv[3]);
	if (!strcmp(what, "archive") && argc == 2)
		return archive();
	fprintf(stderr, "usage: buildlike [make JOBS]\n");
	return 2;
}
