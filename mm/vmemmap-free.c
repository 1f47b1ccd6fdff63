// SPDX-License-Identifier: GPL-2.0
/*
 * Teardown of the virtually mapped memmap.
 *
 * Entries go first, then the TLB is flushed, then the memory is given back:
 * nobody can reach a page through the memmap after somebody else got it.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/vmemmap.h>

#include <asm/tlbflush.h>

#include "sparse-vmemmap.h"

#define ZAP_BATCH	64

struct zap {
	unsigned long start;		/* struct pages that go ... */
	unsigned long end;		/* ... up to here, exclusive */
	struct vmem_altmap *altmap;
	unsigned long flush_start;	/* what the TLB may still know */
	unsigned long flush_end;
	bool tables;			/* the batch has page tables, too */
	unsigned int nr;
	struct {
		unsigned long pfn;
		unsigned int order;
	} block[ZAP_BATCH];
};

static void __meminit zap_flush(struct zap *zap)
{
	unsigned int i;

	/* The CPU may hold upper levels for any address space */
	if (zap->tables)
		arch_vmemmap_flush_tables(zap->start, zap->end);
	else if (zap->flush_start < zap->flush_end)
		flush_tlb_kernel_range(zap->flush_start, zap->flush_end);

	for (i = 0; i < zap->nr; i++)
		vmemmap_free_block(zap->block[i].pfn, zap->block[i].order);
	zap->nr = 0;
	zap->tables = false;
	zap->flush_start = ULONG_MAX;
	zap->flush_end = 0;
}

static void __meminit zap_block(struct zap *zap, unsigned long pfn,
				unsigned int order)
{
	if (zap->nr == ZAP_BATCH)
		zap_flush(zap);
	zap->block[zap->nr].pfn = pfn;
	zap->block[zap->nr].order = order;
	zap->nr++;
}

static void __meminit zap_table(struct zap *zap, void *table)
{
	zap_block(zap, PHYS_PFN(__pa(table)), 0);
	zap->tables = true;
}

static bool __meminit altmap_contains(const struct vmem_altmap *altmap,
				      unsigned long pfn)
{
	unsigned long first = altmap->base_pfn + altmap->reserve;

	return pfn >= first && pfn - first < altmap->free;
}

/* Return: true when @altmap had lent the memory, which is nobody else's then */
static bool __meminit give_back(struct vmem_altmap *altmap, unsigned long pfn,
				unsigned int order)
{
	if (!altmap)
		return false;
	if (vmemmap_hosts(altmap))
		return vmemmap_host_give_back(altmap, pfn, 1UL << order);
	if (!altmap_contains(altmap, pfn))
		return false;
	/* vmem_altmap_free() does nothing in a kernel without ZONE_DEVICE */
	altmap->alloc -= 1UL << order;
	return true;
}

/**
 * vmemmap_free_backing() - give back what vmemmap_alloc_block_buf() returned
 * @pfn: its first page
 * @order: its size, as a power of two of base pages
 * @altmap: where it was taken from if it lies there, or NULL
 *
 * No CPU reaches it through the memmap any more.
 */
void __meminit vmemmap_free_backing(unsigned long pfn, unsigned int order,
				    struct vmem_altmap *altmap)
{
	if (!give_back(altmap, pfn, order))
		vmemmap_free_block(pfn, order);
}

/* @pfn backed the struct pages at @addr, and its entry has been cleared */
static void __meminit zap_leaf(struct zap *zap, unsigned long addr,
			       unsigned long pfn, unsigned int order)
{
	arch_vmemmap_forget_leaf(addr, PAGE_SIZE << order);
	zap->flush_start = min(zap->flush_start, addr);
	zap->flush_end = max(zap->flush_end, addr + (PAGE_SIZE << order));
	if (!give_back(zap->altmap, pfn, order))
		zap_block(zap, pfn, order);
}

/* Does a struct page in [@start, @end) describe memory that is still there? */
static bool __meminit struct_pages_in_use(unsigned long start, unsigned long end)
{
	unsigned long pfn, end_pfn;

	start = max_t(unsigned long, start, (unsigned long)vmemmap);
	if (start >= end)
		return false;

	end_pfn = vmemmap_pfn(end + sizeof(struct page) - 1);
	for (pfn = SUBSECTION_ALIGN_DOWN(vmemmap_pfn(start)); pfn < end_pfn;
	     pfn += PAGES_PER_SUBSECTION)
		if (pfn_valid(pfn))
			return true;
	return false;
}

/**
 * vmemmap_leaf_is_shared() - has a leaf users besides the range that goes?
 * @start: address of the first struct page that goes
 * @end: address after the last one
 * @leaf: first address that the leaf maps
 * @size: bytes that it maps
 *
 * A leaf can be shared: by sub-sections, and by neighbouring sections when
 * their struct pages do not fill whole leaves. The last user takes it away.
 *
 * Return: true when a struct page of the leaf outside of @start to @end
 * describes memory that is there.
 */
bool __meminit vmemmap_leaf_is_shared(unsigned long start, unsigned long end,
				      unsigned long leaf, unsigned long size)
{
	return struct_pages_in_use(leaf, start) ||
	       struct_pages_in_use(end, leaf + size);
}

static bool __meminit leaf_is_shared(const struct zap *zap, unsigned long leaf,
				     unsigned long size)
{
	return vmemmap_leaf_is_shared(zap->start, zap->end, leaf, size);
}

static void __meminit zap_pte_range(struct zap *zap, pmd_t *pmd,
				    unsigned long addr, unsigned long end)
{
	pte_t *table = pte_offset_kernel(pmd, addr & PMD_MASK);
	pte_t *pte = pte_offset_kernel(pmd, addr);
	unsigned int i;

	for (; addr < end; addr += PAGE_SIZE, pte++) {
		unsigned long pfn = pte_pfn(*pte);

		if (pte_none(*pte) || leaf_is_shared(zap, addr, PAGE_SIZE))
			continue;
		pte_clear(&init_mm, addr, pte);
		zap_leaf(zap, addr, pfn, 0);
	}

	for (i = 0; i < PTRS_PER_PTE; i++)
		if (!pte_none(table[i]))
			return;
	pmd_clear(pmd);
	zap_table(zap, table);
}

static void __meminit zap_pmd_range(struct zap *zap, pud_t *pud,
				    unsigned long addr, unsigned long end)
{
	pmd_t *table = pud_pgtable(*pud);
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;
	unsigned int i;

	for (; addr < end; addr = next, pmd++) {
		unsigned long leaf = addr & PMD_MASK;

		next = pmd_addr_end(addr, end);
		if (pmd_none(*pmd))
			continue;
		if (!pmd_leaf(*pmd)) {
			zap_pte_range(zap, pmd, addr, next);
		} else if (!leaf_is_shared(zap, leaf, PMD_SIZE)) {
			unsigned long pfn = page_to_pfn(pmd_page(*pmd));

			pmd_clear(pmd);
			zap_leaf(zap, leaf, pfn, PMD_SHIFT - PAGE_SHIFT);
		}
	}

	for (i = 0; i < PTRS_PER_PMD; i++)
		if (!pmd_none(table[i]))
			return;
	pud_clear(pud);
	zap_table(zap, table);
}

static void __meminit zap_pud_range(struct zap *zap, p4d_t *p4d,
				    unsigned long addr, unsigned long end)
{
	pud_t *table = p4d_pgtable(*p4d);
	pud_t *pud = pud_offset(p4d, addr);
	unsigned long next;
	unsigned int i;

	for (; addr < end; addr = next, pud++) {
		unsigned long leaf = addr & PUD_MASK;

		next = pud_addr_end(addr, end);
		if (pud_none(*pud))
			continue;
		if (!pud_leaf(*pud)) {
			zap_pmd_range(zap, pud, addr, next);
		} else if (!leaf_is_shared(zap, leaf, PUD_SIZE)) {
			unsigned long pfn = pte_pfn(*(pte_t *)pud);

			pud_clear(pud);
			zap_leaf(zap, leaf, pfn, PUD_SHIFT - PAGE_SHIFT);
		}
	}

	/* Tables that every process's page table points to stay for good */
	if (mm_pud_folded(&init_mm) ||
	    (ARCH_PAGE_TABLE_SYNC_MASK & PGTBL_P4D_MODIFIED))
		return;
	for (i = 0; i < PTRS_PER_PUD; i++)
		if (!pud_none(table[i]))
			return;
	p4d_clear(p4d);
	zap_table(zap, table);
}

/**
 * vmemmap_free_range() - take struct pages out of the kernel's page table
 * @start: address of the first one
 * @end: address after the last one
 * @altmap: where the backing was taken from when they were added, or NULL
 *
 * Leaves and tables that no other section needs are given back to where they
 * came from. What is not mapped is passed over, so that a population that
 * failed half-way can be undone with this function. The sections' own
 * subsection_map, or their SECTION_HAS_MEM_MAP, must be cleared already.
 */
void __meminit vmemmap_free_range(unsigned long start, unsigned long end,
				  struct vmem_altmap *altmap)
{
	struct zap zap = {
		.start = start,
		.end = end,
		.altmap = altmap,
		.flush_start = ULONG_MAX,
	};
	unsigned long addr = start & PAGE_MASK;
	unsigned long pgd_next, next;
	pgd_t *pgd;
	p4d_t *p4d;

	for (; addr < end; addr = pgd_next) {
		pgd_next = pgd_addr_end(addr, end);
		pgd = pgd_offset_k(addr);
		if (pgd_none(*pgd))
			continue;
		p4d = p4d_offset(pgd, addr);
		for (; addr < pgd_next; addr = next, p4d++) {
			next = p4d_addr_end(addr, pgd_next);
			if (!p4d_none(*p4d))
				zap_pud_range(&zap, p4d, addr, next);
		}
	}
	zap_flush(&zap);
}
