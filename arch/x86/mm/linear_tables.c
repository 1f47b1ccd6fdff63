// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables for the linear mapping of memory that is added.
 *
 * What maps it cannot fail, so the tables are at hand before it begins. All of
 * this is under mem_hotplug_lock held for writing.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "linear_tables.h"

static LIST_HEAD(tables);

/* A range can begin and end within what the first and the last table map */
static unsigned long tables_for(u64 size, unsigned int shift)
{
	return (size >> shift) + 2;
}

static unsigned long tables_needed(u64 size)
{
	/* Sections consist of whole large leaves, unless there are to be none */
	bool large = boot_cpu_has(X86_FEATURE_PSE) && !debug_pagealloc_enabled();
	unsigned long nr;

	nr = large ? 0 : tables_for(size, PMD_SHIFT);
	nr += large && direct_gbpages ? 2 : tables_for(size, PUD_SHIFT);
	nr += tables_for(size, P4D_SHIFT);
	return pgtable_l5_enabled() ? nr + tables_for(size, PGDIR_SHIFT) : nr;
}

/**
 * linear_tables_reserve() - get all page tables that a range may need
 * @size: its bytes
 *
 * They are to be given back by linear_tables_release().
 *
 * Context: mem_hotplug_lock held for writing; may sleep.
 *
 * Return: 0; -ENOMEM with none kept.
 */
int linear_tables_reserve(u64 size)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	unsigned long nr = tables_needed(size);

	while (nr--) {
		struct page *page = alloc_page(gfp);

		if (!page) {
			linear_tables_release();
			return -ENOMEM;
		}
		list_add(&page->lru, &tables);
	}
	return 0;
}

/**
 * linear_tables_take() - use one of the tables
 *
 * Context: mem_hotplug_lock held for writing, or anybody while nothing is reserved.
 *
 * Return: a page of zeroes; NULL when nothing is reserved.
 */
void *linear_tables_take(void)
{
	struct page *page = list_first_entry_or_null(&tables, struct page, lru);

	if (!page)
		return NULL;
	list_del(&page->lru);
	return page_address(page);
}

/**
 * linear_tables_release() - give back those that were not needed
 *
 * Context: mem_hotplug_lock held for writing.
 */
void linear_tables_release(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &tables, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}
