// SPDX-License-Identifier: GPL-2.0
/* Loops with one conversion each, inlined as in the kernel's own code. */
#include "microbench.h"

#include <linux/compiler.h>
#include <linux/mm.h>

static __always_inline unsigned long next(enum pattern pattern, unsigned long *state)
{
	if (pattern == SEQUENTIAL)
		return (*state)++;
	/* Knuth's MMIX generator: its high bits are the good ones */
	*state = *state * 6364136223846793005UL + 1442695040888963407UL;
	return *state >> (BITS_PER_LONG - RANDOM_BITS);
}

static __always_inline unsigned long operate(enum operation operation, struct page *map,
					     unsigned long pfn)
{
	struct page *page = map + pfn;

	switch (operation) {
	case TO_PAGE:
		return (unsigned long)pfn_to_page(pfn);
	case TO_PAGE_READ:
		return READ_ONCE(pfn_to_page(pfn)->flags);
	case TO_PFN:
		return page_to_pfn(page);
	case TO_PFN_READ:
		return READ_ONCE(page->flags) + page_to_pfn(page);
	case ROUND_TRIP:
		page = pfn_to_page(pfn);
		/* Often in another function; nor is it to be seen that they cancel out */
		barrier();
		OPTIMIZER_HIDE_VAR(page);
		return page_to_pfn(page);
	case OF_ADDRESS:
		return (unsigned long)virt_to_page((void *)(LINEAR_MAP + (pfn << PAGE_SHIFT)));
	case ADDRESS:
		return (unsigned long)page_address(page);
	case VALID:
		return !!pfn_valid(pfn);
	default:
		return pfn;
	}
}

static __always_inline unsigned long go(enum pattern pattern, enum operation operation,
					const struct walk *walk)
{
	unsigned long count = walk->count, mask = walk->mask;
	unsigned long state = walk->seed, sum = 0;
	struct page *map = walk->map;

	while (count--) {
		unsigned long pfn = next(pattern, &state) & mask, found;

		/*
		 * The kernel's loops store or call something, after which a variable is to be read
		 * again. Nor does this one become a sum that needs no loop.
		 */
		barrier();
		OPTIMIZER_HIDE_VAR(pfn);
		found = operate(operation, map, pfn);
		if (operation == ROUND_TRIP)
			state += found - pfn;
		sum += found;
	}
	return sum;
}

#define DEFINE_WALK(name, pattern, operation)				\
static noinline void name(struct walk *walk)				\
{									\
	walk->sum = go(pattern, operation, walk);			\
}

DEFINE_WALK(sequential_loop, SEQUENTIAL, LOOP)
DEFINE_WALK(random_loop, RANDOM, LOOP)
DEFINE_WALK(sequential_to_page, SEQUENTIAL, TO_PAGE)
DEFINE_WALK(random_to_page, RANDOM, TO_PAGE)
DEFINE_WALK(sequential_to_page_read, SEQUENTIAL, TO_PAGE_READ)
DEFINE_WALK(random_to_page_read, RANDOM, TO_PAGE_READ)
DEFINE_WALK(sequential_to_pfn, SEQUENTIAL, TO_PFN)
DEFINE_WALK(random_to_pfn, RANDOM, TO_PFN)
DEFINE_WALK(sequential_to_pfn_read, SEQUENTIAL, TO_PFN_READ)
DEFINE_WALK(random_to_pfn_read, RANDOM, TO_PFN_READ)
DEFINE_WALK(sequential_round_trip, SEQUENTIAL, ROUND_TRIP)
DEFINE_WALK(random_round_trip, RANDOM, ROUND_TRIP)
DEFINE_WALK(sequential_of_address, SEQUENTIAL, OF_ADDRESS)
DEFINE_WALK(random_of_address, RANDOM, OF_ADDRESS)
DEFINE_WALK(sequential_address, SEQUENTIAL, ADDRESS)
DEFINE_WALK(random_address, RANDOM, ADDRESS)
DEFINE_WALK(sequential_valid, SEQUENTIAL, VALID)
DEFINE_WALK(random_valid, RANDOM, VALID)

const struct model microbench_model = {
	.page_size = sizeof(struct page),
	.table_size = microbench_table_size,
#ifdef CONFIG_PFN_BITMAP
	.table_at = PFN_BITMAP_START,
#endif
	.place = microbench_place,
	.walk = {
		[LOOP] = { sequential_loop, random_loop },
		[TO_PAGE] = { sequential_to_page, random_to_page },
		[TO_PAGE_READ] = { sequential_to_page_read, random_to_page_read },
		[TO_PFN] = { sequential_to_pfn, random_to_pfn },
		[TO_PFN_READ] = { sequential_to_pfn_read, random_to_pfn_read },
		[ROUND_TRIP] = { sequential_round_trip, random_round_trip },
		[OF_ADDRESS] = { sequential_of_address, random_of_address },
		[ADDRESS] = { sequential_address, random_address },
		[VALID] = { sequential_valid, random_valid },
	},
};
