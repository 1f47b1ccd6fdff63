/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_IA64_VMEMMAP_H
#define _ASM_IA64_VMEMMAP_H

#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES

#define VMEMMAP_SLOT_SIZE	BIT(VMEMMAP_SLOT_SHIFT)
#define VMEMMAP_BUFFER_ALIGN	VMEMMAP_SLOT_SIZE

extern unsigned int vmemmap_max_shift;
extern u64 vmemmap_root[];

#define arch_vmemmap_leaf_size arch_vmemmap_leaf_size
static inline unsigned long arch_vmemmap_leaf_size(void)
{
	return vmemmap_max_shift < VMEMMAP_SLOT_SHIFT ? PAGE_SIZE : VMEMMAP_SLOT_SIZE;
}

#define arch_vmemmap_in_page_table arch_vmemmap_in_page_table
static inline bool arch_vmemmap_in_page_table(void)
{
	return false;
}

#define arch_vmemmap_mixes_leaves arch_vmemmap_mixes_leaves
static inline bool arch_vmemmap_mixes_leaves(void)
{
	return true;
}

struct vmemmap_leaf;

bool arch_vmemmap_lookup(unsigned long addr, struct vmemmap_leaf *leaf);
void vmemmap_save_vmcoreinfo(void);

/* arch/ia64/mm/tlb.c */
void ia64_purge_kernel_range(unsigned long start, unsigned long end, unsigned long nbits);

#else /* !CONFIG_VMEMMAP_LARGE_LEAVES */

#define VMEMMAP_BUFFER_ALIGN	PAGE_SIZE

/* The kernel's page table is all for region 5: no region number in its index */
#define vmemmap_pgd_offset(mm, addr) \
	((mm)->pgd + (((addr) >> PGDIR_SHIFT) & (PTRS_PER_PGD - 1)))

static inline void vmemmap_save_vmcoreinfo(void)
{
}

#endif /* !CONFIG_VMEMMAP_LARGE_LEAVES */

/*
 * vmemmap_contains() - is @addr in a struct page, of memory that is there or not?
 * vmemmap_addr_to_pfn() - whose struct page that is
 */
#ifdef CONFIG_SPARSEMEM_VMEMMAP
static inline bool vmemmap_contains(unsigned long addr)
{
	return addr >= VMEMMAP_START && addr < VMEMMAP_END;
}

static inline unsigned long vmemmap_addr_to_pfn(unsigned long addr)
{
	return (addr - VMEMMAP_START) / sizeof(struct page);
}
#else
static inline bool vmemmap_contains(unsigned long addr)
{
	return false;
}

static inline unsigned long vmemmap_addr_to_pfn(unsigned long addr)
{
	return 0;
}
#endif

#include <asm-generic/vmemmap.h>

#endif /* _ASM_IA64_VMEMMAP_H */
