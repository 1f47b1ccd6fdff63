// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual compound pages.
 *
 * An allocation is a compound page of the page allocator if there is one.  If not it is an area of
 * vmalloc(), whose pages know their address, their head and each other.  page_address(),
 * virt_to_page() and virt_to_head_page() ask them after the first time that this was needed:
 * vcompound_fell_back is patched into the code then, and stays.
 *
 * The pages of an area are no compound page: what follows the head in the memmap is not the next
 * page, so no code may find PageHead() or PageTail().  Each has its own reference.
 */
#define pr_fmt(fmt) "vcompound: " fmt

#include <linux/bvec.h>
#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/kmemleak.h>
#include <linux/llist.h>
#include <linux/sched/mm.h>
#include <linux/scatterlist.h>
#include <linux/vcompound.h>
#include <linux/vmstat.h>

#include "vcompound.h"

#ifdef CONFIG_VCOMPOUND_FALLBACK_ALWAYS
DEFINE_STATIC_KEY_TRUE(vcompound_fell_back);
static bool translated = true;
#else
DEFINE_STATIC_KEY_FALSE(vcompound_fell_back);
static bool translated;
#endif
EXPORT_SYMBOL(vcompound_fell_back);

static void translate_now(void)
{
	static_branch_enable_cpuslocked(&vcompound_fell_back);
	/* Pairs with the load in may_translate(): all code is patched */
	smp_store_release(&translated, true);
}

static void translate_later(struct work_struct *work)
{
	cpus_read_lock();
	translate_now();
	cpus_read_unlock();
}

static DECLARE_WORK(translate_work, translate_later);

/*
 * From now on pages can be asked for their address.  Patching waits for modules that load, which
 * allocate memory, and for CPUs that come and go, which wait for threads: who is in the way of
 * either gets nothing this first time.
 */
static bool may_translate(gfp_t gfp)
{
	/* Pairs with the store in translate_now() */
	if (smp_load_acquire(&translated))
		return true;
	if (!(current_gfp_context(gfp) & __GFP_FS) || !cpus_read_trylock()) {
		schedule_work(&translate_work);
		return false;
	}
	translate_now();
	cpus_read_unlock();
	return true;
}

/**
 * vcompound_page_address() - where a page of a virtual compound is mapped
 * @page: any page
 *
 * Context: Any.
 *
 * Return: its address there, or NULL if it is another page.
 */
void *vcompound_page_address(const struct page *page)
{
	return vcompound_is_virtual(page) ? page->vcompound_address : NULL;
}
EXPORT_SYMBOL(vcompound_page_address);

/**
 * vcompound_virt_to_page() - find the page at an address
 * @addr: in the linear mapping, in the kernel's image, or in an area of vmalloc()
 *
 * Context: Any.
 */
struct page *vcompound_virt_to_page(const void *addr)
{
	return is_vmalloc_addr(addr) ? vmalloc_to_page(addr) : linear_virt_to_page(addr);
}
EXPORT_SYMBOL(vcompound_virt_to_page);

/* Areas to be freed, linked by their first word: unmapping may sleep */
static LLIST_HEAD(pending);

static void free_pending(struct work_struct *work)
{
	struct llist_node *area, *next;

	llist_for_each_safe(area, next, llist_del_all(&pending))
		vfree(area);
}

static DECLARE_WORK(free_work, free_pending);

/* Counts pages as held, or no more, at once for those in a row that are on one node */
static void account(struct page **pages, unsigned int nr, int sign)
{
	unsigned int i, next;

	for (i = 0; i < nr; i = next) {
		struct pglist_data *pgdat = page_pgdat(pages[i]);

		for (next = i + 1; next < nr && page_pgdat(pages[next]) == pgdat; next++)
			;
		mod_node_page_state(pgdat, NR_VCOMPOUND, sign * (long)(next - i));
	}
}

static void mark(struct page **pages, unsigned int nr, void *addr)
{
	unsigned int i;

	account(pages, nr, 1);
	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		page->vcompound_head = pages[0];
		page->vcompound_pages = pages;
		page->vcompound_nr = nr;
		page->vcompound_address = addr + i * PAGE_SIZE;
		__SetPageVcompound(page);
	}
}

static void unmark(struct page **pages, unsigned int nr)
{
	unsigned int i;

	account(pages, nr, -1);
	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		__ClearPageVcompound(page);
		set_page_private(page, 0);
	}
}

/**
 * vcompound_alloc_virtual() - the fall-back
 * @nid: node, or NUMA_NO_NODE
 * @gfp: as the page allocator takes
 * @size: bytes, more than 0
 * @align: of the address
 * @caller: who is told in /proc/vmallocinfo
 *
 * Context: May sleep.
 *
 * Return: the first page, or NULL.
 */
struct page *vcompound_alloc_virtual(int nid, gfp_t gfp, size_t size, size_t align,
				     const void *caller)
{
	struct vm_struct *area;
	void *addr;

	if (!may_translate(gfp))
		return NULL;
	/* Who allocates and frees in turn need not wait for the worker's turn */
	free_pending(NULL);
	/* vmalloc() knows nothing of these */
	gfp &= ~(__GFP_COMP | __GFP_NORETRY | __GFP_RETRY_MAYFAIL);
	addr = __vmalloc_node_range(size, align, VMALLOC_START, VMALLOC_END, gfp, PAGE_KERNEL,
				    size >= PMD_SIZE ? VM_ALLOW_HUGE_VMAP : 0, nid, caller);
	if (!addr)
		return NULL;
	area = find_vm_area(addr);
	mark(area->pages, area->nr_pages, addr);
	return area->pages[0];
}

static struct page *alloc_physical(int nid, gfp_t gfp, unsigned int order, bool last)
{
	if (order >= MAX_ORDER)
		return NULL;
	if (order)
		gfp |= __GFP_COMP;
	/* No reclaim for long and no OOM killer for what can be had otherwise */
	if (!last) {
		gfp |= __GFP_NOWARN;
		gfp &= ~__GFP_NOFAIL;
		if (!(gfp & __GFP_RETRY_MAYFAIL))
			gfp |= __GFP_NORETRY;
	}
	return alloc_pages_node(nid, gfp, order);
}

static struct page *alloc(int nid, gfp_t gfp, size_t size, size_t align, const void *caller)
{
	unsigned int order = get_order(size);
	bool may_fall_back = order && gfpflags_allow_blocking(gfp);
	struct page *head = NULL;

	if (!may_fall_back || !IS_ENABLED(CONFIG_VCOMPOUND_FALLBACK_ALWAYS))
		head = alloc_physical(nid, gfp, order, !may_fall_back);
	/* Pointers in it count, as they do in areas of vmalloc() */
	if (head)
		kmemleak_alloc(page_address(head), PAGE_SIZE << order, 1, gfp);
	if (!head && may_fall_back) {
		head = vcompound_alloc_virtual(nid, gfp, size, align, caller);
		if (head)
			count_vm_event(VCOMPOUND_FALLBACK);
	}
	if (head)
		count_vm_event(VCOMPOUND_ALLOC);
	return head;
}

/**
 * alloc_vcompound_node() - allocate pages that are contiguous, virtually if need be
 * @nid: node, or NUMA_NO_NODE
 * @gfp: as the page allocator takes; without __GFP_DIRECT_RECLAIM there is no fall-back
 * @order: 2^order pages
 *
 * page_address() has their address, which is aligned to their size.
 *
 * Context: As @gfp says.
 *
 * Return: the first page, for free_vcompound(), or NULL.
 */
struct page *alloc_vcompound_node(int nid, gfp_t gfp, unsigned int order)
{
	return alloc(nid, gfp, PAGE_SIZE << order, PAGE_SIZE << order,
		     __builtin_return_address(0));
}
EXPORT_SYMBOL(alloc_vcompound_node);

/**
 * alloc_vcompound_size_node() - the same for a number of bytes
 * @nid: node, or NUMA_NO_NODE
 * @gfp: as for alloc_vcompound_node()
 * @size: bytes; 0 gives nothing
 *
 * What is physically contiguous has a power of two of pages, what is virtual as many as needed.
 * The address is aligned to a page.
 *
 * Context: As @gfp says.
 *
 * Return: the first page, for free_vcompound(), or NULL.
 */
struct page *alloc_vcompound_size_node(int nid, gfp_t gfp, size_t size)
{
	return size ? alloc(nid, gfp, size, PAGE_SIZE, __builtin_return_address(0)) : NULL;
}
EXPORT_SYMBOL(alloc_vcompound_size_node);

/**
 * get_vcompound_size_node() - alloc_vcompound_size_node() by address
 * @nid: node, or NUMA_NO_NODE
 * @gfp: as for alloc_vcompound_node()
 * @size: bytes; 0 gives nothing
 *
 * Context: As @gfp says.
 *
 * Return: the address of the first byte, for free_vcompound_address(), or NULL.
 */
void *get_vcompound_size_node(int nid, gfp_t gfp, size_t size)
{
	struct page *head;

	if (!size)
		return NULL;
	head = alloc(nid, gfp, size, PAGE_SIZE, __builtin_return_address(0));
	return head ? page_address(head) : NULL;
}
EXPORT_SYMBOL(get_vcompound_size_node);

/**
 * free_vcompound() - free what alloc_vcompound_node() and its kin gave
 * @head: the first page, or NULL
 *
 * The memory of a virtual one may be free some time later only.
 *
 * Context: Any but NMI.
 */
void free_vcompound(struct page *head)
{
	void *addr;

	if (!head)
		return;
	if (!vcompound_is_virtual(head)) {
		kmemleak_free(page_address(head));
		__free_pages(head, compound_order(head));
		return;
	}
	VM_WARN_ON_ONCE_PAGE(head->vcompound_head != head, head);
	addr = head->vcompound_address;
	unmark(head->vcompound_pages, head->vcompound_nr);
	if (llist_add(addr, &pending))
		schedule_work(&free_work);
}
EXPORT_SYMBOL(free_vcompound);

/**
 * free_vcompound_address() - free what get_vcompound_size_node() and its kin gave
 * @addr: the address of the first byte, or NULL
 *
 * Context: Any but NMI.
 */
void free_vcompound_address(const void *addr)
{
	if (addr)
		free_vcompound(virt_to_page(addr));
}
EXPORT_SYMBOL(free_vcompound_address);

/**
 * vcompound_to_sg() - make a scatterlist of a virtual compound
 * @table: not yet allocated; sg_free_table() frees it
 * @head: the first page
 * @size: bytes from its begin, more than 0
 * @gfp: how to allocate the list
 *
 * What happens to be physically contiguous is one entry.
 *
 * Context: As @gfp says.
 *
 * Return: 0, or -ENOMEM.
 */
int vcompound_to_sg(struct sg_table *table, struct page *head, size_t size, gfp_t gfp)
{
	int ret;

	if (vcompound_is_virtual(head))
		return sg_alloc_table_from_pages(table, head->vcompound_pages,
						 DIV_ROUND_UP(size, PAGE_SIZE), 0, size, gfp);
	ret = sg_alloc_table(table, 1, gfp);
	if (!ret)
		sg_set_page(table->sgl, head, size, 0);
	return ret;
}
EXPORT_SYMBOL(vcompound_to_sg);

/**
 * vcompound_to_bvec() - make bio vectors of a virtual compound
 * @head: the first page
 * @offset: first byte
 * @size: bytes
 * @bvec: where to
 * @max: of how many
 *
 * What happens to be physically contiguous is one vector.
 *
 * Context: Any.
 *
 * Return: how many have been written; with @max the bytes may not all be in them.
 */
unsigned int vcompound_to_bvec(struct page *head, size_t offset, size_t size,
			       struct bio_vec *bvec, unsigned int max)
{
	unsigned int count = 0;

	while (size) {
		struct page *page = compound_nth_page(head, offset >> PAGE_SHIFT);
		size_t at = offset_in_page(offset);
		size_t part = min(size, PAGE_SIZE - at);
		struct bio_vec *last = bvec + count - 1;

		if (count && page_to_phys(page) + at ==
			     page_to_phys(last->bv_page) + last->bv_offset + last->bv_len) {
			last->bv_len += part;
		} else if (count < max) {
			bvec[count++] = (struct bio_vec) {
				.bv_page = page, .bv_offset = at, .bv_len = part,
			};
		} else {
			break;
		}
		offset += part;
		size -= part;
	}
	return count;
}
EXPORT_SYMBOL(vcompound_to_bvec);
