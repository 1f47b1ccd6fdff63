/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_IA64_PFN_BITMAP_H
#define _ASM_IA64_PFN_BITMAP_H

#include <linux/sizes.h>

#include <asm/page.h>

/* Between the kernel's image and vmalloc's addresses; 64 MiB for 50 bits */
#define PFN_BITMAP_START	(RGN_BASE(RGN_GATE) + 0x180000000UL)
#define PFN_BITMAP_PHYS_BITS	50	/* IA64_MAX_PHYS_BITS */

/* Pageblocks have 256 MiB, unless hugepagesz= says less */
#define PAGEBLOCK_BITMAP_START	(RGN_BASE(RGN_GATE) + 0x1c0000000UL)
#define PAGEBLOCK_BITMAP_SIZE	SZ_1G

#define set_pmd(pmdp, pmd)	(*(pmdp) = (pmd))

/* Who handles the fault puts 0 into r9, and an error into r8 */
static __always_inline unsigned long arch_pfn_bitmap_load(const unsigned long *word)
{
	register unsigned long value asm ("r9");
	register unsigned long error asm ("r8");

	asm volatile("[1:]	ld8 %0=%2\n"
		     "	.xdata4 \"__ex_table\", 1b-., 1f-.+4\n"
		     "[1:]"
		     : "=r" (value), "=r" (error) : "m" (*word));
	return value;
}

#endif
