// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtually mapped memmap.
 *
 * The first suite looks at the memmap that the machine booted with. The second
 * one adds struct pages for memory that does not exist, behind the last section,
 * and takes them away again.
 */
#include <kunit/test.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmemmap.h>

#include "vmemmap-report.h"

#define SECTION_MEMMAP_SIZE	(PAGES_PER_SECTION * sizeof(struct page))
/* Sections can be smaller than what a base page describes */
#define SECTION_MAPPED_SIZE	ALIGN(SECTION_MEMMAP_SIZE, PAGE_SIZE)

static bool mapped(const struct page *page)
{
	struct vmemmap_leaf leaf;

	return vmemmap_lookup(&init_mm, (unsigned long)page, &leaf);
}

struct comparison {
	unsigned long start;
	unsigned long end;
	atomic_long_t differences;
};

static void compare_on_this_cpu(void *info)
{
	struct comparison *comparison = info;
	unsigned long addr, word;

	for (addr = comparison->start; addr < comparison->end; addr += PAGE_SIZE)
		if (mapped((struct page *)addr) ==
		    !!get_kernel_nofault(word, (unsigned long *)addr))
			atomic_long_inc(&comparison->differences);
}

/*
 * Base pages of the struct pages of [@pfn, @pfn + @nr) that are mapped, but cannot be
 * read, or the other way round; counted for each CPU. A CPU that reads remembers the
 * translation, so that a later call finds what was not purged.
 */
static long mapped_otherwise(unsigned long pfn, unsigned long nr)
{
	struct comparison comparison = {
		.start = (unsigned long)pfn_to_page(pfn),
		.end = (unsigned long)pfn_to_page(pfn + nr),
	};

	on_each_cpu(compare_on_this_cpu, &comparison, 1);
	return atomic_long_read(&comparison.differences);
}

static void every_pfn_and_back(struct kunit *test)
{
	unsigned long pfn, nr, seen = 0;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		if (!valid_section_nr(nr))
			continue;
		for (pfn = section_nr_to_pfn(nr); pfn < section_nr_to_pfn(nr + 1); pfn++) {
			if (!pfn_valid(pfn))
				continue;
			seen++;
			if (pfn_to_page(pfn) == vmemmap + pfn &&
			    page_to_pfn(vmemmap + pfn) == pfn)
				continue;
			KUNIT_FAIL(test, "pfn %#lx, page %p", pfn, pfn_to_page(pfn));
			return;
		}
		cond_resched();
	}
	KUNIT_EXPECT_GE(test, seen, get_num_physpages());
}

/* In every sub-section the first page, and one that wanders through it */
static void address_and_page(struct kunit *test)
{
	unsigned long pfn, nr, step = 0;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		unsigned long end = section_nr_to_pfn(nr + 1);

		for (pfn = section_nr_to_pfn(nr); pfn < end; pfn += PAGES_PER_SUBSECTION) {
			unsigned long other = pfn + step++ % PAGES_PER_SUBSECTION;
			struct page *page = pfn_to_online_page(other);
			void *va = __va(PFN_PHYS(other));

			if (!page)
				continue;
			/* A page of a virtual compound tells where it is mapped otherwise */
			if (!is_vmalloc_addr(page_address(page)))
				KUNIT_ASSERT_PTR_EQ(test, page_address(page), va);
			KUNIT_ASSERT_PTR_EQ(test, page_to_virt(page), va);
			KUNIT_ASSERT_PTR_EQ(test, virt_to_page(va), page);
			KUNIT_ASSERT_PTR_EQ(test, virt_to_page(va + PAGE_SIZE - 1), page);
		}
	}
	KUNIT_EXPECT_GT(test, step, 0ul);
}

static void section_edges(struct kunit *test)
{
	unsigned long nr;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		unsigned long first = section_nr_to_pfn(nr);
		unsigned long last = section_nr_to_pfn(nr + 1) - 1;
		struct mem_section *ms = __nr_to_section(nr);

		/* Boot memory has struct pages for whole sections */
		if (!ms || !early_section(ms))
			continue;
		KUNIT_ASSERT_TRUE(test, pfn_valid(first));
		KUNIT_ASSERT_TRUE(test, pfn_valid(last));
		KUNIT_ASSERT_TRUE(test, mapped(pfn_to_page(first)));
		KUNIT_ASSERT_TRUE(test, mapped(pfn_to_page(last)));
		KUNIT_ASSERT_PTR_EQ(test, pfn_to_page(first) + PAGES_PER_SECTION - 1,
				    pfn_to_page(last));
		if (nr && !valid_section_nr(nr - 1))
			KUNIT_ASSERT_FALSE(test, pfn_valid(first - 1));
		if (!valid_section_nr(nr + 1))
			KUNIT_ASSERT_FALSE(test, pfn_valid(last + 1));
	}
}

static void holes_are_holes(struct kunit *test)
{
	unsigned long nr, beyond = 1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT);

	for (nr = 0; nr <= __highest_present_section_nr + 1; nr++) {
		unsigned long pfn = section_nr_to_pfn(nr);
		unsigned long leaf = (unsigned long)pfn_to_page(pfn);

		if (nr < NR_MEM_SECTIONS && valid_section_nr(nr))
			continue;
		KUNIT_ASSERT_FALSE(test, pfn_valid(pfn));
		KUNIT_ASSERT_FALSE(test, pfn_valid(pfn + PAGES_PER_SECTION - 1));
		KUNIT_ASSERT_NULL(test, pfn_to_online_page(pfn));
		KUNIT_ASSERT_EQ(test, mapped_otherwise(pfn, PAGES_PER_SECTION), 0l);
		/* A leaf that belongs to this section alone must not be there */
		if (IS_ALIGNED(leaf | SECTION_MEMMAP_SIZE, arch_vmemmap_leaf_size()))
			KUNIT_ASSERT_FALSE(test, mapped(pfn_to_page(pfn)));
	}
	/* Other users of a page table can be behind the memmap */
	if (!arch_vmemmap_in_page_table())
		KUNIT_EXPECT_EQ(test, mapped_otherwise(beyond, PAGES_PER_SECTION), 0l);
	KUNIT_EXPECT_FALSE(test, pfn_valid(beyond));
	KUNIT_EXPECT_FALSE(test, pfn_valid(beyond | 0x100));
	KUNIT_EXPECT_FALSE(test, pfn_valid(ULONG_MAX));
}

/* Node of the first memory that a leaf describes: all that share it have its backing */
static int node_of_leaf(const struct vmemmap_leaf *leaf)
{
	unsigned long start = max_t(unsigned long, leaf->start, (unsigned long)vmemmap);
	unsigned long end = (leaf->start + leaf->size - (unsigned long)vmemmap) /
			    sizeof(struct page);
	unsigned long pfn = (start - (unsigned long)vmemmap) / sizeof(struct page);

	for (; pfn < end; pfn = ALIGN(pfn + 1, PAGES_PER_SUBSECTION)) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && !PagePoisoned(page))
			return page_to_nid(page);
	}
	return NUMA_NO_NODE;
}

static void struct_pages_are_local(struct kunit *test)
{
	unsigned long nr, offset;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		char *memmap = (char *)pfn_to_page(section_nr_to_pfn(nr));
		struct mem_section *ms = __nr_to_section(nr);

		if (!ms || !early_section(ms) || !online_section(ms))
			continue;
		for (offset = 0; offset < SECTION_MEMMAP_SIZE; offset += PAGE_SIZE) {
			struct page *page = pfn_to_page(section_nr_to_pfn(nr) +
							offset / sizeof(struct page));
			struct vmemmap_leaf leaf;
			unsigned long addr = (unsigned long)memmap + offset;
			struct page *backing;

			KUNIT_ASSERT_TRUE(test, vmemmap_lookup(&init_mm, addr, &leaf));
			backing = pfn_to_online_page(leaf.pfn + PHYS_PFN(addr - leaf.start));
			/* Backing can lie in a section that was lost at boot */
			if (!backing || PagePoisoned(page) || PagePoisoned(backing))
				continue;
			if (page_to_nid(backing) != page_to_nid(page))
				KUNIT_ASSERT_EQ(test, page_to_nid(backing),
						node_of_leaf(&leaf));
		}
	}
}

/* Count the leaves of boot memory by address, not by table as the report does */
static void report_tells_the_truth(struct kunit *test)
{
	unsigned long nr, addr, leaves[VMEMMAP_NR_LEAF_ORDERS] = {};
	unsigned long reported[VMEMMAP_NR_LEAF_ORDERS] = {};
	unsigned long end = 0, seen = 0, mapped_bytes = 0, reported_bytes = 0;
	struct vmemmap_stat *stats;
	struct vmemmap_leaf leaf;
	int i, nid;

	stats = kunit_kcalloc(test, VMEMMAP_NR_STATS, sizeof(*stats), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, stats);
	vmemmap_collect_stats(stats);
	for (nid = 0; nid < VMEMMAP_NR_STATS; nid++) {
		reported_bytes += stats[nid].memmap;
		for (i = 0; i < VMEMMAP_NR_LEAF_ORDERS; i++)
			reported[i] += stats[nid].leaf[i];
	}

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		if (!valid_section_nr(nr))
			continue;
		addr = (unsigned long)pfn_to_page(section_nr_to_pfn(nr));
		mapped_bytes += ALIGN(addr + SECTION_MEMMAP_SIZE, PAGE_SIZE) -
				max(addr & PAGE_MASK, seen);
		seen = ALIGN(addr + SECTION_MEMMAP_SIZE, PAGE_SIZE);
		for (addr = max(addr, end); addr < (unsigned long)
		     pfn_to_page(section_nr_to_pfn(nr + 1)); addr = end) {
			KUNIT_ASSERT_TRUE(test, vmemmap_lookup(&init_mm, addr, &leaf));
			leaves[get_order(leaf.size)]++;
			end = leaf.start + leaf.size;
		}
	}
	KUNIT_EXPECT_EQ(test, reported_bytes, mapped_bytes);
	for (i = 0; i < VMEMMAP_NR_LEAF_ORDERS; i++)
		KUNIT_EXPECT_EQ(test, reported[i], leaves[i]);
}

static void no_pfn_fails_the_check(struct kunit *test)
{
	unsigned long checked;

	KUNIT_EXPECT_EQ(test, vmemmap_check_pfns(&checked), 0ul);
	KUNIT_EXPECT_GE(test, checked, get_num_physpages());
}

static struct kunit_case vmemmap_boot_cases[] = {
	KUNIT_CASE(every_pfn_and_back),
	KUNIT_CASE(address_and_page),
	KUNIT_CASE(section_edges),
	KUNIT_CASE(holes_are_holes),
	KUNIT_CASE(struct_pages_are_local),
	KUNIT_CASE(report_tells_the_truth),
	KUNIT_CASE(no_pfn_fails_the_check),
	{}
};

static struct kunit_suite vmemmap_boot_suite = {
	.name = "vmemmap",
	.test_cases = vmemmap_boot_cases,
};

#ifdef CONFIG_MEMORY_HOTPLUG
static bool sections_share_leaves(void)
{
	return arch_vmemmap_leaf_size() >= 2 * SECTION_MEMMAP_SIZE;
}

/* Pages whose struct pages share no leaf with others: a section's, or a leaf's */
static unsigned long pages_per_leaf(void)
{
	return sections_share_leaves() ?
	       arch_vmemmap_leaf_size() / sizeof(struct page) : PAGES_PER_SECTION;
}

/* Sections whose struct pages fill whole leaves */
static unsigned long filling_sections(void)
{
	return max(1UL, arch_vmemmap_leaf_size() >> __ffs(SECTION_MEMMAP_SIZE));
}

/* Far enough from the last section that no leaf is shared with it; a leaf begins there */
static unsigned long nowhere(void)
{
	unsigned long far = max(8UL, filling_sections());

	return section_nr_to_pfn(ALIGN(__highest_present_section_nr + far, far));
}

static unsigned long va(unsigned long pfn)
{
	return (unsigned long)pfn_to_page(pfn);
}

static int __ref populate(unsigned long pfn, unsigned long nr, struct vmem_altmap *altmap)
{
	int err;

	mem_hotplug_begin();
	err = vmemmap_populate(va(pfn), va(pfn + nr), first_memory_node, altmap);
	mem_hotplug_done();
	return err;
}

static void depopulate(unsigned long pfn, unsigned long nr, struct vmem_altmap *altmap)
{
	mem_hotplug_begin();
	vmemmap_free(va(pfn), va(pfn + nr), altmap);
	mem_hotplug_done();
}

/* Bytes of the memmap in [@pfn, @pfn + @nr) that are mapped, and by what */
static unsigned long mapped_by(unsigned long pfn, unsigned long nr, unsigned long size)
{
	unsigned long addr, bytes = 0;
	struct vmemmap_leaf leaf;

	for (addr = va(pfn); addr < va(pfn + nr); addr += PAGE_SIZE)
		if (vmemmap_lookup(&init_mm, addr, &leaf) && (!size || leaf.size == size))
			bytes += PAGE_SIZE;
	return bytes;
}

static void whole_section(struct kunit *test)
{
	unsigned long pfn = nowhere(), nr = pages_per_leaf(), i;

	KUNIT_ASSERT_EQ(test, mapped_by(pfn, nr, 0), 0ul);
	KUNIT_ASSERT_EQ(test, populate(pfn, nr, NULL), 0);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0), ALIGN(nr * sizeof(struct page), PAGE_SIZE));

	/* It is memory, and no two struct pages are the same memory */
	for (i = 0; i < nr; i++)
		pfn_to_page(pfn + i)->flags = pfn + i;
	for (i = 0; i < nr; i++)
		if (pfn_to_page(pfn + i)->flags != pfn + i)
			break;
	KUNIT_EXPECT_EQ(test, i, nr);
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);

	depopulate(pfn, nr, NULL);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0), 0ul);
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);
}

static void parts_of_a_section(struct kunit *test)
{
	unsigned long pfn = nowhere(), n = PAGES_PER_SUBSECTION;
	unsigned long bytes = max(n * sizeof(struct page), PAGE_SIZE);

	if (n * sizeof(struct page) < PAGE_SIZE ||
	    (!arch_vmemmap_mixes_leaves() && arch_vmemmap_leaf_size() > PAGE_SIZE))
		kunit_skip(test, "sub-sections share their backing here");

	KUNIT_ASSERT_EQ(test, populate(pfn, n, NULL), 0);
	KUNIT_ASSERT_EQ(test, populate(pfn + 4 * n, n, NULL), 0);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, 16 * n, PAGE_SIZE), 2 * bytes);
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, 16 * n), 0l);

	depopulate(pfn, n, NULL);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, 16 * n, 0), bytes);
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, 16 * n), 0l);
	KUNIT_EXPECT_TRUE(test, mapped(pfn_to_page(pfn + 4 * n)));

	/* The rest of the section fills up around what is there */
	KUNIT_ASSERT_EQ(test, populate(pfn, PAGES_PER_SECTION, NULL), 0);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, PAGES_PER_SECTION, 0), SECTION_MAPPED_SIZE);
	depopulate(pfn, PAGES_PER_SECTION, NULL);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, PAGES_PER_SECTION, 0), 0ul);
}

static void page_tables_go_with_the_last_leaf(struct kunit *test)
{
	unsigned long pfn = nowhere();
	pud_t *pud;

	if (!arch_vmemmap_in_page_table())
		kunit_skip(test, "no page table maps the memmap here");

	KUNIT_ASSERT_EQ(test, populate(pfn, PAGES_PER_SUBSECTION, NULL), 0);
	pud = pud_offset(p4d_offset(pgd_offset_k(va(pfn)), va(pfn)), va(pfn));
	KUNIT_ASSERT_FALSE(test, pmd_none(*pmd_offset(pud, va(pfn))));

	depopulate(pfn, PAGES_PER_SUBSECTION, NULL);
	KUNIT_EXPECT_TRUE(test, pud_none(*pud) || pmd_none(*pmd_offset(pud, va(pfn))));
	/* Nothing there: nothing happens */
	depopulate(pfn, PAGES_PER_SECTION, NULL);
}

static int __ref add_lent_section(unsigned long pfn, unsigned long nr,
				  struct vmem_altmap *altmap)
{
	int err;

	mem_hotplug_begin();
	err = sparse_add_section(first_memory_node, pfn, nr, altmap, NULL);
	mem_hotplug_done();
	return err;
}

static void remove_lent_section(unsigned long pfn, unsigned long nr,
				struct vmem_altmap *altmap)
{
	mem_hotplug_begin();
	sparse_remove_section(__pfn_to_section(pfn), pfn, nr, 0, altmap);
	mem_hotplug_done();
}

static int add_section(unsigned long pfn, unsigned long nr)
{
	return add_lent_section(pfn, nr, NULL);
}

static void remove_section(unsigned long pfn, unsigned long nr)
{
	remove_lent_section(pfn, nr, NULL);
}

/* The block is never read: only the page table and the altmap's count change */
static void __ref leaf_of_pud_size(struct kunit *test)
{
	struct vmem_altmap altmap = {
		.base_pfn = PHYS_PFN(PUD_SIZE),
		.free = PHYS_PFN(PUD_SIZE),
		.alloc = PHYS_PFN(PUD_SIZE),
	};
	unsigned long addr = ALIGN(va(nowhere()), PUD_SIZE);
	unsigned long pfn = DIV_ROUND_UP(addr - va(0), sizeof(struct page));
	struct vmemmap_leaf leaf = {};
	pgd_t *pgd;
	p4d_t *p4d;

	if (!arch_vmemmap_has_pud_leaf())
		kunit_skip(test, "no leaves of that size here");

	mem_hotplug_begin();
	pgd = vmemmap_pgd_populate(addr, first_memory_node);
	p4d = pgd ? vmemmap_p4d_populate(pgd, addr, first_memory_node) : NULL;
	if (p4d)
		arch_vmemmap_set_pud(pud_offset(p4d, addr), altmap.base_pfn);
	mem_hotplug_done();
	KUNIT_ASSERT_NOT_NULL(test, p4d);

	KUNIT_EXPECT_TRUE(test, vmemmap_lookup(&init_mm, va(pfn), &leaf));
	KUNIT_EXPECT_EQ(test, leaf.size, PUD_SIZE);
	KUNIT_EXPECT_EQ(test, leaf.start, addr);
	KUNIT_EXPECT_EQ(test, leaf.pfn, altmap.base_pfn);

	/* What it maps already needs nothing, whole sections and parts */
	KUNIT_EXPECT_EQ(test, populate(pfn, PAGES_PER_SECTION, NULL), 0);
	KUNIT_EXPECT_EQ(test, populate(pfn, PAGES_PER_SUBSECTION, NULL), 0);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, PAGES_PER_SECTION, PUD_SIZE),
			ALIGN(PAGES_PER_SECTION * sizeof(struct page), PAGE_SIZE));

	mem_hotplug_begin();
	vmemmap_free_range(addr, addr + PUD_SIZE, &altmap);
	mem_hotplug_done();
	KUNIT_EXPECT_FALSE(test, vmemmap_lookup(&init_mm, addr, &leaf));
	KUNIT_EXPECT_EQ(test, altmap.alloc, 0ul);
}

/* They share a leaf unless their struct pages fill whole leaves */
static void neighbouring_sections(struct kunit *test)
{
	unsigned long pfn = nowhere(), i;
	int last;

	/* Either of them can go first */
	for (last = 0; last < 2; last++) {
		unsigned long stays = pfn + last * PAGES_PER_SECTION;
		unsigned long goes = pfn + !last * PAGES_PER_SECTION;

		KUNIT_ASSERT_EQ(test, add_section(goes, PAGES_PER_SECTION), 0);
		KUNIT_ASSERT_EQ(test, add_section(stays, PAGES_PER_SECTION), 0);
		for (i = 0; i < PAGES_PER_SECTION; i++)
			pfn_to_page(stays + i)->flags = stays + i;
		KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, 2 * PAGES_PER_SECTION), 0l);

		remove_section(goes, PAGES_PER_SECTION);
		KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, 2 * PAGES_PER_SECTION), 0l);
		KUNIT_EXPECT_FALSE(test, pfn_valid(goes));
		KUNIT_EXPECT_TRUE(test, pfn_valid(stays));
		for (i = 0; i < PAGES_PER_SECTION; i++)
			if (!mapped(pfn_to_page(stays + i)) ||
			    pfn_to_page(stays + i)->flags != stays + i)
				break;
		KUNIT_EXPECT_EQ(test, i, PAGES_PER_SECTION);

		remove_section(stays, PAGES_PER_SECTION);
		KUNIT_EXPECT_FALSE(test, pfn_valid(stays));
		KUNIT_EXPECT_EQ(test, mapped_by(pfn, 2 * PAGES_PER_SECTION, 0), 0ul);
	}
}

struct lent_memory {
	struct vmem_altmap altmap;
	struct page *page;
	unsigned int order;
};

static bool lend_memory(struct lent_memory *lent, unsigned int order)
{
	lent->order = order;
	lent->page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
	if (!lent->page)
		return false;
	lent->altmap.base_pfn = page_to_pfn(lent->page);
	lent->altmap.free = 1UL << order;
	return true;
}

/*
 * One large block is lent, if it is to be had: its parts can make up leaves that are
 * larger than a section, which are parted again when one of them goes.
 */
static void sections_go_one_by_one(struct kunit *test)
{
	static const unsigned int order[] = { 1, 3, 0, 2 };
	unsigned long pfn = nowhere(), nr = ARRAY_SIZE(order) * PAGES_PER_SECTION;
	unsigned int lent_order = get_order(nr * sizeof(struct page));
	struct vmem_altmap *altmap = NULL;
	struct lent_memory lent = {};
	unsigned long i, left;

	if (lent_order < MAX_ORDER && lend_memory(&lent, lent_order))
		altmap = &lent.altmap;
	/* The other CPUs remember how it was before the last one came */
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);
		KUNIT_ASSERT_EQ(test, add_lent_section(pfn + i * PAGES_PER_SECTION,
						       PAGES_PER_SECTION, altmap), 0);
	}
	for (i = 0; i < nr; i++)
		pfn_to_page(pfn + i)->flags = pfn + i;

	for (left = ARRAY_SIZE(order); left; left--) {
		remove_lent_section(pfn + order[left - 1] * PAGES_PER_SECTION,
				    PAGES_PER_SECTION, altmap);
		KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);

		for (i = 0; i < nr; i++)
			if (pfn_valid(pfn + i) && pfn_to_page(pfn + i)->flags != pfn + i)
				break;
		KUNIT_EXPECT_EQ(test, i, nr);
		if (IS_ALIGNED(SECTION_MEMMAP_SIZE, arch_vmemmap_leaf_size()))
			KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0),
					(left - 1) * SECTION_MEMMAP_SIZE);
	}
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0), 0ul);
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, 0ul);
	if (altmap)
		__free_pages(lent.page, lent.order);
}

static void sub_sections(struct kunit *test)
{
	unsigned long pfn = nowhere(), n = PAGES_PER_SUBSECTION;

	KUNIT_ASSERT_EQ(test, add_section(pfn, n), 0);
	KUNIT_ASSERT_EQ(test, add_section(pfn + 2 * n, n), 0);
	KUNIT_EXPECT_EQ(test, add_section(pfn, 4 * n), -EEXIST);
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn));
	KUNIT_EXPECT_FALSE(test, pfn_valid(pfn + n));
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn + 3 * n - 1));
	KUNIT_EXPECT_FALSE(test, pfn_valid(pfn + 3 * n));

	remove_section(pfn, n);
	KUNIT_EXPECT_FALSE(test, pfn_valid(pfn));
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn + 2 * n));
	KUNIT_EXPECT_TRUE(test, mapped(pfn_to_page(pfn + 2 * n)));
	KUNIT_EXPECT_TRUE(test, mapped(pfn_to_page(pfn + 3 * n - 1)));

	remove_section(pfn + 2 * n, n);
	KUNIT_EXPECT_FALSE(test, pfn_valid(pfn + 2 * n));
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, PAGES_PER_SECTION, 0), 0ul);
}

static void backing_from_an_altmap(struct kunit *test)
{
	/* A leaf that others may share is not lent */
	unsigned long pfn = nowhere(), nr = filling_sections() * PAGES_PER_SECTION, addr;
	unsigned int order = get_order(nr * sizeof(struct page));
	unsigned long bytes = 0, last = 0;
	struct vmemmap_leaf leaf;
	struct lent_memory lent = {};

	if (order >= MAX_ORDER || !lend_memory(&lent, order))
		kunit_skip(test, "no memory block of order %u", order);

	KUNIT_EXPECT_EQ(test, populate(pfn, nr, &lent.altmap), 0);
	for (addr = va(pfn); addr < va(pfn + nr); addr += PAGE_SIZE) {
		unsigned long from;

		if (!vmemmap_lookup(&init_mm, addr, &leaf))
			break;
		from = leaf.pfn + PHYS_PFN(addr - leaf.start);
		if (from - lent.altmap.base_pfn >= lent.altmap.free)
			break;
		if (leaf.start != last)
			bytes += leaf.size;
		last = leaf.start;
	}
	KUNIT_EXPECT_EQ(test, addr, va(pfn + nr));
	/* Leaves are lent whole */
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, PHYS_PFN(bytes));

	depopulate(pfn, nr, &lent.altmap);
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, 0ul);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0), 0ul);
	__free_pages(lent.page, lent.order);
}

/* Enough for base pages, too little or misplaced for a large leaf */
static void altmap_falls_back_to_base_pages(struct kunit *test)
{
	unsigned long pfn = nowhere(), nr = pages_per_leaf();
	unsigned long bytes = nr * sizeof(struct page);
	unsigned int order = get_order(bytes) + 1;
	struct lent_memory lent = {};

	if (!arch_vmemmap_mixes_leaves() || arch_vmemmap_leaf_size() == PAGE_SIZE)
		kunit_skip(test, "no large leaf that base pages stand in for");
	/* One of several leaves fits into whatever is large enough for all base pages */
	if (bytes > arch_vmemmap_leaf_size())
		kunit_skip(test, "a section has several large leaves");
	if (order >= MAX_ORDER || !lend_memory(&lent, order))
		kunit_skip(test, "no memory block of order %u", order);

	lent.altmap.base_pfn++;
	lent.altmap.free = PHYS_PFN(bytes);
	KUNIT_EXPECT_EQ(test, populate(pfn, nr, &lent.altmap), 0);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, PAGE_SIZE), bytes);
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, PHYS_PFN(bytes));
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);
	depopulate(pfn, nr, &lent.altmap);
	KUNIT_EXPECT_EQ(test, mapped_otherwise(pfn, nr), 0l);
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, 0ul);
	__free_pages(lent.page, lent.order);
}

static void exhausted_altmap_leaves_nothing(struct kunit *test)
{
	unsigned long pfn = nowhere(), nr = pages_per_leaf();
	struct lent_memory lent = {};

	/* Two base pages: a leaf or a sub-section starts, and cannot be finished */
	if (nr * sizeof(struct page) <= 2 * PAGE_SIZE || !lend_memory(&lent, 1))
		kunit_skip(test, "a section needs no more than two base pages");

	if (!sections_share_leaves() &&
	    PAGES_PER_SUBSECTION * sizeof(struct page) > 2 * PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, populate(pfn, PAGES_PER_SUBSECTION, &lent.altmap),
				-ENOMEM);
		KUNIT_EXPECT_EQ(test, lent.altmap.alloc, 0ul);
	}
	KUNIT_EXPECT_EQ(test, populate(pfn, nr, &lent.altmap), -ENOMEM);
	KUNIT_EXPECT_EQ(test, lent.altmap.alloc, 0ul);
	KUNIT_EXPECT_EQ(test, mapped_by(pfn, nr, 0), 0ul);
	__free_pages(lent.page, lent.order);
}

#ifdef CONFIG_ZONE_DEVICE
static int __ref map_compounds(struct dev_pagemap *pgmap, unsigned long pfn, unsigned long nr)
{
	struct page *page;

	mem_hotplug_begin();
	page = __populate_section_memmap(pfn, nr, first_memory_node, NULL, pgmap);
	mem_hotplug_done();
	return page ? 0 : -ENOMEM;
}

static unsigned long backing_of(unsigned long addr)
{
	struct vmemmap_leaf leaf = {};

	vmemmap_lookup(&init_mm, addr, &leaf);
	return leaf.pfn + PHYS_PFN(addr - leaf.start);
}

/* Compound pages of a sub-section, and of four sections */
static void compound_device_pages(struct kunit *test)
{
	unsigned long pfn = nowhere(), size, addr, start = va(pfn);
	unsigned long end = va(pfn + 4 * PAGES_PER_SECTION);
	unsigned long order, last;
	struct dev_pagemap *pgmap;
	int i;

	pgmap = kunit_kzalloc(test, sizeof(*pgmap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pgmap);
	pgmap->range.start = PFN_PHYS(pfn);

	for (i = 0; i < 2; i++) {
		order = ilog2(i ? 4 * PAGES_PER_SECTION : PAGES_PER_SUBSECTION);
		pgmap->vmemmap_shift = order;
		if (!vmemmap_can_optimize(NULL, pgmap))
			kunit_skip(test, "too few struct pages to share");
		size = sizeof(struct page) << order;

		for (addr = 0; addr < 4; addr++)
			if (map_compounds(pgmap, pfn + addr * PAGES_PER_SECTION,
					  PAGES_PER_SECTION))
				break;
		if (addr < 4) {
			KUNIT_FAIL(test, "section %lu of 4 is not mapped", addr);
			depopulate(pfn, addr * PAGES_PER_SECTION, NULL);
			return;
		}
		for (addr = start; addr < end; addr += PAGE_SIZE) {
			bool own = (addr - start) % size < VMEMMAP_RESERVE_NR * PAGE_SIZE;

			last = addr > start ? backing_of(addr - PAGE_SIZE) : 0;
			if (!mapped((struct page *)addr) || own == (backing_of(addr) == last))
				break;
		}
		KUNIT_EXPECT_EQ(test, addr, end);
		/* Each alias holds a reference until it goes */
		last = start + (VMEMMAP_RESERVE_NR - 1) * PAGE_SIZE;
		KUNIT_EXPECT_EQ(test, (unsigned long)page_count(pfn_to_page(backing_of(last))),
				PHYS_PFN(size) - VMEMMAP_RESERVE_NR + 1);
		depopulate(pfn, 4 * PAGES_PER_SECTION, NULL);
		KUNIT_EXPECT_EQ(test, mapped_by(pfn, 4 * PAGES_PER_SECTION, 0), 0ul);
	}
}
#endif

static struct kunit_case vmemmap_change_cases[] = {
	KUNIT_CASE(whole_section),
	KUNIT_CASE(parts_of_a_section),
	KUNIT_CASE(page_tables_go_with_the_last_leaf),
	KUNIT_CASE(leaf_of_pud_size),
	KUNIT_CASE(neighbouring_sections),
	KUNIT_CASE(sections_go_one_by_one),
	KUNIT_CASE(sub_sections),
	KUNIT_CASE(backing_from_an_altmap),
	KUNIT_CASE(altmap_falls_back_to_base_pages),
	KUNIT_CASE(exhausted_altmap_leaves_nothing),
#ifdef CONFIG_ZONE_DEVICE
	KUNIT_CASE(compound_device_pages),
#endif
	{}
};

static struct kunit_suite vmemmap_change_suite = {
	.name = "vmemmap-change",
	.test_cases = vmemmap_change_cases,
};

kunit_test_suites(&vmemmap_boot_suite, &vmemmap_change_suite);
#else
kunit_test_suites(&vmemmap_boot_suite);
#endif
