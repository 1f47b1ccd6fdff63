/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the memmap of book3s64 starts.
 *
 * With base pages of 64 KiB both MMUs have it at the same address. With base pages of 4 KiB they
 * do not; then the instructions that make the address are chosen at boot, as all that depends on
 * the MMU. No conversion reads memory.
 */
#ifndef _ASM_POWERPC_RUNTIME_CONST_H
#define _ASM_POWERPC_RUNTIME_CONST_H

#include <asm/feature-fixups.h>
#include <asm/mmu.h>

#if !defined(CONFIG_PPC_64S_HASH_MMU) || H_VMEMMAP_START == RADIX_VMEMMAP_START
#define RUNTIME_CONST_INITIAL_vmemmap_base	RADIX_VMEMMAP_START
#include <asm-generic/runtime_const.h>
#elif !defined(CONFIG_PPC_RADIX_MMU)
#define RUNTIME_CONST_INITIAL_vmemmap_base	H_VMEMMAP_START
#include <asm-generic/runtime_const.h>
#else
#define RUNTIME_CONST_IS_PATCHED
/* Not a table of instructions: feature fixups, which know modules, too */
#define runtime_const(name)	RUNTIME_CONST_OF_MMU_##name
#define RUNTIME_CONST_OF_MMU_vmemmap_base	\
	runtime_const_of_mmu(RADIX_VMEMMAP_START, H_VMEMMAP_START)

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
