// SPDX-License-Identifier: GPL-2.0
/*
 * One input is one life of a machine: a few bytes say how it boots, the rest what is
 * added, removed, and what fails. Every sequence of bytes means something.
 *
 * With HOST_VERBOSE in the environment all that happens is told, for a replay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The kernel's variables, see standin/kernel-data.h */
extern char __start_kernel_data[] __weak, __stop_kernel_data[] __weak;
extern char __start_kernel_bss[] __weak, __stop_kernel_bss[] __weak;

static char *kernel_data;
static jmp_buf panicked;
static bool may_panic, huge;

static struct {
	const u8 *at;
	const u8 *end;
} input;

/* Messages */

static bool verbose(void)
{
	static int known = -1;

	if (known < 0)
		known = getenv("HOST_VERBOSE") ? 1 : 0;
	return known;
}

void host_print(const char *fmt, ...)
{
	va_list args;

	if (!verbose())
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void host_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("FAILED: ", stderr);
	vfprintf(stderr, fmt, args);
	fputs("\n", stderr);
	va_end(args);
	abort();
}

void host_bug(const char *what)
{
	if (may_panic && !strncmp(what, "panic", 5))
		longjmp(panicked, 1);
	host_fail("%s", what);
}

bool host_warn(const char *file, int line)
{
	host_faults.warnings++;
	if (host_faults.warnings > host_faults.warnings_expected)
		host_fail("WARNING at %s:%d", file, line);
	return true;
}

void host_vmcoreinfo(const char *name, unsigned long value)
{
	host_print("vmcoreinfo: %s = %#lx\n", name, value);
}

unsigned long long memparse(const char *text, char **end)
{
	unsigned long long value = strtoull(text, end, 0);

	switch (**end) {
	case 'G':
		value <<= 10;
		__attribute__((__fallthrough__));
	case 'M':
		value <<= 10;
		__attribute__((__fallthrough__));
	case 'K':
		value <<= 10;
		++*end;
	}
	return value;
}

/* The kernel's variables are as the compiler made them */
__attribute__((__no_sanitize__("address")))
static void copy(char *to, const char *from, size_t size)
{
	for (; size; size--)
		*(volatile char *)to++ = from ? *from++ : 0;
}

static void reset_kernel(void)
{
	size_t size = __stop_kernel_data - __start_kernel_data;

	if (!kernel_data) {
		kernel_data = malloc(size + 1);
		copy(kernel_data, __start_kernel_data, size);
	}
	copy(__start_kernel_data, kernel_data, size);
	copy(__start_kernel_bss, NULL, __stop_kernel_bss - __start_kernel_bss);
}

static unsigned int next_byte(void)
{
	return input.at < input.end ? *input.at++ : 0;
}

/* Boot. Return: are leaves of PUD_SIZE to be had? */

#if defined(CONFIG_X86_64)

bool host_five_levels, host_large_pages;

static bool choose_machine(unsigned int choice)
{
	host_five_levels = choice & 1;
	host_large_pages = (choice & 0xe) != 0xe;
	host_print("%u levels%s\n", 4 + host_five_levels, host_large_pages ? "" : ", no PSE");
	return false;
}

static void late_choice(void)
{
}

#elif defined(CONFIG_PPC_BOOK3S_64)

static bool choose_machine(unsigned int choice)
{
	host_radix = choice & 1;
	memset(mmu_psize_defs, 0, sizeof(mmu_psize_defs));
	mmu_psize_defs[MMU_PAGE_4K].shift = 12;
	mmu_psize_defs[MMU_PAGE_64K].shift = 16;
	if ((choice & 0xc) != 0xc) {
		mmu_psize_defs[MMU_PAGE_2M].shift = 21;
		mmu_psize_defs[MMU_PAGE_16M].shift = 24;
	}
	if (choice & 0x10)
		mmu_psize_defs[MMU_PAGE_1G].shift = 30;
	mmu_virtual_psize = PAGE_SHIFT == 16 && !(choice & 2) ? MMU_PAGE_64K : MMU_PAGE_4K;
	return host_radix && mmu_psize_defs[MMU_PAGE_2M].shift && mmu_psize_defs[MMU_PAGE_1G].shift;
}

static void late_choice(void)
{
	vmemmap_choose_psize();
	vmemmap_save_vmcoreinfo();
	host_print("%s, pages of %u KiB\n", host_radix ? "radix" : "hash",
		   1 << (mmu_psize_defs[mmu_vmemmap_psize].shift - 10));
}

#elif defined(CONFIG_VMEMMAP_LARGE_LEAVES)

int host_param_parse_vmemmap_leaf(char *arg);

static bool choose_machine(unsigned int choice)
{
	static char *const leaf[] = {
		"16M", "16K", "4M", "16384K", "1G", "1M", NULL, "M", "64Kpages",
	};
	unsigned int which = choice % (2 * ARRAY_SIZE(leaf));
	int err;

	if (which >= ARRAY_SIZE(leaf))
		return false;
	err = host_param_parse_vmemmap_leaf(leaf[which]);
	host_check(!err == (which < 6), "vmemmap_leaf=%s: %d", leaf[which], err);
	host_print("vmemmap_leaf=%s: 2^%u\n", leaf[which], vmemmap_max_shift);
	return false;
}

static void late_choice(void)
{
	vmemmap_save_vmcoreinfo();
}

#else

static bool choose_machine(unsigned int choice)
{
	return false;
}

static void late_choice(void)
{
	vmemmap_save_vmcoreinfo();
}

#endif

/* A window around an address of the memmap, if there can be memory there */
static unsigned long window_around(unsigned long addr_offset, unsigned long otherwise)
{
	unsigned long section = pfn_to_section_nr(addr_offset / sizeof(struct page));

	if (section < otherwise || section + WINDOW_SECTIONS >= NR_MEM_SECTIONS / 2)
		return otherwise;
	return section - WINDOW_SECTIONS / 2;
}

static void place_windows(void)
{
#ifdef CONFIG_VMEMMAP_LARGE_LEAVES
	unsigned long table = 1UL << VMEMMAP_ROOT_SHIFT, upper = 3 * table;
#else
	unsigned long table = PUD_SIZE, upper = P4D_SIZE;
#endif

	host_window[0] = host_early_sections;
	host_window[1] = window_around(table, host_window[0] + 8192);
	host_window[2] = window_around(upper == table ? 2 * upper : upper, host_window[1] + 8192);
	host_window[3] = NR_MEM_SECTIONS - WINDOW_SECTIONS;
}

/* Up to 7 sections of the first window are boot memory, of either node, the last in part */
static unsigned int add_early(unsigned int choice, unsigned long *last_pages)
{
	unsigned int nr = choice & 7, i;

	*last_pages = choice & 8 ? PAGES_PER_SECTION / 2 : PAGES_PER_SECTION;
	for (i = 0; i < nr; i++) {
		unsigned long pfn = section_nr_to_pfn(host_window[0] + i);
		unsigned long pages = i == nr - 1 ? *last_pages : PAGES_PER_SECTION;

		host_memory_add(choice >> (4 + i / 2) & 1, pfn, pfn + pages);
	}
	return nr;
}

static void note_bootmem(void)
{
#ifdef CONFIG_HAVE_BOOTMEM_INFO_NODE
	unsigned long start, end, pfn;
	int i;

	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL)
		for (pfn = SECTION_ALIGN_DOWN(start); pfn < end; pfn += PAGES_PER_SECTION)
			register_page_bootmem_memmap(pfn_to_section_nr(pfn), pfn_to_page(pfn),
						     PAGES_PER_SECTION);
#endif
}

static void boot(void)
{
	unsigned int machine = next_byte(), early = next_byte(), fail = next_byte();
	unsigned int how = next_byte(), blocks = next_byte(), nr_early;
	unsigned long last_pages, start, end, nr_pools;
	int i;

	host_tlb_reset();
	reset_kernel();
	huge = choose_machine(machine) && HUGE_SECTIONS && how == 0xff;
	host_memory_reset(huge);
	host_walk_reset();
	host_blocks_reset(blocks);
	place_windows();

	nr_pools = (huge ? HUGE_POOL_SECTIONS : POOL_SECTIONS) * PAGES_PER_SECTION;
	end = section_nr_to_pfn(host_early_sections);
	host_memory_add(0, 0, end - nr_pools);
	host_memory_add(1, end - nr_pools, end);
	nr_early = add_early(early, &last_pages);
	late_choice();
	host_print("leaves of up to %lu KiB\n", arch_vmemmap_leaf_size() >> 10);

	host_faults.fail_nth = fail & 0x80 ? 0 : fail;
	host_faults.fail_more = how & 1 ? how >> 1 & 7 : 0;
	host_faults.large_only = how & 0x10;
	host_faults.no_large[0] = !huge && how & 0x20;
	host_faults.no_large[1] = how & 0x40;
	may_panic = host_faults.fail_nth;
	host_print("boot: %u early sections, fails %u + %u%s\n", nr_early, host_faults.fail_nth,
		   host_faults.fail_more, huge ? ", huge" : "");

	model_reset(nr_early, last_pages);
	sparse_init();
	for_each_mem_pfn_range(i, MAX_NUMNODES, &start, &end, NULL)
		subsection_map_init(start, end - start);
	may_panic = false;
	model_booted();
	model_save();
	model_verify(NULL);
	host_slab_is_up();
	note_bootmem();
	memset(&host_faults, 0, sizeof(host_faults));
}

/* What mm/memory_hotplug.c does: section by section, and all back when one fails */

static unsigned long up_to(unsigned long pfn, unsigned long end)
{
	return min(end, SECTION_ALIGN_UP(pfn + 1)) - pfn;
}

static void remove_pages(unsigned long pfn, unsigned long nr_pages, struct vmem_altmap *altmap)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += up_to(pfn, end))
		sparse_remove_section(__pfn_to_section(pfn), pfn, up_to(pfn, end), 0, altmap);
}

/* The struct pages of an early section are there before, and valid */
static int add_section(struct region *r, unsigned long pfn, unsigned long nr_pages,
		       struct vmem_altmap *altmap)
{
	struct mem_section *ms = __pfn_to_section(pfn);
	int err;

	if (model_absent(pfn, nr_pages) && !(ms && early_section(ms)))
		host_adds(pfn, nr_pages);
	err = sparse_add_section(r->nid, pfn, nr_pages, altmap, r->compound ? &r->pgmap : NULL);
	host_adds(0, 0);
	return err;
}

static int add_pages(struct region *r, struct vmem_altmap *altmap)
{
	unsigned long pfn = r->pfn, end = pfn + r->nr_pages;
	int err = 0;

	host_altmap = r->lent ? altmap : NULL;
	for (; pfn < end && !err; pfn += err ? 0 : up_to(pfn, end))
		err = add_section(r, pfn, up_to(pfn, end), altmap);
	host_tlb_fill();
	if (err && pfn > r->pfn)
		remove_pages(r->pfn, pfn - r->pfn, altmap);
	host_altmap = NULL;
	return err;
}

bool *host_module_param_host_memmap(void);

/* As add_memory_resource() does */
static int add_blocks(struct region *r)
{
	struct vmemmap_host host = { 0 };
	struct vmem_altmap *altmap;
	int err;

	host_free_pages[r->nid] = r->scarce ? 0 : ULONG_MAX;
	*host_module_param_host_memmap() = !r->off;
	altmap = vmemmap_host_begin(&host, PFN_PHYS(r->pfn), PFN_PHYS(r->nr_pages), r->nid,
				    r->first);
	*host_module_param_host_memmap() = true;
	r->hosts = altmap;
	host_check(r->hosts == (r->first || !r->off), "switched off, but on");

	err = add_pages(r, altmap);
	if (!err && r->no_blocks) {
		remove_pages(r->pfn, r->nr_pages, altmap);
		host_faults.failed++;
		err = -EEXIST;
	}
	host_check(!err || !host.hosted, "%lu pages stay with what was not added", host.hosted);
	if (err)
		return err;
	host_blocks_create(r->pfn, r->nr_pages, r->nid);
	vmemmap_host_end(&host, r->nid);
	r->taken = host.hosted;
	return 0;
}

/* As try_remove_memory() does */
static void remove_blocks(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long hosted = host_blocks_hosted(pfn, nr_pages);
	struct vmemmap_host host = { 0 };
	struct vmem_altmap *altmap;

	altmap = vmemmap_host_remove(&host, PFN_PHYS(pfn), PFN_PHYS(nr_pages));
	host_check(!altmap == !hosted, "%lu pages lie there", hosted);
	host_blocks_delete(pfn, nr_pages);
	remove_pages(pfn, nr_pages, altmap);
	host_check(host.hosted == -hosted, "%lu pages have come back of %lu", -host.hosted, hosted);
}

static struct region *new_region(void)
{
	unsigned int i;

	for (i = 0; i < MAX_REGIONS; i++)
		if (!region[i].live) {
			region[i] = (struct region) { 0 };
			return &region[i];
		}
	return NULL;
}

static struct region *choose_region(unsigned int choice)
{
	unsigned int i;

	for (i = 0; i < MAX_REGIONS; i++)
		if (region[(choice + i) % MAX_REGIONS].live)
			return &region[(choice + i) % MAX_REGIONS];
	return NULL;
}

static void set_faults(unsigned int choice)
{
	host_faults.points = 0;
	host_faults.failed = 0;
	host_faults.requests = 0;
	host_faults.refused = 0;
	host_faults.fail_nth = choice & 0x80 ? 0 : choice & 0x3f;
	host_faults.large_only = choice & 0x40;
	if (choice >= 0xf0) {
		host_faults.fail_nth = 1;
		host_faults.fail_more = 1 << (choice & 15);
	} else {
		host_faults.fail_more = 0;
	}
	/* In a later section, where the one before it is there, whoever is asked instead */
	if ((choice & 0xe0) == 0xc0) {
		host_faults.fail_nth = 1 + 29 * (choice & 0x1f);
		host_faults.fail_more = 3;
		host_faults.large_only = false;
	}
	host_faults.refuse_nth = (choice & 0xe0) == 0xa0 ? 1 + (choice & 0x1f) : 0;
}

/*
 * Whose memory is lent must not have struct pages of others in it: sub-sections whose
 * struct pages do not fill base pages never come with an altmap, but for ppc64, which
 * sees to it by itself.
 */
static bool may_lend(const struct region *r)
{
	return IS_ENABLED(CONFIG_PPC_BOOK3S_64) ||
	       !((r->pfn | r->nr_pages) * sizeof(struct page) % PAGE_SIZE);
}

static void lend(struct region *r)
{
	unsigned int choice = next_byte();
	unsigned long needed = DIV_ROUND_UP(r->nr_pages * sizeof(struct page), PAGE_SIZE);

	if (!may_lend(r))
		return;
	r->lent = true;
	r->altmap.base_pfn = r->pfn;
	r->altmap.end_pfn = r->pfn + r->nr_pages - 1;
	r->altmap.reserve = (choice & 1 ? 3 : 0) + (choice & 8 ? PAGES_PER_SUBSECTION / 2 : 0);
	r->altmap.free = choice & 2 ? r->nr_pages : choice & 4 ? needed : needed / 2;
	r->altmap.free = min(r->altmap.free, r->nr_pages - r->altmap.reserve);
}

/* Return: has it been added? */
static bool try_add(struct region *r, unsigned int faults)
{
	bool absent = model_absent(r->pfn, r->nr_pages);
	int err;

	/* Nobody takes the page allocator's memory for what a new range lends */
	if ((r->lent || r->blocks) && host_is_online(r->pfn, r->pfn + r->nr_pages))
		return false;

	model_save();
	set_faults(faults);
	err = r->blocks ? add_blocks(r) : add_pages(r, r->lent ? &r->altmap : NULL);
	host_print("add %#lx+%#lx, node %d%s%s%s, failing %u (of %u), refused %u: %d\n", r->pfn,
		   r->nr_pages, r->nid, r->lent ? ", lent" : "", r->compound ? ", compound" : "",
		   r->hosts ? ", hosts" : "", host_faults.fail_nth, host_faults.points,
		   host_faults.refused, err);
	if (absent)
		host_check(!err || host_faults.failed ||
			   (host_faults.refused && !model_can_host(r)),
			   "error %d without a reason", err);
	else
		host_check(err, "added twice");
	if (err) {
		model_unchanged();
		host_check(!r->altmap.alloc, "%lu pages stay lent", r->altmap.alloc);
		r->altmap.align = 0;
		model_verify(NULL);
		return false;
	}
	model_add(r);
	model_verify(r);
	host_check(!r->blocks || host_blocks_hosted(r->pfn, r->nr_pages) == r->taken,
		   "%lu pages were taken", r->taken);
	return true;
}

static void remove_part(struct region *r, unsigned long pfn, unsigned long nr_pages)
{
	if (!host_offline(pfn, pfn + nr_pages)) {
		host_print("%#lx+%#lx is in use\n", pfn, nr_pages);
		return;
	}
	host_print("remove %#lx+%#lx\n", pfn, nr_pages);
	model_save();
	if (r->blocks)
		remove_blocks(pfn, nr_pages);
	else
		remove_pages(pfn, nr_pages, r->lent ? &r->altmap : NULL);
	model_remove(r, pfn, nr_pages);
	host_check(r->live || !r->altmap.alloc, "%lu pages stay lent", r->altmap.alloc);
	model_verify(NULL);
}

static struct region *choose_sections(unsigned int where, unsigned int how)
{
	struct region *r = new_region();
	unsigned long section = where >> 2 & (WINDOW_SECTIONS - 1);
	unsigned long nr = min(1UL + (how & 3), WINDOW_SECTIONS - section);

	if (!r)
		return NULL;
	r->pfn = section_nr_to_pfn(host_window[where & 3] + section);
	r->nr_pages = nr * PAGES_PER_SECTION;
	r->nid = (how >> 2) % MAX_NUMNODES;
	if (how >> 4 >= 12)
		lend(r);
	return r;
}

/* One or more memory blocks of a window, if it has any */
static struct region *choose_blocks(unsigned int where, unsigned int how)
{
	unsigned long start = ALIGN(host_window[where & 3], host_block_sections);
	unsigned long end = host_window[where & 3] + WINDOW_SECTIONS, nr, skip;
	struct region *r = new_region();

	if (!r || start + host_block_sections > end)
		return NULL;
	nr = (end - start) / host_block_sections;
	skip = (where >> 2) % nr;
	r->pfn = section_nr_to_pfn(start + skip * host_block_sections);
	r->nr_pages = min(1UL + (how & 3), nr - skip) * host_block_pages();
	r->nid = (how >> 2 & 3) % MAX_NUMNODES;
	r->blocks = true;
	r->first = how & 0x10;
	r->scarce = how & 0x20;
	r->off = (how & 0xc0) == 0x80;
	r->no_blocks = (how & 0xc0) == 0xc0;
	return r;
}

static void add_memory(void)
{
	unsigned int where = next_byte(), how = next_byte(), faults = next_byte();
	struct region *r = choose_blocks(where, how);

	if (r)
		try_add(r, faults);
}

static void add_sections(void)
{
	unsigned int where = next_byte(), how = next_byte(), faults = next_byte();
	struct region *r = choose_sections(where, how);

	if (r)
		try_add(r, faults);
}

static void add_subsections(void)
{
	unsigned int where = next_byte(), how = next_byte(), sub = next_byte();
	unsigned int faults = next_byte();
	struct region *r = choose_sections(where, how & ~3);
	unsigned long first = sub % SUBSECTIONS_PER_SECTION;

	if (!r)
		return;
	r->pfn += first * PAGES_PER_SUBSECTION;
	r->nr_pages = min(1 + (how & 3UL) * 3, SUBSECTIONS_PER_SECTION - first) *
		      PAGES_PER_SUBSECTION;
	if (r->lent) {
		*r = (struct region) { .pfn = r->pfn, .nr_pages = r->nr_pages, .nid = r->nid };
		lend(r);
	}
	try_add(r, faults);
}

static void add_compound(void)
{
	unsigned int where = next_byte(), how = next_byte(), faults = next_byte();
	struct region *r = choose_sections(where, how & 15);

	if (!r)
		return;
	r->compound = true;
	r->pgmap.vmemmap_shift = how & 0x80 ? 18 : how & 0x40 ? 7 : 9;
	r->pgmap.ranges[0].start = PFN_PHYS(r->pfn);
	r->pgmap.ranges[0].end = PFN_PHYS(r->pfn + r->nr_pages) - 1;
	try_add(r, faults);
}

/* Fail each point in turn, until it goes well; nothing but the last attempt is seen */
static void add_with_every_failure(void)
{
	unsigned int where = next_byte(), how = next_byte(), nth;
	struct region *r = how & 0x40 ? choose_blocks(where, how & ~0xc2) :
					choose_sections(where, how & ~2);

	if (!r || !model_absent(r->pfn, r->nr_pages))
		return;
	for (nth = 1; nth < 24; nth++) {
		struct region copy = *r;
		bool added = try_add(r, nth | (how & 2 ? 0x40 : 0));

		if (host_faults.points < nth)
			return;
		if (added)
			remove_part(r, r->pfn, r->nr_pages);
		*r = copy;
	}
}

/* A memory block of the first window comes online, and the one that was before goes offline */
static void online_block(void)
{
	struct region *r = choose_region(next_byte());
	unsigned int which = next_byte();
	unsigned long pfn, kept;

	if (!r || !r->blocks || r->nid >= MAX_NUMNODES - 1 ||
	    pfn_to_section_nr(r->pfn) - host_window[0] >= WINDOW_SECTIONS)
		return;
	pfn = r->pfn + which % (r->nr_pages / host_block_pages()) * host_block_pages();
	if (!model_owns(r, pfn, host_block_pages()) || !host_offline(0, -1UL))
		return;
	kept = host_block(pfn)->block.nr_vmemmap_pages;
	host_print("online %#lx+%#lx\n", pfn + kept, host_block_pages() - kept);
	host_online(r->nid, pfn + kept, pfn + host_block_pages());
}

static void remove_region(void)
{
	struct region *r = choose_region(next_byte());

	if (r && model_owns(r, r->pfn, r->nr_pages))
		remove_part(r, r->pfn, r->nr_pages);
}

static void remove_block(void)
{
	struct region *r = choose_region(next_byte());
	unsigned int which = next_byte();
	unsigned long pfn;

	if (!r || !r->blocks)
		return;
	pfn = r->pfn + which % (r->nr_pages / host_block_pages()) * host_block_pages();
	if (model_owns(r, pfn, host_block_pages()))
		remove_part(r, pfn, host_block_pages());
}

/* The region of memory blocks that begins at a page and has lost none, or NULL */
static struct region *blocks_at(unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < MAX_REGIONS; i++)
		if (region[i].live && region[i].blocks && region[i].pfn == pfn &&
		    model_owns(&region[i], pfn, region[i].nr_pages))
			return &region[i];
	return NULL;
}

/* Blocks that were not added by one call, and may be of two nodes, go by one */
static void remove_two(void)
{
	struct region *r = choose_region(next_byte()), *behind;
	unsigned long nr_pages;

	if (!r || blocks_at(r->pfn) != r)
		return;
	behind = blocks_at(r->pfn + r->nr_pages);
	nr_pages = r->nr_pages + (behind ? behind->nr_pages : 0);
	if (!behind || !host_offline(r->pfn, r->pfn + nr_pages))
		return;
	host_print("remove %#lx+%#lx of nodes %d and %d\n", r->pfn, nr_pages, r->nid, behind->nid);
	model_save();
	remove_blocks(r->pfn, nr_pages);
	model_remove(r, r->pfn, r->nr_pages);
	model_remove(behind, behind->pfn, behind->nr_pages);
	model_verify(NULL);
}

/* What has an altmap, or is compound, goes as a whole; of others there can be a part */
static void remove_some(void)
{
	struct region *r = choose_region(next_byte());
	unsigned int first = next_byte(), count = next_byte();
	unsigned long nr, pfn;

	if (!r || r->lent || r->compound || r->blocks)
		return;
	nr = r->nr_pages / PAGES_PER_SUBSECTION;
	pfn = r->pfn + first % nr * PAGES_PER_SUBSECTION;
	nr = min(nr - first % nr, count % SUBSECTIONS_PER_SECTION + 1);
	if (model_owns(r, pfn, nr * PAGES_PER_SUBSECTION))
		remove_part(r, pfn, nr * PAGES_PER_SUBSECTION);
}

static void remove_early(void)
{
	unsigned long section = host_window[0] + (next_byte() & 7);

	if (!model_is_early(section))
		return;
	host_print("remove early section %lu\n", section);
	model_save();
	remove_pages(section_nr_to_pfn(section), PAGES_PER_SECTION, NULL);
	model_remove_early(section);
	model_verify(NULL);
}

static void change_memory(void)
{
	unsigned int choice = next_byte();

	host_faults.no_large[0] = (choice & 3) == 1;
	host_faults.no_large[1] = (choice & 12) == 4;
	host_faults.no_memory[0] = (choice & 0x33) == 0x33;
	host_faults.no_memory[1] = (choice & 0xcc) == 0xcc;
	host_print("memory: %u\n", choice);
}

static int populate_again(const struct region *r)
{
	return vmemmap_populate((unsigned long)pfn_to_page(r->pfn),
				(unsigned long)pfn_to_page(r->pfn + r->nr_pages), r->nid, NULL);
}

/* Tail pages are to be mapped again, but the first ones are not there, or in a large leaf */
static void compound_without_start(unsigned long pfn)
{
	struct dev_pagemap pgmap = { .vmemmap_shift = 18 };
	struct vmemmap_leaf leaf;

	host_print("populate from the middle of a compound page\n");
	if (!vmemmap_can_optimize(NULL, &pgmap) || !model_absent(pfn, PAGES_PER_SECTION) ||
	    early_section(__pfn_to_section(pfn)))
		return;
	/* Base pages of whatever is there before would do */
	if (vmemmap_lookup(&init_mm, (unsigned long)pfn_to_page(pfn) - PAGE_SIZE, &leaf) &&
	    leaf.size == PAGE_SIZE)
		return;
	pgmap.ranges[0].start = PFN_PHYS(pfn - PAGES_PER_SECTION);
	host_faults.warnings_expected = 1;
	host_check(!__populate_section_memmap(pfn, PAGES_PER_SECTION, 0, NULL, &pgmap),
		   "populated without a start");
}

/* What nobody should do, or what must not change anything */
static void ask_nonsense(void)
{
	unsigned int what = next_byte(), where = next_byte(), choice = next_byte();
	struct region *r = choose_region(choice);
	unsigned long pfn = section_nr_to_pfn(host_window[where & 3] + (where >> 2 & 15));
	struct mem_section *ms = __pfn_to_section(pfn);

	set_faults(0);
	host_faults.warnings = 0;
	host_faults.warnings_expected = 0;
	model_save();
	switch (what % 8) {
	case 0:
		host_print("populate an odd range\n");
		host_faults.warnings_expected = 1;
		host_check(!__populate_section_memmap(pfn + 1, PAGES_PER_SECTION, 0, NULL, NULL),
			   "an odd range was populated");
		break;
	case 1:
		host_print("remove what is not there\n");
		if (!ms || !model_absent(pfn, PAGES_PER_SUBSECTION) ||
		    (ms->section_mem_map && early_section(ms)))
			break;
		host_faults.warnings_expected = 1;
		sparse_remove_section(ms, pfn, PAGES_PER_SUBSECTION, 0, NULL);
		host_check(host_faults.warnings == 1, "no warning");
		break;
	case 2:
		host_print("add nothing\n");
		host_check(sparse_add_section(0, pfn, 0, NULL, NULL) == -EINVAL,
			   "nothing was added");
		break;
	case 3:
		host_print("populate again\n");
		if (r && !r->compound && model_owns(r, r->pfn, r->nr_pages) &&
		    !early_section(__pfn_to_section(r->pfn)))
			host_check(!populate_again(r), "populating again failed");
		break;
	case 4:
#ifndef CONFIG_X86_64
		host_print("populate outside of the range\n");
		host_check(vmemmap_populate(VMEMMAP_END - PAGE_SIZE, VMEMMAP_END + PAGE_SIZE, 0,
					    NULL) == -ERANGE, "populated behind the end");
#endif
#ifdef CONFIG_IA64
		host_check(vmemmap_populate(VMEMMAP_START - PAGE_SIZE, VMEMMAP_START + PAGE_SIZE,
					    0, NULL) == -ERANGE, "populated before the start");
#endif
		break;
	case 5:
		host_print("free and note what is not there\n");
		if (!model_absent(pfn, PAGES_PER_SECTION) || early_section(ms))
			break;
		vmemmap_free((unsigned long)pfn_to_page(pfn),
			     (unsigned long)pfn_to_page(pfn + PAGES_PER_SECTION), NULL);
#ifdef CONFIG_HAVE_BOOTMEM_INFO_NODE
		register_page_bootmem_memmap(pfn_to_section_nr(pfn), pfn_to_page(pfn),
					     PAGES_PER_SECTION);
#endif
		break;
	case 6:
		compound_without_start(pfn);
		break;
	}
	host_faults.warnings_expected = 0;
	model_unchanged();
	model_verify(NULL);
}

/* mm/sparse-vmemmap.h */
void pfn_bitmap_clear(unsigned long pfn, unsigned long nr_pages);

/* A hash table that lets nothing go: the backing must stay, and goes the next time */
static void remove_stuck(void)
{
#ifdef CONFIG_PPC_BOOK3S_64
	struct region *r = choose_region(next_byte());
	unsigned long start, end, taken, later, objects, pfn;

	if (!r || r->blocks || host_radix || !model_owns(r, r->pfn, r->nr_pages))
		return;
	host_print("remove %#lx+%#lx, stuck\n", r->pfn, r->nr_pages);
	start = (unsigned long)pfn_to_page(r->pfn);
	end = (unsigned long)pfn_to_page(r->pfn + r->nr_pages);
	host_count(&taken, &objects);
	model_save();
	host_faults.unbolt = true;
	host_faults.warnings_expected = UINT_MAX;
	remove_pages(r->pfn, r->nr_pages, r->lent ? &r->altmap : NULL);
	host_count(&later, &objects);
	host_check(later == taken, "backing was given back while it is mapped");
	model_unchanged();
	host_faults.unbolt = false;
	host_faults.warnings_expected = 0;
	vmemmap_free(start, end, r->lent ? &r->altmap : NULL);
	/* Bits are clear, and their page stayed */
	for (pfn = r->pfn; pfn < r->pfn + r->nr_pages; pfn += PAGES_PER_SUBSECTION)
		pfn_bitmap_clear(pfn, PAGES_PER_SUBSECTION);
	model_remove(r, r->pfn, r->nr_pages);
	model_verify(NULL);
#endif
}

/* What the second leaf of PUD_SIZE describes; its backing is described by the first */
static void remove_huge(void)
{
#if HUGE_SECTIONS
	unsigned long size = PUD_SIZE / sizeof(struct page);
	unsigned long section = pfn_to_section_nr(size), end = pfn_to_section_nr(2 * size) + 1;

	model_save();
	for (; huge && section < end; section++) {
		unsigned long pfn = section_nr_to_pfn(section);

		if (pfn < HUGE_POOL_SECTIONS * PAGES_PER_SECTION || !pfn_valid(pfn))
			continue;
		remove_pages(pfn, PAGES_PER_SECTION, NULL);
		model_remove_early(section);
	}
	model_verify(NULL);
#endif
}

/* What is online, and has page tables that stay for good, cannot go */
static void remove_all(void)
{
	unsigned long section;
	unsigned int i;

	/* Twice: what the first ones are in may be backed by what comes after them */
	for (i = 0; i < 2 * MAX_REGIONS; i++) {
		struct region *r = &region[i % MAX_REGIONS];
		unsigned long pfn = r->pfn, end = pfn + r->nr_pages;

		if (r->live && (r->lent || r->compound))
			remove_part(r, pfn, r->nr_pages);
		for (; r->live && r->blocks && pfn < end; pfn += host_block_pages())
			if (model_owns(r, pfn, host_block_pages()))
				remove_part(r, pfn, host_block_pages());
		if (r->blocks)
			continue;
		for (; r->live && pfn < end; pfn += up_to(pfn, end))
			if (model_owns(r, pfn, up_to(pfn, end)))
				remove_part(r, pfn, up_to(pfn, end));
		for (pfn = r->pfn; r->live && pfn < end; pfn += PAGES_PER_SUBSECTION)
			if (model_owns(r, pfn, PAGES_PER_SUBSECTION))
				remove_part(r, pfn, PAGES_PER_SUBSECTION);
	}
	for (section = host_window[0]; section < host_window[0] + WINDOW_SECTIONS; section++)
		if (model_is_early(section)) {
			model_save();
			remove_pages(section_nr_to_pfn(section), PAGES_PER_SECTION, NULL);
			model_remove_early(section);
			model_verify(NULL);
		}
	remove_huge();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (*const operation[])(void) = {
		add_sections, add_sections, add_memory, add_memory,
		add_subsections, add_subsections, add_with_every_failure, add_compound,
		remove_region, remove_region, remove_block, remove_some,
		remove_early, change_memory, ask_nonsense, remove_stuck,
		online_block, remove_two,
	};

	input.at = data;
	input.end = data + size;
	if (setjmp(panicked)) {
		host_print("the kernel panicked, as it should\n");
		return 0;
	}
	boot();
	while (input.at < input.end)
		operation[next_byte() % ARRAY_SIZE(operation)]();
	memset(&host_faults, 0, sizeof(host_faults));
	remove_all();
	return 0;
}
