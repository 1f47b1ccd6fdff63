// SPDX-License-Identifier: GPL-2.0
/*
 * The memmap of ia64 in base pages: in region 5, mapped by the kernel's page
 * table, which the hardware walks.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/vmemmap.h>

/**
 * vmemmap_populate() - back a range of the memmap, see vmemmap_populate_range()
 * @start: address of the first struct page
 * @end: address after the last one
 * @node: node for backing and page tables
 * @altmap: where to take the backing from, or NULL
 *
 * Return: 0; -ENOMEM without memory, -ERANGE for memory that is too far up; with
 * nothing left behind.
 */
int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	BUILD_BUG_ON(VMALLOC_END > VMEMMAP_START);

	if (start < VMEMMAP_START || end > VMEMMAP_END)
		return -ERANGE;
	return vmemmap_populate_range(start, end, node, altmap);
}

#ifdef CONFIG_MEMORY_HOTPLUG
/**
 * vmemmap_free() - take a range of the memmap down, see vmemmap_free_range()
 * @start: address of the first struct page
 * @end: address after the last one
 * @altmap: where the backing came from, or NULL
 */
void __ref vmemmap_free(unsigned long start, unsigned long end,
			struct vmem_altmap *altmap)
{
	vmemmap_free_range(start, end, altmap);
}
#endif
