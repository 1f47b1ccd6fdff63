/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for x86_64: how many levels the page table has, boot decides */
#ifndef STANDIN_X86_H
#define STANDIN_X86_H

#define CONFIG_X86_64		1
#define CONFIG_HAVE_BOOTMEM_INFO_NODE 1
#define CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP 1

#define PAGE_SHIFT		12
#define PTE_BITS		9
#define PMD_BITS		9
#define PUD_BITS		9
#define PGD_BITS		9
#define P4D_SHIFT		39
#define PGDIR_SHIFT		(host_five_levels ? 48 : 39)
#define mm_p4d_folded(mm)	(!host_five_levels)
#define ARCH_PAGE_TABLE_SYNC_MASK \
	(host_five_levels ? PGTBL_PGD_MODIFIED : PGTBL_P4D_MODIFIED)

#define SECTION_SIZE_BITS	27
#define MAX_PHYSMEM_BITS	(host_five_levels ? 52 : 46)
#define VMEMMAP_START		(host_five_levels ? 0xffd4000000000000 : 0xffffea0000000000)
#define VMEMMAP_END		(VMEMMAP_START + \
				 (STRUCT_PAGE_SIZE << (MAX_PHYSMEM_BITS - PAGE_SHIFT)))
#define vmemmap			((struct page *)VMEMMAP_START)

#define X86_FEATURE_PSE		0
#define boot_cpu_has(feature)	((void)(feature), host_large_pages)

extern bool host_five_levels, host_large_pages;

#endif /* STANDIN_X86_H */
