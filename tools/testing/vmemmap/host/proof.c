// SPDX-License-Identifier: GPL-2.0
/*
 * What holds of the arithmetic on addresses, for all values: ../hostproof.py proves
 * it, for each geometry, of the code that the compiler makes of the kernel's files.
 *
 * The arguments of a function prove_...() have any value that assume() admits. CBMC
 * takes the same functions, where there is one. With HOST_TRY this is a program that
 * tries values.
 */
#include <linux/mm.h>

#ifdef __CPROVER
#define assume(condition)	__CPROVER_assume(condition)
#define prove(condition)	__CPROVER_assert(condition, #condition)
#else
void host_assume(bool condition);
void host_prove(bool condition, int line);
#ifdef HOST_TRY
#define assume(condition)	do { if (!(condition)) return; } while (0)
#else
#define assume(condition)	host_assume(condition)
#endif
#define prove(condition)	host_prove(condition, __LINE__)
#endif

/* One sub-section is there; prove_shared() says which */
static unsigned long there;

static int pfn_valid(unsigned long pfn)
{
	return pfn / PAGES_PER_SUBSECTION == there;
}

/* What others decide: any of it is possible */
unsigned int host_pageblock_order;
static unsigned long block_bytes;
static bool fails;

unsigned long memory_block_size_bytes(void)
{
	return block_bytes;
}

bool should_fail_vmemmap(unsigned long size)
{
	return fails;
}

#undef pr_fmt
#include "tree/mm/vmemmap-host.c"
#undef pr_fmt
#include "tree/mm/sparse-vmemmap.c"
#include "tree/mm/vmemmap-backing.c"
#include "tree/mm/vmemmap-free.c"
#include "tree/mm/sparse-subsection.c"

/* The architecture's part; of some names there are two */
#undef pr_fmt
#if defined(CONFIG_PPC_BOOK3S_64)
static unsigned long leaf_size;

#undef arch_vmemmap_leaf_size
#define arch_vmemmap_leaf_size()	leaf_size
#include "tree/arch/powerpc/mm/book3s64/vmemmap.c"
#elif defined(CONFIG_VMEMMAP_LARGE_LEAVES)
#define alloc_table		alloc_table_of_slots
#include "tree/arch/ia64/mm/vmemmap-large.c"
#endif

#define NR_PFNS			(1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT))

#ifdef CONFIG_X86_64
bool host_five_levels, host_large_pages;
#define choose(how)		(host_five_levels = (how))
#elif defined(CONFIG_PPC_BOOK3S_64)
bool host_radix;
#define choose(how)		(host_radix = (how))
#else
#define choose(how)		((void)(how))
#endif

/*
 * A division by 56 is more than z3 does in a minute, so what divides by the size of a
 * struct page is proved where that is 64, and tried where it is 56.
 */
#if STRUCT_PAGE_SIZE == 64 || defined(HOST_TRY) || defined(__CPROVER)
#define DIVIDES			1
#endif

#ifdef DIVIDES

/* pfn, struct page and address are the same three ways */
void prove_conversions(bool how, unsigned long pfn, unsigned long byte)
{
	unsigned long addr;

	choose(how);
	assume(pfn < NR_PFNS && byte < sizeof(struct page));
	addr = (unsigned long)pfn_to_page(pfn);
	prove(addr >= VMEMMAP_START && addr + sizeof(struct page) <= VMEMMAP_END);
	prove(page_to_pfn((struct page *)addr) == pfn);
	prove(vmemmap_pfn(addr + byte) == pfn);
}

#endif

/* Rounding to leaves stays where addresses do not wrap, and maps the whole range */
void prove_rounding(bool how, unsigned long pfn, unsigned long nr, unsigned long at)
{
	unsigned long start, end, leaf;

	choose(how);
	assume(pfn < NR_PFNS && nr && nr <= NR_PFNS - pfn);
	start = (unsigned long)pfn_to_page(pfn);
	end = (unsigned long)pfn_to_page(pfn + nr);
	assume(at >= start && at < end);
	leaf = at & PMD_MASK;
	prove(leaf <= at && at - leaf < PMD_SIZE && leaf + PMD_SIZE > leaf);
	prove(end + PMD_SIZE > end && (start & PAGE_MASK) <= start);
	prove(pmd_addr_end(at, end) > at && pmd_addr_end(at, end) <= end);
	prove(((pmd_addr_end(at, end) - 1) & PMD_MASK) == leaf);
}

/* The bit of a sub-section is one of the section's */
void prove_subsections(bool how, unsigned long pfn, unsigned long nr)
{
	unsigned long next, end;
	int first, last;

	choose(how);
	assume(pfn < NR_PFNS && nr && nr <= NR_PFNS - pfn);
	end = pfn + nr;
	next = min(end, SECTION_ALIGN_UP(pfn + 1));
	first = subsection_map_index(pfn);
	last = subsection_map_index(next - 1);
	prove(first >= 0 && first <= last && last < (int)SUBSECTIONS_PER_SECTION);
	prove(pfn_to_section_nr(pfn) == pfn_to_section_nr(next - 1));
	prove(pfn_to_section_nr(pfn) < NR_MEM_SECTIONS);
}

/* A part of a section: what is marked is in the map, and is all of it */
void prove_marked(unsigned long pfn, unsigned long nr, unsigned long at)
{
	unsigned int first, end, index;

	assume(!((pfn | nr) % PAGES_PER_SUBSECTION) && nr);
	assume(nr <= PAGES_PER_SECTION - pfn % PAGES_PER_SECTION);
	first = subsection_map_index(pfn);
	end = first + nr / PAGES_PER_SUBSECTION;
	prove(first < end && end <= SUBSECTIONS_PER_SECTION);
	assume(pfn <= ~0UL - nr && pfn_to_section_nr(at) == pfn_to_section_nr(pfn));
	index = subsection_map_index(at);
	prove((index >= first && index < end) == (at >= pfn && at < pfn + nr));
}

#ifdef DIVIDES

/*
 * A leaf stays exactly when a sub-section that is there has a byte of a struct page in
 * it, outside of what goes.
 */
static inline void shared(unsigned long leaf, unsigned long size, unsigned long pfn,
			  unsigned long nr, unsigned long valid)
{
	unsigned long start, end, first, last;

	there = valid;
	assume(valid < NR_PFNS / PAGES_PER_SUBSECTION);
	assume(!((pfn | nr) % PAGES_PER_SUBSECTION) && nr && pfn < NR_PFNS && nr <= NR_PFNS - pfn);
	start = (unsigned long)pfn_to_page(pfn);
	end = (unsigned long)pfn_to_page(pfn + nr);
	/* What goes is not there any more, and the leaf has a part of it */
	assume(valid * PAGES_PER_SUBSECTION < pfn || valid * PAGES_PER_SUBSECTION >= pfn + nr);
	assume(!(leaf % size) && leaf < end && leaf + size > start);

	first = (unsigned long)pfn_to_page(valid * PAGES_PER_SUBSECTION);
	last = first + PAGES_PER_SUBSECTION * sizeof(struct page);
	prove(vmemmap_leaf_is_shared(start, end, leaf, size) ==
	      (first < leaf + size && last > leaf));
}

/* With 64 KiB pages that is a loop over 32 sub-sections, twice: too many paths */
#if PAGE_SHIFT < 16
void prove_shared(bool how, unsigned long leaf, unsigned long pfn, unsigned long nr,
		  unsigned long valid)
{
	choose(how);
	shared(leaf, PAGE_SIZE, pfn, nr, valid);
}
#endif

/* A device lends a leaf only where all that it describes is the device's, or goes with it */
void prove_lends(bool how, unsigned long pfn, unsigned long nr, unsigned long base,
		 unsigned long last, unsigned long addr, unsigned long at)
{
	struct vmem_altmap altmap = { .base_pfn = base, .end_pfn = last };
	unsigned long start, end;

	choose(how);
	assume(pfn < NR_PFNS && nr && nr <= NR_PFNS - pfn);
	start = (unsigned long)pfn_to_page(pfn);
	end = (unsigned long)pfn_to_page(pfn + nr);
	assume(addr >= start && addr < end);
	assume(at >= (addr & PMD_MASK) && at - (addr & PMD_MASK) < PMD_SIZE);
	if (lends_leaf(&altmap, addr, start, end))
		prove((at >= start && at < end) ||
		      (vmemmap_pfn(at) >= base && vmemmap_pfn(at) <= last));
}

/* A memory block lends what backs struct pages only if all of them are the block's */
static inline void hosts(unsigned long first, unsigned long pages, unsigned long addr,
			 unsigned long size, unsigned long at)
{
	/* The range is all there is: it must not matter */
	struct vmemmap_host host = {
		.block = first, .block_end = first + pages, .end_pfn = NR_PFNS,
	};
	struct vmem_altmap altmap = { .host = &host };

	assume(pages <= NR_PFNS && first <= NR_PFNS - pages);
	assume(addr >= VMEMMAP_START && addr <= VMEMMAP_END - size && !(addr % size));
	assume(at >= addr && at - addr < size);
	if (vmemmap_lends(&altmap, addr, size))
		prove(vmemmap_pfn(at) >= first && vmemmap_pfn(at) < first + pages);
}

void prove_hosts_page(bool how, unsigned long first, unsigned long pages, unsigned long addr,
		      unsigned long at)
{
	choose(how);
	hosts(first, pages, addr, PAGE_SIZE, at);
}

void prove_hosts_leaf(bool how, unsigned long first, unsigned long pages, unsigned long addr,
		      unsigned long at)
{
	choose(how);
	hosts(first, pages, addr, PMD_SIZE, at);
}

/* The same for a section of the block, whose leaf may have nothing else in it anyway */
void prove_hosts_section(bool how, unsigned long section, unsigned long first,
			 unsigned long sections, unsigned long addr, unsigned long at)
{
	struct vmemmap_host host = {
		.block = section_nr_to_pfn(first), .block_end = section_nr_to_pfn(first + sections),
		.end_pfn = NR_PFNS,
	};
	struct vmem_altmap altmap = { .host = &host };
	unsigned long start, end;

	choose(how);
	assume(sections <= NR_MEM_SECTIONS && first <= NR_MEM_SECTIONS - sections);
	assume(section >= first && section < first + sections);
	start = (unsigned long)pfn_to_page(section_nr_to_pfn(section));
	end = (unsigned long)pfn_to_page(section_nr_to_pfn(section + 1));
	assume(addr >= start && addr < end);
	assume(at >= (addr & PMD_MASK) && at - (addr & PMD_MASK) < PMD_SIZE);
	if (lends_leaf(&altmap, addr, start, end))
		prove(pfn_to_section_nr(vmemmap_pfn(at)) - first < sections);
}

#endif /* DIVIDES */

/*
 * What a memory block lends is aligned, lies in the block, was not lent before, leaves the
 * page allocator a page block, and is accounted until it comes back.
 */
static inline __attribute__((__always_inline__))
void prove_hosted(unsigned long at, unsigned int shift, unsigned long next, unsigned long hosted,
		  bool fail, unsigned int order, unsigned long nr)
{
	unsigned long pages = 1UL << shift;
	struct vmemmap_host host = { .end_pfn = NR_PFNS, .hosted = hosted };
	struct vmem_altmap altmap = { .host = &host };
	unsigned long pfn;
	void *p;

	host_pageblock_order = order;
	block_bytes = PFN_PHYS(pages);
	fails = fail;
	assume(shift >= PFN_SECTION_SHIFT && shift <= 24);
	assume(at < NR_PFNS && ALIGN_DOWN(at, pages) <= NR_PFNS - pages);
	vmemmap_host_enter(&altmap, at);
	prove(!(host.block & (pages - 1)) && host.block_end == host.block + pages);
	prove(at >= host.block && at < host.block_end && host.next == host.block);

	/* Some of it is lent, and it is the next section's turn */
	assume(next >= host.block && next < host.block_end);
	host.next = next;
	vmemmap_host_enter(&altmap, host.block_end - 1);
	prove(host.next == next);
	p = vmemmap_host_alloc(nr * PAGE_SIZE, &altmap);
	if (!p) {
		prove(host.next == next && host.hosted == hosted);
		prove(fail || ALIGN(ALIGN(next, nr) + nr, pageblock_nr_pages) >= host.block_end);
		return;
	}
	pfn = PHYS_PFN(__pa(p));
	prove(!fail && !(pfn % nr) && pfn >= next && host.next == pfn + nr);
	prove(pfn >= host.block);
	prove(ALIGN(pfn + nr, pageblock_nr_pages) + pageblock_nr_pages <= host.block_end);
	prove(host.hosted == hosted + nr);
	altmap.base_pfn = host.block;
	host.end_pfn = host.block_end;
	prove(vmemmap_host_give_back(&altmap, pfn, nr) && host.hosted == hosted);
	prove(!vmemmap_host_give_back(&altmap, host.block - 1, nr));
	prove(!vmemmap_host_give_back(&altmap, host.block_end, nr));
	prove(host.hosted == hosted);
}

void prove_hosted_page(bool how, unsigned long at, unsigned int shift, unsigned long next,
		       unsigned long hosted, bool fail)
{
	choose(how);
	prove_hosted(at, shift, next, hosted, fail, 5, 1);
}

void prove_hosted_leaf(bool how, unsigned long at, unsigned int shift, unsigned long next,
		       unsigned long hosted, bool fail)
{
	choose(how);
	prove_hosted(at, shift, next, hosted, fail, min(9, PFN_SECTION_SHIFT),
		     PMD_SIZE / PAGE_SIZE);
}

/* It takes long, and is the same everywhere */
#if defined(CONFIG_X86_64) && STRUCT_PAGE_SIZE == 64
/* What is lent is aligned, is the device's, was not lent before, and is accounted */
static inline __attribute__((__always_inline__))
void prove_lent(unsigned long base, unsigned long reserve, unsigned long free,
		unsigned long align, unsigned long alloc, unsigned long nr)
{
	struct vmem_altmap altmap = {
		.base_pfn = base, .reserve = reserve, .free = free, .align = align, .alloc = alloc,
	};
	unsigned long pfn, first;
	void *p;

	/* z3 finds no end with ranges of any size: up to 4 sections, anywhere */
	assume(base < NR_PFNS && reserve < 4 * PAGES_PER_SECTION);
	assume(free <= 4 * PAGES_PER_SECTION && align <= free && alloc <= free - align);
	first = base + reserve;
	p = altmap_alloc(nr * PAGE_SIZE, &altmap);
	if (!p) {
		prove(altmap.align == align && altmap.alloc == alloc);
		/* There was no room, wherever it would have been */
		prove(ALIGN(first + alloc + align, nr) + nr > first + free);
		return;
	}
	pfn = PHYS_PFN(__pa(p));
	prove(!(pfn % nr));
	prove(pfn >= first + alloc + align && pfn + nr <= first + free);
	prove(first + altmap.alloc + altmap.align == pfn + nr);
	prove(altmap_contains(&altmap, pfn) && altmap_contains(&altmap, pfn + nr - 1));
	prove(!altmap_contains(&altmap, first + free) && !altmap_contains(&altmap, first - 1));
}

void prove_lent_page(bool how, unsigned long base, unsigned long reserve, unsigned long free,
		     unsigned long align, unsigned long alloc)
{
	choose(how);
	prove_lent(base, reserve, free, align, alloc, 1);
}

void prove_lent_leaf(bool how, unsigned long base, unsigned long reserve, unsigned long free,
		     unsigned long align, unsigned long alloc)
{
	choose(how);
	prove_lent(base, reserve, free, align, alloc, PMD_SIZE / PAGE_SIZE);
}

#endif /* CONFIG_X86_64 && STRUCT_PAGE_SIZE == 64 */

/* A section's share of the buffer at boot is enough */
void prove_buffer(bool how)
{
	choose(how);
	prove(section_map_size() >= PAGES_PER_SECTION * sizeof(struct page));
	prove(!(section_map_size() % VMEMMAP_BUFFER_ALIGN));
	prove(!(section_map_size() % PAGE_SIZE));
}

#if defined(CONFIG_PPC_BOOK3S_64) && defined(DIVIDES)
/* The same as prove_lends(), for any size of backing */
void prove_own(bool how, unsigned long pfn, unsigned long nr, unsigned long base,
	       unsigned long last, unsigned long at, unsigned int shift)
{
	struct vmem_altmap altmap = { .base_pfn = base, .end_pfn = last };
	unsigned long start, end;

	choose(how);
	assume(shift == PAGE_SHIFT || shift == 21 || shift == 24);
	leaf_size = 1UL << shift;
	assume(pfn < NR_PFNS && nr && nr <= NR_PFNS - pfn);
	start = (unsigned long)pfn_to_page(pfn);
	end = (unsigned long)pfn_to_page(pfn + nr);
	assume(at >= ALIGN_DOWN(start, leaf_size) && at < ALIGN(end, leaf_size));
	prove(ALIGN(end, leaf_size) >= end && ALIGN_DOWN(start, leaf_size) >= VMEMMAP_START);
	if (own_altmap(start, end, &altmap))
		prove((at >= start && at < end) ||
		      (vmemmap_pfn(at) >= base && vmemmap_pfn(at) <= last));
}

/* The same as prove_hosts_section() */
void prove_hosts_own(bool how, unsigned long section, unsigned long first,
		     unsigned long sections, unsigned long at, unsigned int shift)
{
	struct vmemmap_host host = {
		.block = section_nr_to_pfn(first), .block_end = section_nr_to_pfn(first + sections),
		.end_pfn = NR_PFNS,
	};
	struct vmem_altmap altmap = { .host = &host };
	unsigned long start, end;

	choose(how);
	assume(shift == PAGE_SHIFT || shift == 21 || shift == 24);
	leaf_size = 1UL << shift;
	assume(sections <= NR_MEM_SECTIONS && first <= NR_MEM_SECTIONS - sections);
	assume(section >= first && section < first + sections);
	start = (unsigned long)pfn_to_page(section_nr_to_pfn(section));
	end = (unsigned long)pfn_to_page(section_nr_to_pfn(section + 1));
	assume(at >= ALIGN_DOWN(start, leaf_size) && at < ALIGN(end, leaf_size));
	if (own_altmap(start, end, &altmap))
		prove(pfn_to_section_nr(vmemmap_pfn(at)) - first < sections);
}
#endif

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES
/* Entries of all three kinds of tables are in their tables, and so are all of a block */
void prove_tables(unsigned long addr, unsigned long table, unsigned int shift)
{
	unsigned long entry, slot, first;

	assume(addr >= VMEMMAP_START && addr < VMEMMAP_END);
	assume(!(table % PAGE_SIZE) && table < 1UL << IA64_MAX_PHYS_BITS);
	prove((unsigned long)(root_entry(addr) - vmemmap_root) < NR_ROOT_ENTRIES);

	entry = (unsigned long)base_entry(table, addr);
	prove(entry >= (unsigned long)__va(table));
	prove(entry + sizeof(u64) <= (unsigned long)__va(table) + BASE_TABLE_SIZE);

	assume(shift >= VMEMMAP_SLOT_SHIFT && shift <= IA64_GRANULE_SHIFT);
	slot = table + (addr >> VMEMMAP_SLOT_SHIFT) % SLOTS_PER_TABLE * sizeof(u64);
	first = (unsigned long)first_slot((u64 *)slot, addr, shift);
	prove(first >= table && first <= slot);
	prove(first + slots_in(shift) * sizeof(u64) <= table + PAGE_SIZE);
	prove(slot < first + slots_in(shift) * sizeof(u64));
}

/* What an entry was made of can be read from it */
void prove_entries(unsigned long pfn, unsigned int shift)
{
	u64 entry;

	assume(pfn < 1UL << (IA64_MAX_PHYS_BITS - PAGE_SHIFT) && shift >= PAGE_SHIFT && shift < 64);
	entry = make_entry(PFN_PHYS(pfn), shift);
	prove(is_leaf(entry) && !is_leaf(PFN_PHYS(pfn)));
	prove(entry_phys(entry) == PFN_PHYS(pfn));
	prove(leaf_shift(entry) == shift);
	/* An entry that keeps its page for the purge */
	prove(!is_leaf(entry & ~_PAGE_P) && entry_phys(entry & ~_PAGE_P) == PFN_PHYS(pfn));
}
#endif

#ifdef HOST_TRY
#include <stdio.h>
#include <stdlib.h>

static unsigned long tried;

void host_prove(bool condition, int line)
{
	tried++;
	if (condition)
		return;
	printf("line %d does not hold\n", line);
	exit(1);
}

/* What is there lies beside what goes, or at an end of the leaf */
static void try_valid(unsigned long leaf, unsigned long size, unsigned long sub, unsigned long nr)
{
	unsigned long bytes = PAGES_PER_SUBSECTION * sizeof(struct page), i, j;
	unsigned long at[] = {
		sub, sub + nr, leaf * size / bytes, (leaf + 1) * size / bytes,
	};

	for (i = 0; i < ARRAY_SIZE(at); i++)
		for (j = 0; j < 5; j++)
			shared(VMEMMAP_START + leaf * size, size, sub * PAGES_PER_SUBSECTION,
			       nr * PAGES_PER_SUBSECTION, at[i] + j - 2);
}

/* Sub-sections whose struct pages lie in every way over the leaves of @size */
static void try_shared(unsigned long size)
{
	unsigned long bytes = PAGES_PER_SUBSECTION * sizeof(struct page);
	unsigned long sub, nr, leaf, near = 2 + size / bytes;

	for (sub = near; sub < near + size / 64 && sub < near + 512; sub++)
		for (nr = 1; nr <= 2; nr++)
			for (leaf = sub * bytes / size; leaf <= (sub + nr) * bytes / size; leaf++)
				try_valid(leaf, size, sub, nr);
}

/* Every way in which an altmap can lie beside what is populated */
static void try_lends(bool how)
{
	unsigned long pages = PMD_SIZE / sizeof(struct page), pfn, step = PAGES_PER_SECTION;
	unsigned long base, last, at;

	for (pfn = 0; pfn < 2 * pages + 2 * step; pfn += step)
		for (base = 0; base <= pfn; base += step)
			for (last = pfn; last < pfn + 2 * pages; last += step)
				for (at = 0; at < PMD_SIZE; at += PMD_SIZE / 64)
					prove_lends(how, pfn, step, base, last + step - 1,
						    (unsigned long)pfn_to_page(pfn),
						    ((unsigned long)pfn_to_page(pfn) & PMD_MASK) +
						    at);
}

/* Leaves at both ends of memory blocks and beyond, and what lies between */
static void try_hosts(bool how)
{
	unsigned long step = PAGES_PER_SECTION, pages, first, addr, end;

	for (pages = step; pages <= 16 * step; pages *= 2)
		for (first = pages; first < 64 * step; first += pages) {
			end = (unsigned long)pfn_to_page(first + pages) + PMD_SIZE;
			addr = ((unsigned long)pfn_to_page(first) & PMD_MASK) - PMD_SIZE;
			for (; addr < end; addr += PAGE_SIZE) {
				prove_hosts_page(how, first, pages, addr, addr);
				prove_hosts_page(how, first, pages, addr, addr + PAGE_SIZE - 1);
				prove_hosts_leaf(how, first, pages, addr, addr);
				prove_hosts_leaf(how, first, pages, addr, addr + PMD_SIZE - 1);
			}
		}
}

int main(void)
{
	unsigned int how;

	for (how = 0; how < 2; how++) {
		choose(how);
		try_shared(PAGE_SIZE);
		if (STRUCT_PAGE_SIZE != 64)
			try_hosts(how);
#ifdef CONFIG_VMEMMAP_LARGE_LEAVES
		try_shared(1UL << VMEMMAP_SLOT_SHIFT);
#elif !defined(CONFIG_IA64)
		try_shared(PMD_SIZE);
		if (STRUCT_PAGE_SIZE != 64)
			try_lends(how);
#endif
	}
	printf("%lu statements tried\n", tried);
	return !tried;
}
#endif /* HOST_TRY */
