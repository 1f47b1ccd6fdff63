/* SPDX-License-Identifier: GPL-2.0 */
/* Between the parts that are compiled as each kernel is, and the program around them. */
#ifndef MICROBENCH_H
#define MICROBENCH_H

/* The linear map begins where the kernel has it: addresses there are computed, never used. */
#define LINEAR_MAP	0xffff888000000000UL

/* A process cannot have its bitmap where the kernel has it. */
#ifdef CONFIG_PFN_BITMAP
#include <asm/pfn_bitmap.h>
#undef PFN_BITMAP_START
#define PFN_BITMAP_START	0x200000000000UL
#endif

/* Random pfns have so many bits. */
#define RANDOM_BITS	24

/**
 * enum operation - what is done to each pfn of a walk
 * @LOOP: nothing
 * @TO_PAGE: pfn_to_page()
 * @TO_PAGE_READ: the same, and read the struct page
 * @TO_PFN: page_to_pfn()
 * @TO_PFN_READ: the same, and read the struct page
 * @ROUND_TRIP: from pfn to struct page and back; the next pfn depends on what is found. That takes
 *	the conversions' latency, where the others can overlap
 * @OF_ADDRESS: virt_to_page()
 * @ADDRESS: page_address()
 * @VALID: pfn_valid()
 * @OPERATIONS: how many there are
 */
enum operation {
	LOOP,
	TO_PAGE,
	TO_PAGE_READ,
	TO_PFN,
	TO_PFN_READ,
	ROUND_TRIP,
	OF_ADDRESS,
	ADDRESS,
	VALID,
	OPERATIONS
};

/**
 * enum pattern - which pfns, one after the other
 * @SEQUENTIAL: each is one more
 * @RANDOM: anywhere
 * @PATTERNS: how many there are
 */
enum pattern {
	SEQUENTIAL,
	RANDOM,
	PATTERNS
};

/**
 * struct walk - where a walk goes
 * @map: the first struct page
 * @mask: number of pages, a power of two, less one
 * @seed: which pfns
 * @count: how many
 * @sum: of all that was found, the same for each model
 */
struct walk {
	void *map;
	unsigned long mask;
	unsigned long seed;
	unsigned long count;
	unsigned long sum;
};

typedef void (*walk_fn)(struct walk *walk);

/**
 * struct model - one memory model
 * @page_size: bytes of a struct page
 * @table_size: returns how many bytes of table place() makes for so many pages
 * @table_at: the address that the table has to have, mapped by base pages; 0 for any
 * @place: tells the model's variables that @map describes @pages pages, marks the struct pages as
 *	the model needs them, and makes its table in @table, page aligned and zero
 * @walk: walks
 */
struct model {
	unsigned long page_size;
	unsigned long (*table_size)(unsigned long pages);
	unsigned long table_at;
	void (*place)(void *map, unsigned long pages, void *table);
	walk_fn walk[OPERATIONS][PATTERNS];
};

/* of walk.c; the program has one of each kernel, and lists them */
extern const struct model microbench_model;
extern const struct model *const models[];
extern const unsigned long model_count;

unsigned long microbench_table_size(unsigned long pages);
void microbench_place(void *map, unsigned long pages, void *table);

#endif /* MICROBENCH_H */
