// SPDX-License-Identifier: GPL-2.0
/*
 * The flags of pageblocks at a constant address, see include/linux/pfn_bitmap.h.
 *
 * They are mapped as the bitmap that answers pfn_valid() is, with the page of zeroes for holes, but
 * can be written. A page of them is there as long as that bitmap has a bit of what it describes.
 * Sections have none of their own then.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "sparse-vmemmap.h"

/* Pageblocks of a page of flags */
#define BLOCKS		(PAGE_SIZE * BITS_PER_BYTE / NR_PAGEBLOCK_BITS)

/* The page of the flags of @pfn's pageblock */
static unsigned long page_address_of(unsigned long pfn)
{
	return PAGEBLOCK_BITMAP_START + (pfn >> pageblock_order) / BLOCKS * PAGE_SIZE;
}

/**
 * pageblock_bitmap_init() - map what has no flags
 *
 * Context: sparse_init(), when pageblock_order is known.
 */
void __init pageblock_bitmap_init(void)
{
	unsigned long blocks = BIT(arch_pfn_bitmap_bits() - PAGE_SHIFT - pageblock_order);

	WARN_ON(pageblock_order < PAGEBLOCK_BITMAP_MIN_ORDER);
	pfn_bitmap_map_holes(PAGEBLOCK_BITMAP_START, blocks / BLOCKS * PAGE_SIZE);
}

/**
 * pageblock_bitmap_reserve() - make sure that a section's pageblocks have flags
 * @pfn: a page of the section
 * @nid: node to take memory from
 *
 * New ones are zero.
 *
 * Context: Boot, or mem_hotplug_lock held for writing; may sleep then.
 *
 * Return: 0, or -ENOMEM.
 */
int __meminit pageblock_bitmap_reserve(unsigned long pfn, int nid)
{
	return pfn_bitmap_fill_hole(page_address_of(pfn), nid, PAGE_KERNEL);
}

/* Is anything valid that shares a page of flags with @pfn? */
static bool any_valid(unsigned long pfn)
{
	unsigned long nr_pages = BLOCKS << pageblock_order;
	const unsigned long *word = (const unsigned long *)PFN_BITMAP_START +
				    (ALIGN_DOWN(pfn, nr_pages) >> PFN_BITMAP_WORD_SHIFT);
	const unsigned long *end = word + (nr_pages >> PFN_BITMAP_WORD_SHIFT);

	while (word < end)
		if (arch_pfn_bitmap_load(word++))
			return true;
	return false;
}

/**
 * pageblock_bitmap_release() - free flags that describe nothing valid any more
 * @pfn: a page of a section of which something has become invalid
 *
 * Context: As pageblock_bitmap_reserve().
 */
void pageblock_bitmap_release(unsigned long pfn)
{
	if (!any_valid(pfn))
		pfn_bitmap_make_hole(page_address_of(pfn));
}
