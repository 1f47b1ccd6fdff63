// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is added holds its own struct pages where nothing else has room.
 *
 * A memory block goes offline and away as a whole, so what lies in it may only
 * describe pages of the same block. It lies at the start of the block, which is
 * kept from the page allocator as memory_block::nr_vmemmap_pages. How much it is
 * can be seen from the page tables, so nothing has to remember it meanwhile.
 *
 * Callers hold mem_hotplug_lock for writing, or at least device_hotplug_lock.
 */
#define pr_fmt(fmt) "vmemmap: " fmt

#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pageblock-flags.h>
#include <linux/vmemmap.h>
#include <linux/vmstat.h>

#include "sparse-vmemmap.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "memory_hotplug."

/* What a block keeps is whole pageblocks: where they are a larger share, it is a last resort */
#define MAX_SHARE	32

static bool host_memmap = true;
module_param(host_memmap, bool, 0644);
MODULE_PARM_DESC(host_memmap,
		 "Put the memmap of added memory there when other memory runs out (default: Y)");

static void host_range(struct vmemmap_host *host, u64 start, u64 size)
{
	host->altmap.base_pfn = PHYS_PFN(start);
	host->altmap.host = host;
	host->end_pfn = PHYS_PFN(start + size);
}

/**
 * vmemmap_host_begin() - let a range that is added hold struct pages of its own
 * @host: all zero; to be kept until vmemmap_host_end(), or for undoing
 * @start: first byte of the range, aligned to a memory block
 * @size: its bytes, a multiple of a memory block
 * @nid: its node
 * @first: use the range in any case, not only where the page allocator has no
 *	memory
 *
 * Return: what to give to arch_add_memory(), NULL when it is switched off.
 */
struct vmem_altmap *vmemmap_host_begin(struct vmemmap_host *host, u64 start, u64 size,
				       int nid, bool first)
{
	unsigned long needed = PHYS_PFN(PHYS_PFN(size) * sizeof(struct page));

	if (!first && !host_memmap)
		return NULL;
	host_range(host, start, size);
	if (first)
		host->when = VMEMMAP_HOST_FIRST;
	else if (pageblock_nr_pages > PHYS_PFN(memory_block_size_bytes()) / MAX_SHARE)
		host->when = VMEMMAP_HOST_LAST;
	else if (needed > sum_zone_node_page_state(nid, NR_FREE_PAGES) / 2)
		host->when = VMEMMAP_HOST_FIRST;
	else
		host->when = VMEMMAP_HOST_SECOND;
	return &host->altmap;
}

/**
 * vmemmap_host_enter() - go on with another section
 * @altmap: its altmap, or NULL
 * @pfn: a page of the section
 */
void __meminit vmemmap_host_enter(struct vmem_altmap *altmap, unsigned long pfn)
{
	unsigned long nr_pages = PHYS_PFN(memory_block_size_bytes());
	struct vmemmap_host *host;

	if (!vmemmap_hosts(altmap))
		return;
	host = altmap->host;
	if (pfn >= host->block && pfn < host->block_end)
		return;
	host->block = ALIGN_DOWN(pfn, nr_pages);
	host->block_end = host->block + nr_pages;
	host->next = host->block;
}

/**
 * vmemmap_host_alloc() - get backing from the block that is being added
 * @size: bytes, a power of two and at least PAGE_SIZE; also the alignment
 * @altmap: of the range
 *
 * Return: its address in the linear map, NULL when the block has none or it
 * must fail.
 */
void *__meminit vmemmap_host_alloc(unsigned long size, struct vmem_altmap *altmap)
{
	struct vmemmap_host *host = altmap->host;
	unsigned long nr_pages = PHYS_PFN(size);
	unsigned long pfn = ALIGN(host->next, nr_pages);

	/* Something has to be left for the page allocator */
	if (ALIGN(pfn + nr_pages, pageblock_nr_pages) >= host->block_end ||
	    should_fail_vmemmap(size))
		return NULL;
	host->next = pfn + nr_pages;
	host->hosted += nr_pages;
	return __va(PFN_PHYS(pfn));
}

/**
 * vmemmap_host_lends() - may the block that is being added hold a leaf?
 * @altmap: of the range
 * @first: first page whose struct page the leaf has
 * @last: last one
 *
 * Return: true if all of them belong to the block.
 */
bool __meminit vmemmap_host_lends(const struct vmem_altmap *altmap, unsigned long first,
				  unsigned long last)
{
	const struct vmemmap_host *host = altmap->host;

	return first >= host->block && last < host->block_end;
}

/**
 * vmemmap_host_give_back() - take note of memory that is in use no more
 * @altmap: of the range
 * @pfn: its first page
 * @nr_pages: its pages
 *
 * Return: true if it lies in the range, and is not the page allocator's.
 */
bool __meminit vmemmap_host_give_back(struct vmem_altmap *altmap, unsigned long pfn,
				      unsigned long nr_pages)
{
	struct vmemmap_host *host = altmap->host;

	if (pfn < altmap->base_pfn || pfn >= host->end_pfn)
		return false;
	host->hosted -= nr_pages;
	return true;
}

/* Pages from the start of a block to the last one that backs its own struct pages */
static unsigned long hosted_pages(unsigned long block, unsigned long nr_pages)
{
	unsigned long addr = (unsigned long)pfn_to_page(block) & PAGE_MASK;
	unsigned long end = (unsigned long)pfn_to_page(block + nr_pages);
	unsigned long last = block;
	struct vmemmap_leaf leaf;

	for (; addr < end; addr = leaf.start + leaf.size) {
		unsigned long leaf_pages;

		if (!vmemmap_lookup(&init_mm, addr, &leaf)) {
			leaf.start = addr & PAGE_MASK;
			leaf.size = PAGE_SIZE;
			continue;
		}
		leaf_pages = PHYS_PFN(leaf.size);
		if (leaf.pfn >= block && leaf.pfn < block + nr_pages)
			last = max(last, leaf.pfn + leaf_pages);
	}
	return ALIGN(last, pageblock_nr_pages) - block;
}

static int note_block(struct memory_block *mem, void *arg)
{
	unsigned long *sum = arg;

	mem->nr_vmemmap_pages = hosted_pages(section_nr_to_pfn(mem->start_section_nr),
					     PHYS_PFN(memory_block_size_bytes()));
	*sum += mem->nr_vmemmap_pages;
	return 0;
}

/**
 * vmemmap_host_end() - keep what the blocks of a range host from being used
 * @host: what has been begun, or all zero
 * @nid: node of the range
 *
 * The memory blocks are there, and none of them has been online.
 */
void vmemmap_host_end(struct vmemmap_host *host, int nid)
{
	u64 start = PFN_PHYS(host->altmap.base_pfn);
	u64 end = PFN_PHYS(host->end_pfn);
	unsigned long sum = 0;

	if (!host->hosted)
		return;
	walk_memory_blocks(start, end - start, &sum, note_block);
	mod_node_page_state(NODE_DATA(nid), NR_MEMMAP_HOSTED, sum);
	pr_info("[mem %#llx-%#llx] keeps %lu kB for its own struct pages\n",
		start, end - 1, sum << (PAGE_SHIFT - 10));
}

/* A range that is removed may be of several nodes */
static int forget_block(struct memory_block *mem, void *arg)
{
	bool *hosts = arg;

	if (mem->nr_vmemmap_pages) {
		mod_node_page_state(NODE_DATA(mem->nid), NR_MEMMAP_HOSTED,
				    -(long)mem->nr_vmemmap_pages);
		*hosts = true;
	}
	return 0;
}

/**
 * vmemmap_host_remove() - see whether a range that goes has struct pages of its own
 * @host: all zero; to be kept until the range is gone
 * @start: first byte of the range, aligned to a memory block
 * @size: its bytes, a multiple of a memory block
 *
 * Its memory blocks are offline, but still there; nothing can fail any more.
 *
 * Return: what to give to arch_remove_memory(), NULL when nothing lies there.
 */
struct vmem_altmap *vmemmap_host_remove(struct vmemmap_host *host, u64 start, u64 size)
{
	bool hosts = false;

	walk_memory_blocks(start, size, &hosts, forget_block);
	if (!hosts)
		return NULL;
	host_range(host, start, size);
	return &host->altmap;
}
