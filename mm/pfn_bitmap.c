// SPDX-License-Identifier: GPL-2.0
/*
 * The bitmap that answers pfn_valid(), see include/linux/pfn_bitmap.h, and how such bitmaps are
 * mapped.
 *
 * A page of it describes much memory, 64 GiB with pages of 4 KiB and sub-sections of 2 MiB. It is
 * there only if a sub-section of these is; all other addresses of the bitmap are mapped to one page
 * of zeroes, as a rule by one and the same table of PTEs. That table is replaced where a page
 * has to be mapped, and the one that replaces it stays.
 *
 * All its mappings are read-only: bits are changed by way of the linear mapping. Writers run at
 * boot or hold mem_hotplug_lock for writing. Readers take nothing: a word is read by one load, from
 * the page that was there or the one that is; while there is none, no bit of either is set. A page
 * is given back after the TLBs have forgotten it.
 */
#define pr_fmt(fmt) "pfn_bitmap: " fmt

#include <linux/bitmap.h>
#include <linux/cacheflush.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/vmemmap.h>

#include <asm/tlbflush.h>

#include "sparse-vmemmap.h"

static pte_t *zero_table __ro_after_init;
static unsigned long hole_pfn __ro_after_init;

static unsigned long word_address(unsigned long pfn)
{
	return PFN_BITMAP_START + (pfn >> PFN_BITMAP_WORD_SHIFT) * sizeof(long);
}

static pmd_t *pmd_of(unsigned long addr)
{
	return pmd_offset(pud_offset(p4d_offset(pgd_offset_k(addr), addr), addr), addr);
}

static pte_t *pte_of(unsigned long addr)
{
	return pte_offset_kernel(pmd_of(addr), addr);
}

static pte_t zero_pte(void)
{
	return pfn_pte(hole_pfn, PAGE_KERNEL_RO);
}

/* What could not be bolted has none */
static bool is_hole(pte_t pte)
{
	return pte_none(pte) || pte_pfn(pte) == hole_pfn;
}

static pte_t *__meminit alloc_pte_table(int nid)
{
	pte_t *table = vmemmap_alloc_block(PAGE_SIZE, nid);
	int i;

	for (i = 0; table && i < PTRS_PER_PTE; i++)
		table[i] = zero_pte();
	return table;
}

/*
 * No TLB has another translation than this one afterwards. Where there is none in between, a load
 * faults, which says that nothing is valid: so it was before, or is from now on. So it stays
 * where it could not be bolted.
 *
 * Return: 0, -ENOMEM, or -EBUSY with the page mapped that was.
 */
static int map_page(unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	pte_t *entry = pte_of(addr), old = *entry;

	addr &= PAGE_MASK;
	if (PFN_BITMAP_UNMAP_FIRST) {
		pte_clear(&init_mm, addr, entry);
		flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
	}
	if (arch_pfn_bitmap_bolts()) {
		if (arch_pfn_bitmap_unbolt(addr)) {
			set_pte_at(&init_mm, addr, entry, old);
			return -EBUSY;
		}
		/* For fault injection it is another page table */
		if ((pfn != hole_pfn && should_fail_vmemmap(PAGE_SIZE)) ||
		    arch_pfn_bitmap_bolt(addr, pfn, prot))
			return -ENOMEM;
	}
	set_pte_at(&init_mm, addr, entry, pfn_pte(pfn, prot));
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
	return 0;
}

/* The same for a table that translates all as the zero_table does; what is bolted stays */
static void __meminit map_table(unsigned long addr, pte_t *table)
{
	pmd_t *entry = pmd_of(addr);

	addr &= PMD_MASK;
	if (PFN_BITMAP_UNMAP_FIRST) {
		pmd_clear(entry);
		flush_tlb_kernel_range(addr, addr + PMD_SIZE);
	}
	pmd_populate_kernel(&init_mm, entry, table);
	flush_tlb_kernel_range(addr, addr + PMD_SIZE);
}

static void __init bolt_holes(unsigned long start, unsigned long size)
{
	unsigned long addr;

	for (addr = start; addr < start + size; addr += PAGE_SIZE)
		if (arch_pfn_bitmap_bolt(addr, hole_pfn, PAGE_KERNEL_RO))
			panic("pfn_bitmap: the hash table is full\n");
}

/**
 * pfn_bitmap_map_holes() - map an array that has nothing in it
 * @start: its address, aligned to a PMD
 * @size: bytes, of which one table of PMDs has all
 *
 * Context: sparse_init().
 */
void __init pfn_bitmap_map_holes(unsigned long start, unsigned long size)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	int i;

	WARN_ON(start % PMD_SIZE || start / PUD_SIZE != (start + size - 1) / PUD_SIZE);
	if (!zero_table) {
		void *zero = vmemmap_alloc_block(PAGE_SIZE, NUMA_NO_NODE);

		if (zero) {
			clear_page(zero);
			hole_pfn = PHYS_PFN(__pa(zero));
			zero_table = alloc_pte_table(NUMA_NO_NODE);
		}
	}
	pgd = vmemmap_pgd_populate(start, NUMA_NO_NODE);
	p4d = pgd ? vmemmap_p4d_populate(pgd, start, NUMA_NO_NODE) : NULL;
	pud = p4d ? vmemmap_pud_populate(p4d, start, NUMA_NO_NODE) : NULL;
	if (!zero_table || !pud)
		panic("pfn_bitmap: no memory for page tables\n");
	/* A hypervisor that watches page tables sees this one announced once */
	pmd = pmd_offset(pud, start);
	pmd_populate_kernel(&init_mm, pmd, zero_table);
	for (i = 1; i < DIV_ROUND_UP(size, PMD_SIZE); i++)
		set_pmd(pmd + i, *pmd);
	flush_cache_vmap(start, start + size);
	if (arch_pfn_bitmap_bolts())
		bolt_holes(start, ALIGN(size, PMD_SIZE));
}

/**
 * pfn_bitmap_fill_hole() - make sure that an address has a page of its own
 * @addr: in an array that pfn_bitmap_map_holes() has mapped
 * @nid: node to take memory from
 * @prot: how a new page is mapped
 *
 * A new page is zeroes.
 *
 * Context: Boot, or mem_hotplug_lock held for writing; may sleep then.
 *
 * Return: 0, or -ENOMEM.
 */
int __meminit pfn_bitmap_fill_hole(unsigned long addr, int nid, pgprot_t prot)
{
	void *page;

	if ((pte_t *)pmd_page_vaddr(*pmd_of(addr)) == zero_table) {
		pte_t *table = alloc_pte_table(nid);

		if (!table)
			return -ENOMEM;
		map_table(addr, table);
	}
	if (!is_hole(*pte_of(addr)))
		return 0;

	page = vmemmap_alloc_block(PAGE_SIZE, nid);
	if (!page)
		return -ENOMEM;
	clear_page(page);
	if (map_page(addr, PHYS_PFN(__pa(page)), prot)) {
		/* What the hash table had room for before, if it had to give it up */
		if (pte_none(*pte_of(addr)))
			map_page(addr, hole_pfn, PAGE_KERNEL_RO);
		vmemmap_free_block(PHYS_PFN(__pa(page)), 0);
		return -ENOMEM;
	}
	return 0;
}

/**
 * pfn_bitmap_make_hole() - give the page of an address back, if it has one
 * @addr: as for pfn_bitmap_fill_hole()
 *
 * Context: As pfn_bitmap_fill_hole().
 */
void pfn_bitmap_make_hole(unsigned long addr)
{
	pte_t pte = *pte_of(addr);

	if (is_hole(pte))
		return;
	if (map_page(addr, hole_pfn, PAGE_KERNEL_RO) != -EBUSY)
		vmemmap_free_block(pte_pfn(pte), 0);
}

/**
 * pfn_bitmap_init() - make the bitmap say that there is no memory
 *
 * Context: sparse_init().
 */
void __init pfn_bitmap_init(void)
{
	if (!arch_has_pfn_bitmap())
		return;
	/* A section's bits are in one page */
	BUILD_BUG_ON((SUBSECTIONS_PER_SECTION - 1) / (PAGE_SIZE * BITS_PER_BYTE));
	VM_WARN_ON(pfn_valid(0));
	arch_pfn_bitmap_init();
	pfn_bitmap_map_holes(PFN_BITMAP_START,
			     1UL << (arch_pfn_bitmap_bits() - SUBSECTION_SHIFT - 3));
	pageblock_bitmap_init();
}

/**
 * pfn_bitmap_reserve() - make sure that the bits of a section can be set
 * @pfn: a page of the section
 * @nid: node to take memory from
 *
 * What has been reserved goes with pfn_bitmap_clear().
 *
 * Context: Boot, or mem_hotplug_lock held for writing; may sleep then.
 *
 * Return: 0, or -ENOMEM.
 */
int __meminit pfn_bitmap_reserve(unsigned long pfn, int nid)
{
	int err;

	if (!arch_has_pfn_bitmap())
		return 0;
	err = pfn_bitmap_fill_hole(word_address(pfn), nid, PAGE_KERNEL_RO);
	return err ?: pageblock_bitmap_reserve(pfn, nid);
}

/* The bits that @pfn is in, to be written; NULL if they are not reserved */
static unsigned long *writable(unsigned long pfn)
{
	unsigned long addr = word_address(pfn) & PAGE_MASK;
	pte_t pte = *pte_of(addr);

	return is_hole(pte) ? NULL : __va(PFN_PHYS(pte_pfn(pte)));
}

static unsigned long first_bit(unsigned long pfn)
{
	return (pfn >> PFN_SUBSECTION_SHIFT) % (PAGE_SIZE * BITS_PER_BYTE);
}

/**
 * pfn_bitmap_set() - say that pages have struct pages
 * @pfn: the first of them, aligned to a sub-section
 * @nr_pages: how many, a multiple of PAGES_PER_SUBSECTION, within a section
 *
 * The struct pages are mapped, and the section has been reserved.
 *
 * Context: As pfn_bitmap_reserve(); does not sleep.
 */
void __meminit pfn_bitmap_set(unsigned long pfn, unsigned long nr_pages)
{
	if (!arch_has_pfn_bitmap())
		return;
	/* Who finds a bit finds the struct pages */
	smp_wmb();
	bitmap_set(writable(pfn), first_bit(pfn), nr_pages >> PFN_SUBSECTION_SHIFT);
}

/**
 * pfn_bitmap_clear() - say that pages have no struct pages
 * @pfn: the first of them, aligned to a sub-section
 * @nr_pages: how many, a multiple of PAGES_PER_SUBSECTION, within a section
 *
 * The struct pages are still mapped.  They need not have been set.
 *
 * Context: As pfn_bitmap_reserve().
 */
void pfn_bitmap_clear(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long *bits;

	if (!arch_has_pfn_bitmap())
		return;
	bits = writable(pfn);
	if (bits) {
		bitmap_clear(bits, first_bit(pfn), nr_pages >> PFN_SUBSECTION_SHIFT);
		if (!memchr_inv(bits, 0, PAGE_SIZE))
			pfn_bitmap_make_hole(word_address(pfn));
	}
	pageblock_bitmap_release(pfn);
}
