// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs on this machine's processor to read arrays here and there, mapped by large pages as
 * the kernel's linear mapping is, or by base pages as areas of vmalloc() are.
 *
 *	reach ARRAYS BYTES ROUNDS
 *
 * So many arrays of so many bytes, a multiple of 4096, lie at random in 1 GiB.  Prints for each round
 * the nanoseconds of this thread's processor time for a read with large pages, and with base pages,
 * in turns.  A read's address depends on what the one before has found.
 */
#include <time.h>

#include "microbench/backing.h"

#define SPAN		(1UL << 30)
#define READS		(1UL << 20)

/* xorshift64 (Marsaglia 2003) */
static unsigned long next(unsigned long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/*
 * Chains a word of each cache line of the arrays at random into a cycle (Sattolo's shuffle), so that
 * all are read in turn.  Returns the first.
 */
static void **chain(char *area, const unsigned long *places, unsigned long arrays,
		    unsigned long bytes)
{
	unsigned long lines = bytes / 64, count = arrays * lines, state = 88172645463325252UL, i;
	void ***words = malloc(count * sizeof(*words));
	void **first;

	if (!words)
		die("no memory for %lu words", count);
	for (i = 0; i < count; i++)
		words[i] = (void **)(area + places[i / lines] * bytes + i % lines * 64);
	for (i = count - 1; i; i--) {
		unsigned long j = next(&state) % i;
		void **other = words[j];

		words[j] = words[i];
		words[i] = other;
	}
	for (i = 0; i < count; i++)
		*words[i] = words[(i + 1) % count];
	first = words[0];
	free(words);
	return first;
}

/* Where the arrays are, in units of their size: no two at one place */
static unsigned long *scatter(unsigned long arrays, unsigned long bytes)
{
	unsigned long *places = malloc(arrays * sizeof(*places)), state = 1181783497276652981UL;
	unsigned long slots = SPAN / bytes, i;
	char *taken = calloc(slots, 1);

	if (!places || !taken || arrays > slots / 2)
		die("%lu arrays of %lu bytes are too many", arrays, bytes);
	for (i = 0; i < arrays; i++) {
		do {
			places[i] = next(&state) % slots;
		} while (taken[places[i]]);
		taken[places[i]] = 1;
	}
	free(taken);
	return places;
}

static double nanoseconds(void **word)
{
	struct timespec begin, end;
	unsigned long i;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	for (i = 0; i < READS; i++)
		word = *(void *volatile *)word;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	/* what was found is needed */
	__asm__ volatile("" : : "r" (word));
	return ((end.tv_sec - begin.tv_sec) * 1e9 + end.tv_nsec - begin.tv_nsec) / READS;
}

int main(int argc, char **argv)
{
	unsigned long arrays, bytes, rounds, *places;
	void **words[2];
	int large;

	if (argc != 4)
		die("usage: reach ARRAYS BYTES ROUNDS");
	arrays = number(argv[1]);
	bytes = number(argv[2]);
	rounds = number(argv[3]);
	if (bytes % BASE_PAGE || bytes > SPAN)
		die("%lu bytes: not a multiple of %lu, or too many", bytes, BASE_PAGE);
	places = scatter(arrays, bytes);
	for (large = 0; large < 2; large++) {
		char *area = memory(SPAN, large);

		check_backing(area, large);
		words[large] = chain(area, places, arrays, bytes);
	}
	while (rounds--) {
		double one = nanoseconds(words[1]);

		printf("%.3f %.3f\n", one, nanoseconds(words[0]));
	}
	puts("done");
	return 0;
}
