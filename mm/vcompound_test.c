// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of virtual compound pages: most are run for both kinds.
 */
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "vcompound.h"

#define ORDER		3
#define SIZE		(PAGE_SIZE << ORDER)
#define BVECS		BIT(ORDER)
#define HOLES		512
#define COUNTED		512
#define LIMIT		(2 * (PAGE_SIZE << (MAX_ORDER - 1)))

static int physical(struct kunit *test)
{
	test->priv = NULL;
	return 0;
}

static int virtual(struct kunit *test)
{
	test->priv = virtual;
	return 0;
}

static bool wants_virtual(struct kunit *test)
{
	return test->priv;
}

static struct page *alloc_gfp(struct kunit *test, unsigned int order, gfp_t gfp)
{
	size_t size = PAGE_SIZE << order;
	struct page *head;

	if (wants_virtual(test))
		head = vcompound_alloc_virtual(NUMA_NO_NODE, gfp, size, size, NULL);
	else
		/* What may not sleep never falls back */
		head = alloc_vcompound(gfp & ~__GFP_DIRECT_RECLAIM, order);
	KUNIT_ASSERT_NOT_NULL(test, head);
	KUNIT_ASSERT_EQ(test, wants_virtual(test), vcompound_is_virtual(head));
	return head;
}

static struct page *alloc_kind(struct kunit *test, unsigned int order)
{
	return alloc_gfp(test, order, GFP_KERNEL);
}

static void converts_both_ways(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= ORDER; order++) {
		struct page *page, *head = alloc_kind(test, order);
		unsigned long n, offset;
		void *addr = page_address(head);

		KUNIT_EXPECT_EQ(test, order, vcompound_order(head));
		KUNIT_EXPECT_EQ(test, 1ul << order, vcompound_nr_pages(head));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr, PAGE_SIZE << order));
		for_each_vcompound_page(page, head, n) {
			void *at = addr + n * PAGE_SIZE;

			KUNIT_EXPECT_PTR_EQ(test, at, page_address(page));
			for (offset = 0; offset < PAGE_SIZE; offset += PAGE_SIZE / 2 - 1) {
				KUNIT_EXPECT_PTR_EQ(test, page, virt_to_page(at + offset));
				KUNIT_EXPECT_PTR_EQ(test, head, virt_to_head_page(at + offset));
			}
		}
		KUNIT_EXPECT_EQ(test, 1ul << order, n);
		free_vcompound(head);
	}
}

/* What is written by address is in the pages in this order */
static void pages_are_in_order(struct kunit *test)
{
	struct page *page, *head = alloc_kind(test, ORDER);
	unsigned long *words = page_address(head);
	unsigned long n, i;

	for (i = 0; i < SIZE / sizeof(*words); i++)
		words[i] = i;
	for_each_vcompound_page(page, head, n) {
		unsigned long *linear = page_to_virt(page);

		KUNIT_EXPECT_EQ(test, n * (PAGE_SIZE / sizeof(*words)), *linear);
	}
	free_vcompound(head);
}

static void zeroes(struct kunit *test)
{
	struct page *head = alloc_kind(test, ORDER);

	memset(page_address(head), 0x5a, SIZE);
	free_vcompound(head);
	head = alloc_gfp(test, ORDER, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(head), 0, SIZE));
	free_vcompound(head);
}

static void scatterlists(struct kunit *test)
{
	struct page *head = alloc_kind(test, ORDER);
	size_t size = SIZE - PAGE_SIZE / 2, sum = 0;
	u8 *bytes = page_address(head);
	struct scatterlist *sg;
	struct sg_table table;
	int i;

	get_random_bytes(bytes, SIZE);
	KUNIT_ASSERT_EQ(test, 0, vcompound_to_sg(&table, head, size, GFP_KERNEL));
	for_each_sgtable_sg(&table, sg, i) {
		KUNIT_EXPECT_EQ(test, 0, memcmp(bytes + sum, page_to_virt(sg_page(sg)) + sg->offset,
						sg->length));
		sum += sg->length;
	}
	KUNIT_EXPECT_EQ(test, size, sum);
	if (!vcompound_is_virtual(head))
		KUNIT_EXPECT_EQ(test, 1u, table.nents);
	sg_free_table(&table);
	free_vcompound(head);
}

static void bio_vectors(struct kunit *test)
{
	struct bio_vec *bvec = kunit_kcalloc(test, BVECS, sizeof(*bvec), GFP_KERNEL);
	struct page *head = alloc_kind(test, ORDER);
	size_t offset = PAGE_SIZE / 2 + 1, size = SIZE - offset - 1, sum = 0;
	u8 *bytes = page_address(head);
	unsigned int i, count;

	KUNIT_ASSERT_NOT_NULL(test, bvec);
	get_random_bytes(bytes, SIZE);
	count = vcompound_to_bvec(head, offset, size, bvec, BVECS);
	for (i = 0; i < count; i++) {
		KUNIT_EXPECT_EQ(test, 0, memcmp(bytes + offset + sum,
						page_to_virt(bvec[i].bv_page) + bvec[i].bv_offset,
						bvec[i].bv_len));
		sum += bvec[i].bv_len;
	}
	KUNIT_EXPECT_EQ(test, size, sum);
	if (!vcompound_is_virtual(head))
		KUNIT_EXPECT_EQ(test, 1u, count);
	KUNIT_EXPECT_EQ(test, 0u, vcompound_to_bvec(head, 0, SIZE, bvec, 0));
	count = vcompound_to_bvec(head, 0, SIZE, bvec, 1);
	KUNIT_EXPECT_EQ(test, 1u, count);
	free_vcompound(head);
}

static void pages_of_a_node(struct kunit *test)
{
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		struct page *page, *head;
		unsigned long n;

		if (wants_virtual(test))
			head = vcompound_alloc_virtual(nid, GFP_KERNEL | __GFP_THISNODE, SIZE,
						       PAGE_SIZE, NULL);
		else
			head = alloc_vcompound_node(nid, GFP_NOWAIT | __GFP_THISNODE, ORDER);
		KUNIT_ASSERT_NOT_NULL(test, head);
		for_each_vcompound_page(page, head, n)
			KUNIT_EXPECT_EQ(test, nid, page_to_nid(page));
		free_vcompound(head);
	}
}

static void freed_where_nothing_sleeps(struct kunit *test)
{
	struct page *one = alloc_kind(test, ORDER), *other = alloc_kind(test, ORDER);
	struct page *third = alloc_kind(test, ORDER), *fourth = alloc_kind(test, ORDER);
	unsigned long flags;

	local_irq_save(flags);
	free_vcompound(one);
	local_irq_restore(flags);
	local_bh_disable();
	free_vcompound_address(page_address(other));
	local_bh_enable();
	preempt_disable();
	free_vcompound(third);
	preempt_enable();
	rcu_read_lock();
	free_vcompound(fourth);
	rcu_read_unlock();
}

/* A page of it is an ordinary page again */
static void nothing_stays_marked(struct kunit *test)
{
	struct page *pages[BIT(ORDER)], *page, *head = alloc_kind(test, ORDER);
	unsigned long n;

	for_each_vcompound_page(page, head, n) {
		get_page(page);
		pages[n] = page;
	}
	free_vcompound(head);
	for (n = 0; n < ARRAY_SIZE(pages); n++) {
		KUNIT_EXPECT_FALSE(test, PageVcompound(pages[n]));
		KUNIT_EXPECT_PTR_EQ(test, page_to_virt(pages[n]), page_address(pages[n]));
		put_page(pages[n]);
	}
}

static unsigned long held(void)
{
	return global_node_page_state(NR_VCOMPOUND);
}

/* Counts of a CPU are folded later, and others allocate at the same time: about so many */
static void counted(struct kunit *test)
{
	struct page *head = vcompound_alloc_virtual(NUMA_NO_NODE, GFP_KERNEL, COUNTED * PAGE_SIZE,
						    PAGE_SIZE, NULL);
	unsigned long with, without;

	KUNIT_ASSERT_NOT_NULL(test, head);
	with = held();
	free_vcompound(head);
	without = held();
	KUNIT_EXPECT_GE(test, with, without + COUNTED / 2);
	KUNIT_EXPECT_LE(test, with, without + COUNTED * 2);
}

/* Sizes, by the interface that chooses itself */
static void by_size(struct kunit *test)
{
	static const size_t sizes[] = { 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE, SZ_1M + 1 };
	unsigned int i;

	KUNIT_EXPECT_NULL(test, get_vcompound_size(GFP_KERNEL, 0));
	free_vcompound_address(NULL);
	free_vcompound(NULL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct page *head = alloc_vcompound_size_node(NUMA_NO_NODE, GFP_KERNEL, sizes[i]);

		KUNIT_ASSERT_NOT_NULL(test, head);
		KUNIT_EXPECT_GE(test, vcompound_nr_pages(head) * PAGE_SIZE, sizes[i]);
		if (vcompound_is_virtual(head))
			KUNIT_EXPECT_EQ(test, DIV_ROUND_UP(sizes[i], PAGE_SIZE),
					vcompound_nr_pages(head));
		memset(page_address(head), 0x5a, sizes[i]);
		free_vcompound_address(page_address(head));
	}
}

static void by_order_and_address(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= ORDER; order++) {
		void *addr = get_vcompound(GFP_KERNEL | __GFP_ZERO, order);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr, PAGE_SIZE << order));
		KUNIT_EXPECT_EQ(test, order, vcompound_order(virt_to_page(addr)));
		KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, PAGE_SIZE << order));
		free_vcompound_address(addr);
	}
}

/* Pages of other areas have their address in the linear mapping, and are found by both */
static void others_are_as_they_were(struct kunit *test)
{
	void *area = vmalloc(SIZE), *object = kunit_kmalloc(test, SIZE, GFP_KERNEL);
	struct page *head;

	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_ASSERT_NOT_NULL(test, object);
	head = vcompound_alloc_virtual(NUMA_NO_NODE, GFP_KERNEL, SIZE, PAGE_SIZE, NULL);
	KUNIT_EXPECT_NOT_NULL(test, head);
	KUNIT_EXPECT_PTR_EQ(test, vmalloc_to_page(area), virt_to_page(area));
	KUNIT_EXPECT_PTR_EQ(test, page_to_virt(vmalloc_to_page(area)),
			    page_address(vmalloc_to_page(area)));
	KUNIT_EXPECT_PTR_EQ(test, vmalloc_to_page(area), virt_to_head_page(area));
	KUNIT_EXPECT_FALSE(test, vcompound_is_virtual(vmalloc_to_page(area)));
	KUNIT_EXPECT_PTR_EQ(test, pfn_to_page(__pa(object) >> PAGE_SHIFT), virt_to_page(object));
	KUNIT_EXPECT_PTR_EQ(test, object, page_address(virt_to_page(object)));
	free_vcompound(head);
	vfree(area);
}

/* The page allocator has nothing of that size */
static void larger_than_any_page(struct kunit *test)
{
	struct page *head;
	u8 *bytes;

	if (LIMIT / PAGE_SIZE > totalram_pages() / 4)
		kunit_skip(test, "it takes %lu bytes", (unsigned long)LIMIT);
	bytes = get_vcompound_size(GFP_KERNEL | __GFP_ZERO, LIMIT);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	head = virt_to_head_page(bytes + LIMIT - 1);
	KUNIT_EXPECT_TRUE(test, vcompound_is_virtual(head));
	KUNIT_EXPECT_PTR_EQ(test, bytes, (u8 *)page_address(head));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, LIMIT));
	free_vcompound_address(bytes);
	KUNIT_EXPECT_NULL(test, alloc_vcompound(GFP_NOWAIT | __GFP_NOWARN, MAX_ORDER));
}

/* Memory is still being freed from boot: more by far */
static void more_than_there_is(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, get_vcompound_size(GFP_KERNEL | __GFP_NOWARN,
						   2 * totalram_pages() * PAGE_SIZE));
}

/*
 * So much stays free in each zone: what fragments memory raises the watermarks, by up to 1.5 times
 * the highest one (watermark_boost_factor), and others allocate at the same time.
 */
static unsigned long stays_free(struct zone *zone)
{
	return 4 * zone->_watermark[WMARK_HIGH] + zone_managed_pages(zone) / 32 + HOLES;
}

/* Takes a page away, or where too little stays free one of each 2^ORDER pages of it */
static void take(struct list_head *list, struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned int n;

	if (zone_page_state(zone, NR_FREE_PAGES) > stays_free(zone)) {
		set_page_private(page, order);
		list_add(&page->lru, list);
		return;
	}
	split_page(page, order);
	migrate_disable();
	for (n = 0; n < BIT(order); n++) {
		set_page_private(page + n, 0);
		if (n % BIT(ORDER))
			__free_page(page + n);
		else
			list_add(&page[n].lru, list);
	}
	/* A CPU's own ones do not count as free */
	drain_local_pages(zone);
	migrate_enable();
}

/* Takes all pages of an order away, and puts them on a list */
static unsigned long take_all(struct list_head *list, unsigned int order)
{
	unsigned long taken = 0;
	struct page *page;

	while ((page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN | __GFP_NORETRY, order))) {
		take(list, page, order);
		taken++;
	}
	return taken << order;
}

static void give_back(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		unsigned int order = page_private(page);

		set_page_private(page, 0);
		__free_pages(page, order);
	}
}

/* No free block of that order: what may sleep is had all the same */
static void fragmented(struct kunit *test)
{
	unsigned long taken = 0, free;
	struct page *head;
	LIST_HEAD(list);
	bool fell_back;
	int order;

	for (order = MAX_ORDER - 1; order > ORDER; order--)
		taken += take_all(&list, order);
	/* Again, as others free some */
	do {
		taken += take_all(&list, ORDER);
		head = alloc_vcompound(GFP_NOWAIT | __GFP_NOWARN, ORDER);
		fell_back = head && vcompound_is_virtual(head);
		free_vcompound(head);
	} while (head && !fell_back);
	KUNIT_EXPECT_FALSE(test, fell_back);
	free = global_zone_page_state(NR_FREE_PAGES);
	head = alloc_vcompound(GFP_KERNEL, ORDER);
	give_back(&list);
	KUNIT_EXPECT_GT(test, taken, 0ul);
	KUNIT_ASSERT_NOT_NULL(test, head);
	kunit_info(test, "%lu pages taken, some in part, %lu free, then a %s one", taken, free,
		   vcompound_is_virtual(head) ? "virtual" : "physical");
	memset(page_address(head), 0x5a, SIZE);
	free_vcompound(head);
}

static struct kunit_case cases_of_a_kind[] = {
	KUNIT_CASE(converts_both_ways),
	KUNIT_CASE(pages_are_in_order),
	KUNIT_CASE(zeroes),
	KUNIT_CASE(scatterlists),
	KUNIT_CASE(bio_vectors),
	KUNIT_CASE(pages_of_a_node),
	KUNIT_CASE(freed_where_nothing_sleeps),
	KUNIT_CASE(nothing_stays_marked),
	{}
};

static struct kunit_case cases[] = {
	KUNIT_CASE(counted),
	KUNIT_CASE(by_size),
	KUNIT_CASE(by_order_and_address),
	KUNIT_CASE(others_are_as_they_were),
	KUNIT_CASE(larger_than_any_page),
	KUNIT_CASE(more_than_there_is),
	KUNIT_CASE(fragmented),
	{}
};

/* First, as code is patched when one is virtual */
static struct kunit_suite physical_suite = {
	.name = "vcompound-physical",
	.init = physical,
	.test_cases = cases_of_a_kind,
};

static struct kunit_suite virtual_suite = {
	.name = "vcompound-virtual",
	.init = virtual,
	.test_cases = cases_of_a_kind,
};

static struct kunit_suite vcompound_suite = {
	.name = "vcompound",
	.test_cases = cases,
};

kunit_test_suites(&physical_suite, &virtual_suite, &vcompound_suite);
