// SPDX-License-Identifier: GPL-2.0
/* The kernel's variables that conversions read, and what boot makes of them. */
#include "microbench.h"

#include <linux/mm.h>
#include <linux/string.h>

unsigned long phys_base;
unsigned long page_offset_base;
unsigned long vmemmap_base;
unsigned long max_pfn;

#ifdef CONFIG_FLATMEM
struct page *mem_map;
#endif

#ifdef CONFIG_PFN_BITMAP
static void make_table(struct page *map, unsigned long pages, void *table)
{
	memset(table, 0xff, microbench_table_size(pages));
}
#elif defined(CONFIG_SPARSEMEM_EXTREME)
struct mem_section **mem_section;

#define ROOTS_SIZE	PAGE_ALIGN(NR_SECTION_ROOTS * sizeof(*mem_section))
#define ROOT_SIZE	PAGE_ALIGN(SECTIONS_PER_ROOT * sizeof(**mem_section))
#define FLAGS		(SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP | SECTION_IS_ONLINE | \
			 SECTION_IS_EARLY)

static unsigned long roots(unsigned long pages)
{
	return DIV_ROUND_UP(DIV_ROUND_UP(pages, PAGES_PER_SECTION), SECTIONS_PER_ROOT);
}

static void make_table(struct page *map, unsigned long pages, void *table)
{
	unsigned long i;

	mem_section = table;
	for (i = 0; i < roots(pages); i++)
		mem_section[i] = table + ROOTS_SIZE + i * ROOT_SIZE;
	/*
	 * Boot allocates a node's struct pages in one piece for all models. A section's entry is
	 * its own piece less its first pfn, which in one piece is the same for each.
	 */
	for (i = 0; i < DIV_ROUND_UP(pages, PAGES_PER_SECTION); i++)
		__nr_to_section(i)->section_mem_map = (unsigned long)map | FLAGS;
}
#endif

#ifdef CONFIG_RUNTIME_CONST
/* The linker defines them for the sections that there are, by their names; others are empty. */
#define WEAK(name)	\
	extern const s32 __weak __start_runtime_const_##name[], __weak __stop_runtime_const_##name[]
RUNTIME_CONSTS(WEAK);

static void set_all(const s32 *start, const s32 *end, unsigned long value)
{
	const s32 *where;

	for (where = start; where < end; where++)
		runtime_const_set((void *)where + *where, value);
}

/* What boot does: bring the bases into the instructions that have them as immediates. */
static void patch(void)
{
#define SET_ALL(name)	\
	set_all(__start_runtime_const_##name, __stop_runtime_const_##name, RUNTIME_CONST_VALUE_##name)
	RUNTIME_CONSTS(SET_ALL);
}
#else
static void patch(void)
{
}
#endif

unsigned long microbench_table_size(unsigned long pages)
{
#ifdef CONFIG_PFN_BITMAP
	return DIV_ROUND_UP(pages >> PFN_SUBSECTION_SHIFT, BITS_PER_LONG) * sizeof(long);
#elif defined(CONFIG_SPARSEMEM_EXTREME)
	return ROOTS_SIZE + roots(pages) * ROOT_SIZE;
#else
	return 0;
#endif
}

void microbench_place(void *map, unsigned long pages, void *table)
{
	phys_base = 0;
	page_offset_base = LINEAR_MAP;
	vmemmap_base = (unsigned long)map;
	max_pfn = pages;
	patch();
#ifdef CONFIG_FLATMEM
	mem_map = map;
#endif
#ifdef CONFIG_SPARSEMEM_EXTREME
	make_table(map, pages, table);
#endif
#ifdef SECTION_IN_PAGE_FLAGS
	while (pages--)
		set_page_section((struct page *)map + pages, pfn_to_section_nr(pages));
#endif
}
