// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the conversions of several memory models, in turns, over one memmap in this process.
 *
 *	microbench PAGES 2M|4K ROUNDS MICROSECONDS
 *
 * PAGES		pages of simulated memory, a power of two
 * 2M|4K		what maps the memmap, and the models' tables
 * ROUNDS		how often each model has its turn
 * MICROSECONDS		how long a turn takes about, on an average of the models
 *
 * Prints a line for each pattern, operation and model: their names, the model's number, and for
 * each round the nanoseconds per pfn, of this thread's processor time. The last line is "done".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "microbench.h"

#define CHECKED		(256UL << 10)
#define FIRST_COUNT	4096UL
#define LAST_COUNT	(1024UL << 20)

static const char *const operations[OPERATIONS] = {
	[LOOP] = "loop",
	[TO_PAGE] = "pfn_to_page",
	[TO_PAGE_READ] = "pfn_to_page+read",
	[TO_PFN] = "page_to_pfn",
	[TO_PFN_READ] = "page_to_pfn+read",
	[ROUND_TRIP] = "round_trip",
	[OF_ADDRESS] = "virt_to_page",
	[ADDRESS] = "page_address",
	[VALID] = "pfn_valid",
};

static const char *const patterns[PATTERNS] = {
	[SEQUENTIAL] = "sequential",
	[RANDOM] = "random",
};

/* Dies where the machine would have to swap, or to kill something. */
static void check_available(unsigned long bytes)
{
	unsigned long kib = 0;
	char line[256];
	FILE *file = fopen("/proc/meminfo", "r");

	if (!file)
		die("/proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file) && sscanf(line, "MemAvailable: %lu kB", &kib) != 1)
		;
	fclose(file);
	if (bytes >> 10 > kib)
		die("struct pages take %lu MiB, %lu MiB are free", bytes >> 20, kib >> 10);
}

/* Returns touched memory, all zero, mapped by base pages, at an address. */
static void *memory_at(unsigned long at, unsigned long size)
{
	void *begin = mmap((void *)at, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (begin != (void *)at)
		die("%lu bytes at %#lx: %s", size, at, strerror(errno));
	if (madvise(begin, size, MADV_NOHUGEPAGE))
		die("madvise: %s", strerror(errno));
	memset(begin, 0, size);
	return begin;
}

/* Returns what differs between pfns in as many bits as all models leave alone. */
static unsigned long mix(unsigned long value)
{
	return (value * 0x9e3779b97f4a7c15UL) >> 48;
}

/* A model may have its bases in instructions, as boot puts them there. */
static void make_code_writable(void)
{
	extern char __executable_start[], etext[];
	unsigned long page = sysconf(_SC_PAGESIZE);
	unsigned long start = (unsigned long)__executable_start & -page;

	if (mprotect((void *)start, (unsigned long)etext - start,
		     PROT_READ | PROT_WRITE | PROT_EXEC))
		die("the code cannot be changed: %s", strerror(errno));
}

static void *make_memmap(unsigned long pages, bool large)
{
	unsigned long size = models[0]->page_size, i;
	char *map;

	for (i = 1; i < model_count; i++)
		if (models[i]->page_size != size)
			die("struct page has %lu bytes, and %lu in model %lu", size,
			    models[i]->page_size, i);
	make_code_writable();
	check_available(pages * size);
	map = memory(pages * size, large);
	/* page->flags */
	for (i = 0; i < pages; i++)
		*(unsigned long *)(map + i * size) = mix(i);
	for (i = 0; i < model_count; i++) {
		unsigned long bytes = models[i]->table_size(pages);
		unsigned long at = models[i]->table_at;
		void *table = NULL;

		if (bytes)
			table = at ? memory_at(at, bytes) : memory(bytes, large);
		models[i]->place(map, pages, table);
		if (table)
			check_backing(table, large && !at);
	}
	check_backing(map, large);
	return map;
}

/* Dies if not all models find the same. */
static void check(struct walk *walk, unsigned long pattern, unsigned long operation)
{
	unsigned long sum, i;

	models[0]->walk[operation][pattern](walk);
	sum = walk->sum;
	for (i = 1; i < model_count; i++) {
		models[i]->walk[operation][pattern](walk);
		if (walk->sum != sum)
			die("%s of %s pfns: model %lu finds something else",
			    operations[operation], patterns[pattern], i);
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Returns nanoseconds per pfn. */
static double measure(const struct model *model, unsigned long pattern, unsigned long operation,
		      struct walk *walk)
{
	double begin = now();

	model->walk[operation][pattern](walk);
	return (now() - begin) / walk->count;
}

/* As many pfns that a turn takes about the time, in nanoseconds, on an average of all models. */
static void choose_count(unsigned long pattern, unsigned long operation, struct walk *walk,
			 double time)
{
	double all = 0;
	unsigned long i;

	for (walk->count = FIRST_COUNT; walk->count < LAST_COUNT; walk->count *= 2) {
		for (all = 0, i = 0; i < model_count; i++)
			all += measure(models[i], pattern, operation, walk);
		all *= walk->count;
		if (all >= time * model_count / 4)
			break;
	}
	walk->count = walk->count * time * model_count / all + 1;
}

/* The models have turns, and each begins a round as often as the others. */
static void compare(unsigned long pattern, unsigned long operation, struct walk *walk,
		    unsigned long rounds, double time)
{
	double *found = calloc(rounds * model_count, sizeof(*found));
	unsigned long round, turn, i;

	if (!found)
		die("%lu rounds: %s", rounds, strerror(errno));
	/* what fits into a cache is in it from the first round on */
	walk->count = walk->mask + 1;
	measure(models[0], SEQUENTIAL, TO_PAGE_READ, walk);
	choose_count(pattern, operation, walk, time);
	for (turn = 0; turn < rounds * model_count; turn++) {
		round = turn / model_count;
		i = (round + turn) % model_count;
		/* other pfns each time, or the one before has fetched them */
		walk->seed = mix(turn + 1) << 32;
		found[round * model_count + i] = measure(models[i], pattern, operation, walk);
	}
	for (i = 0; i < model_count; i++) {
		printf("%s %s %lu", patterns[pattern], operations[operation], i);
		for (round = 0; round < rounds; round++)
			printf(" %.4f", found[round * model_count + i]);
		putchar('\n');
	}
	free(found);
}

int main(int argc, char **argv)
{
	const unsigned long most = 1UL << RANDOM_BITS;
	unsigned long pages, rounds, pattern, operation;
	struct walk walk = { .seed = 1, .count = CHECKED };
	double time;

	if (argc != 5 || (strcmp(argv[2], "2M") && strcmp(argv[2], "4K")))
		die("usage: microbench PAGES 2M|4K ROUNDS MICROSECONDS");
	pages = number(argv[1]);
	if (pages & (pages - 1) || pages > most)
		die("%lu pages: a power of two, %lu at most", pages, most);
	rounds = number(argv[3]);
	time = number(argv[4]) * 1e3;
	walk.mask = pages - 1;
	walk.map = make_memmap(pages, argv[2][0] == '2');
	for (pattern = 0; pattern < PATTERNS; pattern++)
		for (operation = 0; operation < OPERATIONS; operation++)
			check(&walk, pattern, operation);
	for (pattern = 0; pattern < PATTERNS; pattern++)
		for (operation = 0; operation < OPERATIONS; operation++)
			compare(pattern, operation, &walk, rounds, time);
	puts("done");
	return 0;
}
