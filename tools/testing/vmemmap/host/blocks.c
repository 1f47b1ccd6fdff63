// SPDX-License-Identifier: GPL-2.0
/*
 * Memory blocks and counters: what drivers/base/memory.c and mm/vmstat.c have of them.
 * And what must hold of memory that backs its own struct pages: all of it lies at the
 * start of a block that is there, and describes pages of this block only.
 */
#include "machine.h"

#define MAX_BLOCKS		(NR_WINDOWS * WINDOW_SECTIONS)

static struct host_block blocks[MAX_BLOCKS];
static long nr_hosted[MAX_NUMNODES];

unsigned int host_pageblock_order;
unsigned long host_block_sections, host_free_pages[MAX_NUMNODES];

/* Blocks of up to a whole window; a page block can be as large as a section */
void host_blocks_reset(unsigned int choice)
{
	static const unsigned int order[] = { 8, 5, 9, PFN_SECTION_SHIFT };

	memset(blocks, 0, sizeof(blocks));
	memset(nr_hosted, 0, sizeof(nr_hosted));
	memset(host_free_pages, 0, sizeof(host_free_pages));
	host_block_sections = 1UL << (choice & 7) % 5;
	host_pageblock_order = min_t(unsigned int, order[choice >> 3 & 3],
				     PFN_SECTION_SHIFT);
	host_print("memory blocks of %lu sections, page blocks of %lu pages\n",
		   host_block_sections, pageblock_nr_pages);
}

unsigned long host_block_pages(void)
{
	return host_block_sections * PAGES_PER_SECTION;
}

unsigned long memory_block_size_bytes(void)
{
	return PFN_PHYS(host_block_pages());
}

/* The block that a page lies in, or NULL */
struct host_block *host_block(unsigned long pfn)
{
	unsigned long section = ALIGN_DOWN(pfn_to_section_nr(pfn), host_block_sections);
	unsigned int i;

	for (i = 0; i < MAX_BLOCKS; i++)
		if (blocks[i].there && blocks[i].block.start_section_nr == section)
			return &blocks[i];
	return NULL;
}

static struct host_block *new_block(void)
{
	unsigned int i;

	for (i = 0; i < MAX_BLOCKS; i++)
		if (!blocks[i].there)
			return &blocks[i];
	host_fail("too many memory blocks");
}

void host_blocks_create(unsigned long pfn, unsigned long nr_pages, int nid)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += host_block_pages())
		*new_block() = (struct host_block) {
			.block.start_section_nr = pfn_to_section_nr(pfn),
			.block.nid = nid,
			.there = true,
		};
}

void host_blocks_delete(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += host_block_pages())
		host_block(pfn)->there = false;
}

int walk_memory_blocks(unsigned long start, unsigned long size, void *arg,
		       walk_memory_blocks_func_t func)
{
	unsigned long pfn = PHYS_PFN(start), end = PHYS_PFN(start + size);
	int err = 0;

	for (; pfn < end && !err; pfn += host_block_pages())
		if (host_block(pfn))
			err = func(&host_block(pfn)->block, arg);
	return err;
}

unsigned long sum_zone_node_page_state(int node, int item)
{
	host_check(item == NR_FREE_PAGES, "counter %d is nobody's business", item);
	return host_free_pages[node];
}

void mod_node_page_state(struct pglist_data *pgdat, int item, long delta)
{
	long node = pgdat - NODE_DATA(0);

	host_check(item == NR_MEMMAP_HOSTED && node >= 0 && node < MAX_NUMNODES,
		   "counter %d of node %ld changes", item, node);
	nr_hosted[node] += delta;
}

/* Pages from which blocks back their own struct pages, as of the last check */
unsigned long host_blocks_hosted(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages, sum = 0;

	for (; pfn < end; pfn += host_block_pages())
		sum += host_block(pfn)->hosted;
	return sum;
}

/* Return: the page after the leaf's memory, from the start of its block on */
static unsigned long check_leaf(const struct host_leaf *leaf, const struct host_block *of)
{
	unsigned long start = section_nr_to_pfn(of->block.start_section_nr);
	unsigned long end = start + host_block_pages();
	unsigned long nr = PHYS_PFN(leaf->size);

	host_check(leaf->pfn + nr <= end, "%#lx is mapped to two memory blocks", leaf->start);
	host_check(leaf->start >= (unsigned long)pfn_to_page(start) &&
		   leaf->start + leaf->size <= (unsigned long)pfn_to_page(end),
		   "%#lx-%#lx does not only describe the memory block that it lies in",
		   leaf->start, leaf->start + leaf->size - 1);
	return leaf->pfn + nr - start;
}

static void check_kept(const struct host_block *of, unsigned long last)
{
	unsigned long kept = of->block.nr_vmemmap_pages;

	host_check(kept == ALIGN(last, pageblock_nr_pages),
		   "section %lu: %lu pages are kept, %lu in use", of->block.start_section_nr,
		   kept, last);
	host_check(kept < host_block_pages(), "section %lu: nothing is left of the memory block",
		   of->block.start_section_nr);
}

/* After an operation; to be seen are blocks, their backing, and the counters */
void host_blocks_check(const struct host_map *map)
{
	unsigned long last[MAX_BLOCKS] = { 0 };
	long sum[MAX_NUMNODES] = { 0 };
	unsigned int i;

	for (i = 0; i < MAX_BLOCKS; i++)
		blocks[i].hosted = 0;
	for (i = 0; i < map->nr_leaves; i++) {
		const struct host_leaf *leaf = &map->leaf[i];
		struct host_block *of = NULL;

		if (host_pool_node(leaf->pfn) == NUMA_NO_NODE)
			of = host_block(leaf->pfn);
		if (!of)
			continue;
		of->hosted += PHYS_PFN(leaf->size);
		last[of - blocks] = max(last[of - blocks], check_leaf(leaf, of));
	}
	for (i = 0; i < MAX_BLOCKS; i++) {
		if (!blocks[i].there)
			continue;
		check_kept(&blocks[i], last[i]);
		sum[blocks[i].block.nid] += blocks[i].block.nr_vmemmap_pages;
	}
	for (i = 0; i < MAX_NUMNODES; i++)
		host_check(nr_hosted[i] == sum[i], "node %u keeps %ld pages, and counts %ld", i,
			   sum[i], nr_hosted[i]);
}
