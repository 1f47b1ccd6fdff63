/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for book3s64: which MMU and which page sizes it has, boot decides */
#ifndef STANDIN_POWERPC_H
#define STANDIN_POWERPC_H

#define CONFIG_PPC_BOOK3S_64	1
#define CONFIG_HAVE_BOOTMEM_INFO_NODE 1

#define PTE_BITS		(21 - PAGE_SHIFT)
#define PMD_BITS		9
#define PUD_BITS		9
#define PGD_BITS		13

#define SECTION_SIZE_BITS	24
#define R_MAX_PHYSMEM_BITS	51
#define RADIX_VMEMMAP_START	0xc00c000000000000
#define RADIX_VMEMMAP_END	(RADIX_VMEMMAP_START + (1UL << 49))
#if PAGE_SHIFT == 16
#define MAX_PHYSMEM_BITS	51
#define H_VMEMMAP_START		RADIX_VMEMMAP_START
#define H_VMEMMAP_END		RADIX_VMEMMAP_END
#else
#define MAX_PHYSMEM_BITS	46
#define H_VMEMMAP_START		0xc0005d0000000000
#define H_VMEMMAP_END		(H_VMEMMAP_START + (1UL << 44))
#endif
#define VMEMMAP_START		(host_radix ? RADIX_VMEMMAP_START : H_VMEMMAP_START)
#define VMEMMAP_END		(host_radix ? RADIX_VMEMMAP_END : H_VMEMMAP_END)
#define vmemmap			((struct page *)VMEMMAP_START)

enum {
	MMU_PAGE_4K,
	MMU_PAGE_64K,
	MMU_PAGE_2M,
	MMU_PAGE_16M,
	MMU_PAGE_1G,
	MMU_PAGE_COUNT
};

struct mmu_psize_def {
	unsigned int shift;
};

struct vmemmap_backing {
	struct vmemmap_backing *list;
	unsigned long phys;
	unsigned long virt_addr;
};

extern struct mmu_psize_def mmu_psize_defs[MMU_PAGE_COUNT];
extern int mmu_vmemmap_psize, mmu_virtual_psize, mmu_kernel_ssize;
extern struct vmemmap_backing *vmemmap_list;
extern bool host_radix;

#define radix_enabled()		host_radix
#define runtime_const(name)	RADIX_PFN_BITMAP_START

static inline bool arch_has_pfn_bitmap(void)
{
	return true;
}

static inline void arch_pfn_bitmap_init(void)
{
}

int host_bolt_bitmap(unsigned long addr, unsigned long pfn);
int host_unbolt_bitmap(unsigned long addr);
#define arch_pfn_bitmap_bolt(addr, pfn, prot)	host_bolt_bitmap(addr, pfn)
#define arch_pfn_bitmap_unbolt(addr)		host_unbolt_bitmap(addr)
int htab_bolt_mapping(unsigned long start, unsigned long end, unsigned long phys,
		      unsigned long prot, int psize, int ssize);
int htab_remove_mapping(unsigned long start, unsigned long end, int psize, int ssize);

/* The assembler here has never heard of it */
__asm__(".ifndef ptesync_known\n.set ptesync_known, 1\n.macro ptesync\n.endm\n.endif");

#endif /* STANDIN_POWERPC_H */
