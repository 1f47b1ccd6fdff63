// SPDX-License-Identifier: GPL-2.0
/*
 * Virtually mapped memmap for SPARSEMEM.
 *
 * The struct pages of all physical memory lie in one virtual array, vmemmap[].
 * Only the parts of it that describe existing sections are backed. This file
 * enters the backing in the kernel's page table; vmemmap-backing.c finds it and
 * vmemmap-free.c takes it out again. Documentation/mm/sparse-vmemmap.rst has the
 * design.
 *
 * Unless noted otherwise the functions here run at boot, on one CPU, or under
 * mem_hotplug_lock held for writing. They may sleep once the page allocator is
 * up. Addresses and sizes are in bytes, pfn and nr_pages in base pages.
 */
#define pr_fmt(fmt) "vmemmap: " fmt

#include <linux/bootmem_info.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/slab.h>
#include <linux/vmemmap.h>

#include <asm/sections.h>

#include "sparse-vmemmap.h"

static void *__meminit alloc_table(int node)
{
	void *p = vmemmap_alloc_block(PAGE_SIZE, node);

	if (p)
		memset(p, 0, PAGE_SIZE);
	return p;
}

/**
 * vmemmap_pgd_populate() - top-level entry for an address of the memmap
 * @addr: any address in vmemmap
 * @node: node for a new table
 *
 * The four functions of this kind return the entry at their level after making
 * sure that it leads to a table of the level below. A new table is visible in
 * the page tables of all processes when they return.
 *
 * Return: the entry, NULL when no table could be allocated.
 */
pgd_t *__meminit vmemmap_pgd_populate(unsigned long addr, int node)
{
	pgd_t *entry = pgd_offset_k(addr);

	if (pgd_none(*entry)) {
		void *table = alloc_table(node);

		if (!table)
			return NULL;
		pgd_populate_kernel(addr, entry, table);
	}
	return entry;
}

/**
 * vmemmap_p4d_populate() - fourth-level entry, see vmemmap_pgd_populate()
 * @pgd: the entry above
 * @addr: any address in vmemmap
 * @node: node for a new table
 *
 * Return: the entry, NULL when no table could be allocated.
 */
p4d_t *__meminit vmemmap_p4d_populate(pgd_t *pgd, unsigned long addr, int node)
{
	p4d_t *entry = p4d_offset(pgd, addr);

	if (p4d_none(*entry)) {
		void *table = alloc_table(node);

		if (!table)
			return NULL;
		p4d_populate_kernel(addr, entry, table);
	}
	return entry;
}

/**
 * vmemmap_pud_populate() - third-level entry, see vmemmap_pgd_populate()
 * @p4d: the entry above
 * @addr: any address in vmemmap
 * @node: node for a new table
 *
 * Return: the entry, NULL when no table could be allocated.
 */
pud_t *__meminit vmemmap_pud_populate(p4d_t *p4d, unsigned long addr, int node)
{
	pud_t *entry = pud_offset(p4d, addr);

	if (pud_none(*entry)) {
		void *table = alloc_table(node);

		if (!table)
			return NULL;
		pud_populate(&init_mm, entry, table);
	}
	return entry;
}

/**
 * vmemmap_pmd_populate() - second-level entry, see vmemmap_pgd_populate()
 * @pud: the entry above
 * @addr: any address in vmemmap
 * @node: node for a new table
 *
 * Return: the entry, NULL when no table could be allocated.
 */
pmd_t *__meminit vmemmap_pmd_populate(pud_t *pud, unsigned long addr, int node)
{
	pmd_t *entry = pmd_offset(pud, addr);

	if (pmd_none(*entry)) {
		void *table = alloc_table(node);

		if (!table)
			return NULL;
		pmd_populate_kernel(&init_mm, entry, table);
	}
	return entry;
}

/**
 * vmemmap_pte_populate() - map one base page of the memmap
 * @pmd: the entry above, leading to a table
 * @addr: address in vmemmap
 * @node: node for the page
 * @altmap: where to take the page from, or NULL
 * @reuse: map this page instead of a new one and take a reference on it; it
 *	must come from the page allocator. NULL for a new page.
 *
 * An entry that is already there stays as it is.
 *
 * Return: the entry, NULL when no page could be allocated.
 */
pte_t *__meminit vmemmap_pte_populate(pmd_t *pmd, unsigned long addr, int node,
				      struct vmem_altmap *altmap,
				      struct page *reuse)
{
	pte_t *entry = pte_offset_kernel(pmd, addr);
	unsigned long pfn;

	if (!pte_none(*entry))
		return entry;

	if (reuse) {
		get_page(reuse);
		pfn = page_to_pfn(reuse);
	} else {
		void *p = vmemmap_alloc_block_buf(PAGE_SIZE, node, altmap);

		if (!p)
			return NULL;
		pfn = PHYS_PFN(__pa(p));
	}
	if (arch_vmemmap_note_leaf(addr, PAGE_SIZE, pfn, node)) {
		vmemmap_free_backing(pfn, 0, altmap);
		return NULL;
	}
	set_pte_at(&init_mm, addr, entry, pfn_pte(pfn, PAGE_KERNEL));
	return entry;
}

/**
 * vmemmap_verify() - say once when struct pages lie far from their memory
 * @pte: leaf entry that backs them (any level, cast)
 * @node: node of the memory that they describe
 * @start: first address of the struct pages
 * @end: address after the last one
 */
void __meminit vmemmap_verify(pte_t *pte, int node,
			      unsigned long start, unsigned long end)
{
	static bool said __meminitdata;
	struct page *page;
	int nid;

	if (said || node == NUMA_NO_NODE)
		return;

	if (slab_is_available()) {
		/* What an altmap lends is not online: it is local by nature */
		page = pfn_to_online_page(pte_pfn(*pte));
		if (!page)
			return;
		nid = page_to_nid(page);
	} else {
		nid = early_pfn_to_nid(pte_pfn(*pte));
	}

	if (node_distance(nid, node) <= LOCAL_DISTANCE)
		return;
	said = true;
	pr_info("struct pages [%#lx-%#lx] of node %d lie on node %d\n",
		start, end - 1, node, nid);
}

static p4d_t *__meminit populate_p4d(unsigned long addr, int node)
{
	pgd_t *pgd = vmemmap_pgd_populate(addr, node);

	return pgd ? vmemmap_p4d_populate(pgd, addr, node) : NULL;
}

static int __meminit populate_base_page(unsigned long addr, int node,
					struct vmem_altmap *altmap,
					struct page *reuse)
{
	p4d_t *p4d = populate_p4d(addr, node);
	pud_t *pud = p4d ? vmemmap_pud_populate(p4d, addr, node) : NULL;
	pmd_t *pmd = pud ? vmemmap_pmd_populate(pud, addr, node) : NULL;
	pte_t *pte;

	if (vmemmap_hosts(altmap) && !vmemmap_lends(altmap, addr, PAGE_SIZE))
		altmap = NULL;
	pte = pmd ? vmemmap_pte_populate(pmd, addr, node, altmap, reuse) : NULL;
	if (!pte)
		return -ENOMEM;
	if (!reuse)
		vmemmap_verify(pte, node, addr, addr + PAGE_SIZE);
	return 0;
}

/*
 * Does memory of @node fill what the struct pages in a block describe? Known at
 * boot only: later, a range is added section by section.
 */
static bool __meminit node_fills(unsigned long addr, unsigned long size, int node)
{
	unsigned long first = vmemmap_pfn(addr);
	unsigned long last = vmemmap_pfn(addr + size - 1);
	unsigned long start_pfn, end_pfn;
	int i;

	if (slab_is_available())
		return false;
	for_each_mem_pfn_range(i, node, &start_pfn, &end_pfn, NULL)
		if (first >= start_pfn && last < end_pfn)
			return true;
	return false;
}

/* Backing for a leaf, noted. Return: its pfn, 0 when smaller leaves have to do it */
static unsigned long __meminit alloc_leaf(unsigned long addr, unsigned long size,
					  int node, struct vmem_altmap *altmap)
{
	unsigned long pfn;
	void *p = vmemmap_alloc_leaf(size, node, altmap);

	if (!p)
		return 0;
	pfn = PHYS_PFN(__pa(p));
	if (!arch_vmemmap_note_leaf(addr, size, pfn, node))
		return pfn;
	vmemmap_free_backing(pfn, get_order(size), altmap);
	return 0;
}

/* A leaf of PUD_SIZE: see populate_leaf(), which goes on for -ENOENT */
static int __meminit populate_pud_leaf(pud_t *pud, unsigned long addr, int node)
{
	unsigned long leaf = addr & PUD_MASK;
	unsigned long pfn;

	if (!pud_none(*pud))
		return pud_leaf(*pud) ? 0 : -ENOENT;
	if (!arch_vmemmap_has_pud_leaf() || !node_fills(leaf, PUD_SIZE, node))
		return -ENOENT;
	pfn = alloc_leaf(leaf, PUD_SIZE, node, NULL);
	if (!pfn)
		return -ENOENT;
	arch_vmemmap_set_pud(pud, pfn);
	vmemmap_verify((pte_t *)pud, node, leaf, leaf + PUD_SIZE);
	return 0;
}

/*
 * One large leaf for the aligned block around @addr.
 * Return: 0 when the block is mapped by a large leaf, now or before; -ENOENT
 * when base pages have to do it; -ENOMEM when a table is missing.
 */
static int __meminit populate_leaf(unsigned long addr, int node,
				   struct vmem_altmap *altmap, bool may_add)
{
	unsigned long leaf = addr & PMD_MASK;
	p4d_t *p4d = populate_p4d(addr, node);
	unsigned long pfn;
	pud_t *pud;
	pmd_t *pmd;
	int err;

	if (!p4d)
		return -ENOMEM;
	err = populate_pud_leaf(pud_offset(p4d, addr), addr, node);
	if (err != -ENOENT)
		return err;
	pud = vmemmap_pud_populate(p4d, addr, node);
	if (!pud)
		return -ENOMEM;
	pmd = pmd_offset(pud, addr);
	if (!pmd_none(*pmd))
		return pmd_leaf(*pmd) ? 0 : -ENOENT;
	if (!may_add)
		return -ENOENT;

	pfn = alloc_leaf(leaf, PMD_SIZE, node, altmap);
	if (!pfn)
		return -ENOENT;
	arch_vmemmap_set_pmd(pmd, pfn);
	vmemmap_verify((pte_t *)pmd, node, leaf, leaf + PMD_SIZE);
	return 0;
}

/* May @altmap back the whole leaf around @addr? */
static bool __meminit lends_leaf(const struct vmem_altmap *altmap, unsigned long addr,
				 unsigned long start, unsigned long end)
{
	unsigned long leaf = addr & PMD_MASK;

	return !altmap || (leaf >= start && leaf + PMD_SIZE <= end) ||
	       vmemmap_lends(altmap, leaf, PMD_SIZE);
}

/**
 * vmemmap_populate_range() - map struct pages by the largest leaves there are
 * @start: address of the first one
 * @end: address after the last one
 * @node: node for backing and page tables
 * @altmap: where to take the backing from, or NULL
 *
 * Whole sections get leaves of PMD_SIZE where the architecture has them and
 * memory is to be had, base pages otherwise; parts of a section get base pages.
 * At boot, leaves of PUD_SIZE come first where memory of one node fills them.
 * All can be mixed. Leaves that are already there are shared.
 *
 * Return: 0, or -ENOMEM with nothing left behind.
 */
int __meminit vmemmap_populate_range(unsigned long start, unsigned long end,
				     int node, struct vmem_altmap *altmap)
{
	bool large = arch_vmemmap_has_pmd_leaf();
	bool whole = end - start >= PAGES_PER_SECTION * sizeof(struct page);
	unsigned long addr, next;
	int err = 0;

	for (addr = start & PAGE_MASK; addr < end && !err; addr = next) {
		bool lends = lends_leaf(altmap, addr, start, end);

		next = pmd_addr_end(addr, end);
		err = -ENOENT;
		if (large)
			err = populate_leaf(addr, node, lends ? altmap : NULL,
					    whole && (lends || vmemmap_hosts(altmap)));
		if (err == -ENOENT)
			err = vmemmap_populate_basepages(addr, next, node, altmap);
	}
	if (err)
		vmemmap_free_range(start, end, altmap);
	return err;
}

/**
 * vmemmap_populate_basepages() - map struct pages by base pages
 * @start: address of the first one
 * @end: address after the last one
 * @node: node for backing and page tables
 * @altmap: where to take the backing from, or NULL
 *
 * Return: 0, or -ENOMEM; what has been mapped until then stays, and is the
 * caller's to take down with the rest of its range.
 */
int __meminit vmemmap_populate_basepages(unsigned long start, unsigned long end,
					 int node, struct vmem_altmap *altmap)
{
	unsigned long addr;
	int err = 0;

	for (addr = start & PAGE_MASK; addr < end && !err; addr += PAGE_SIZE)
		err = populate_base_page(addr, node, altmap, NULL);
	return err;
}

/* The page behind the mapped base page of the memmap at @addr, or NULL */
static struct page *__meminit base_page_at(unsigned long addr)
{
	struct vmemmap_leaf leaf;

	if (!vmemmap_lookup(&init_mm, addr, &leaf) || leaf.size != PAGE_SIZE)
		return NULL;
	return pfn_to_page(leaf.pfn);
}

/*
 * Device memory in compound pages of one size: all tail struct pages of such a
 * page are alike once they are initialised. Its memmap has VMEMMAP_RESERVE_NR
 * base pages of its own, and the rest is the last of these over and over, see
 * compound_nr_pages() in mm/mm_init.c. A compound page can be larger than a
 * section, so the position counts from the start of the device's range.
 */
static int __meminit populate_compound(unsigned long start, unsigned long end,
				       int node, struct dev_pagemap *pgmap)
{
	unsigned long size = pgmap_vmemmap_nr(pgmap) * sizeof(struct page);
	unsigned long base, addr;
	int err = 0;

	base = (unsigned long)pfn_to_page(PHYS_PFN(pgmap->ranges[pgmap->nr_range].start));

	for (addr = start; addr < end && !err; addr += PAGE_SIZE) {
		struct page *tails = NULL;

		if (((addr - base) & (size - 1)) >= VMEMMAP_RESERVE_NR * PAGE_SIZE) {
			tails = base_page_at(addr - PAGE_SIZE);
			if (WARN_ON_ONCE(!tails))
				err = -EINVAL;
		}
		if (!err)
			err = populate_base_page(addr, node, NULL, tails);
	}
	if (err)
		vmemmap_free_range(start, end, NULL);
	return err;
}

/**
 * __populate_section_memmap() - back the struct pages of a section or of a part
 * @pfn: first pfn, aligned to a sub-section
 * @nr_pages: pages to describe, a multiple of PAGES_PER_SUBSECTION
 * @nid: node of the memory
 * @altmap: where to take the backing from, or NULL
 * @pgmap: the device that the memory belongs to, or NULL
 *
 * Return: the first struct page, NULL when memory or a table is missing; then
 * nothing is left behind and the log has one line about it.
 */
struct page *__meminit __populate_section_memmap(unsigned long pfn,
						 unsigned long nr_pages, int nid,
						 struct vmem_altmap *altmap,
						 struct dev_pagemap *pgmap)
{
	unsigned long start = (unsigned long)pfn_to_page(pfn);
	unsigned long end = (unsigned long)pfn_to_page(pfn + nr_pages);
	cycles_t since = get_cycles();
	int err;

	if (WARN_ON_ONCE(!IS_ALIGNED(pfn | nr_pages, PAGES_PER_SUBSECTION)))
		return NULL;

	vmemmap_host_enter(altmap, pfn);
	err = pfn_bitmap_reserve(pfn, nid);
	if (!err && vmemmap_can_optimize(altmap, pgmap))
		err = populate_compound(start, end, nid, pgmap);
	else if (!err)
		err = vmemmap_populate(start, end, nid, altmap);

	if (!slab_is_available())
		vmemmap_account_populate(nid, get_cycles() - since);
	if (!err)
		return pfn_to_page(pfn);

	pfn_bitmap_clear(pfn, nr_pages);
	/* At boot sparse_lose_section() has the word */
	if (slab_is_available())
		pr_err("no memory for the struct pages of [mem %#llx-%#llx] on node %d (%d)\n",
		       (u64)PFN_PHYS(pfn), (u64)PFN_PHYS(pfn + nr_pages) - 1, nid, err);
	return NULL;
}

/**
 * sparse_lose_section() - go on without a section that has no memmap
 * @pnum: its number
 *
 * Takes its memory from memblock, so that no zone, no initialisation of struct
 * pages and no free list sees it. Early boot only.
 */
void __init sparse_lose_section(unsigned long pnum)
{
	phys_addr_t start = PFN_PHYS(section_nr_to_pfn(pnum));
	phys_addr_t size = PFN_PHYS(PAGES_PER_SECTION);

	if (__pa_symbol(_end) > start && __pa_symbol(_text) < start + size)
		panic("vmemmap: no struct pages for the kernel's own section %lu",
		      pnum);

	__nr_to_section(pnum)->section_mem_map = 0;
	memblock_remove(start, size);
	pr_err("[mem %#llx-%#llx] is not used: no memory for its struct pages\n",
	       (u64)start, (u64)(start + size) - 1);
}

#ifdef CONFIG_HAVE_BOOTMEM_INFO_NODE
/**
 * register_page_bootmem_memmap() - note which boot pages back a section's memmap
 * @section_nr: the section
 * @map: its first struct page
 * @nr_pages: struct pages to look at
 *
 * A page that is shared with the section before is noted once. Page tables are
 * not noted: they are freed when they are empty, not by reference.
 */
void __init register_page_bootmem_memmap(unsigned long section_nr,
					 struct page *map, unsigned long nr_pages)
{
	unsigned long addr = (unsigned long)map & PAGE_MASK;
	unsigned long end = (unsigned long)(map + nr_pages);

	for (; addr < end; addr += PAGE_SIZE) {
		struct vmemmap_leaf leaf;
		struct page *page;

		if (!vmemmap_lookup(&init_mm, addr, &leaf))
			continue;
		leaf.pfn += PHYS_PFN(addr - leaf.start);
		if (!pfn_valid(leaf.pfn))
			continue;
		page = pfn_to_page(leaf.pfn);
		if (PageReserved(page) && !PagePrivate(page))
			get_page_bootmem(section_nr, page, SECTION_INFO);
	}
}
#endif
