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

/* arch_vmemmap_leaf_size() - bytes of the largest leaf that this machine uses */
#ifndef arch_vmemmap_leaf_size
static inline unsigned long arch_vmemmap_leaf_size(void)
{
	return arch_vmemmap_has_pmd_leaf() ? PMD_SIZE : PAGE_SIZE;
}
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

/* arch_vmemmap_flush_tables() - no CPU knows page tables of @start to @end any more */
#ifndef arch_vmemmap_flush_tables
#define arch_vmemmap_flush_tables(start, end)	flush_tlb_all()
#endif

#endif /* _ASM_GENERIC_VMEMMAP_H */
