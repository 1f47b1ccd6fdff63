// SPDX-License-Identifier: GPL-2.0
/*
 * The bitmap that answers pfn_valid(), as the machine reads it: through the page table, its pages
 * that have bits of tracked sections, and one for memory that never is.
 */
#include "machine.h"

#define SIZE		(1UL << (PFN_BITMAP_PHYS_BITS - SUBSECTION_SHIFT - 3))
#define SECTION_BITS	(1UL << (SECTION_SIZE_BITS - SUBSECTION_SHIFT))
#define PER_PAGE	(PAGE_SIZE * BITS_PER_BYTE / SECTION_BITS)		/* sections */

bool host_in_bitmap(unsigned long addr)
{
	return arch_has_pfn_bitmap() && addr - PFN_BITMAP_START < SIZE;
}

/* The table that is shared by all holes stays, even when none is left that is so large */
static unsigned long shared_table;

#ifdef CONFIG_PPC_BOOK3S_64
/* Where the hash table leads to; 0 is nowhere */
static unsigned long bolted[SIZE / PAGE_SIZE];

static unsigned long *bolted_at(unsigned long addr)
{
	host_check(host_in_bitmap(addr), "%#lx is bolted, which is not in the bitmap", addr);
	return &bolted[(addr - PFN_BITMAP_START) / PAGE_SIZE];
}

int host_bolt_bitmap(unsigned long addr, unsigned long pfn)
{
	host_check(!*bolted_at(addr), "%#lx is bolted twice", addr);
	host_page(pfn)->cached++;
	*bolted_at(addr) = pfn;
	return 0;
}

int host_unbolt_bitmap(unsigned long addr)
{
	unsigned long *pfn = bolted_at(addr);

	if (host_faults.unbolt)
		return -EINVAL;
	if (*pfn)
		host_page(*pfn)->cached--;
	*pfn = 0;
	return 0;
}

static unsigned long translation(unsigned long addr, const pte_t *pte)
{
	unsigned long pfn = pte && !pte_none(*pte) ? pte_pfn(*pte) : 0;

	if (!arch_pfn_bitmap_bolts())
		return pfn;
	host_check(*bolted_at(addr) == pfn, "%#lx is bolted to another page than its PTE says", addr);
	return *bolted_at(addr);
}
#else
static unsigned long translation(unsigned long addr, const pte_t *pte)
{
	return pte && !pte_none(*pte) ? pte_pfn(*pte) : 0;
}
#endif

void host_bitmap_reset(void)
{
	shared_table = 0;
#ifdef CONFIG_PPC_BOOK3S_64
	memset(bolted, 0, sizeof(bolted));
#endif
}

static void add_table(struct host_map *map, unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < map->nr_bitmap_tables; i++)
		if (map->bitmap_table[i] == pfn)
			return;
	host_check(i < ARRAY_SIZE(map->bitmap_table), "too many page tables");
	map->bitmap_table[map->nr_bitmap_tables++] = pfn;
}

/* Returns what maps an address, NULL before there is a bitmap; map: takes the tables, or is NULL */
static pte_t *walk(struct host_map *map, unsigned long addr)
{
	pgd_t *pgd = pgd_offset_k(addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return NULL;
	pte = pte_offset_kernel(pmd, addr);
	if (!map)
		return pte;
	if (!mm_p4d_folded(&init_mm))
		add_table(map, PHYS_PFN(pgd->val));
	if (!mm_pud_folded(&init_mm))
		add_table(map, PHYS_PFN(p4d->val));
	add_table(map, PHYS_PFN(pud->val));
	add_table(map, PHYS_PFN(pmd->val));
	if (!shared_table)
		shared_table = PHYS_PFN(pmd->val);
	return pte;
}

/* Where nothing is mapped the load faults, which makes it 0 */
unsigned long host_load_bitmap(const unsigned long *word)
{
	unsigned long addr = (unsigned long)word, pfn;

	host_check(host_in_bitmap(addr), "%#lx is not in the bitmap", addr);
	pfn = translation(addr, walk(NULL, addr));
	return pfn ? *(unsigned long *)__va(PFN_PHYS(pfn) + addr % PAGE_SIZE) : 0;
}

static void add_leaf(struct host_map *map, unsigned long offset)
{
	unsigned long addr = PFN_BITMAP_START + ALIGN_DOWN(offset, PAGE_SIZE);
	pte_t *pte;

	if (host_find_bitmap(map, addr))
		return;
	pte = walk(map, addr);
	if (!pte || pte_none(*pte)) {
		host_check(PFN_BITMAP_UNMAP_FIRST || !map->nr_bitmap,
			   "%#lx of the bitmap is not mapped", addr);
		map->bitmap_has_gap = true;
		return;
	}
	host_check(map->nr_bitmap < ARRAY_SIZE(map->bitmap), "too many pages");
	map->bitmap[map->nr_bitmap++] = (struct host_leaf) {
		addr, PAGE_SIZE, pte_pfn(*pte), PAGE_SIZE,
	};
}

static void add_section(struct host_map *map, unsigned long section)
{
	add_leaf(map, section * SECTION_BITS / 8);
}

/* The first one is where there never is memory: all holes are like that */
void host_bitmap_walk(struct host_map *map)
{
	unsigned long section;
	unsigned int i;

	map->nr_bitmap = 0;
	map->nr_bitmap_tables = 0;
	map->bitmap_has_gap = false;
	if (!arch_has_pfn_bitmap())
		return;
	add_leaf(map, SIZE / 8 * 5);
	if (shared_table)
		add_table(map, shared_table);
	for (section = 0; section < host_early_sections; section += PER_PAGE)
		add_section(map, section);
	for (i = 0; i < NR_WINDOWS; i++) {
		add_section(map, host_window[i]);
		add_section(map, host_window[i] + WINDOW_SECTIONS - 1);
	}
}

const struct host_leaf *host_find_bitmap(const struct host_map *map, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < map->nr_bitmap; i++)
		if (addr - map->bitmap[i].start < PAGE_SIZE)
			return &map->bitmap[i];
	return NULL;
}

/* Is it an entry that another one of the bitmap may replace at once? */
bool host_bitmap_entry(const u64 *entry)
{
	static struct host_map map;
	unsigned int i;

	if (PFN_BITMAP_UNMAP_FIRST)
		return false;
	host_bitmap_walk(&map);
	for (i = 0; i < map.nr_bitmap_tables; i++)
		if (PHYS_PFN(__pa(entry)) == map.bitmap_table[i])
			return true;
	return false;
}

static bool any_bit(unsigned long pfn)
{
	return memchr_inv(__va(PFN_PHYS(pfn)), 0, PAGE_SIZE);
}

/* @use: is told each page that the bitmap takes, once */
void host_bitmap_check(const struct host_map *map, void (*use)(unsigned long pfn))
{
	unsigned int i, j;

	host_check(!map->bitmap_has_gap || arch_pfn_bitmap_bolts(),
		   "the bitmap is not mapped everywhere");
	host_check(!pfn_valid(1UL << (PFN_BITMAP_PHYS_BITS - PAGE_SHIFT)),
		   "a pfn behind the bitmap is valid");
	for (i = 0; i < map->nr_bitmap_tables; i++)
		use(map->bitmap_table[i]);
	for (i = 0; i < map->nr_bitmap; i++) {
		unsigned long pfn = map->bitmap[i].pfn;

		for (j = 0; j < i && map->bitmap[j].pfn != pfn; j++)
			;
		host_check(j == i || !j, "two pages of the bitmap are pfn %#lx", pfn);
		if (j < i)
			continue;
		host_check(any_bit(pfn) == !!i, "%#lx of the bitmap has pfn %#lx",
			   map->bitmap[i].start, pfn);
		use(pfn);
	}
}

/* What failed has mapped nothing anew; a table stays */
void host_bitmap_unchanged(const struct host_map *before, const struct host_map *after)
{
	unsigned int i;

	host_check(before->nr_bitmap == after->nr_bitmap, "the bitmap has other pages");
	for (i = 0; i < after->nr_bitmap; i++)
		host_check(before->bitmap[i].pfn == after->bitmap[i].pfn,
			   "%#lx of the bitmap has changed", after->bitmap[i].start);
}
