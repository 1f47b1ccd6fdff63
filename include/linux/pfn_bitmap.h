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
 * arch_pfn_bitmap_bits()
 *	of these, as many as boot finds; loads that ask for more fault
 * arch_has_pfn_bitmap()
 *	if boot decides whether there is a bitmap: true when there is
 * arch_pfn_bitmap_bolts()
 *	if PTEs are not what translates: true when they are not; then with PFN_BITMAP_UNMAP_FIRST
 *	arch_pfn_bitmap_bolt() and arch_pfn_bitmap_unbolt()
 * arch_pfn_bitmap_init()
 *	what there is to do before addresses are mapped
 * PAGEBLOCK_BITMAP_START, PAGEBLOCK_BITMAP_SIZE
 *	the same, and bytes, a power of two, for the flags of pageblocks (mm/pageblock_bitmap.c)
 */
#ifndef _LINUX_PFN_BITMAP_H
#define _LINUX_PFN_BITMAP_H

#include <linux/log2.h>

#ifdef CONFIG_PFN_BITMAP

#include <asm/pfn_bitmap.h>

#ifndef PFN_BITMAP_UNMAP_FIRST
#define PFN_BITMAP_UNMAP_FIRST	0
#endif

#ifndef arch_pfn_bitmap_bits
#define arch_pfn_bitmap_bits()	PFN_BITMAP_PHYS_BITS
#endif
#ifndef arch_has_pfn_bitmap
#define arch_has_pfn_bitmap()	true
#endif
#ifndef arch_pfn_bitmap_bolts
#define arch_pfn_bitmap_bolts()	false
#define arch_pfn_bitmap_bolt(addr, pfn, prot)	0
#define arch_pfn_bitmap_unbolt(addr)	0
#define arch_pfn_bitmap_init()	do { } while (0)
#endif

/* Pfns of a word of the bitmap */
#define PFN_BITMAP_WORD_SHIFT	(PFN_SUBSECTION_SHIFT + const_ilog2(BITS_PER_LONG))
#define PFN_BITMAP_WORDS	BIT(PFN_BITMAP_PHYS_BITS - PAGE_SHIFT - PFN_BITMAP_WORD_SHIFT)

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
	unsigned long word = pfn >> PFN_BITMAP_WORD_SHIFT;

	/* A comparison of what is needed anyway is less than one of pfn */
	if (word >= PFN_BITMAP_WORDS)
		return false;
	word = arch_pfn_bitmap_load((const unsigned long *)PFN_BITMAP_START + word);
	return word >> ((pfn >> PFN_SUBSECTION_SHIFT) % BITS_PER_LONG) & 1;
}

#endif /* CONFIG_PFN_BITMAP */

#ifdef CONFIG_PAGEBLOCK_BITMAP

/* All pageblocks of all physical addresses have four bits there */
#define PAGEBLOCK_BITMAP_MIN_ORDER	\
	(PFN_BITMAP_PHYS_BITS - PAGE_SHIFT - 1 - const_ilog2(PAGEBLOCK_BITMAP_SIZE))

#define has_pageblock_bitmap		arch_has_pfn_bitmap

#else

#ifndef PAGEBLOCK_BITMAP_START
#define PAGEBLOCK_BITMAP_START		0UL
#endif
#define PAGEBLOCK_BITMAP_MIN_ORDER	0

#define has_pageblock_bitmap()		false

#endif /* !CONFIG_PAGEBLOCK_BITMAP */
#endif /* _LINUX_PFN_BITMAP_H */
