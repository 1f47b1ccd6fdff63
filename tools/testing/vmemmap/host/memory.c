// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: memblock until slab is up, then the page allocator and slab, over the
 * same pages. Every page that is handed out is accounted, and every one that comes
 * back must have been handed out just so, and be unknown to the TLB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <sanitizer/asan_interface.h>

#include "machine.h"

#define PAGES_TRACKED		(NR_TRACKED * PAGES_PER_SECTION)
#define MAX_FREE		(1 << 16)
#define NR_ORDERS		32
#define MAX_BANKS		32
/* Objects have a page each, so that what one shares with another is an error */
#define SLAB_PAGES		(PAGES_PER_SECTION / 2)

struct free_list {
	unsigned int nr;
	unsigned long pfn[MAX_FREE];
};

static struct pool {
	unsigned long first;		/* pfn */
	unsigned long end;
	unsigned long next;		/* never handed out from here on */
	struct free_list free[NR_ORDERS];
} pool[2], slab, online;

static struct {
	unsigned long start, end;
	int nid;
} bank[MAX_BANKS];

static unsigned int nr_banks;
static unsigned long nr_taken, nr_slab, nr_online;
static int online_nid;
static struct host_page *pages;
static bool slab_up;

/* What is being added, and must not be announced yet */
static struct {
	unsigned long first, nr, turn;
} adds;

struct host_faults host_faults;
unsigned long host_early_sections, host_window[NR_WINDOWS];
struct vmem_altmap *host_altmap;
char host_image[2];

/* Return: which of the tracked sections it is, or -1 */
static unsigned long tracked_section(unsigned long section)
{
	unsigned long pools = host_early_sections - pool[1].first / PAGES_PER_SECTION;
	unsigned int i;

	if (section < pools)
		return section;
	if (section >= host_early_sections - pools && section < host_early_sections)
		return section - (host_early_sections - pools) + pools;
	for (i = 0; i < NR_WINDOWS; i++)
		if (section - host_window[i] < WINDOW_SECTIONS)
			return 2 * MAX_POOL_SECTIONS + i * WINDOW_SECTIONS +
			       section - host_window[i];
	return -1UL;
}

/* The state of a page, and behind it that of those after it in the same block */
struct host_page *host_page(unsigned long pfn)
{
	unsigned long section = tracked_section(pfn_to_section_nr(pfn));

	host_check(section != -1UL, "pfn %#lx is nobody's memory", pfn);
	return &pages[section * PAGES_PER_SECTION + pfn % PAGES_PER_SECTION];
}

static bool in_pool(const struct pool *of, unsigned long pfn)
{
	return pfn >= of->first && pfn < of->end;
}

int host_pool_node(unsigned long pfn)
{
	int nid;

	if (in_pool(&online, pfn))
		return online_nid;

	for (nid = 0; nid < 2; nid++)
		if (in_pool(&pool[nid], pfn))
			return nid;
	return in_pool(&slab, pfn) ? 0 : NUMA_NO_NODE;
}

static void map_memory(unsigned long first, unsigned long end)
{
	void *p = __va(PFN_PHYS(first));
	size_t size = (end - first) << PAGE_SHIFT;

	if (mmap(p, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != p)
		host_fail("there is no room for the memory at %p", p);
}

static void pool_reset(struct pool *of, unsigned long first, unsigned long end)
{
	unsigned int order;

	if (of->next > of->first)
		memset(host_page(of->first), 0, (of->next - of->first) * sizeof(struct host_page));
	of->first = first;
	of->end = end;
	of->next = first;
	for (order = 0; order < NR_ORDERS; order++)
		of->free[order].nr = 0;
}

/* @huge: is the first node so large that leaves of PUD_SIZE are worth while? */
void host_memory_reset(bool huge)
{
	unsigned long size = (huge ? HUGE_POOL_SECTIONS : POOL_SECTIONS) * PAGES_PER_SECTION;
	unsigned long second = huge ? HUGE_SECTIONS * PAGES_PER_SECTION : size;
	static unsigned long mapped[2];

	if (!pages)
		pages = mmap(NULL, PAGES_TRACKED * sizeof(*pages), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED)
		host_fail("there is no room for the state of pages");

	pool_reset(&online, 0, 0);
	nr_online = 0;
	if (slab.end) {
		pool_reset(&pool[0], SLAB_PAGES, size);
		pool_reset(&slab, 1, SLAB_PAGES);
		pool_reset(&pool[1], second, second + size);
	} else {
		pool[0].first = SLAB_PAGES;
		pool[0].next = SLAB_PAGES;
		pool[0].end = size;
		slab = (struct pool) { .first = 1, .next = 1, .end = SLAB_PAGES };
		pool[1] = (struct pool) { .first = second, .next = second, .end = second + size };
	}
	host_early_sections = pool[1].end / PAGES_PER_SECTION;
	if (mapped[0] < size) {
		map_memory(0, size);
		mapped[0] = size;
	}
	if (mapped[1] != second) {
		map_memory(second, second + size);
		mapped[1] = second;
	}

	nr_banks = 0;
	nr_taken = 0;
	nr_slab = 0;
	slab_up = false;
	host_altmap = NULL;
	host_adds(0, 0);
	memset(&host_faults, 0, sizeof(host_faults));
}

/* Memory that is there at boot; ranges are added in ascending order */
void host_memory_add(int nid, unsigned long start_pfn, unsigned long end_pfn)
{
	host_check(nr_banks < MAX_BANKS, "too many banks");
	bank[nr_banks].nid = nid;
	bank[nr_banks].start = start_pfn;
	bank[nr_banks].end = end_pfn;
	nr_banks++;
}

/*
 * Added memory is the page allocator's, too, until nobody has any of it. There is one such
 * range, up to where the linear map reaches.
 */
void host_online(int nid, unsigned long start_pfn, unsigned long end_pfn)
{
	map_memory(start_pfn, end_pfn);
	pool_reset(&online, start_pfn, end_pfn);
	online_nid = nid;
}

bool host_is_online(unsigned long start_pfn, unsigned long end_pfn)
{
	return online.first < end_pfn && online.end > start_pfn;
}

/* Return: is no page of it the page allocator's any more? */
bool host_offline(unsigned long start_pfn, unsigned long end_pfn)
{
	if (!host_is_online(start_pfn, end_pfn))
		return true;
	if (nr_online)
		return false;
	pool_reset(&online, 0, 0);
	return true;
}

void host_slab_is_up(void)
{
	slab_up = true;
}

bool slab_is_available(void)
{
	return slab_up;
}

/* pfn_valid() is false for these until they are mapped; nr_pages 0: for none */
void host_adds(unsigned long pfn, unsigned long nr_pages)
{
	adds.first = pfn;
	adds.nr = nr_pages;
}

static void check_valid(unsigned long pfn)
{
	host_check(!pfn_valid(pfn), "pfn %#lx is valid before it is mapped", pfn);
}

/* Looks at both ends and somewhere between, as this is done at each allocation */
static void check_adds(void)
{
	if (!adds.nr)
		return;
	check_valid(adds.first);
	check_valid(adds.first + adds.nr - 1);
	check_valid(adds.first + adds.turn++ * PAGES_PER_SUBSECTION % adds.nr);
}

/*
 * A node refuses, and others may be asked. With refusals a TLB that looks at some of them
 * sees what the last one of them undoes.
 */
static void refuse(void)
{
	unsigned int nth = ++host_faults.refused;

	if (is_power_of_2(nth))
		host_tlb_fill();
}

/* Is this the allocation that fails? What fails may be undone: look at the TLB first */
bool host_should_fail(unsigned long size)
{
	bool fail = false;

	check_adds();
	if (!host_faults.large_only || size > PAGE_SIZE) {
		unsigned int nth = ++host_faults.points;

		fail = host_faults.fail_nth && nth >= host_faults.fail_nth &&
		       nth - host_faults.fail_nth <= host_faults.fail_more;
	}
	if (host_altmap && host_altmap->alloc + host_altmap->align +
			   2 * (size >> PAGE_SHIFT) > host_altmap->free) {
		host_faults.failed++;
		host_tlb_fill();
	}
	if (fail) {
		host_faults.failed++;
		host_tlb_fill();
	}
	return fail;
}

bool should_fail_vmemmap(unsigned long size)
{
	return host_should_fail(size);
}

bool should_fail_vmemmap_backing(void)
{
	check_adds();
	if (!host_faults.refuse_nth || ++host_faults.requests < host_faults.refuse_nth)
		return false;
	refuse();
	return true;
}

/* Nothing is taken from a section that was lost at boot */
static bool usable(unsigned long pfn, unsigned long nr)
{
	unsigned long section, last = pfn_to_section_nr(pfn + nr - 1);

	if (slab_up)
		for (section = pfn_to_section_nr(pfn); section <= last; section++)
			if (!valid_section_nr(section))
				return false;
	return true;
}

static void list_add(struct pool *of, unsigned long pfn, unsigned int order)
{
	struct free_list *list = &of->free[order];

	if (list->nr < MAX_FREE)
		list->pfn[list->nr++] = pfn;
}

static unsigned long pool_take(struct pool *of, unsigned long nr, unsigned long align)
{
	struct free_list *list = &of->free[ilog2(nr)];
	unsigned long pfn;

	if (is_power_of_2(nr) && align <= nr)
		while (list->nr) {
			pfn = list->pfn[--list->nr];
			if (usable(pfn, nr))
				return pfn;
		}
	for (;;) {
		pfn = ALIGN(of->next, align);
		if (pfn + nr > of->end)
			return 0;
		if (usable(pfn, nr))
			break;
		of->next = SECTION_ALIGN_UP(of->next + 1);
	}
	for (; of->next < pfn; of->next++)
		list_add(of, of->next, 0);
	of->next = pfn + nr;
	return pfn;
}

/* What is handed out has stale contents; of blocks, whose contents nobody sees, in part */
static void fill(unsigned long pfn, size_t size)
{
	void *p = __va(PFN_PHYS(pfn));

	size = min(size, PAGE_SIZE);
	__asan_unpoison_memory_region(p, size);
	memset(p, 0x5a, size);
	if (size < PAGE_SIZE)
		__asan_poison_memory_region((char *)p + size, PAGE_SIZE - size);
}

/* Added memory first: there is less of it */
static unsigned long node_take(int nid, unsigned long nr, unsigned long align)
{
	unsigned long pfn = 0;

	if (online_nid == nid && online.end)
		pfn = pool_take(&online, nr, align);
	if (pfn)
		nr_online += nr;
	return pfn ? pfn : pool_take(&pool[nid], nr, align);
}

static unsigned long take(int node, unsigned long nr, unsigned long align, bool only_there)
{
	int wanted = node == 0 || node == 1 ? node : 0, tried;
	unsigned long pfn = 0, i;
	struct host_page *page;

	for (tried = 0; !pfn && tried < (only_there ? 1 : 2); tried++) {
		int nid = wanted ^ tried;

		if (!host_faults.no_memory[nid] && (nr == 1 || !host_faults.no_large[nid]))
			pfn = node_take(nid, nr, align);
	}
	if (!pfn && only_there) {
		refuse();
		return 0;
	}
	if (!pfn) {
		host_faults.failed++;
		host_tlb_fill();
		return 0;
	}
	page = host_page(pfn);
	for (i = 0; i < nr; i++, page++) {
		host_check(!(page->flags & HOST_TAKEN), "pfn %#lx is handed out twice", pfn + i);
		page->flags = HOST_TAKEN | (slab_up ? 0 : HOST_RESERVED);
		page->refs = 1;
		page->order = 0;
		page->node = node;
	}
	host_page(pfn)->order = ilog2(nr);
	nr_taken += nr;
	fill(pfn, PAGE_SIZE);
	return pfn;
}

static void give(unsigned long pfn, unsigned long nr)
{
	int nid = host_pool_node(pfn);
	struct host_page *page;
	struct pool *of;
	unsigned long i;

	host_check(nid != NUMA_NO_NODE, "pfn %#lx is given back, and never was taken", pfn);
	page = host_page(pfn);
	for (i = 0; i < nr; i++, page++) {
		host_check(!page->cached, "pfn %#lx is given back, but the TLB leads there",
			   pfn + i);
		host_check(page->flags & HOST_TAKEN, "pfn %#lx is given back twice", pfn + i);
		host_check(!(page->flags & HOST_SLAB), "pfn %#lx is an object", pfn + i);
		page->flags = 0;
	}
	__asan_poison_memory_region(__va(PFN_PHYS(pfn)), PAGE_SIZE);
	nr_taken -= nr;
	if (in_pool(&online, pfn))
		nr_online -= nr;
	of = in_pool(&online, pfn) ? &online : &pool[nid];
	if (is_power_of_2(nr)) {
		list_add(of, pfn, ilog2(nr));
		return;
	}
	for (i = 0; i < nr; i++)
		list_add(of, pfn + i, 0);
}

static void *take_object(size_t size)
{
	unsigned long nr = DIV_ROUND_UP(size, PAGE_SIZE), pfn, i;

	pfn = pool_take(&slab, nr, 1);
	host_check(pfn, "no room for objects");
	for (i = 0; i < nr; i++) {
		struct host_page *page = host_page(pfn + i);

		*page = (struct host_page) {
			.flags = HOST_TAKEN | HOST_SLAB | (slab_up ? 0 : HOST_RESERVED),
			.refs = 1,
		};
		fill(pfn + i, i == nr - 1 ? size - i * PAGE_SIZE : PAGE_SIZE);
	}
	host_page(pfn)->order = nr - 1;
	nr_slab++;
	return memset(__va(PFN_PHYS(pfn)), 0, size);
}

/* memblock */

void __next_mem_pfn_range(int *i, int nid, unsigned long *start, unsigned long *end, int *out)
{
	while (++*i < (int)nr_banks) {
		if (bank[*i].start == bank[*i].end ||
		    (nid != MAX_NUMNODES && bank[*i].nid != nid))
			continue;
		if (start)
			*start = bank[*i].start;
		if (end)
			*end = bank[*i].end;
		if (out)
			*out = bank[*i].nid;
		return;
	}
	*i = -1;
}

void *memmap_alloc(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr, int nid,
		   bool exact_nid)
{
	unsigned long pfn;

	host_check(!slab_up, "memblock is gone");
	host_check(!(size % PAGE_SIZE), "odd size %#llx", size);
	/* An alignment that is no power of two gives what its lowest bit says, no more */
	align &= -align;
	if (host_should_fail(size))
		return NULL;
	pfn = take(nid, PHYS_PFN(size), max(PHYS_PFN(align), 1UL), exact_nid);
	return pfn ? __va(PFN_PHYS(pfn)) : NULL;
}

void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
			     phys_addr_t max_addr, int nid)
{
	return host_should_fail(size) ? NULL : take_object(size);
}

/* Without these two no kernel starts: they do not fail */
void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid)
{
	return take_object(size);
}

void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return take_object(size);
}

int memblock_phys_free(phys_addr_t base, phys_addr_t size)
{
	host_check(!slab_up, "memblock is gone");
	give(PHYS_PFN(base), PHYS_PFN(size));
	return 0;
}

void memblock_free(void *p, size_t size)
{
	memblock_phys_free(__pa(p), size);
}

/* Ranges are cut at their ends or in two, whatever there is */
int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	unsigned long start = PHYS_PFN(base), end = PHYS_PFN(base + size), last;
	unsigned int i;

	for (i = 0; i < nr_banks; i++) {
		if (bank[i].start >= end || bank[i].end <= start)
			continue;
		last = bank[i].end;
		bank[i].end = max(bank[i].start, start);
		if (last > end && bank[i].start >= start) {
			bank[i].start = end;
			bank[i].end = last;
		} else if (last > end) {
			host_memory_add(bank[i].nid, end, last);
		}
	}
	return 0;
}

phys_addr_t memblock_phys_mem_size(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < nr_banks; i++)
		nr += bank[i].end - bank[i].start;
	return PFN_PHYS(nr);
}

int early_pfn_to_nid(unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < nr_banks; i++)
		if (pfn >= bank[i].start && pfn < bank[i].end)
			return bank[i].nid;
	return 0;
}

/* The page allocator and slab */

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	unsigned long pfn;

	host_check(slab_up, "there is no page allocator yet");
	if (host_should_fail(PAGE_SIZE << order))
		return NULL;
	pfn = take(nid, 1UL << order, 1UL << order, gfp & __GFP_THISNODE);
	return pfn ? pfn_to_page(pfn) : NULL;
}

/* The state behind a struct page, which has to be mapped */
static struct host_page *look(const struct page *page)
{
	struct vmemmap_leaf first, last;
	unsigned long addr = (unsigned long)page;

	host_check(vmemmap_lookup(&init_mm, addr, &first) &&
		   vmemmap_lookup(&init_mm, addr + sizeof(*page) - 1, &last),
		   "oops: the struct page of pfn %#lx is not mapped", page_to_pfn(page));
	return host_page(page_to_pfn(page));
}

static void put(unsigned long pfn, unsigned int order)
{
	struct host_page *page = host_page(pfn);

	host_check(page->flags & HOST_TAKEN && page->refs, "pfn %#lx is given back twice", pfn);
	host_check(page->order == order, "pfn %#lx has order %u, not %u", pfn, page->order, order);
	if (--page->refs == 0)
		give(pfn, 1UL << order);
}

void __free_pages(struct page *page, unsigned int order)
{
	host_check(!(look(page)->flags & HOST_RESERVED), "pfn %#lx is memblock's",
		   page_to_pfn(page));
	put(page_to_pfn(page), order);
}

void free_reserved_page(struct page *page)
{
	struct host_page *state = look(page);

	host_check(state->flags & HOST_RESERVED, "pfn %#lx is not memblock's", page_to_pfn(page));
	state->order = 0;
	put(page_to_pfn(page), 0);
}

void get_page(struct page *page)
{
	struct host_page *state = look(page);

	host_check(state->flags & HOST_TAKEN, "pfn %#lx is nobody's", page_to_pfn(page));
	state->refs++;
}

void get_page_bootmem(unsigned long info, struct page *page, unsigned long type)
{
	struct host_page *state = look(page);

	state->flags |= HOST_PRIVATE;
	state->refs++;
}

void put_page_bootmem(struct page *page)
{
	struct host_page *state = look(page);

	host_check(state->flags & HOST_PRIVATE, "pfn %#lx was not noted", page_to_pfn(page));
	if (--state->refs == 1) {
		state->flags &= ~HOST_PRIVATE;
		free_reserved_page(page);
	}
}

bool PageReserved(const struct page *page)
{
	return look(page)->flags & HOST_RESERVED;
}

bool PagePrivate(const struct page *page)
{
	return look(page)->flags & HOST_PRIVATE;
}

int page_to_nid(const struct page *page)
{
	look(page);
	return max(host_pool_node(page_to_pfn(page)), 0);
}

struct page *pfn_to_online_page(unsigned long pfn)
{
	return host_pool_node(pfn) == NUMA_NO_NODE ? NULL : pfn_to_page(pfn);
}

void page_init_poison(struct page *page, size_t size)
{
	unsigned long addr = (unsigned long)page, end = addr + size;
	struct vmemmap_leaf leaf;

	check_adds();
	for (; addr < end; addr = leaf.start + leaf.size)
		host_check(vmemmap_lookup(&init_mm, addr, &leaf),
			   "oops: struct page at %#lx is not mapped", addr);
}

void *kzalloc(size_t size, gfp_t gfp)
{
	host_check(slab_up, "there is no slab yet");
	return host_should_fail(size) ? NULL : take_object(size);
}

void *kzalloc_node(size_t size, gfp_t gfp, int nid)
{
	return kzalloc(size, gfp);
}

void kfree(const void *p)
{
	unsigned long pfn = PHYS_PFN(__pa(p)), i, nr;
	struct host_page *page;

	if (!p)
		return;
	page = host_page(pfn);
	host_check(page->flags & HOST_TAKEN && page->flags & HOST_SLAB &&
		   IS_ALIGNED(__pa(p), PAGE_SIZE), "%p is no object", p);
	nr = page->order + 1;
	for (i = 0; i < nr; i++)
		host_page(pfn + i)->flags = 0;
	__asan_poison_memory_region(p, nr * PAGE_SIZE);
	nr_slab--;
	if (nr == 1)
		list_add(&slab, pfn, 0);
}

/* How many pages and objects are handed out? */
void host_count(unsigned long *taken, unsigned long *objects)
{
	*taken = nr_taken;
	*objects = nr_slab;
}

/*
 * How many pages are handed out that a walk has not seen, if it has not seen all?
 * Those of lost sections do not count.
 */
unsigned long host_unstamped(u32 stamp, unsigned long seen)
{
	const struct pool *of[] = { &pool[0], &pool[1], &online };
	unsigned long pfn, nr = 0;
	unsigned int i;

	if (seen == nr_taken)
		return 0;
	for (i = 0; i < ARRAY_SIZE(of); i++)
		for (pfn = of[i]->first; pfn < of[i]->next; pfn++) {
			struct host_page *page = host_page(pfn);

			if (page->flags & HOST_TAKEN && page->stamp != stamp && usable(pfn, 1))
				nr++;
		}
	return nr;
}
