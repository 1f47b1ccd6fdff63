/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual compound pages: larger allocations that are physically contiguous if they can be, and
 * virtually contiguous if not.  See Documentation/mm/vcompound.rst.
 */
#ifndef _LINUX_VCOMPOUND_H
#define _LINUX_VCOMPOUND_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

struct bio_vec;
struct sg_table;

#ifdef CONFIG_VCOMPOUND

struct page *alloc_vcompound_node(int nid, gfp_t gfp, unsigned int order);
struct page *alloc_vcompound_size_node(int nid, gfp_t gfp, size_t size);
void *get_vcompound_size_node(int nid, gfp_t gfp, size_t size);
void free_vcompound(struct page *head);
void free_vcompound_address(const void *addr);

int vcompound_to_sg(struct sg_table *table, struct page *head, size_t size, gfp_t gfp);
unsigned int vcompound_to_bvec(struct page *head, size_t offset, size_t size,
			       struct bio_vec *bvec, unsigned int max);

#else /* Without fall-back, and by address as it was before there were virtual compounds */

static inline struct page *alloc_vcompound_node(int nid, gfp_t gfp, unsigned int order)
{
	return alloc_pages_node(nid, gfp | (order ? __GFP_COMP : 0), order);
}

static inline struct page *alloc_vcompound_size_node(int nid, gfp_t gfp, size_t size)
{
	return size ? alloc_vcompound_node(nid, gfp, get_order(size)) : NULL;
}

static inline void *get_vcompound_size_node(int nid, gfp_t gfp, size_t size)
{
	return kvmalloc_node(size, gfp, nid);
}

static inline void free_vcompound(struct page *head)
{
	if (head)
		__free_pages(head, compound_order(head));
}

static inline void free_vcompound_address(const void *addr)
{
	kvfree(addr);
}

#endif /* CONFIG_VCOMPOUND */

/**
 * alloc_vcompound() - alloc_vcompound_node() on any node
 * @gfp: as there
 * @order: as there
 *
 * Context: As there.
 *
 * Return: the first page, or NULL.
 */
static inline struct page *alloc_vcompound(gfp_t gfp, unsigned int order)
{
	return alloc_vcompound_node(NUMA_NO_NODE, gfp, order);
}

/**
 * get_vcompound() - alloc_vcompound() by address
 * @gfp: as there
 * @order: as there
 *
 * Context: As there.
 *
 * Return: the address of the first byte, aligned to the size, or NULL.
 */
static inline void *get_vcompound(gfp_t gfp, unsigned int order)
{
	struct page *head = alloc_vcompound(gfp, order);

	return head ? page_address(head) : NULL;
}

/**
 * get_vcompound_size() - get_vcompound_size_node() on any node
 * @gfp: as there
 * @size: as there
 *
 * Context: As there.
 *
 * Return: the address of the first byte, or NULL.
 */
static inline void *get_vcompound_size(gfp_t gfp, size_t size)
{
	return get_vcompound_size_node(NUMA_NO_NODE, gfp, size);
}

/**
 * vcompound_is_virtual() - did an allocation have to fall back?
 * @page: any page of it
 *
 * Context: Any.
 */
static inline bool vcompound_is_virtual(const struct page *page)
{
	return vcompounds_are_virtual() && PageType(page, PG_vcompound);
}

/**
 * vcompound_nr_pages() - of how many pages is it?
 * @head: the first page
 *
 * Context: Any.
 */
static inline unsigned long vcompound_nr_pages(struct page *head)
{
	return vcompound_is_virtual(head) ? head->vcompound_nr : compound_nr(head);
}

/**
 * vcompound_order() - how large is it?
 * @head: the first page
 *
 * Context: Any.
 *
 * Return: the lowest order that it fits into.
 */
static inline unsigned int vcompound_order(struct page *head)
{
	return order_base_2(vcompound_nr_pages(head));
}

/**
 * compound_nth_page() - find a page of a compound page of either kind
 * @head: the first page
 * @n: which, from 0
 *
 * Context: Any.
 */
static inline struct page *compound_nth_page(struct page *head, unsigned long n)
{
	return vcompound_is_virtual(head) ? head->vcompound_pages[n] : nth_page(head, n);
}

/**
 * for_each_vcompound_page() - go through the pages of a virtual compound
 * @page: pointer to struct page, each page in turn
 * @head: the first page
 * @n: unsigned long, the number of the page
 */
#define for_each_vcompound_page(page, head, n)					\
	for ((n) = 0; (n) < vcompound_nr_pages(head) &&				\
	     ((page) = compound_nth_page(head, n), true); (n)++)

#endif /* _LINUX_VCOMPOUND_H */
