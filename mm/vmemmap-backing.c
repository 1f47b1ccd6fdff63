// SPDX-License-Identifier: GPL-2.0
/*
 * Memory behind the virtually mapped memmap: where it comes from, how it is
 * given back.
 *
 * At boot, on one CPU, it is memblock's; later the page allocator's, under
 * mem_hotplug_lock held for writing, and these functions may sleep. A vmem_altmap
 * lends memory of the range that is being added, see also vmemmap-host.c.
 */
#include <linux/bootmem_info.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmemmap.h>

#include <asm/dma.h>

#include "internal.h"
#include "sparse-vmemmap.h"

static void *__ref boot_alloc(unsigned long size, int node, bool local_only)
{
	return memmap_alloc(size, size, __pa(MAX_DMA_ADDRESS), node, local_only);
}

static void *__meminit page_alloc(unsigned long size, int node, gfp_t extra)
{
	gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN | extra;
	struct page *page = alloc_pages_node(node, gfp, get_order(size));

	return page ? page_address(page) : NULL;
}

/**
 * vmemmap_alloc_block() - get memory for struct pages or for a page table
 * @size: bytes, a power of two and at least PAGE_SIZE; also the alignment
 * @node: preferred node, or NUMA_NO_NODE
 *
 * The memory comes from memblock until the page allocator is up, and is not
 * zeroed. Other nodes are asked when @node has nothing.
 *
 * Return: its address in the linear map, NULL when there is none.
 */
void *__meminit vmemmap_alloc_block(unsigned long size, int node)
{
	if (should_fail_vmemmap(size))
		return NULL;
	if (slab_is_available())
		return page_alloc(size, node, 0);
	return boot_alloc(size, node, false);
}

/* Does @node have memory of its own to begin with? */
static bool __meminit has_memory(int node)
{
	return node != NUMA_NO_NODE && node_state(node, N_MEMORY);
}

/*
 * When @node has memory but no free block of that size, base pages of @node are
 * better than a block of another node. A node without memory of its own takes what
 * it gets.
 */
static void *__meminit alloc_local_leaf(unsigned long size, int node)
{
	void *p;

	if (should_fail_vmemmap(size) || should_fail_vmemmap_backing())
		return NULL;
	p = sparse_buffer_alloc(size);
	if (p)
		return p;
	if (!slab_is_available())
		return boot_alloc(size, node, node != NUMA_NO_NODE);
	return page_alloc(size, node, has_memory(node) ? __GFP_THISNODE : 0);
}

/* Next free pfn of @altmap that is aligned to @nr_pfns, a power of two */
static void *__meminit altmap_alloc(unsigned long size, struct vmem_altmap *altmap)
{
	unsigned long nr_pfns = size >> PAGE_SHIFT;
	unsigned long used = altmap->alloc + altmap->align;
	unsigned long pfn = altmap->base_pfn + altmap->reserve + used;
	unsigned long pad = ALIGN(pfn, nr_pfns) - pfn;

	if (!nr_pfns || used + pad + nr_pfns > altmap->free)
		return NULL;

	altmap->align += pad;
	altmap->alloc += nr_pfns;
	return __va(PFN_PHYS(pfn + pad));
}

static void *__meminit lent_alloc(unsigned long size, struct vmem_altmap *altmap)
{
	return should_fail_vmemmap(size) ? NULL : altmap_alloc(size, altmap);
}

/* Memory of @node, which is the best there is for a range that may hold its own */
static void *__meminit node_alloc(unsigned long size, int node)
{
	if (!has_memory(node) || should_fail_vmemmap(size) || should_fail_vmemmap_backing())
		return NULL;
	return page_alloc(size, node, __GFP_THISNODE);
}

/* Any node's memory, preferably that of @node */
static void *__meminit any_alloc(unsigned long size, int node)
{
	return should_fail_vmemmap_backing() ? NULL : vmemmap_alloc_block(size, node);
}

/* For a range that may hold its own: where to look when, see enum vmemmap_host_when */
static void *__meminit hosted_alloc(unsigned long size, int node,
				    struct vmem_altmap *altmap, bool large)
{
	enum vmemmap_host_when when = vmemmap_host_when(altmap);
	void *p = NULL;

	if (when == VMEMMAP_HOST_LAST) {
		if (large)
			return alloc_local_leaf(size, node);
		p = any_alloc(size, node);
		return p ? p : vmemmap_host_alloc(size, altmap);
	}

	if (when == VMEMMAP_HOST_FIRST)
		p = vmemmap_host_alloc(size, altmap);
	if (!p)
		p = node_alloc(size, node);
	if (!p && when == VMEMMAP_HOST_SECOND)
		p = vmemmap_host_alloc(size, altmap);
	return p || large ? p : any_alloc(size, node);
}

/**
 * vmemmap_alloc_leaf() - get a large block that backs struct pages
 * @size: bytes, a power of two; also the alignment
 * @node: node of the memory that they describe, or NUMA_NO_NODE
 * @altmap: take the memory from this range and from nowhere else, or NULL. A
 *	range that may hold its own struct pages does so when @node has no block.
 *
 * Return: its address in the linear map, NULL when base pages are better.
 */
void *__meminit vmemmap_alloc_leaf(unsigned long size, int node, struct vmem_altmap *altmap)
{
	if (vmemmap_hosts(altmap))
		return hosted_alloc(size, node, altmap, true);
	return altmap ? lent_alloc(size, altmap) : alloc_local_leaf(size, node);
}

/**
 * vmemmap_alloc_block_buf() - get backing for struct pages
 * @size: bytes, a power of two and at least PAGE_SIZE; also the alignment
 * @node: preferred node, or NUMA_NO_NODE
 * @altmap: take the memory from this range and from nowhere else, or NULL. A
 *	range that may hold its own struct pages does so when @node has no memory.
 *
 * Without @altmap the node's boot-time buffer is asked first, see
 * sparse_buffer_alloc(), then vmemmap_alloc_block().
 *
 * Return: its address in the linear map, NULL when there is none.
 */
void *__meminit vmemmap_alloc_block_buf(unsigned long size, int node,
					struct vmem_altmap *altmap)
{
	void *p;

	if (vmemmap_hosts(altmap))
		return hosted_alloc(size, node, altmap, false);
	if (altmap)
		return lent_alloc(size, altmap);
	p = sparse_buffer_alloc(size);
	return p ? p : any_alloc(size, node);
}

/**
 * vmemmap_lends() - is memory of a range good for these struct pages?
 * @altmap: the range
 * @addr: address of the first struct page
 * @size: bytes of struct pages
 *
 * What describes other memory as well must not lie in memory that goes sooner.
 *
 * Return: true when all that they describe goes with the range, or with the
 * memory block that holds its own.
 */
bool __meminit vmemmap_lends(const struct vmem_altmap *altmap, unsigned long addr,
			     unsigned long size)
{
	unsigned long first = vmemmap_pfn(addr);
	unsigned long last = vmemmap_pfn(addr + size - 1);

	if (vmemmap_hosts(altmap))
		return vmemmap_host_lends(altmap, first, last);
	return first >= altmap->base_pfn && last <= altmap->end_pfn;
}

/* Boot memory: each page by itself, as register_page_bootmem_memmap() saw it */
static void __meminit free_reserved_block(struct page *page, unsigned int order)
{
	struct page *end = page + (1UL << order);

	kmemleak_free_part_phys(page_to_phys(page), PAGE_SIZE << order);
	for (; page < end; page++) {
		if (IS_ENABLED(CONFIG_HAVE_BOOTMEM_INFO_NODE) && PagePrivate(page))
			put_page_bootmem(page);
		else
			free_reserved_page(page);
	}
}

/**
 * vmemmap_free_block() - give back what one of the functions above returned
 * @pfn: its first page
 * @order: its size, as a power of two of base pages
 *
 * Not for memory of an altmap. Drops one reference of a page that several
 * entries share.
 */
void __ref vmemmap_free_block(unsigned long pfn, unsigned int order)
{
	struct page *page;

	if (!slab_is_available()) {
		memblock_phys_free(PFN_PHYS(pfn), PAGE_SIZE << order);
		return;
	}

	/* Boot memory of a lost section has no struct pages to free it with */
	if (!pfn_valid(pfn))
		return;

	page = pfn_to_page(pfn);
	if (PageReserved(page))
		free_reserved_block(page, order);
	else
		__free_pages(page, order);
}
