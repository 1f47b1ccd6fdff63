/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the virtually mapped memmap lies. Part of <asm/pgtable.h>; also for
 * assembly.
 *
 * With large leaves it lies in the upper half of region 7, of which the linear
 * map has the lower one. The hardware does not walk page tables there, so a miss
 * comes straight to us. Every CPU implements at least 2^50 bytes of that half.
 *
 * Otherwise it lies in the upper half of what the page table of region 5 maps,
 * behind vmalloc's, but never further up than every CPU implements.
 */
#ifndef _ASM_IA64_VMEMMAP_RANGE_H
#define _ASM_IA64_VMEMMAP_RANGE_H

#ifdef CONFIG_SPARSEMEM_VMEMMAP

/* 64 bytes for each page of 2^50 bytes of memory */
#define VMEMMAP_RANGE_SHIFT	(IA64_MAX_PHYS_BITS - PAGE_SHIFT + 6)

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES

#define VMEMMAP_START		__IA64_UL_CONST(0xfffe000000000000)
#define VMEMMAP_END		(VMEMMAP_START + (__IA64_UL_CONST(1) << VMEMMAP_RANGE_SHIFT))

/*
 * A slot is the piece that is mapped by one leaf or by a table of base pages. No
 * allocation is larger, and no page size of this architecture lies between. For
 * 16 and 64 KiB pages it is what describes a section.
 */
#if PAGE_SHIFT == 16
#define VMEMMAP_SLOT_SHIFT	_PAGE_SIZE_1M
#else
#define VMEMMAP_SLOT_SHIFT	_PAGE_SIZE_4M
#endif
/* What a page full of slots maps, and an entry of the root table leads to */
#define VMEMMAP_ROOT_SHIFT	(VMEMMAP_SLOT_SHIFT + PAGE_SHIFT - 3)
/* The size of a leaf, in bits of its entry that the hardware ignores */
#define VMEMMAP_SIZE_BIT	53

#else /* !CONFIG_VMEMMAP_LARGE_LEAVES */

#if PGDIR_SHIFT + PTRS_PER_PGD_SHIFT - 1 < 47 || PAGE_SHIFT == 16
#define VMEMMAP_START_SHIFT	(PGDIR_SHIFT + PTRS_PER_PGD_SHIFT - 1)
#else
#define VMEMMAP_START_SHIFT	47
#endif
#if VMEMMAP_RANGE_SHIFT < VMEMMAP_START_SHIFT
#define VMEMMAP_SIZE_SHIFT	VMEMMAP_RANGE_SHIFT
#else
#define VMEMMAP_SIZE_SHIFT	VMEMMAP_START_SHIFT
#endif

#define VMEMMAP_START		(RGN_BASE(RGN_GATE) + (__IA64_UL_CONST(1) << VMEMMAP_START_SHIFT))
#define VMEMMAP_END		(VMEMMAP_START + (__IA64_UL_CONST(1) << VMEMMAP_SIZE_SHIFT))

#if VMEMMAP_START_SHIFT < 4 * PAGE_SHIFT - 9
#define VMALLOC_END		VMEMMAP_START
#endif

#endif /* !CONFIG_VMEMMAP_LARGE_LEAVES */

#define vmemmap			((struct page *)VMEMMAP_START)

#endif /* CONFIG_SPARSEMEM_VMEMMAP */

#endif /* _ASM_IA64_VMEMMAP_RANGE_H */
