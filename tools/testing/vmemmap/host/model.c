// SPDX-License-Identifier: GPL-2.0
/*
 * The plain model: which sub-sections there are, and what follows from that. After
 * each operation
 *
 * - every struct page of a sub-section that is there is mapped, once, to memory that
 *   was handed out for that, from where it should come, or to the memory that was
 *   lent;
 * - nothing is mapped that describes only memory that is not there;
 * - every page that was handed out is found in a mapping or as a page table;
 * - what failed has left no trace.
 */
#include <stdlib.h>

#include "model.h"

struct region region[MAX_REGIONS];

static struct host_map before, after;
/* Pages have the number of the last walk that saw them; it saw so many that were handed out */
static u32 stamp;
static unsigned long seen;
static unsigned long objects_at_boot;

/* Boot memory: sections from 0 on, some lost; some of the first window */
static u8 lost[HUGE_SECTIONS + 2 * MAX_POOL_SECTIONS];
static bool early[WINDOW_SECTIONS];
static unsigned long early_pages[WINDOW_SECTIONS];

/* The region that each sub-section of a window belongs to, from 1 on; how many do to any */
static u8 owner[NR_WINDOWS][WINDOW_SECTIONS][SUBSECTIONS_PER_SECTION];
static unsigned int nr_owned[NR_WINDOWS][WINDOW_SECTIONS];

/* @early: sections of the first window, of which the last has @last_pages */
void model_reset(unsigned int nr_early, unsigned long last_pages)
{
	unsigned int i;

	memset(region, 0, sizeof(region));
	memset(lost, 0, sizeof(lost));
	memset(early, 0, sizeof(early));
	memset(owner, 0, sizeof(owner));
	memset(nr_owned, 0, sizeof(nr_owned));
	for (i = 0; i < nr_early; i++) {
		early[i] = true;
		early_pages[i] = i == nr_early - 1 ? last_pages : PAGES_PER_SECTION;
	}
}

static u8 *sub_owner(unsigned long pfn)
{
	unsigned long section = pfn_to_section_nr(pfn);
	unsigned int i;

	for (i = 0; i < NR_WINDOWS; i++)
		if (section - host_window[i] < WINDOW_SECTIONS)
			return &owner[i][section - host_window[i]]
				     [pfn % PAGES_PER_SECTION / PAGES_PER_SUBSECTION];
	return NULL;
}

/* Is it in memblock? A section that boot has lost is not any more. */
static bool boot_has(unsigned long section)
{
	unsigned long start, end, first = section_nr_to_pfn(section);
	int i;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL)
		if (start < first + PAGES_PER_SECTION && end > first)
			return true;
	return false;
}

/* After sparse_init(): some sections may be lost */
void model_booted(void)
{
	unsigned long section, taken;
	unsigned int i;

	for (section = 0; section < host_early_sections; section++)
		lost[section] = !boot_has(section);
	for (i = 0; i < WINDOW_SECTIONS; i++)
		if (early[i])
			early[i] = boot_has(host_window[0] + i);
	host_count(&taken, &objects_at_boot);
}

/* Is it boot memory, all of it, and has not been removed? */
bool model_is_early(unsigned long section)
{
	return section - host_window[0] < WINDOW_SECTIONS && early[section - host_window[0]] &&
	       early_pages[section - host_window[0]] == PAGES_PER_SECTION;
}

void model_remove_early(unsigned long section)
{
	if (section < host_early_sections)
		lost[section] = true;
	else
		early[section - host_window[0]] = false;
}

static bool early_section_at(unsigned long pfn)
{
	unsigned long section = pfn_to_section_nr(pfn);

	if (section < host_early_sections)
		return !lost[section];
	return section - host_window[0] < WINDOW_SECTIONS && early[section - host_window[0]];
}

/* Are there struct pages for the sub-section with @pfn? */
static bool has_map(unsigned long pfn)
{
	return early_section_at(pfn) || (sub_owner(pfn) && *sub_owner(pfn));
}

static bool has_memory(unsigned long pfn)
{
	unsigned long section = pfn_to_section_nr(pfn);

	if (sub_owner(pfn) && *sub_owner(pfn))
		return true;
	if (!early_section_at(pfn))
		return false;
	return section < host_early_sections ||
	       pfn % PAGES_PER_SECTION < early_pages[section - host_window[0]];
}

bool model_present(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SUBSECTION)
		if (!has_memory(pfn))
			return false;
	return true;
}

bool model_absent(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SUBSECTION)
		if (has_memory(pfn))
			return false;
	return true;
}

bool model_owns(const struct region *r, unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SUBSECTION)
		if (*sub_owner(pfn) != r - region + 1)
			return false;
	return true;
}

static void own(unsigned long pfn, unsigned long nr_pages, u8 whose)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SUBSECTION) {
		u8 *of = sub_owner(pfn);

		*of = whose;
		(&nr_owned[0][0])[(of - owner[0][0]) / SUBSECTIONS_PER_SECTION] += whose ? 1 : -1;
	}
}

void model_add(struct region *r)
{
	r->live = true;
	own(r->pfn, r->nr_pages, r - region + 1);
}

/* A part of a region, or all of it; the region is over when nothing is left */
void model_remove(struct region *r, unsigned long pfn, unsigned long nr_pages)
{
	unsigned long at;

	own(pfn, nr_pages, 0);
	for (at = r->pfn; at < r->pfn + r->nr_pages; at += PAGES_PER_SUBSECTION)
		if (*sub_owner(at) == r - region + 1)
			return;
	r->live = false;
}

static unsigned long struct_page(unsigned long pfn)
{
	return VMEMMAP_START + pfn * sizeof(struct page);
}

static unsigned long described(unsigned long addr)
{
	return (addr - VMEMMAP_START) / sizeof(struct page);
}

static struct region *lender(unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < MAX_REGIONS; i++) {
		unsigned long first = region[i].altmap.base_pfn + region[i].altmap.reserve;

		if (region[i].live && region[i].lent && pfn - first < region[i].altmap.free)
			return &region[i];
	}
	return NULL;
}

/* What lies behind a leaf */
static void check_backing(const struct host_leaf *leaf, struct region *lent,
			  unsigned long *borrowed)
{
	bool borrows = host_pool_node(leaf->pfn) == NUMA_NO_NODE;
	unsigned long nr = PHYS_PFN(leaf->size), i;
	struct host_page *page = host_page(leaf->pfn);

	host_check(IS_ALIGNED(leaf->pfn, nr), "%#lx is mapped to pfn %#lx", leaf->start, leaf->pfn);
	for (i = 0; i < nr; i++, page++) {
		if (page->stamp != stamp) {
			page->stamp = stamp;
			page->mapped = 0;
			seen += !borrows;
		}
		page->mapped++;
		host_check(borrows || (page->flags & HOST_TAKEN && !(page->flags & HOST_SLAB)),
			   "%#lx is mapped to pfn %#lx, which is free", leaf->start, leaf->pfn + i);
	}
	if (borrows) {
		/* Those have a check of their own */
		if (!lent && host_block(leaf->pfn))
			return;
		host_check(lent && lender(leaf->pfn + nr - 1) == lent,
			   "%#lx is mapped to pfn %#lx, which nobody lends", leaf->start,
			   leaf->pfn);
		borrowed[lent - region] += nr;
	}
}

/* Of what is there a leaf must describe something; of what lends its memory nothing else */
static struct region *check_use(const struct host_leaf *leaf)
{
	unsigned long first = described(max(leaf->start, VMEMMAP_START)), last, pfn;
	struct region *lent = lender(leaf->pfn);
	bool used = false;

	last = described(leaf->start + leaf->size - 1);
	for (pfn = ALIGN_DOWN(first, PAGES_PER_SUBSECTION); pfn <= last;
	     pfn += PAGES_PER_SUBSECTION) {
		if (!has_map(pfn))
			continue;
		used = true;
		if (!lent)
			break;
		host_check(!early_section_at(pfn) && *sub_owner(pfn) == lent - region + 1,
			   "the struct page of %#lx lies in memory that another range lends", pfn);
	}
	host_check(used, "%#lx-%#lx is mapped for nothing", leaf->start,
		   leaf->start + leaf->size - 1);
	return lent;
}

static void check_leaves(void)
{
	unsigned long borrowed[MAX_REGIONS] = { 0 }, end = 0;
	unsigned int i;

	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];

		host_check(IS_ALIGNED(leaf->start, leaf->size) && (!i || leaf->start >= end),
			   "%#lx is mapped twice", leaf->start);
		host_check(arch_vmemmap_mixes_leaves() || leaf->size == arch_vmemmap_leaf_size(),
			   "%#lx has a leaf of %#lx bytes", leaf->start, leaf->size);
		end = leaf->start + leaf->size;
		check_backing(leaf, check_use(leaf), borrowed);
	}
	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];
		struct host_page *page = host_page(leaf->pfn);

		host_check(page->mapped == 1 ||
			   (page->mapped == page->refs && !page->order &&
			    leaf->size == PAGE_SIZE),
			   "pfn %#lx is mapped %u times", leaf->pfn, page->mapped);
		host_check(host_pool_node(leaf->pfn) == NUMA_NO_NODE ||
			   page->flags & HOST_RESERVED || page->refs == page->mapped,
			   "pfn %#lx has %u references", leaf->pfn, page->refs);
	}
	for (i = 0; i < MAX_REGIONS; i++)
		host_check(!region[i].live || !region[i].lent ||
			   region[i].altmap.alloc == borrowed[i],
			   "%lu pages are lent, %lu in use", region[i].altmap.alloc, borrowed[i]);
}

static void check_covered(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long addr = struct_page(pfn), end = struct_page(pfn + nr_pages);

	while (addr < end) {
		const struct host_leaf *leaf = host_find(&after, addr);

		host_check(leaf, "oops: the struct page of pfn %#lx is not mapped",
			   described(addr));
		addr = leaf->start + leaf->size;
	}
}

static void check_section(unsigned int window, unsigned int nr)
{
	unsigned long pfn = section_nr_to_pfn(host_window[window] + nr), i;

	if (early_section_at(pfn)) {
		/* Whether holes in a section of boot memory are valid is left open */
		check_covered(pfn, PAGES_PER_SECTION);
		host_check(pfn_valid(pfn), "pfn_valid() is wrong about %#lx", pfn);
		return;
	}
	if (!nr_owned[window][nr]) {
		host_check(!pfn_valid(pfn), "pfn_valid() is wrong about %#lx", pfn);
		return;
	}
	for (i = 0; i < SUBSECTIONS_PER_SECTION; i++, pfn += PAGES_PER_SUBSECTION) {
		bool there = owner[window][nr][i];

		if (there)
			check_covered(pfn, PAGES_PER_SUBSECTION);
		host_check(pfn_valid(pfn) == there && sparse_pfn_valid(pfn) == there,
			   "pfn_valid() is wrong about %#lx", pfn);
	}
}

static void check_all_covered(void)
{
	unsigned long section;
	unsigned int i, j;

	for (section = 0; section < host_early_sections; section++)
		if (!lost[section])
			check_covered(section_nr_to_pfn(section), PAGES_PER_SECTION);
	for (i = 0; i < NR_WINDOWS; i++)
		for (j = 0; j < WINDOW_SECTIONS; j++)
			check_section(i, j);
}

static void check_tables(void)
{
	unsigned int i;

	for (i = 0; i < after.nr_tables; i++) {
		struct host_page *page = host_page(after.table[i].pfn);

		host_check(page->stamp != stamp, "pfn %#lx is a page table twice",
			   after.table[i].pfn);
		host_check(page->flags & HOST_TAKEN && !(page->flags & HOST_SLAB),
			   "the page table at pfn %#lx is free", after.table[i].pfn);
		page->stamp = stamp;
		seen++;
		host_check(!after.table[i].empty || after.table[i].synced,
			   "the page table of %#lx is empty", after.table[i].start);
	}
}

/* Pages and tables of the bitmap for pfn_valid() */
static void use_page(unsigned long pfn)
{
	struct host_page *page = host_page(pfn);

	host_check(page->stamp != stamp, "pfn %#lx of the bitmap is something else, too", pfn);
	host_check(page->flags & HOST_TAKEN && !(page->flags & HOST_SLAB),
		   "pfn %#lx of the bitmap is free", pfn);
	page->stamp = stamp;
	seen++;
}

static bool first_of_root(unsigned long section)
{
	return section % SECTIONS_PER_ROOT == 0;
}

/* Objects: the tables of sections, and the bitmaps of those that were added */
static void check_objects(void)
{
	unsigned long section, taken, objects, expected = objects_at_boot;
	unsigned long boot_root = SECTION_NR_TO_ROOT(host_window[0] + WINDOW_SECTIONS - 1);
	unsigned int i;

	for (i = 0; i < NR_WINDOWS; i++)
		for (section = host_window[i]; section < host_window[i] + WINDOW_SECTIONS;
		     section++) {
			struct mem_section *ms = __nr_to_section(section);

			if (!ms)
				continue;
			if ((section == host_window[i] || first_of_root(section)) &&
			    SECTION_NR_TO_ROOT(section) > boot_root)
				expected++;
			if (ms->usage && !PageReserved(virt_to_page(ms->usage)))
				expected++;
		}
	host_count(&taken, &objects);
	host_check(objects == expected, "%lu objects, %lu expected", objects, expected);
}

/* The kernel's own look-up finds the same as the machine */
static void check_lookup(void)
{
	unsigned int i, step = DIV_ROUND_UP(after.nr_leaves, 64);
	struct vmemmap_leaf found;

	for (i = 0; i < after.nr_leaves; i += step) {
		const struct host_leaf *leaf = &after.leaf[i];
		unsigned long addr = leaf->start + leaf->size - 1;

		host_check(vmemmap_lookup(&init_mm, addr, &found) &&
			   found.pfn + PHYS_PFN(addr - found.start) ==
			   leaf->pfn + PHYS_PFN(addr - leaf->start),
			   "vmemmap_lookup() does not find %#lx", addr);
		if (!host_find(&after, addr + 1))
			host_check(!vmemmap_lookup(&init_mm, addr + 1, &found),
				   "vmemmap_lookup() finds %#lx", addr + 1);
	}
}

/* It finds nothing where nothing is, at whatever level that shows */
static void check_no_lookup(void)
{
	struct vmemmap_leaf found;
	unsigned int i, j;

	for (i = 0; i < NR_WINDOWS; i++)
		for (j = 0; j < WINDOW_SECTIONS; j++) {
			unsigned long pfn = section_nr_to_pfn(host_window[i] + j);
			unsigned long addr = struct_page(pfn);

			if (!host_find(&after, addr))
				host_check(!vmemmap_lookup(&init_mm, addr, &found),
					   "vmemmap_lookup() finds %#lx", addr);
		}
}

/* New leaves: asked of the right node, and large ones are there, too */
static void check_new(const struct region *added)
{
	unsigned int i, old = 0;

	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];
		struct host_page *page = host_page(leaf->pfn);

		while (old < before.nr_leaves && before.leaf[old].start < leaf->start)
			old++;
		if (old < before.nr_leaves && before.leaf[old].start == leaf->start)
			continue;
		host_check(leaf->size == PAGE_SIZE || !arch_vmemmap_mixes_leaves() ||
			   added->nr_pages >= PAGES_PER_SECTION,
			   "a part of a section has a leaf of %#lx bytes", leaf->size);
		if (host_pool_node(leaf->pfn) == NUMA_NO_NODE)
			continue;
		host_check(page->node == added->nid, "%#lx was asked of node %d", leaf->start,
			   page->node);
		if (leaf->size > PAGE_SIZE && node_state(added->nid, N_MEMORY) &&
		    (arch_vmemmap_in_page_table() || IS_ENABLED(CONFIG_VMEMMAP_LARGE_LEAVES)))
			host_check(host_pool_node(leaf->pfn) == added->nid,
				   "the leaf of %#lx is on another node", leaf->start);
	}
}

/*
 * Does every block of a region have room for all its struct pages, none of which shares
 * its backing with those of another block?
 */
bool model_can_host(const struct region *r)
{
	unsigned long bytes = host_block_pages() * sizeof(struct page);
	unsigned long leaf = arch_vmemmap_mixes_leaves() ? PAGE_SIZE : arch_vmemmap_leaf_size();
	unsigned long room = host_block_pages() - pageblock_nr_pages;

	return r->hosts && IS_ALIGNED(r->pfn * sizeof(struct page) | bytes, leaf) &&
	       PHYS_PFN(2 * bytes + arch_vmemmap_leaf_size()) < room;
}

/* Is all that a leaf describes in one memory block? */
static bool in_block(const struct host_leaf *leaf)
{
	unsigned long first = described(max(leaf->start, VMEMMAP_START));
	unsigned long last = described(leaf->start + leaf->size - 1);

	return host_block(first) && host_block(first) == host_block(last) &&
	       leaf->start >= struct_page(ALIGN_DOWN(first, host_block_pages()));
}

/* Would a block have to keep too much of itself to be asked before other memory? */
static bool hosts_last(const struct region *added)
{
	return !added->first && pageblock_nr_pages > host_block_pages() / 32;
}

/* The node's memory and the region's own come in the right order */
static void check_order(const struct region *added)
{
	unsigned long end = struct_page(added->pfn + added->nr_pages);
	unsigned long large = arch_vmemmap_leaf_size();
	unsigned int i;

	if ((hosts_last(added) || (!added->first && !added->scarce &&
				   node_state(added->nid, N_MEMORY))) &&
	    !host_faults.failed && !host_faults.refused)
		host_check(!host_blocks_hosted(added->pfn, added->nr_pages),
			   "there is memory elsewhere, and it was not asked");
	if (host_faults.failed || hosts_last(added) || !model_can_host(added))
		return;
	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];
		struct host_leaf around = {
			.start = ALIGN_DOWN(leaf->start, large), .size = large,
		};

		if (leaf->start < struct_page(added->pfn) || leaf->start >= end)
			continue;
		if ((added->first || added->scarce) && in_block(leaf))
			host_check(host_pool_node(leaf->pfn) == NUMA_NO_NODE,
				   "%#lx is not mapped to memory of the range", leaf->start);
		if (arch_vmemmap_in_page_table() && in_block(&around))
			host_check(leaf->size == large, "%#lx has a leaf of %#lx bytes",
				   leaf->start, leaf->size);
	}
}

static bool mapped_before(unsigned long addr, unsigned long end)
{
	for (; addr < end; addr += PAGE_SIZE)
		if (host_find(&before, addr))
			return true;
	return false;
}

/* Where nothing was, and nobody was out of memory, whole sections have large leaves */
static void check_large(const struct region *added)
{
	unsigned long end = struct_page(added->pfn + added->nr_pages);
	unsigned long large = arch_vmemmap_leaf_size(), seen_to = 0;
	unsigned int i;

	if (host_faults.failed || host_faults.refused || added->lent || added->compound ||
	    added->nr_pages < PAGES_PER_SECTION)
		return;
	/* No other node's are asked for if the range should have them */
	if (added->hosts && !hosts_last(added) && !node_state(added->nid, N_MEMORY) &&
	    !model_can_host(added))
		return;
	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];
		unsigned long start = ALIGN_DOWN(leaf->start, large);

		if (leaf->start < struct_page(added->pfn) || leaf->start >= end ||
		    leaf->start < seen_to || leaf->size >= large)
			continue;
		seen_to = start + large;
		host_check(mapped_before(start, seen_to), "%#lx has a leaf of %#lx bytes",
			   leaf->start, leaf->size);
	}
}

/* A leaf of PUD_SIZE is for boot memory of one node, all of it */
static void check_huge(void)
{
	unsigned int i;

	for (i = 0; i < after.nr_leaves; i++) {
		const struct host_leaf *leaf = &after.leaf[i];
		unsigned long last = described(leaf->start + leaf->size - 1);

		host_check(leaf->size <= max(PMD_SIZE, 1UL << 24) ||
			   (boot_has(pfn_to_section_nr(last)) &&
			    early_pfn_to_nid(last) == host_page(leaf->pfn)->node),
			   "the leaf of %#lx describes more than a node", leaf->start);
	}
}

/* Nothing that was mapped before and still is has moved */
static void check_still(void)
{
	unsigned int i;

	for (i = 0; i < before.nr_leaves; i++) {
		const struct host_leaf *leaf = host_find(&after, before.leaf[i].start);

		host_check(!leaf || (leaf->pfn == before.leaf[i].pfn &&
				     leaf->size == before.leaf[i].size),
			   "%#lx has moved", before.leaf[i].start);
	}
}

/* @added: the region that the operation added, or NULL */
void model_verify(const struct region *added)
{
	unsigned long pages;

	host_walk(&after);
	stamp++;
	seen = 0;
	check_leaves();
	check_all_covered();
	check_tables();
	host_bitmap_check(&after, use_page);
	check_lookup();
	check_no_lookup();
	check_still();
	host_blocks_check(&after);
	if (added)
		check_new(added);
	if (added)
		check_large(added);
	if (added && added->hosts)
		check_order(added);
	if (slab_is_available())
		check_objects();
	else if (HUGE_SECTIONS)
		check_huge();
	host_check_arch(&after);
	pages = host_unstamped(stamp, seen);
	host_check(pages <= host_record_pages(&after), "%lu pages are lost", pages);
	host_tlb_check();
}

void model_save(void)
{
	host_walk(&before);
	host_tlb_fill();
}

/* What failed has left nothing behind, but for page tables that stay for good */
void model_unchanged(void)
{
	unsigned int i, old = 0;

	host_walk(&after);
	host_check(before.nr_leaves == after.nr_leaves, "%u leaves, %u before", after.nr_leaves,
		   before.nr_leaves);
	for (i = 0; i < after.nr_leaves; i++)
		host_check(before.leaf[i].start == after.leaf[i].start &&
			   before.leaf[i].pfn == after.leaf[i].pfn &&
			   before.leaf[i].size == after.leaf[i].size,
			   "%#lx has changed", before.leaf[i].start);
	for (i = 0; i < after.nr_tables; i++) {
		if (old < before.nr_tables && before.table[old].pfn == after.table[i].pfn)
			old++;
		else
			host_check(after.table[i].synced && after.table[i].empty,
				   "the page table of %#lx is left", after.table[i].start);
	}
	host_check(old == before.nr_tables, "%u page tables are gone", before.nr_tables - old);
	host_bitmap_unchanged(&before, &after);
}
