/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the memmap of book3s64 starts.
 *
 * With base pages of 64 KiB both MMUs have it at the same address. With base
 * pages of 4 KiB they do not; then the instructions that make the address are
 * chosen at boot, as all that depends on the MMU. No conversion reads memory.
 */
#ifndef _ASM_POWERPC_BOOK3S_64_VMEMMAP_H
#define _ASM_POWERPC_BOOK3S_64_VMEMMAP_H

#include <asm/feature-fixups.h>
#include <asm/mmu.h>

#if !defined(CONFIG_PPC_64S_HASH_MMU) || H_VMEMMAP_START == RADIX_VMEMMAP_START
#define vmemmap		((struct page *)RADIX_VMEMMAP_START)
#elif !defined(CONFIG_PPC_RADIX_MMU)
#define vmemmap		((struct page *)H_VMEMMAP_START)
#else
#define vmemmap		vmemmap_start()
#define VMEMMAP_IS_PATCHED	1

#ifndef __ASSEMBLY__
static __always_inline __attribute_const__ struct page *vmemmap_start(void)
{
	unsigned long start;

	BUILD_BUG_ON((H_VMEMMAP_START | RADIX_VMEMMAP_START) & 0xffffffff);

	/* The upper half; both alternatives have two instructions */
	asm(ASM_MMU_FTR_IFSET("lis %0,(%1)@highest; ori %0,%0,(%1)@higher",
			      "lis %0,(%2)@highest; ori %0,%0,(%2)@higher", %3)
	    "sldi %0,%0,32"
	    : "=r" (start)
	    : "i" (RADIX_VMEMMAP_START), "i" (H_VMEMMAP_START),
	      "i" (MMU_FTR_TYPE_RADIX));
	return (struct page *)start;
}
#endif
#endif

#endif /* _ASM_POWERPC_BOOK3S_64_VMEMMAP_H */
