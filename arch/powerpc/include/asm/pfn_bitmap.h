/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_POWERPC_PFN_BITMAP_H
#define _ASM_POWERPC_PFN_BITMAP_H

#include <linux/sizes.h>

#include <asm/extable.h>
#include <asm/mmu.h>

/*
 * The last addresses of the memmap's region, which is larger than the memmap; 128 MiB for 51 bits.
 * Hash has no bitmap: two addresses with one PTE are beyond it, as the PTE says where in the hash
 * table the translation is.
 */
#define PFN_BITMAP_START	(RADIX_VMEMMAP_END - SZ_1G)
#define PFN_BITMAP_PHYS_BITS	R_MAX_PHYSMEM_BITS

/* Power ISA 3.0B, book III, "Page Table Update Synchronization Requirements" */
#define PFN_BITMAP_UNMAP_FIRST	1

#define arch_has_pfn_bitmap	radix_enabled

#define set_pmd(pmdp, pmd)	(*(pmdp) = (pmd))

static __always_inline unsigned long arch_pfn_bitmap_load(const unsigned long *word)
{
	unsigned long value;

	asm volatile("1:	ld%X1 %0, %1\n"
		     "2:\n"
		     ".section .fixup,\"ax\"\n"
		     "3:	li %0, 0\n"
		     "	b 2b\n"
		     ".previous\n"
		     EX_TABLE(1b, 3b)
		     : "=r" (value) : "m" (*word));
	return value;
}

#endif
