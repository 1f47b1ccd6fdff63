// SPDX-License-Identifier: GPL-2.0
/*
 * The memmap of book3s64.
 *
 * Radix: leaves of 2 MiB in the kernel's page table, as on other architectures,
 * and of 1 GiB where a node has so much memory.
 *
 * Hash: mappings that are bolted in the hash table, of 16 MiB or of a base page.
 * A segment of addresses has one page size, and a segment is large, so the size
 * is chosen once, at boot. No page table knows these mappings: vmemmap_list does.
 *
 * Those who read the memmap of a dump follow vmemmap_list with both MMUs; older
 * versions of makedumpfile and crash give up when it is empty.
 *
 * Sections have 16 MiB here. Their struct pages are few, so a leaf is shared by
 * neighbouring sections, and the last of them takes it away.
 */
#define pr_fmt(fmt) "vmemmap: " fmt

#include <linux/crash_core.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/sizes.h>
#include <linux/vmemmap.h>

#include <asm/mmu.h>

/* Page size of the memmap, an index of mmu_psize_defs[] */
int mmu_vmemmap_psize __ro_after_init = MMU_PAGE_4K;

/* What is mapped, highest address first; changes as the memmap does */
struct vmemmap_backing *vmemmap_list;

/* Records that are not in the list. Their memory is kept for the next ones. */
static struct vmemmap_backing *spare_records __meminitdata;

/* Bytes of a mapping in the hash table; a leaf of ours can have several */
static unsigned long bolt_size(void)
{
	return 1UL << mmu_psize_defs[mmu_vmemmap_psize].shift;
}

/**
 * vmemmap_choose_psize() - choose the page size of the memmap
 *
 * Before the first segment or page table needs to know it.
 */
void __init vmemmap_choose_psize(void)
{
	int large = radix_enabled() ? MMU_PAGE_2M : MMU_PAGE_16M;

	/* 16 MiB would be too much for a small machine */
	if (mmu_psize_defs[large].shift &&
	    (radix_enabled() || memblock_phys_mem_size() >= SZ_1G))
		mmu_vmemmap_psize = large;
	else
		mmu_vmemmap_psize = mmu_virtual_psize;
	pr_info("mapped by pages of %lu KiB\n", bolt_size() >> 10);
}

/* The link to the record of @addr or of the highest address below */
static struct vmemmap_backing **find_link(unsigned long addr)
{
	struct vmemmap_backing **link = &vmemmap_list;

	while (*link && (*link)->virt_addr > addr)
		link = &(*link)->list;
	return link;
}

static struct vmemmap_backing *find_record(unsigned long addr)
{
	struct vmemmap_backing *record = *find_link(addr);

	return record && addr - record->virt_addr < bolt_size() ? record : NULL;
}

/**
 * arch_vmemmap_lookup() - vmemmap_lookup() for hash
 * @addr: any kernel address
 * @leaf: filled in on success
 *
 * Return: true when @addr is mapped as a part of the memmap.
 */
bool arch_vmemmap_lookup(unsigned long addr, struct vmemmap_leaf *leaf)
{
	struct vmemmap_backing *record = find_record(addr);

	if (!record)
		return false;
	*leaf = (struct vmemmap_leaf) { .size = arch_vmemmap_leaf_size() };
	leaf->start = ALIGN_DOWN(addr, leaf->size);
	leaf->pfn = PHYS_PFN(record->phys - (record->virt_addr - leaf->start));
	return true;
}

static struct vmemmap_backing *__meminit new_record(int node)
{
	struct vmemmap_backing *record = spare_records;
	unsigned int i;

	if (!record) {
		record = vmemmap_alloc_block(PAGE_SIZE, node);
		if (!record)
			return NULL;
		for (i = 0; i < PAGE_SIZE / sizeof(*record); i++, record++) {
			record->list = spare_records;
			spare_records = record;
		}
		record = spare_records;
	}
	spare_records = record->list;
	return record;
}

/**
 * arch_vmemmap_forget_leaf() - a leaf is not mapped any more
 * @addr: its first address
 * @size: bytes that it mapped
 */
void __meminit arch_vmemmap_forget_leaf(unsigned long addr, unsigned long size)
{
	struct vmemmap_backing **link = find_link(addr + size - 1);
	struct vmemmap_backing *record;

	while ((record = *link) && record->virt_addr >= addr) {
		WRITE_ONCE(*link, record->list);
		record->list = spare_records;
		spare_records = record;
	}
}

/**
 * arch_vmemmap_note_leaf() - a leaf is going to be mapped
 * @addr: its first address
 * @size: bytes that it maps
 * @pfn: page frame behind @addr
 * @node: node for the records
 *
 * Those who read a dump take each record for bolt_size() bytes, and the first
 * one that fits: a smaller leaf hides what the one below it does not have.
 *
 * Return: 0, or -ENOMEM with nothing left behind.
 */
int __meminit arch_vmemmap_note_leaf(unsigned long addr, unsigned long size,
				     unsigned long pfn, int node)
{
	unsigned long step = min(size, bolt_size());
	unsigned long offset;

	for (offset = 0; offset < size; offset += step) {
		struct vmemmap_backing *record = new_record(node);
		struct vmemmap_backing **link = find_link(addr + offset);

		if (!record) {
			arch_vmemmap_forget_leaf(addr, size);
			return -ENOMEM;
		}
		record->phys = PFN_PHYS(pfn) + offset;
		record->virt_addr = addr + offset;
		record->list = *link;
		/* A dump can be taken at any time */
		smp_store_release(link, record);
	}
	return 0;
}

/* Return: 0, or what is wrong; a mapping that was not there is all right */
static int __meminit unbolt(unsigned long addr, unsigned long size)
{
	int err = htab_remove_mapping(addr, addr + size, mmu_vmemmap_psize,
				      mmu_kernel_ssize);

	return err == -ENOENT ? 0 : err;
}

static int __meminit bolt(unsigned long addr, unsigned long size,
			  unsigned long phys)
{
	/* For fault injection a slot of the hash table is a page table */
	if (should_fail_vmemmap(PAGE_SIZE))
		return -ENOSPC;
	if (!htab_bolt_mapping(addr, addr + size, phys, pgprot_val(PAGE_KERNEL),
			       mmu_vmemmap_psize, mmu_kernel_ssize))
		return 0;
	return -ENOSPC;
}

/* Frees the backing, unless the hash table still leads to it */
static void __meminit drop_leaf(unsigned long addr, unsigned long size,
				unsigned long phys, struct vmem_altmap *altmap)
{
	if (WARN_ONCE(unbolt(addr, size), "[%#lx-%#lx] stays mapped\n",
		      addr, addr + size - 1))
		return;
	arch_vmemmap_forget_leaf(addr, size);
	vmemmap_free_backing(PHYS_PFN(phys), get_order(size), altmap);
}

static int __meminit add_leaf(unsigned long addr, unsigned long size, int node,
			      struct vmem_altmap *altmap)
{
	void *p = vmemmap_alloc_block_buf(size, node, altmap);
	int err;

	if (!p)
		return -ENOMEM;
	err = arch_vmemmap_note_leaf(addr, size, PHYS_PFN(__pa(p)), node);
	if (err) {
		vmemmap_free_backing(PHYS_PFN(__pa(p)), get_order(size), altmap);
		return err;
	}
	err = bolt(addr, size, __pa(p));
	if (err)
		drop_leaf(addr, size, __pa(p), altmap);
	return err;
}

static void __meminit hash_free(unsigned long start, unsigned long end,
				struct vmem_altmap *altmap)
{
	unsigned long size = arch_vmemmap_leaf_size();
	struct vmemmap_leaf leaf;
	unsigned long addr;

	for (addr = ALIGN_DOWN(start, size); addr < end; addr += size)
		if (arch_vmemmap_lookup(addr, &leaf) &&
		    !vmemmap_leaf_is_shared(start, end, addr, size))
			drop_leaf(addr, size, PFN_PHYS(leaf.pfn), altmap);
}

static int __meminit hash_populate(unsigned long start, unsigned long end,
				   int node, struct vmem_altmap *altmap)
{
	unsigned long size = arch_vmemmap_leaf_size();
	unsigned long addr;
	int err = 0;

	for (addr = ALIGN_DOWN(start, size); addr < end && !err; addr += size)
		if (!find_record(addr))
			err = add_leaf(addr, size, node, altmap);
	if (err)
		hash_free(start, end, altmap);
	return err;
}

/*
 * What describes other memory as well must not lie in memory that a device lends:
 * it would go with the device. Return: @altmap, or NULL for the system's memory.
 */
static struct vmem_altmap *__meminit own_altmap(unsigned long start, unsigned long end,
						struct vmem_altmap *altmap)
{
	unsigned long size = arch_vmemmap_leaf_size();
	unsigned long first = ALIGN_DOWN(start, size), last = ALIGN(end, size);

	if (!altmap || IS_ALIGNED(start | end, size))
		return altmap;
	return vmemmap_lends(altmap, first, last - first) ? altmap : NULL;
}

/**
 * vmemmap_populate() - back a range of the memmap
 * @start: address of the first struct page
 * @end: address after the last one
 * @node: node for backing and page tables
 * @altmap: where to take the backing from, or NULL
 *
 * Return: 0; -ENOMEM without memory, -ENOSPC without room in the hash table,
 * -ERANGE for memory that is too far up; with nothing left behind.
 */
int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	int err;

	if (end > (radix_enabled() ? RADIX_VMEMMAP_END : H_VMEMMAP_END))
		return -ERANGE;

	/* Memory that holds its own is asked leaf by leaf with radix */
	if (!radix_enabled() || !vmemmap_hosts(altmap))
		altmap = own_altmap(start, end, altmap);
	if (!radix_enabled())
		return hash_populate(start, end, node, altmap);

	err = vmemmap_populate_range(start, end, node, altmap);
	/* The entries are in place before anybody follows them */
	asm volatile("ptesync" : : : "memory");
	return err;
}

#ifdef CONFIG_MEMORY_HOTPLUG
/**
 * vmemmap_free() - take a range of the memmap down
 * @start: address of the first struct page
 * @end: address after the last one
 * @altmap: where the backing came from, or NULL
 */
void __ref vmemmap_free(unsigned long start, unsigned long end,
			struct vmem_altmap *altmap)
{
	if (radix_enabled())
		vmemmap_free_range(start, end, altmap);
	else
		hash_free(start, end, altmap);
}
#endif

#ifdef CONFIG_CRASH_CORE
/**
 * vmemmap_save_vmcoreinfo() - tell dump tools how to find the memmap
 *
 * They follow vmemmap_list; newer ones the page table when the MMU is radix.
 */
void vmemmap_save_vmcoreinfo(void)
{
	VMCOREINFO_SYMBOL(mmu_psize_defs);
	VMCOREINFO_STRUCT_SIZE(mmu_psize_def);
	VMCOREINFO_OFFSET(mmu_psize_def, shift);
	VMCOREINFO_SYMBOL(mmu_vmemmap_psize);

	VMCOREINFO_SYMBOL(vmemmap_list);
	VMCOREINFO_STRUCT_SIZE(vmemmap_backing);
	VMCOREINFO_OFFSET(vmemmap_backing, virt_addr);
	VMCOREINFO_OFFSET(vmemmap_backing, phys);
	VMCOREINFO_OFFSET(vmemmap_backing, list);
}
#endif
