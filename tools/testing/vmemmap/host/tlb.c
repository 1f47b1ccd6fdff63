// SPDX-License-Identifier: GPL-2.0
/*
 * The TLB of a machine as bad as the architecture allows: it holds every translation
 * that has been there since it was flushed, and every page table on the way, and takes
 * them in again at once when a flush comes before the entry is gone. Nothing that it
 * still knows may be given back or, at the end of an operation, differ from the maps.
 *
 * Page tables: by flush_tlb_kernel_range() only ppc64 forgets those. With hash, the
 * table of walk.c is what translates, so nothing else is cached. Tables of the bitmap for
 * pfn_valid() are never given back; of those only what they lead to is cached.
 */
#include <stdlib.h>

#include "machine.h"

struct translation {
	unsigned long start;
	unsigned long size;
	unsigned long pfn;
	bool table;
};

static struct translation *cache;
static unsigned int nr_cached, room;
static struct host_map now;

static void count(const struct translation *entry, int by)
{
	unsigned long nr = entry->table ? 1 : PHYS_PFN(entry->size);
	struct host_page *page = host_page(entry->pfn);

	for (; nr; nr--)
		page++->cached += by;
}

static void add(unsigned long start, unsigned long size, unsigned long pfn, bool table)
{
	if (nr_cached == room) {
		room = room ? 2 * room : 4096;
		cache = realloc(cache, room * sizeof(*cache));
	}
	cache[nr_cached] = (struct translation) { start, size, pfn, table };
	count(&cache[nr_cached++], 1);
}

static bool overlaps(unsigned long start, unsigned long size, unsigned long first,
		     unsigned long end)
{
	return start < end && start + (size - 1) >= first;
}

/* Take in what there is in a range */
static void fill(unsigned long first, unsigned long end, bool tables)
{
	unsigned int i;

	if (!arch_vmemmap_in_page_table() && !IS_ENABLED(CONFIG_VMEMMAP_LARGE_LEAVES))
		return;
	host_walk(&now);
	for (i = 0; i < now.nr_leaves; i++) {
		struct host_leaf *leaf = &now.leaf[i];
		unsigned long start = ALIGN_DOWN(leaf->start, leaf->reach);

		if (overlaps(start, leaf->reach, first, end) &&
		    (leaf->reach == leaf->size || start == leaf->start))
			add(start, leaf->reach, leaf->pfn - PHYS_PFN(leaf->start - start), false);
	}
	for (i = 0; i < now.nr_bitmap; i++)
		if (overlaps(now.bitmap[i].start, PAGE_SIZE, first, end))
			add(now.bitmap[i].start, PAGE_SIZE, now.bitmap[i].pfn, false);
	for (i = 0; tables && i < now.nr_tables; i++)
		add(now.table[i].start, now.table[i].size, now.table[i].pfn, true);
}

static void forget(unsigned long first, unsigned long end, bool tables)
{
	unsigned int i, kept = 0;

	for (i = 0; i < nr_cached; i++) {
		if (overlaps(cache[i].start, cache[i].size, first, end) &&
		    (tables || !cache[i].table))
			count(&cache[i], -1);
		else
			cache[kept++] = cache[i];
	}
	nr_cached = kept;
}

void host_tlb_reset(void)
{
	forget(0, -1UL, true);
}

/* All that is mapped may be used at any time */
void host_tlb_fill(void)
{
	host_record_pages(&now);
	fill(0, -1UL, true);
}

void flush_tlb_all(void)
{
	forget(0, -1UL, true);
	fill(0, -1UL, true);
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	bool tables = IS_ENABLED(CONFIG_PPC_BOOK3S_64) || IS_ENABLED(CONFIG_PPC_BOOK3E_64);

	host_check(start < end, "an empty range is flushed: %#lx-%#lx", start, end);
	forget(start, end, tables);
	fill(start, end, tables);
}

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES
void ia64_purge_kernel_range(unsigned long start, unsigned long end, unsigned long nbits)
{
	host_check(end - start == 1UL << nbits && IS_ALIGNED(start, 1UL << nbits),
		   "%#lx-%#lx is purged as 2^%lu bytes", start, end, nbits);
	forget(start, end, false);
	fill(start, end, false);
}
#endif

/* After an operation: what is cached is what is mapped */
void host_tlb_check(void)
{
	unsigned long offset;
	unsigned int i, j;

	host_walk(&now);
	for (i = 0; i < nr_cached; i++) {
		struct translation *entry = &cache[i];

		if (entry->table) {
			for (j = 0; j < now.nr_tables && now.table[j].pfn != entry->pfn; j++)
				;
			host_check(j < now.nr_tables, "the TLB knows a page table at pfn %#lx",
				   entry->pfn);
			continue;
		}
		for (offset = 0; offset < entry->size;) {
			unsigned long addr = entry->start + offset;
			const struct host_leaf *leaf = host_in_bitmap(addr) ?
				host_find_bitmap(&now, addr) : host_find(&now, addr);

			host_check(leaf && leaf->pfn + PHYS_PFN(addr - leaf->start) ==
					   entry->pfn + PHYS_PFN(offset),
				   "the TLB maps %#lx to pfn %#lx", addr,
				   entry->pfn + PHYS_PFN(offset));
			offset = leaf->start + leaf->size - entry->start;
		}
	}
	host_tlb_reset();
}
