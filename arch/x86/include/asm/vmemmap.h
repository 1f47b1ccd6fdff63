/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_VMEMMAP_H
#define _ASM_X86_VMEMMAP_H

#include <linux/pgtable.h>

#include <linux/cpufeature.h>

#define arch_vmemmap_has_pmd_leaf arch_vmemmap_has_pmd_leaf
static inline bool arch_vmemmap_has_pmd_leaf(void)
{
	return boot_cpu_has(X86_FEATURE_PSE);
}

static inline void arch_vmemmap_set_pmd(pmd_t *pmd, unsigned long pfn)
{
	set_pmd(pmd, pfn_pmd(pfn, PAGE_KERNEL_LARGE));
}

/* For the report */
#ifdef CONFIG_RUNTIME_CONST
#define VMEMMAP_IS_PATCHED	1
#endif

#include <asm-generic/vmemmap.h>

#endif /* _ASM_X86_VMEMMAP_H */
