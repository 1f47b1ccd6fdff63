/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_POWERPC_PFN_BITMAP_H
#define _ASM_POWERPC_PFN_BITMAP_H

#include <linux/sizes.h>

#include <asm/extable.h>
#include <asm/mmu.h>
#include <asm/page.h>
#include <asm/runtime_const.h>

/*
 * The last addresses of the memmap's region, which is larger than the memmap, and of vmalloc()'s,
 * which hash translates by base pages; 128 MiB for 51 bits. KASAN, which is radix's, has no shadow
 * of vmalloc()'s.
 */
#define RADIX_PFN_BITMAP_START	(RADIX_VMEMMAP_END - (1UL << 33))
#define H_PFN_BITMAP_START	(H_VMALLOC_END - (1UL << 33))
#define PFN_BITMAP_START	runtime_const(pfn_bitmap_start)
#define PFN_BITMAP_PHYS_BITS	MAX_PHYSMEM_BITS
#define arch_pfn_bitmap_bits()	(radix_enabled() ? R_MAX_PHYSMEM_BITS : H_MAX_PHYSMEM_BITS)

#define PAGEBLOCK_BITMAP_START	(PFN_BITMAP_START + SZ_1G)
#define PAGEBLOCK_BITMAP_SIZE	SZ_512M

/* Power ISA 3.0B, book III, "Page Table Update Synchronization Requirements" */
#define PFN_BITMAP_UNMAP_FIRST	1

#define set_pmd(pmdp, pmd)	(*(pmdp) = (pmd))

/*
 * Hash has a translation of each page bolted: then no PTE is ever asked, which says where in the
 * hash table the translation is, and holes can share theirs. But a CPU that has no large pages for
 * devices changes the page size of vmalloc()'s region for the first mapping of one.
 */
static __always_inline bool arch_has_pfn_bitmap(void)
{
	return radix_enabled() || !IS_ENABLED(CONFIG_PPC_64K_PAGES) ||
	       mmu_has_feature(MMU_FTR_CI_LARGE_PAGE);
}

#define arch_has_pfn_bitmap	arch_has_pfn_bitmap

void arch_pfn_bitmap_init(void);
int arch_pfn_bitmap_bolt(unsigned long addr, unsigned long pfn, pgprot_t prot);
int arch_pfn_bitmap_unbolt(unsigned long addr);

#define arch_pfn_bitmap_bolts	!radix_enabled

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
