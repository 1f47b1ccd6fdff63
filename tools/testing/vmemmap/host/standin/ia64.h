/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for ia64: the range of the memmap is the kernel's own header */
#ifndef STANDIN_IA64_H
#define STANDIN_IA64_H

#define CONFIG_IA64		1

#define PTE_BITS		(PAGE_SHIFT - 3)
#define PMD_BITS		(PAGE_SHIFT - 3)
#if CONFIG_PGTABLE_LEVELS == 4
#define PUD_BITS		(PAGE_SHIFT - 3)
#else
#define PUD_BITS		0
#endif
#define PGD_BITS		(PAGE_SHIFT - 3)
#define PTRS_PER_PGD_SHIFT	PGD_BITS

#define SECTION_SIZE_BITS	30
#define MAX_PHYSMEM_BITS	50
#define IA64_MAX_PHYS_BITS	50
#define IA64_GRANULE_SHIFT	24

#define __IA64_UL_CONST(x)	x##UL
#define RGN_GATE		5
#define RGN_BASE(region)	((unsigned long)(region) << 61)
#define PERCPU_ADDR		0xffffffffffff0000
#define _PAGE_P			1
#define _PFN_MASK		(((1UL << IA64_MAX_PHYS_BITS) - 1) & ~0xfffUL)
#define _PAGE_SIZE_1M		20
#define _PAGE_SIZE_4M		22

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES
void ia64_purge_kernel_range(unsigned long start, unsigned long end, unsigned long nbits);
#endif

#endif /* STANDIN_IA64_H */
