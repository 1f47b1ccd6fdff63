// SPDX-License-Identifier: GPL-2.0
/*
 * Which sub-sections of a section have memory.
 *
 * The virtual memmap can be backed in steps of a sub-section, so a section
 * keeps one bit for each in mem_section_usage::subsection_map. Writers hold
 * mem_hotplug_lock for writing, or run at boot; readers use RCU-sched, see
 * sparse_pfn_valid().
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "sparse-vmemmap.h"

/**
 * subsection_map_init() - mark the sub-sections of boot memory
 * @pfn: first page of a range of memory; need not be aligned
 * @nr_pages: its pages
 */
void __init subsection_map_init(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages, next;

	for (; pfn < end; pfn = next) {
		struct mem_section *ms = __pfn_to_section(pfn);
		int first = subsection_map_index(pfn);
		int last;

		next = min(end, SECTION_ALIGN_UP(pfn + 1));
		last = subsection_map_index(next - 1);
		/* No usage: the section was lost at boot */
		if (ms->usage)
			bitmap_set(ms->usage->subsection_map, first,
				   last - first + 1);
	}
}

#ifdef CONFIG_MEMORY_HOTPLUG
/**
 * check_subsection_map() - may sub-sections be added?
 * @pfn: first page, aligned to a sub-section
 * @nr_pages: a multiple of PAGES_PER_SUBSECTION, within one section that has usage
 *
 * Return: 0; -EEXIST when one of them is there already, -EINVAL for none.
 */
int __meminit check_subsection_map(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long *map = __pfn_to_section(pfn)->usage->subsection_map;
	unsigned int first = subsection_map_index(pfn);
	unsigned int end = first + nr_pages / PAGES_PER_SUBSECTION;

	if (first == end)
		return -EINVAL;
	return find_next_bit(map, end, first) < end ? -EEXIST : 0;
}

/**
 * fill_subsection_map() - announce sub-sections that have been added
 * @pfn: first page, aligned to a sub-section
 * @nr_pages: a multiple of PAGES_PER_SUBSECTION, within one section
 *
 * Their struct pages are mapped and the section knows its memmap: pfn_valid()
 * is true for them from now on.
 */
void __meminit fill_subsection_map(unsigned long pfn, unsigned long nr_pages)
{
	/* Who sees a bit sees the mapping: pfn_valid() comes before the access */
	smp_wmb();
	bitmap_set(__pfn_to_section(pfn)->usage->subsection_map,
		   subsection_map_index(pfn), nr_pages / PAGES_PER_SUBSECTION);
	pfn_bitmap_set(pfn, nr_pages);
}

/**
 * is_subsection_map_empty() - has a section lost its last sub-section?
 * @ms: a section with usage
 *
 * Return: true if so.
 */
bool is_subsection_map_empty(struct mem_section *ms)
{
	return bitmap_empty(ms->usage->subsection_map, SUBSECTIONS_PER_SECTION);
}

/**
 * clear_subsection_map() - unmark sub-sections that are removed
 * @pfn: first page, aligned to a sub-section
 * @nr_pages: a multiple of PAGES_PER_SUBSECTION, within one section
 *
 * pfn_valid() is false for them from now on, but in an early section not before
 * all of it is unmarked.
 *
 * Return: 0; -EINVAL, with a warning, when one of them is not there.
 */
int clear_subsection_map(unsigned long pfn, unsigned long nr_pages)
{
	struct mem_section *ms = __pfn_to_section(pfn);
	struct mem_section_usage *usage = ms->usage;
	unsigned int first = subsection_map_index(pfn);
	unsigned int end = first + nr_pages / PAGES_PER_SUBSECTION;

	if (WARN(!usage || find_next_zero_bit(usage->subsection_map, end, first) < end,
		 "pfns %#lx+%#lx were removed before\n", pfn, nr_pages))
		return -EINVAL;
	bitmap_clear(usage->subsection_map, first, end - first);
	if (is_subsection_map_empty(ms))
		pfn_bitmap_clear(SECTION_ALIGN_DOWN(pfn), PAGES_PER_SECTION);
	else if (!early_section(ms))
		pfn_bitmap_clear(pfn, nr_pages);
	return 0;
}
#endif /* CONFIG_MEMORY_HOTPLUG */
