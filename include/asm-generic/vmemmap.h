/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an architecture tells the virtually mapped memmap about its leaves.
 * An architecture's own <asm/vmemmap.h> defines what differs and includes this
 * file. The range and the constant vmemmap itself are in <asm/pgtable.h>.
 */
#ifndef _ASM_GENERIC_VMEMMAP_H
#define _ASM_GENERIC_VMEMMAP_H

#include <linux/bug.h>
#include <linux/pgtable.h>

struct vmemmap_leaf;

/* Alignment of a section's share of the boot-time buffer: its largest leaf */
#ifndef VMEMMAP_BUFFER_ALIGN
#define VMEMMAP_BUFFER_ALIGN	PMD_SIZE
#endif

/*
 * arch_vmemmap_has_pmd_leaf() - can this machine map PMD_SIZE by one leaf?
 * arch_vmemmap_set_pmd() - enter such a leaf, for memory from @pfn on
 */
#ifndef arch_vmemmap_has_pmd_leaf
static inline bool arch_vmemmap_has_pmd_leaf(void)
{
	return false;
}

static inline void arch_vmemmap_set_pmd(pmd_t *pmd, unsigned long pfn)
{
	BUILD_BUG();
}
#endif

/* The same for PUD_SIZE, where memory of one node fills what such a leaf describes */
#ifndef arch_vmemmap_has_pud_leaf
static inline bool arch_vmemmap_has_pud_leaf(void)
{
	return false;
}

static inline void arch_vmemmap_set_pud(pud_t *pud, unsigned long pfn)
{
	BUILD_BUG();
}
#endif

/*
 * arch_vmemmap_note_leaf() - the page table is about to get a leaf; 0 or -ENOMEM
 * arch_vmemmap_forget_leaf() - a leaf has left it
 */
#ifndef arch_vmemmap_note_leaf
static inline int arch_vmemmap_note_leaf(unsigned long addr, unsigned long size,
					 unsigned long pfn, int node)
{
	return 0;
}

static inline void arch_vmemmap_forget_leaf(unsigned long addr, unsigned long size)
{
}
#endif

/* arch_vmemmap_leaf_size() - bytes of the largest leaf that a section's memmap gets */
#ifndef arch_vmemmap_leaf_size
static inline unsigned long arch_vmemmap_leaf_size(void)
{
	return arch_vmemmap_has_pmd_leaf() ? PMD_SIZE : PAGE_SIZE;
}
#endif

/* vmemmap_pgd_offset() - top-level entry of a kernel address in the kernel's page table */
#ifndef vmemmap_pgd_offset
#define vmemmap_pgd_offset(mm, addr)	pgd_offset(mm, addr)
#endif

/*
 * arch_vmemmap_in_page_table() - does the kernel's page table map the memmap?
 * arch_vmemmap_lookup() - vmemmap_lookup() where it does not
 */
#ifndef arch_vmemmap_in_page_table
static inline bool arch_vmemmap_in_page_table(void)
{
	return true;
}

static inline bool arch_vmemmap_lookup(unsigned long addr, struct vmemmap_leaf *leaf)
{
	return false;
}
#endif

/* arch_vmemmap_mixes_leaves() - can base pages stand in for a single large leaf? */
#ifndef arch_vmemmap_mixes_leaves
static inline bool arch_vmemmap_mixes_leaves(void)
{
	return arch_vmemmap_in_page_table();
}
#endif

/* arch_vmemmap_flush_tables() - no CPU knows page tables of @start to @end any more */
#ifndef arch_vmemmap_flush_tables
#define arch_vmemmap_flush_tables(start, end)	flush_tlb_all()
#endif

#endif /* _ASM_GENERIC_VMEMMAP_H */
