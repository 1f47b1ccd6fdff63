/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_POWERPC_VMEMMAP_H
#define _ASM_POWERPC_VMEMMAP_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

#include <asm/mmu.h>

/* A section has 16 MiB: many of them share a leaf, and few need a base page */
#define VMEMMAP_BUFFER_ALIGN	PAGE_SIZE

/* Flushing a kernel range takes the page-walk caches along */
#define arch_vmemmap_flush_tables	flush_tlb_kernel_range

#ifdef CONFIG_PPC_BOOK3S_64
#define arch_vmemmap_has_pmd_leaf arch_vmemmap_has_pmd_leaf
static inline bool arch_vmemmap_has_pmd_leaf(void)
{
	return radix_enabled() && mmu_vmemmap_psize == MMU_PAGE_2M;
}

static inline void arch_vmemmap_set_pmd(pmd_t *pmd, unsigned long pfn)
{
	/* Radix has one format for leaves of all levels, and the address does not matter */
	set_pte_at(&init_mm, 0, pmdp_ptep(pmd), pfn_pte(pfn, PAGE_KERNEL));
}

/* 1 GiB of struct pages describes 1 TiB with base pages of 64 KiB, else 64 GiB */
#define arch_vmemmap_has_pud_leaf arch_vmemmap_has_pud_leaf
static inline bool arch_vmemmap_has_pud_leaf(void)
{
	return arch_vmemmap_has_pmd_leaf() && mmu_psize_defs[MMU_PAGE_1G].shift;
}

static inline void arch_vmemmap_set_pud(pud_t *pud, unsigned long pfn)
{
	set_pte_at(&init_mm, 0, (pte_t *)pud, pfn_pte(pfn, PAGE_KERNEL));
}

#define arch_vmemmap_note_leaf arch_vmemmap_note_leaf
int arch_vmemmap_note_leaf(unsigned long addr, unsigned long size,
			   unsigned long pfn, int node);
void arch_vmemmap_forget_leaf(unsigned long addr, unsigned long size);

#define arch_vmemmap_leaf_size arch_vmemmap_leaf_size
static inline unsigned long arch_vmemmap_leaf_size(void)
{
	return max(PAGE_SIZE, 1UL << mmu_psize_defs[mmu_vmemmap_psize].shift);
}

#define arch_vmemmap_in_page_table radix_enabled

struct vmemmap_leaf;

bool arch_vmemmap_lookup(unsigned long addr, struct vmemmap_leaf *leaf);
#endif

#if defined(CONFIG_PPC_BOOK3S_64) && defined(CONFIG_SPARSEMEM_VMEMMAP)
void vmemmap_choose_psize(void);
void vmemmap_save_vmcoreinfo(void);
#else
static inline void vmemmap_choose_psize(void)
{
}

static inline void vmemmap_save_vmcoreinfo(void)
{
}
#endif

#include <asm-generic/vmemmap.h>

#endif /* _ASM_POWERPC_VMEMMAP_H */
