/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pfn_valid() in one load: a bitmap of the sub-sections that have struct pages, at a constant
 * address. Where there is no memory it is mapped to one page of zeroes, so nothing but the range
 * of a pfn is checked. mm/pfn_bitmap.c keeps it.
 *
 * An architecture has in <asm/pfn_bitmap.h>
 *
 * PFN_BITMAP_START
 *	where the bitmap begins, a kernel address that nothing else uses; page tables up to the
 *	one of PUDs are there, and all processes share them
 * PFN_BITMAP_PHYS_BITS
 *	how many bits a physical address can have
 * arch_pfn_bitmap_load()
 *	loads one word of the bitmap; 0 where nothing is mapped, as in early boot
 * PFN_BITMAP_UNMAP_FIRST
 *	1 if an address may not have two translations at a time, not even in different TLBs
 * arch_has_pfn_bitmap()
 *	if boot decides whether there is a bitmap: true when there is
 */
#ifndef _LINUX_PFN_BITMAP_H
#define _LINUX_PFN_BITMAP_H

#ifdef CONFIG_PFN_BITMAP

#include <asm/pfn_bitmap.h>

#ifndef PFN_BITMAP_UNMAP_FIRST
#define PFN_BITMAP_UNMAP_FIRST	0
#endif

#ifndef arch_has_pfn_bitmap
#define arch_has_pfn_bitmap()	true
#endif

/**
 * pfn_bitmap_test() - does a page have a struct page?
 * @pfn: any number
 *
 * Not without arch_has_pfn_bitmap().
 *
 * Context: Any.  Memory hotplug clears the bits before struct pages go: who wants to use them has
 * to keep the memory, by get_online_mems() or by a reference of a page.
 *
 * Return: true if so; false before sparse_init().
 */
static __always_inline bool pfn_bitmap_test(unsigned long pfn)
{
	unsigned long subsection = pfn >> PFN_SUBSECTION_SHIFT;
	const unsigned long *word = (const unsigned long *)PFN_BITMAP_START +
				    subsection / BITS_PER_LONG;

	if (pfn >> (PFN_BITMAP_PHYS_BITS - PAGE_SHIFT))
		return false;
	return arch_pfn_bitmap_load(word) >> (subsection % BITS_PER_LONG) & 1;
}

#endif /* CONFIG_PFN_BITMAP */
#endif /* _LINUX_PFN_BITMAP_H */
