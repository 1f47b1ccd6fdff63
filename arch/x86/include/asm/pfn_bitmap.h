/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PFN_BITMAP_H
#define _ASM_X86_PFN_BITMAP_H

#include <linux/sizes.h>

#include <asm/asm.h>

/* Below the kernel's image, see Documentation/x86/x86_64/mm.rst; 256 MiB for 52 bits */
#define PFN_BITMAP_START	0xffffffff00000000UL
#define PFN_BITMAP_PHYS_BITS	52	/* MAX_POSSIBLE_PHYSMEM_BITS */

#define PAGEBLOCK_BITMAP_START	0xffffffff40000000UL
#define PAGEBLOCK_BITMAP_SIZE	SZ_1G

static __always_inline unsigned long arch_pfn_bitmap_load(const unsigned long *word)
{
	unsigned long value;

	asm volatile("1:	movq %[word], %[value]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_ZERO_REG, %[value])
		     : [value] "=r" (value) : [word] "m" (*word));
	return value;
}

#endif
