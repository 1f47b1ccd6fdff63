// SPDX-License-Identifier: GPL-2.0
/*
 * The memmap of ia64 in large leaves: in region 7, mapped by a table of its own.
 *
 * The TLB-miss handler in ../kernel/vmemmap_miss.S reads the table:
 *
 *	vmemmap_root[] -> slots -> entries of base pages
 *
 * A slot (4 MiB, or 1 MiB with 64 KiB pages) has one leaf, or leads to a table of
 * base pages, or is zero. An entry is what the TLB takes, with the size of its leaf
 * in addition. Where the memory of several slots makes up an aligned block their
 * entries have the size of the block, so that one translation does for all of them,
 * but each can be taken out by itself. Boot memory is allocated in such blocks where
 * all that they describe is there; later it happens.
 *
 * Writers run at boot, on one CPU, or under mem_hotplug_lock held for writing.
 * Readers are TLB-miss handlers, which look twice, see there.
 */
#define pr_fmt(fmt) "vmemmap: " fmt

#include <linux/crash_core.h>
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/vmemmap.h>

#include <asm/tlbflush.h>

#define NR_ROOT_ENTRIES		(1UL << (VMEMMAP_RANGE_SHIFT - VMEMMAP_ROOT_SHIFT))
#define SLOTS_PER_TABLE		PTRS_PER_PTE
#define PAGES_PER_SLOT		(VMEMMAP_SLOT_SIZE / PAGE_SIZE)
#define SLOT_ORDER		(VMEMMAP_SLOT_SHIFT - PAGE_SHIFT)
#define BASE_TABLE_SIZE		max(PAGE_SIZE, PAGES_PER_SLOT * sizeof(u64))

/* Physical addresses of the tables of slots */
u64 vmemmap_root[NR_ROOT_ENTRIES];

/* Largest leaf; below VMEMMAP_SLOT_SHIFT only base pages are used */
unsigned int vmemmap_max_shift __ro_after_init = IA64_GRANULE_SHIFT;

/* "vmemmap_leaf=": the TLB has every other power of two */
static int __init parse_vmemmap_leaf(char *arg)
{
	unsigned long long size = arg ? memparse(arg, &arg) : 0;

	if (!size || *arg)
		return -EINVAL;
	vmemmap_max_shift = min_t(unsigned int, ilog2(size) & ~1, IA64_GRANULE_SHIFT);
	return 0;
}
early_param("vmemmap_leaf", parse_vmemmap_leaf);

static u64 make_entry(unsigned long phys, unsigned int shift)
{
	return phys | pgprot_val(PAGE_KERNEL) | (u64)shift << VMEMMAP_SIZE_BIT;
}

static bool is_leaf(u64 entry)
{
	return entry & _PAGE_P;
}

static unsigned long entry_phys(u64 entry)
{
	return entry & _PFN_MASK;
}

static unsigned int leaf_shift(u64 entry)
{
	return entry >> VMEMMAP_SIZE_BIT & 0x3f;
}

static unsigned long slot_start(unsigned long addr)
{
	return ALIGN_DOWN(addr, VMEMMAP_SLOT_SIZE);
}

static u64 *root_entry(unsigned long addr)
{
	return &vmemmap_root[(addr - VMEMMAP_START) >> VMEMMAP_ROOT_SHIFT];
}

static u64 *find_slot(unsigned long addr)
{
	u64 table = READ_ONCE(*root_entry(addr));

	if (!table)
		return NULL;
	return (u64 *)__va(table) + (addr >> VMEMMAP_SLOT_SHIFT) % SLOTS_PER_TABLE;
}

static u64 *base_entry(u64 slot, unsigned long addr)
{
	return (u64 *)__va(slot) + (addr >> PAGE_SHIFT) % PAGES_PER_SLOT;
}

/**
 * arch_vmemmap_lookup() - vmemmap_lookup() for the memmap's own table
 * @addr: any kernel address
 * @leaf: filled in on success
 *
 * Return: true when @addr is mapped as a part of the memmap.
 */
bool arch_vmemmap_lookup(unsigned long addr, struct vmemmap_leaf *leaf)
{
	u64 *slot, entry;

	slot = vmemmap_contains(addr) ? find_slot(addr) : NULL;
	if (!slot)
		return false;

	*leaf = (struct vmemmap_leaf) { .table[2] = PTR_ALIGN_DOWN(slot, PAGE_SIZE) };
	entry = READ_ONCE(*slot);
	if (entry && !is_leaf(entry)) {
		leaf->table[3] = __va(entry);
		entry = READ_ONCE(*base_entry(entry, addr));
	}
	if (!is_leaf(entry))
		return false;
	leaf->size = 1UL << leaf_shift(entry);
	leaf->start = ALIGN_DOWN(addr, leaf->size);
	leaf->pfn = PHYS_PFN(ALIGN_DOWN(entry_phys(entry), leaf->size));
	return true;
}

static u64 *__meminit alloc_table(unsigned long size, int node)
{
	u64 *table = vmemmap_alloc_block(size, node);

	if (table)
		memset(table, 0, size);
	return table;
}

static void __meminit enter_table(u64 *entry, const void *table)
{
	/* A TLB-miss handler that comes to the table finds it in order */
	smp_store_release(entry, __pa(table));
}

static u64 *__meminit populate_root(unsigned long addr, int node)
{
	if (!*root_entry(addr)) {
		u64 *table = alloc_table(PAGE_SIZE, node);

		if (!table)
			return NULL;
		enter_table(root_entry(addr), table);
	}
	return find_slot(addr);
}

static u64 *__meminit first_slot(u64 *slot, unsigned long addr, unsigned int shift)
{
	return slot - ((addr & ((1UL << shift) - 1)) >> VMEMMAP_SLOT_SHIFT);
}

static unsigned long slots_in(unsigned int shift)
{
	return 1UL << (shift - VMEMMAP_SLOT_SHIFT);
}

static bool __meminit is_empty(const u64 *table, unsigned long nr)
{
	for (; nr; nr--)
		if (*table++)
			return false;
	return true;
}

/* Is all that the struct pages in [@start, @end) describe boot memory of @node? */
static bool __init describes_local_memory(unsigned long start, unsigned long end, int node)
{
	unsigned long pfn = vmemmap_addr_to_pfn(start);
	unsigned long end_pfn = DIV_ROUND_UP(end - VMEMMAP_START, sizeof(struct page));
	unsigned long first, last, nr;
	int i, nid;

	if (end_pfn > 1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT))
		return false;
	for (nr = pfn_to_section_nr(pfn); nr <= pfn_to_section_nr(end_pfn - 1); nr++)
		if (!present_section_nr(nr))
			return false;
	for_each_mem_pfn_range(i, MAX_NUMNODES, &first, &last, &nid)
		if (first < end_pfn && last > pfn && nid != node)
			return false;
	return true;
}

/* One block for several slots at boot. A table of slots has room for all of it. */
static bool __init add_boot_block(u64 *slot, unsigned long addr, unsigned int shift, int node)
{
	unsigned long start = ALIGN_DOWN(addr, 1UL << shift);
	unsigned long i, phys;
	void *p;

	slot = first_slot(slot, addr, shift);
	if (!is_empty(slot, slots_in(shift)) ||
	    !describes_local_memory(start, start + (1UL << shift), node))
		return false;
	p = vmemmap_alloc_leaf(1UL << shift, node, NULL);
	if (!p)
		return false;
	phys = __pa(p);
	for (i = 0; i < slots_in(shift); i++)
		slot[i] = make_entry(phys + i * VMEMMAP_SLOT_SIZE, shift);
	return true;
}

/* Does the memory of the slots from @slot on make up a block? */
static bool __meminit is_block(const u64 *slot, unsigned int shift)
{
	unsigned long phys = entry_phys(*slot), i;

	if (!IS_ALIGNED(phys, 1UL << shift))
		return false;
	for (i = 0; i < slots_in(shift); i++)
		if (!is_leaf(slot[i]) ||
		    entry_phys(slot[i]) != phys + i * VMEMMAP_SLOT_SIZE)
			return false;
	return true;
}

/* What a translation says for all its addresses is what smaller ones said: no purge */
static void __meminit set_block_size(u64 *slot, unsigned long nr, unsigned int shift)
{
	for (; nr; nr--, slot++)
		if (is_leaf(*slot))
			WRITE_ONCE(*slot, make_entry(entry_phys(*slot), shift));
}

static void __meminit join_block(u64 *slot, unsigned long addr)
{
	unsigned int shift;

	for (shift = vmemmap_max_shift; shift > VMEMMAP_SLOT_SHIFT; shift -= 2) {
		u64 *first = first_slot(slot, addr, shift);

		if (is_block(first, shift)) {
			set_block_size(first, slots_in(shift), shift);
			return;
		}
	}
}

static bool __ref add_leaf(u64 *slot, unsigned long addr, unsigned long start,
			   unsigned long end, int node, struct vmem_altmap *altmap)
{
	unsigned int shift;
	void *p;

	if (vmemmap_max_shift < VMEMMAP_SLOT_SHIFT)
		return false;
	/* What describes other memory as well is not the range's to lend */
	if (altmap && (addr < start || addr + VMEMMAP_SLOT_SIZE > end)) {
		if (!vmemmap_hosts(altmap))
			return false;
		if (!vmemmap_lends(altmap, addr, VMEMMAP_SLOT_SIZE))
			altmap = NULL;
	}
	if (!slab_is_available())
		for (shift = vmemmap_max_shift; shift > VMEMMAP_SLOT_SHIFT; shift -= 2)
			if (add_boot_block(slot, addr, shift, node))
				return true;
	p = vmemmap_alloc_leaf(VMEMMAP_SLOT_SIZE, node, altmap);
	if (!p)
		return false;
	WRITE_ONCE(*slot, make_entry(__pa(p), VMEMMAP_SLOT_SHIFT));
	join_block(slot, addr);
	return true;
}

static int __meminit add_base_pages(u64 *slot, unsigned long addr, unsigned long end,
				    int node, struct vmem_altmap *altmap)
{
	if (!*slot) {
		u64 *table = alloc_table(BASE_TABLE_SIZE, node);

		if (!table)
			return -ENOMEM;
		enter_table(slot, table);
	}

	for (; addr < end; addr += PAGE_SIZE) {
		u64 *entry = base_entry(*slot, addr);
		void *p;

		if (*entry)
			continue;
		p = vmemmap_alloc_block_buf(PAGE_SIZE, node, altmap);
		if (!p)
			return -ENOMEM;
		WRITE_ONCE(*entry, make_entry(__pa(p), PAGE_SHIFT));
	}
	return 0;
}

/* No CPU knows a translation for [@addr, @addr + 2^@shift) any more */
static void __meminit purge(unsigned long addr, unsigned int shift)
{
	ia64_purge_kernel_range(addr, addr + (1UL << shift), shift);
}

static void __meminit free_leaf(u64 *slot, unsigned long addr, struct vmem_altmap *altmap)
{
	unsigned long phys = entry_phys(*slot);
	unsigned int shift = leaf_shift(*slot);

	/* The slots that shared a block with this one get leaves of their own */
	set_block_size(first_slot(slot, addr, shift), slots_in(shift), VMEMMAP_SLOT_SHIFT);
	WRITE_ONCE(*slot, 0);
	purge(ALIGN_DOWN(addr, 1UL << shift), shift);
	vmemmap_free_backing(PHYS_PFN(phys), SLOT_ORDER, altmap);
}

/* A TLB-miss handler runs without interrupts: when all have answered, none is in it */
static void __meminit free_table(u64 *entry, unsigned long size)
{
	unsigned long pfn = PHYS_PFN(*entry);

	WRITE_ONCE(*entry, 0);
	flush_tlb_all();
	vmemmap_free_backing(pfn, get_order(size), NULL);
}

static void __meminit free_base_pages(u64 *slot, unsigned long start, unsigned long end,
				      struct vmem_altmap *altmap)
{
	unsigned long first = start & PAGE_MASK, addr;
	u64 *table = __va(*slot);
	bool gone = false;

	/* Entries keep the pages until the TLBs have forgotten them */
	for (addr = first; addr < end; addr += PAGE_SIZE) {
		u64 *entry = base_entry(*slot, addr);

		if (!*entry || vmemmap_leaf_is_shared(start, end, addr, PAGE_SIZE))
			continue;
		WRITE_ONCE(*entry, *entry & ~_PAGE_P);
		gone = true;
	}
	if (gone)
		purge(slot_start(first), VMEMMAP_SLOT_SHIFT);

	for (addr = first; addr < end; addr += PAGE_SIZE) {
		u64 *entry = base_entry(*slot, addr);

		if (!*entry || is_leaf(*entry))
			continue;
		vmemmap_free_backing(PHYS_PFN(entry_phys(*entry)), 0, altmap);
		WRITE_ONCE(*entry, 0);
	}
	if (is_empty(table, PAGES_PER_SLOT))
		free_table(slot, BASE_TABLE_SIZE);
}

static void __meminit free_range(unsigned long start, unsigned long end,
				 struct vmem_altmap *altmap)
{
	unsigned long addr, next;

	for (addr = slot_start(start); addr < end; addr = next) {
		u64 *slot = find_slot(addr);

		next = addr + VMEMMAP_SLOT_SIZE;
		if (!slot)
			continue;
		if (*slot && !is_leaf(*slot))
			free_base_pages(slot, max(start, addr), min(end, next), altmap);
		else if (*slot && !vmemmap_leaf_is_shared(start, end, addr, VMEMMAP_SLOT_SIZE))
			free_leaf(slot, addr, altmap);

		/* It may be new, and what was to go into it could not be had */
		if (is_empty(PTR_ALIGN_DOWN(slot, PAGE_SIZE), SLOTS_PER_TABLE))
			free_table(root_entry(addr), PAGE_SIZE);
	}
}

/**
 * vmemmap_populate() - back a range of the memmap
 * @start: address of the first struct page
 * @end: address after the last one
 * @node: node for backing and tables
 * @altmap: where to take the backing from, or NULL
 *
 * Whole sections get large leaves where memory is to be had, base pages otherwise;
 * parts of a section get base pages.
 *
 * Return: 0; -ENOMEM without memory, -ERANGE for memory that cannot be; with
 * nothing left behind.
 */
int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	bool whole = end - start >= PAGES_PER_SECTION * sizeof(struct page);
	unsigned long addr, next;
	int err = 0;

	BUILD_BUG_ON(sizeof(struct page) > 64);
	BUILD_BUG_ON(PERCPU_ADDR < VMEMMAP_END);

	if (start < VMEMMAP_START || end > VMEMMAP_END)
		return -ERANGE;

	for (addr = slot_start(start); addr < end && !err; addr = next) {
		u64 *slot = populate_root(addr, node);

		next = addr + VMEMMAP_SLOT_SIZE;
		if (!slot)
			err = -ENOMEM;
		else if (!is_leaf(*slot) &&
			 (*slot || !whole || !add_leaf(slot, addr, start, end, node, altmap)))
			err = add_base_pages(slot, max(start & PAGE_MASK, addr),
					     min(end, next), node, altmap);
	}
	if (err)
		free_range(start, end, altmap);
	return err;
}

#ifdef CONFIG_MEMORY_HOTPLUG
/**
 * vmemmap_free() - take a range of the memmap down
 * @start: address of the first struct page
 * @end: address after the last one
 * @altmap: where the backing came from, or NULL
 *
 * Leaves that describe other memory as well stay.
 */
void __ref vmemmap_free(unsigned long start, unsigned long end,
			struct vmem_altmap *altmap)
{
	free_range(start, end, altmap);
}
#endif

#ifdef CONFIG_CRASH_CORE
/**
 * vmemmap_save_vmcoreinfo() - tell dump tools how to find the memmap
 *
 * No page table knows it.
 */
void vmemmap_save_vmcoreinfo(void)
{
	VMCOREINFO_SYMBOL_ARRAY(vmemmap_root);
	VMCOREINFO_NUMBER(VMEMMAP_START);
	VMCOREINFO_NUMBER(VMEMMAP_ROOT_SHIFT);
	VMCOREINFO_NUMBER(VMEMMAP_SLOT_SHIFT);
}
#endif
