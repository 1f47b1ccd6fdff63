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

#endif /* _ASM_GENERIC_VMEMMAP_H */
