/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the memmap of book3s64 starts, and the bitmap for pfn_valid().
 *
 * Where the MMUs have them at different addresses, the instructions that make the address are
 * chosen at boot, as all that depends on the MMU. No conversion reads memory. With base pages of
 * 64 KiB both have the memmap at the same one.
 */
#ifndef _ASM_POWERPC_RUNTIME_CONST_H
#define _ASM_POWERPC_RUNTIME_CONST_H

#include <asm/feature-fixups.h>
#include <asm/mmu.h>

#ifndef CONFIG_PPC_64S_HASH_MMU
#define RUNTIME_CONST_INITIAL_vmemmap_base	RADIX_VMEMMAP_START
#define RUNTIME_CONST_INITIAL_pfn_bitmap_start	RADIX_PFN_BITMAP_START
#include <asm-generic/runtime_const.h>
#elif !defined(CONFIG_PPC_RADIX_MMU)
#define RUNTIME_CONST_INITIAL_vmemmap_base	H_VMEMMAP_START
#define RUNTIME_CONST_INITIAL_pfn_bitmap_start	H_PFN_BITMAP_START
#include <asm-generic/runtime_const.h>
#else
/* Not a table of instructions: feature fixups, which know modules, too */
#define runtime_const(name)	RUNTIME_CONST_OF_MMU_##name
#if H_VMEMMAP_START == RADIX_VMEMMAP_START
#define RUNTIME_CONST_OF_MMU_vmemmap_base	RADIX_VMEMMAP_START
#else
#define RUNTIME_CONST_IS_PATCHED
#define RUNTIME_CONST_OF_MMU_vmemmap_base	\
	runtime_const_of_mmu(RADIX_VMEMMAP_START, H_VMEMMAP_START)
#endif
#define RUNTIME_CONST_OF_MMU_pfn_bitmap_start	\
	runtime_const_of_mmu(RADIX_PFN_BITMAP_START, H_PFN_BITMAP_START)

#ifndef __ASSEMBLY__
/* Constants with nothing in their lower half. Both alternatives have two instructions */
static __always_inline __attribute_const__ unsigned long
runtime_const_of_mmu(const unsigned long radix, const unsigned long hash)
{
	unsigned long value;

	BUILD_BUG_ON((radix | hash) & 0xffffffff);

	asm(ASM_MMU_FTR_IFSET("lis %0,(%1)@highest; ori %0,%0,(%1)@higher",
			      "lis %0,(%2)@highest; ori %0,%0,(%2)@higher", %3)
	    "sldi %0,%0,32"
	    : "=r" (value)
	    : "i" (radix), "i" (hash), "i" (MMU_FTR_TYPE_RADIX));
	return value;
}
#endif /* !__ASSEMBLY__ */
#endif

#endif /* _ASM_POWERPC_RUNTIME_CONST_H */
