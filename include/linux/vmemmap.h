/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtually mapped memmap: what architectures and tests call.
 * Documentation/mm/sparse-vmemmap.rst has the design.
 */
#ifndef _LINUX_VMEMMAP_H
#define _LINUX_VMEMMAP_H

#include <linux/mm.h>
#include <linux/pgtable.h>

#if defined(CONFIG_SPARSEMEM_VMEMMAP) && !defined(MODULE)
#include <asm/vmemmap.h>
#endif

struct vmem_altmap;

int vmemmap_populate_range(unsigned long start, unsigned long end, int node,
			   struct vmem_altmap *altmap);
void vmemmap_free_range(unsigned long start, unsigned long end,
			struct vmem_altmap *altmap);
bool vmemmap_leaf_is_shared(unsigned long start, unsigned long end,
			    unsigned long leaf, unsigned long size);
void *vmemmap_alloc_leaf(unsigned long size, int node, struct vmem_altmap *altmap);
bool vmemmap_lends(const struct vmem_altmap *altmap, unsigned long addr, unsigned long size);
void vmemmap_free_backing(unsigned long pfn, unsigned int order,
			  struct vmem_altmap *altmap);

#ifdef CONFIG_VMEMMAP_FAULT_INJECTION
bool should_fail_vmemmap(unsigned long size);
bool should_fail_vmemmap_backing(void);
#else
static inline bool should_fail_vmemmap(unsigned long size)
{
	return false;
}

static inline bool should_fail_vmemmap_backing(void)
{
	return false;
}
#endif

/**
 * enum vmemmap_host_when - when memory that is added is used for its own struct pages
 * @VMEMMAP_HOST_FIRST: before any other memory
 * @VMEMMAP_HOST_SECOND: after the node's memory, for large leaves before base pages
 * @VMEMMAP_HOST_LAST: for base pages only, when no node has memory
 */
enum vmemmap_host_when {
	VMEMMAP_HOST_FIRST,
	VMEMMAP_HOST_SECOND,
	VMEMMAP_HOST_LAST,
};

#ifdef CONFIG_VMEMMAP_HOST
#include <linux/memremap.h>

/**
 * struct vmemmap_host - memory that is added and may hold its own struct pages
 * @altmap: what leads population and teardown here; lends nothing by itself
 * @end_pfn: page after the range; it starts at altmap.base_pfn
 * @block: first page of the memory block whose turn it is
 * @block_end: page after it
 * @next: first page of it that is free
 * @hosted: pages taken from the range
 * @when: in which order other memory is asked
 */
struct vmemmap_host {
	struct vmem_altmap altmap;
	unsigned long end_pfn;
	unsigned long block;
	unsigned long block_end;
	unsigned long next;
	unsigned long hosted;
	enum vmemmap_host_when when;
};

/* Does memory that is added lend to its own struct pages, and no device? */
static inline bool vmemmap_hosts(const struct vmem_altmap *altmap)
{
	return altmap && altmap->host;
}

struct vmem_altmap *vmemmap_host_begin(struct vmemmap_host *host, u64 start, u64 size,
				       int nid, bool first);
void vmemmap_host_end(struct vmemmap_host *host, int nid);
struct vmem_altmap *vmemmap_host_remove(struct vmemmap_host *host, u64 start, u64 size);
#else
struct vmemmap_host {
};

static inline bool vmemmap_hosts(const struct vmem_altmap *altmap)
{
	return false;
}

static inline struct vmem_altmap *vmemmap_host_begin(struct vmemmap_host *host, u64 start,
						     u64 size, int nid, bool first)
{
	return NULL;
}

static inline void vmemmap_host_end(struct vmemmap_host *host, int nid)
{
}

static inline struct vmem_altmap *vmemmap_host_remove(struct vmemmap_host *host, u64 start,
						      u64 size)
{
	return NULL;
}
#endif

/* The report as a module has no <asm/vmemmap.h> */
#ifndef vmemmap_pgd_offset
#define vmemmap_pgd_offset(mm, addr)	pgd_offset(mm, addr)
#endif

#define VMEMMAP_MAX_TABLES	4

/**
 * struct vmemmap_leaf - how an address of the memmap is backed
 * @start: first address that the leaf maps
 * @size: bytes that it maps
 * @pfn: page frame behind @start
 * @table: the page tables on the way, top level first; NULL for folded levels
 *	and where no page table maps the memmap
 */
struct vmemmap_leaf {
	unsigned long start;
	unsigned long size;
	unsigned long pfn;
	const void *table[VMEMMAP_MAX_TABLES];
};

/**
 * vmemmap_lookup() - find the leaf that maps an address
 * @mm: whose page table; &init_mm
 * @addr: any kernel address
 * @leaf: filled in on success
 *
 * The caller keeps the mapping from going away: by get_online_mems(), or
 * because it owns the section.
 *
 * Return: true when @addr is mapped.
 */
static inline bool vmemmap_lookup(struct mm_struct *mm, unsigned long addr,
				  struct vmemmap_leaf *leaf)
{
	pgd_t *pgd = vmemmap_pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

#if defined(CONFIG_SPARSEMEM_VMEMMAP) && !defined(MODULE)
	if (!arch_vmemmap_in_page_table())
		return arch_vmemmap_lookup(addr, leaf);
#endif
	if (pgd_none(*pgd))
		return false;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return false;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return false;

	leaf->table[0] = mm_p4d_folded(mm) ? NULL : p4d_offset(pgd, 0);
	leaf->table[1] = mm_pud_folded(mm) ? NULL : p4d_pgtable(*p4d);
	leaf->table[2] = NULL;
	leaf->table[3] = NULL;

	if (pud_leaf(*pud)) {
		leaf->size = PUD_SIZE;
		leaf->pfn = pte_pfn(*(pte_t *)pud) & ~(PHYS_PFN(PUD_SIZE) - 1);
		goto found;
	}
	leaf->table[2] = pud_pgtable(*pud);
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return false;
	if (pmd_leaf(*pmd)) {
		leaf->size = PMD_SIZE;
		leaf->pfn = pte_pfn(*(pte_t *)pmd) & ~(PHYS_PFN(PMD_SIZE) - 1);
		goto found;
	}
	leaf->table[3] = (void *)pmd_page_vaddr(*pmd);
	pte = pte_offset_kernel(pmd, addr);
	if (pte_none(*pte))
		return false;
	leaf->size = PAGE_SIZE;
	leaf->pfn = pte_pfn(*pte);
found:
	leaf->start = addr & ~(leaf->size - 1);
	return true;
}

#endif /* _LINUX_VMEMMAP_H */
