/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Has each allocation of an operation fail in turn: fail-nth of Documentation/fault-injection.
 */
#ifndef FAIL_H
#define FAIL_H

#include <stdbool.h>

#include "vmstat.h"

#define FAULTS		"/sys/kernel/debug/"
#define NTH		"/proc/thread-self/fail-nth"
#define MOST_ALLOCATIONS	20000u

/* What is tried: both return 0 if that worked */
struct operation {
	int (*act)(void *data);
	int (*undo)(void *data);
	void *data;
	/* Each of so many allocations fails, and then ever fewer */
	unsigned int each;
};

/* How it went */
struct tried {
	unsigned int allocations;	/* that it has, about */
	unsigned int refused;		/* of them so many have it not work */
	unsigned int stuck;		/* the first that was not undone, or left pages behind */
};

/* Lets all allocations of a thread that asks for it fail; returns whether that can be. */
static inline bool can_fail(void)
{
	if (access(NTH, W_OK) ||
	    put(FAULTS "failslab/ignore-gfp-wait", "N") ||
	    put(FAULTS "fail_page_alloc/ignore-gfp-wait", "N") ||
	    put(FAULTS "fail_page_alloc/ignore-gfp-highmem", "N") ||
	    put(FAULTS "fail_page_alloc/min-order", "0"))
		return false;
	return !put(FAULTS "failslab/verbose", "0") && !put(FAULTS "fail_page_alloc/verbose", "0");
}

/* Has the Nth allocation of this thread fail from now on. */
static inline void fail_nth(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	put(NTH, text);
}

/* Returns whether there have been so many allocations, and goes on without failures. */
static inline bool failed(void)
{
	long long left = number_in(NTH);

	fail_nth(0);
	return !left;
}

/*
 * Tries an operation until there is no allocation left to fail.  After each failure no more pages
 * are held virtually than before.
 */
static inline struct tried fail_each(const struct operation *what)
{
	long long before = virtual_pages();
	struct tried tried = {};
	unsigned int n;

	for (n = 1; n < MOST_ALLOCATIONS; n += n < what->each ? 1 : 1 + n / 10) {
		bool reached;
		int ret;

		tried.allocations = n;
		fail_nth(n);
		ret = what->act(what->data);
		reached = failed();
		tried.refused += ret != 0;
		if ((!ret && what->undo(what->data)) ||
		    settled(virtual_pages, before) > before) {
			tried.stuck = n;
			break;
		}
		if (!reached)
			break;
	}
	return tried;
}

#endif
