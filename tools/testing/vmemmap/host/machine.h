/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that the files under test run on: memory, translation, failures.
 */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include <linux/mm.h>
#include <linux/vmemmap.h>

/*
 * Sections that something happens to. The first ones of each of two nodes are what
 * backing comes from; then windows of sections that come and go: behind boot memory,
 * around the ends of what a page table and the one above it map, and at the end of
 * physical memory.
 */
#define NR_WINDOWS		4
#define WINDOW_SECTIONS		16UL
/* With so much boot memory on the first node two leaves of PUD_SIZE are worth while */
#ifdef HUGE_POOL_SECTIONS
#define HUGE_SECTIONS		(160UL << (30 - SECTION_SIZE_BITS))
#define MAX_POOL_SECTIONS	HUGE_POOL_SECTIONS
#else
#define HUGE_SECTIONS		0
#define HUGE_POOL_SECTIONS	0
#define MAX_POOL_SECTIONS	POOL_SECTIONS
#endif
#define NR_TRACKED		(2 * MAX_POOL_SECTIONS + NR_WINDOWS * WINDOW_SECTIONS)

#ifndef CONFIG_PFN_BITMAP
#define arch_has_pfn_bitmap()	false
#define arch_pfn_bitmap_bolts()	false
#define PFN_BITMAP_START	0UL
#define PFN_BITMAP_PHYS_BITS	MAX_PHYSMEM_BITS
#define PFN_BITMAP_UNMAP_FIRST	0
#endif

/* What is known of a page of a tracked section */
struct host_page {
	u32 refs;
	u32 stamp;		/* the last walk that came by */
	u16 mapped;		/* how often it did */
	u16 cached;		/* translations that lead here */
	u16 order;		/* of the block that it is the first page of */
	u8 flags;
	signed char node;	/* that was asked for */
};

#define HOST_TAKEN		1	/* handed out, not given back */
#define HOST_SLAB		2	/* as an object, not as pages */
#define HOST_RESERVED		4	/* by memblock */
#define HOST_PRIVATE		8	/* noted by get_page_bootmem() */

struct host_leaf {
	unsigned long start;
	unsigned long size;
	unsigned long pfn;
	/* What a TLB makes of it: the same, unless leaves join up */
	unsigned long reach;
};

struct host_table {
	unsigned long pfn;
	unsigned long start;	/* what it maps */
	unsigned long size;
	bool empty;
	bool synced;		/* every process's page table leads to it */
};

#define MAX_LEAVES		(1 << 17)
#define MAX_TABLES		4096

struct host_map {
	unsigned int nr_leaves;
	unsigned int nr_tables;
	struct host_leaf leaf[MAX_LEAVES];
	struct host_table table[MAX_TABLES];
	/* The bitmap for pfn_valid(): its pages, and pfns of its tables */
	unsigned int nr_bitmap;
	unsigned int nr_bitmap_tables;
	bool bitmap_has_gap;
	struct host_leaf bitmap[16];
	unsigned long bitmap_table[32];
};

/* What can go wrong, and did */
struct host_faults {
	unsigned int fail_nth;		/* this failure point fails, from 1 on */
	unsigned int fail_more;		/* and so many after it */
	unsigned int points;		/* so many have been passed */
	unsigned int failed;		/* allocations that failed for whatever reason */
	bool large_only;		/* only blocks larger than a page count */
	bool no_large[MAX_NUMNODES];	/* nodes without large blocks ... */
	bool no_memory[MAX_NUMNODES];	/* ... or without any */
	unsigned int refuse_nth;	/* nodes refuse backing from this request on, from 1 on */
	unsigned int requests;		/* so many have been made */
	unsigned int refused;		/* by a node, when others may still be asked */
	bool unbolt;			/* the hash table lets nothing go */
	unsigned int warnings_expected;
	unsigned int warnings;
};

extern struct host_faults host_faults;
extern unsigned long host_early_sections, host_window[NR_WINDOWS];
extern struct vmem_altmap *host_altmap;

/* memory.c */
void host_memory_reset(bool huge);
void host_memory_add(int nid, unsigned long start_pfn, unsigned long end_pfn);
void host_slab_is_up(void);
void host_online(int nid, unsigned long start_pfn, unsigned long end_pfn);
bool host_is_online(unsigned long start_pfn, unsigned long end_pfn);
bool host_offline(unsigned long start_pfn, unsigned long end_pfn);
struct host_page *host_page(unsigned long pfn);
int host_pool_node(unsigned long pfn);
bool host_should_fail(unsigned long size);
void host_adds(unsigned long pfn, unsigned long nr_pages);
void host_count(unsigned long *taken, unsigned long *objects);
unsigned long host_unstamped(u32 stamp, unsigned long seen);

/* bitmap.c */
void host_bitmap_reset(void);
bool host_in_bitmap(unsigned long addr);
void host_bitmap_walk(struct host_map *map);
const struct host_leaf *host_find_bitmap(const struct host_map *map, unsigned long addr);
bool host_bitmap_entry(const u64 *entry);
void host_bitmap_check(const struct host_map *map, void (*use)(unsigned long pfn));
void host_bitmap_unchanged(const struct host_map *before, const struct host_map *after);

/* blocks.c */
struct host_block {
	struct memory_block block;
	unsigned long hosted;		/* pages that back its struct pages, when last seen */
	bool there;
};

extern unsigned int host_pageblock_order;
extern unsigned long host_block_sections, host_free_pages[MAX_NUMNODES];

void host_blocks_reset(unsigned int choice);
unsigned long host_block_pages(void);
struct host_block *host_block(unsigned long pfn);
void host_blocks_create(unsigned long pfn, unsigned long nr_pages, int nid);
void host_blocks_delete(unsigned long pfn, unsigned long nr_pages);
unsigned long host_blocks_hosted(unsigned long pfn, unsigned long nr_pages);
void host_blocks_check(const struct host_map *map);

/* tlb.c */
void host_tlb_reset(void);
void host_tlb_fill(void);
void host_tlb_check(void);

/* walk.c */
void host_walk(struct host_map *map);
const struct host_leaf *host_find(const struct host_map *map, unsigned long addr);
void host_walk_reset(void);
void host_check_arch(const struct host_map *map);
unsigned long host_record_pages(const struct host_map *map);

#define host_check(condition, fmt, ...) do { \
	if (!(condition)) { \
		host_fail(fmt, ##__VA_ARGS__); \
	} \
} while (0)
void host_fail(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));

#endif /* HOST_MACHINE_H */
