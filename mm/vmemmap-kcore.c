// SPDX-License-Identifier: GPL-2.0
/*
 * The memmap in /proc/kcore: debuggers read struct pages through it.
 */
#include <linux/init.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* Needs what stands above */
#include <linux/kcore.h>

/**
 * get_sparsemem_vmemmap_info() - add the struct pages of a piece of memory
 * @ent: memory, in the linear map
 * @head: list of what kcore shows, in ascending order; gets one more entry
 *
 * Whole pages are shown. One that the piece before has shown already is left
 * out, and nothing is added when nothing remains.
 *
 * Return: 1, or 0 when memory is short.
 */
int get_sparsemem_vmemmap_info(struct kcore_list *ent, struct list_head *head)
{
	unsigned long pfn = PHYS_PFN(__pa(ent->addr));
	unsigned long start = (unsigned long)pfn_to_page(pfn) & PAGE_MASK;
	unsigned long end = PAGE_ALIGN((unsigned long)pfn_to_page(pfn + PHYS_PFN(ent->size)));
	struct kcore_list *last, *entry;

	list_for_each_entry_reverse(last, head, list) {
		if (last->type == KCORE_VMEMMAP) {
			start = max(start, last->addr + last->size);
			break;
		}
	}
	if (start >= end)
		return 1;

	entry = kmalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return 0;
	*entry = (struct kcore_list) {
		.addr = start,
		.size = end - start,
		.type = KCORE_VMEMMAP,
	};
	list_add_tail(&entry->list, head);
	return 1;
}
