/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a workload tells who counts (../measure/count.c) where what is to be measured begins and
 * ends: by stores to a page at an address that nobody else uses. A store costs nothing worth
 * mentioning, so programs mark on real machines, too, where nobody looks.
 */
#ifndef VMEMMAP_MARK_H
#define VMEMMAP_MARK_H

#include <stdint.h>
#include <sys/mman.h>

/* In the first 64 GiB, which is all that some page tables reach; a multiple of 64 KiB */
#define MARK_ADDRESS	0xd41520000ULL
#define MARK_BYTES	4096
/* A part has two words: the store to the first is its begin, to the second its end */
#define MARK_PARTS	(MARK_BYTES / 16)

static volatile uint64_t *mark_page;

/**
 * mark_prepare() - make marks possible
 *
 * The page is shared, so that a fork() does not make the next mark a page fault. Where it cannot be
 * had, marks do nothing.
 */
static inline void mark_prepare(void)
{
	void *page = mmap((void *)(uintptr_t)MARK_ADDRESS, MARK_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page != (void *)(uintptr_t)MARK_ADDRESS)
		return;
	mark_page = page;
	/* a page fault now, not when it counts; who counts takes the end of nothing for nothing */
	mark_page[1] = 0;
}

/**
 * mark_begin() - what follows is measured
 * @part: its number, less than MARK_PARTS; others are not marked
 */
static inline void mark_begin(unsigned int part)
{
	if (mark_page && part < MARK_PARTS)
		mark_page[2 * part] = 1;
}

/**
 * mark_end() - what follows is not measured any more
 * @part: the number of what began
 */
static inline void mark_end(unsigned int part)
{
	if (mark_page && part < MARK_PARTS)
		mark_page[2 * part + 1] = 1;
}

#endif
