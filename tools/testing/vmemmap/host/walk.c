// SPDX-License-Identifier: GPL-2.0
/*
 * How the machine translates addresses of the memmap: its own reading of page tables,
 * of the hash table and of ia64's table, with nothing of the code under test.
 */
#include <stdlib.h>

#include "machine.h"

static pgd_t kernel_pgd[1 << PGD_BITS] __attribute__((__aligned__(4096)));
static u64 other_pgd[1 << PGD_BITS];

struct mm_struct init_mm = { .pgd = kernel_pgd };

static void add_leaf(struct host_map *map, unsigned long start, unsigned long size,
		     unsigned long pfn, unsigned long reach)
{
	host_check(map->nr_leaves < MAX_LEAVES, "too many leaves");
	map->leaf[map->nr_leaves++] = (struct host_leaf) { start, size, pfn, reach };
}

/* The leaf that maps @addr, or NULL; leaves are in ascending order */
const struct host_leaf *host_find(const struct host_map *map, unsigned long addr)
{
	unsigned int low = 0, high = map->nr_leaves, middle;
	static unsigned int last;

	/* Mostly it is the one after that of the last time */
	for (middle = last; middle < high && middle < last + 2; middle++)
		if (addr - map->leaf[middle].start < map->leaf[middle].size) {
			last = middle;
			return &map->leaf[middle];
		}

	while (low < high) {
		const struct host_leaf *leaf;

		middle = (low + high) / 2;
		leaf = &map->leaf[middle];
		if (addr - leaf->start < leaf->size) {
			last = middle;
			return leaf;
		}
		if (leaf->start > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

#ifdef CONFIG_VMEMMAP_LARGE_LEAVES

extern u64 vmemmap_root[];

static struct host_table *add_table(struct host_map *map, u64 phys, unsigned long start,
				    unsigned long size)
{
	host_check(map->nr_tables < MAX_TABLES, "too many page tables");
	map->table[map->nr_tables] = (struct host_table) {
		.pfn = PHYS_PFN(phys), .start = start, .size = size, .empty = true,
	};
	return &map->table[map->nr_tables++];
}

/* An entry: present, address, size in bits 53 to 58 */
static void walk_entry(struct host_map *map, u64 entry, unsigned long start, unsigned long size)
{
	host_check((entry & HOST_FLAGS & ~0xfffUL) == 0, "entry %#llx of %#lx", entry, start);
	if (entry & 1)
		add_leaf(map, start, size, (entry & ((1UL << 50) - 1)) >> PAGE_SHIFT,
			 1UL << (entry >> 53 & 63));
}

static void walk_slot(struct host_map *map, u64 slot, unsigned long start)
{
	struct host_table *table;
	unsigned long i;

	if (slot & 1) {
		walk_entry(map, slot, start, 1UL << VMEMMAP_SLOT_SHIFT);
		return;
	}
	table = add_table(map, slot, start, 1UL << VMEMMAP_SLOT_SHIFT);
	for (i = 0; i < 1UL << (VMEMMAP_SLOT_SHIFT - PAGE_SHIFT); i++) {
		u64 entry = ((u64 *)__va(slot))[i];

		if (entry)
			table->empty = false;
		walk_entry(map, entry, start + (i << PAGE_SHIFT), PAGE_SIZE);
	}
}

void host_walk(struct host_map *map)
{
	unsigned long root, i;

	map->nr_leaves = 0;
	map->nr_tables = 0;
	host_bitmap_walk(map);
	for (root = 0; root < 1UL << (VMEMMAP_RANGE_SHIFT - VMEMMAP_ROOT_SHIFT); root++) {
		unsigned long start = VMEMMAP_START + (root << VMEMMAP_ROOT_SHIFT);
		struct host_table *table;

		if (!vmemmap_root[root])
			continue;
		table = add_table(map, vmemmap_root[root], start, 1UL << VMEMMAP_ROOT_SHIFT);
		for (i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
			u64 slot = ((u64 *)__va(vmemmap_root[root]))[i];

			if (!slot)
				continue;
			table->empty = false;
			walk_slot(map, slot, start + (i << VMEMMAP_SLOT_SHIFT));
		}
	}
}

#else /* !CONFIG_VMEMMAP_LARGE_LEAVES */

#define NR_LEVELS	5

/* From the top: what an entry maps, how many there are; a folded level has one */
static const struct level {
	unsigned int shift;
	unsigned int bits;
} *levels(void)
{
	static struct level level[NR_LEVELS];

	level[0] = (struct level) { PGDIR_SHIFT, PGD_BITS };
	level[1] = (struct level) { P4D_SHIFT, PGDIR_SHIFT - P4D_SHIFT };
	level[2] = (struct level) { PUD_SHIFT, PUD_BITS };
	level[3] = (struct level) { PMD_SHIFT, PMD_BITS };
	level[4] = (struct level) { PAGE_SHIFT, PTE_BITS };
	return level;
}

static bool is_synced(int level)
{
	return level == 1 ? ARCH_PAGE_TABLE_SYNC_MASK & PGTBL_PGD_MODIFIED :
	       level == 2 ? ARCH_PAGE_TABLE_SYNC_MASK & PGTBL_P4D_MODIFIED : false;
}

/* The bitmap for pfn_valid() is below an entry of its own, see bitmap.c */
static const u64 *bitmap_entry(void)
{
	return arch_has_pfn_bitmap() ? &pgd_offset_k(PFN_BITMAP_START)->val : NULL;
}

static void walk_table(struct host_map *map, const u64 *entries, int level, unsigned long start)
{
	const struct level *of = &levels()[level];
	unsigned int mine = map->nr_tables;
	unsigned long i;

	host_check(mine < MAX_TABLES, "too many page tables");
	map->nr_tables++;
	map->table[mine] = (struct host_table) {
		.pfn = PHYS_PFN(__pa(entries)), .start = start,
		.size = 1UL << (of->shift + of->bits), .empty = true, .synced = is_synced(level),
	};
	for (i = 0; i < 1UL << of->bits; i++) {
		unsigned long addr = start + (i << of->shift);
		u64 entry = entries[i];
		int below = level + 1;

		if (!entry || (!level && &entries[i] == bitmap_entry()))
			continue;
		map->table[mine].empty = false;
		host_check(entry & HOST_PRESENT, "entry %#llx of %#lx", entry, addr);
		if (entry & HOST_LEAF) {
			host_check(level >= 2, "a leaf of level %d at %#lx", level, addr);
			add_leaf(map, addr, 1UL << of->shift, PHYS_PFN(entry), 1UL << of->shift);
			continue;
		}
		host_check(level < NR_LEVELS - 1, "entry %#llx of %#lx is no leaf", entry, addr);
		while (!levels()[below].bits)
			below++;
		walk_table(map, __va(entry & ~HOST_FLAGS), below, addr);
	}
}

#ifdef CONFIG_PPC_BOOK3S_64

/* Bolted mappings, in ascending order. There is room for so many. */
#define HTAB_SLOTS	6000

static struct {
	unsigned long addr;
	unsigned long phys;
} htab[HTAB_SLOTS];

static unsigned int nr_bolted;

struct mmu_psize_def mmu_psize_defs[MMU_PAGE_COUNT];
int mmu_virtual_psize, mmu_kernel_ssize;
bool host_radix;

static unsigned int htab_find(unsigned long addr)
{
	unsigned int low = 0, high = nr_bolted;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (htab[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void htab_count(unsigned long phys, unsigned long size, int by)
{
	struct host_page *page = host_page(PHYS_PFN(phys));
	unsigned long nr = DIV_ROUND_UP(size, PAGE_SIZE);

	for (; nr; nr--)
		page++->cached += by;
}

/* As the kernel's, it leaves what it has done until it fails */
int htab_bolt_mapping(unsigned long start, unsigned long end, unsigned long phys,
		      unsigned long prot, int psize, int ssize)
{
	unsigned long step = 1UL << mmu_psize_defs[psize].shift;
	unsigned long addr = ALIGN_DOWN(start, step);

	host_check(!host_radix, "there is no hash table");
	host_check(addr == start && IS_ALIGNED(phys, step), "%#lx is not aligned", start);
	for (; addr < end; addr += step, phys += step) {
		unsigned int at = htab_find(addr);

		host_check(at == nr_bolted || htab[at].addr != addr, "%#lx is bolted twice", addr);
		if (nr_bolted == HTAB_SLOTS || host_should_fail(PAGE_SIZE))
			return -ENOSPC;
		memmove(&htab[at + 1], &htab[at], (nr_bolted - at) * sizeof(htab[0]));
		htab[at].addr = addr;
		htab[at].phys = phys;
		nr_bolted++;
		htab_count(phys, step, 1);
	}
	return 0;
}

int htab_remove_mapping(unsigned long start, unsigned long end, int psize, int ssize)
{
	unsigned long step = 1UL << mmu_psize_defs[psize].shift;
	unsigned long addr = ALIGN_DOWN(start, step);
	int err = 0;

	if (host_faults.unbolt)
		return -EINVAL;
	for (; addr < end; addr += step) {
		unsigned int at = htab_find(addr);

		if (at == nr_bolted || htab[at].addr != addr) {
			err = -ENOENT;
			continue;
		}
		htab_count(htab[at].phys, step, -1);
		nr_bolted--;
		memmove(&htab[at], &htab[at + 1], (nr_bolted - at) * sizeof(htab[0]));
	}
	return err;
}

/* Mappings smaller than a page make up pages */
static void walk_htab(struct host_map *map)
{
	unsigned long step = 1UL << mmu_psize_defs[mmu_vmemmap_psize].shift;
	unsigned int i, j, per_page = DIV_ROUND_UP(PAGE_SIZE, step);

	for (i = 0; i < nr_bolted; i += per_page) {
		for (j = 1; j < per_page; j++)
			host_check(i + j < nr_bolted &&
				   htab[i + j].addr == htab[i].addr + j * step &&
				   htab[i + j].phys == htab[i].phys + j * step,
				   "%#lx is bolted in part", htab[i].addr);
		add_leaf(map, htab[i].addr, max(step, PAGE_SIZE), PHYS_PFN(htab[i].phys),
			 max(step, PAGE_SIZE));
	}
}

static unsigned long nr_records(void)
{
	const struct vmemmap_backing *record;
	unsigned long nr = 0;

	for (record = vmemmap_list; record; record = record->list)
		nr++;
	return nr;
}

/* As those who read a dump do: the first record that fits is taken for bolt_size bytes */
static void check_record(unsigned long addr, unsigned long pfn)
{
	unsigned long size = 1UL << mmu_psize_defs[mmu_vmemmap_psize].shift;
	const struct vmemmap_backing *record = vmemmap_list;

	while (record && addr - record->virt_addr >= size)
		record = record->list;
	host_check(record && record->phys + (addr - record->virt_addr) == PFN_PHYS(pfn),
		   "a dump does not tell that %#lx is at pfn %#lx", addr, pfn);
}

static void check_records(const struct host_map *map)
{
	unsigned long size = 1UL << mmu_psize_defs[mmu_vmemmap_psize].shift;
	const struct vmemmap_backing *record;
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < map->nr_leaves; i++) {
		const struct host_leaf *leaf = &map->leaf[i];

		nr += DIV_ROUND_UP(leaf->size, size);
		if (map->nr_leaves < 256) {
			check_record(leaf->start, leaf->pfn);
			check_record(leaf->start + leaf->size - PAGE_SIZE,
				     leaf->pfn + PHYS_PFN(leaf->size) - 1);
		}
	}
	host_check(nr_records() == nr, "%lu records for %lu mappings", nr_records(), nr);
	for (record = vmemmap_list; record && record->list; record = record->list)
		host_check(record->virt_addr > record->list->virt_addr, "records out of order");
}

#endif /* CONFIG_PPC_BOOK3S_64 */

void host_walk(struct host_map *map)
{
	unsigned long top = VMEMMAP_START >> (PGDIR_SHIFT + PGD_BITS);

	map->nr_leaves = 0;
	map->nr_tables = 0;
	host_bitmap_walk(map);
#ifdef CONFIG_PPC_BOOK3S_64
	if (!host_radix) {
		walk_htab(map);
		return;
	}
#endif
	walk_table(map, &kernel_pgd[0].val, 0, top << (PGDIR_SHIFT + PGD_BITS));
	/* The top one is the kernel's, not ours */
	map->nr_tables--;
	memmove(&map->table[0], &map->table[1], map->nr_tables * sizeof(map->table[0]));
}

#endif /* !CONFIG_VMEMMAP_LARGE_LEAVES */

void host_walk_reset(void)
{
	memset(kernel_pgd, 0, sizeof(kernel_pgd));
	memset(other_pgd, 0, sizeof(other_pgd));
#ifdef CONFIG_PPC_BOOK3S_64
	nr_bolted = 0;
#endif
	host_record_pages(NULL);
	host_bitmap_reset();
}

void host_set_entry(u64 *entry, u64 val)
{
	host_check(!*entry || !val || host_bitmap_entry(entry),
		   "entry %#llx is overwritten by %#llx", *entry, val);
	WRITE_ONCE(*entry, val);
}

/* Other processes' page tables */
void arch_sync_kernel_mappings(unsigned long start, unsigned long end)
{
	unsigned long i = pgd_offset_k(start) - kernel_pgd;

	other_pgd[i] = kernel_pgd[i].val;
}

/* What the architecture has besides: other page tables, a list of all mappings */
void host_check_arch(const struct host_map *map)
{
	unsigned long i;

	for (i = 0; ARCH_PAGE_TABLE_SYNC_MASK != 0 && i < PTRS_PER_PGD; i++)
		host_check(other_pgd[i] == kernel_pgd[i].val,
			   "entry %lu of other page tables is stale", i);
#ifdef CONFIG_PPC_BOOK3S_64
	check_records(map);
#endif
}

/* Pages of records that the architecture keeps, at most */
unsigned long host_record_pages(const struct host_map *map)
{
#ifdef CONFIG_PPC_BOOK3S_64
	static unsigned long most;

	most = map ? max(most, nr_records()) : 0;
	return DIV_ROUND_UP(most, PAGE_SIZE / sizeof(struct vmemmap_backing));
#else
	return 0;
#endif
}
