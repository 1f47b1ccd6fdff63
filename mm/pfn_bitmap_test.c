// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the bitmap that answers pfn_valid(): it and the sections always agree.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#define ROUNDS		16
#define SEEDED		100000
#define PAGE_BITS	(PAGE_SIZE * BITS_PER_BYTE)
#define PFNS_PER_PAGE	(PAGE_BITS * PAGES_PER_SUBSECTION)

static bool agree(unsigned long pfn)
{
	return !!pfn_valid(pfn) == !!sparse_pfn_valid(pfn);
}

static bool agree_around(unsigned long pfn)
{
	return agree(pfn - 1) && agree(pfn) && agree(pfn + 1);
}

static void every_boundary(struct kunit *test)
{
	unsigned long pfn, end, nr, valid = 0;

	for (nr = 0; nr <= __highest_present_section_nr + 1; nr++) {
		end = section_nr_to_pfn(nr + 1);
		for (pfn = section_nr_to_pfn(nr); pfn < end; pfn += PAGES_PER_SUBSECTION) {
			if (!agree_around(pfn) || !agree(pfn + PAGES_PER_SUBSECTION / 2)) {
				KUNIT_FAIL(test, "pfn %#lx", pfn);
				return;
			}
			valid += pfn_valid(pfn);
		}
	}
	KUNIT_EXPECT_GT(test, valid, 0ul);
}

static void every_pfn_of_valid_sections(struct kunit *test)
{
	unsigned long pfn, nr;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		if (!valid_section_nr(nr))
			continue;
		for (pfn = section_nr_to_pfn(nr); pfn < section_nr_to_pfn(nr + 1); pfn++) {
			if (!agree(pfn)) {
				KUNIT_FAIL(test, "pfn %#lx", pfn);
				return;
			}
		}
	}
}

/* What is on a stack need not be in the linear mapping */
static unsigned long pfn_of_memory(struct kunit *test)
{
	void *object = kunit_kzalloc(test, 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return page_to_pfn(virt_to_page(object));
}

/* Each length of a pfn, the longest physical address, and beyond */
static void pfns_of_any_length(struct kunit *test)
{
	struct rnd_state state;
	unsigned long pfn;
	int bit, i;

	for (bit = 0; bit < BITS_PER_LONG; bit++)
		KUNIT_EXPECT_TRUE_MSG(test, agree_around(BIT(bit)), "bit %d", bit);
	KUNIT_EXPECT_TRUE(test, agree_around(~0ul));
	KUNIT_EXPECT_FALSE(test, pfn_valid(PHYS_PFN(BIT_ULL(MAX_PHYSMEM_BITS))));

	/* A valid one does not become another by more bits on top of it */
	pfn = pfn_of_memory(test);
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn));
	for (bit = MAX_PHYSMEM_BITS - PAGE_SHIFT; bit < BITS_PER_LONG; bit++)
		KUNIT_EXPECT_FALSE_MSG(test, pfn_valid(pfn | BIT(bit)), "bit %d", bit);

	prandom_seed_state(&state, 1);
	for (i = 0; i < SEEDED; i++) {
		pfn = (u64)prandom_u32_state(&state) << 32 | prandom_u32_state(&state);
		pfn >>= prandom_u32_state(&state) % BITS_PER_LONG;
		if (!agree(pfn)) {
			KUNIT_FAIL(test, "pfn %#lx", pfn);
			return;
		}
	}
}

/* The page that holds a pfn's bit; all tables are there */
static unsigned long page_of_bit(unsigned long pfn)
{
	unsigned long addr = PFN_BITMAP_START + pfn / PFNS_PER_PAGE * PAGE_SIZE;
	pud_t *pud = pud_offset(p4d_offset(pgd_offset_k(addr), addr), addr);

	return pte_pfn(*pte_offset_kernel(pmd_offset(pud, addr), addr));
}

/* Pages of the bitmap that are not the page of zeroes, which the last one is */
static unsigned long own_pages(void)
{
	unsigned long end = BIT(arch_pfn_bitmap_bits() - PAGE_SHIFT), pfn, own = 0;

	if (!arch_has_pfn_bitmap())
		return 0;
	for (pfn = 0; pfn < end; pfn += PFNS_PER_PAGE)
		own += page_of_bit(pfn) != page_of_bit(end - 1);
	return own;
}

static void memory_is_as_stated(struct kunit *test)
{
	unsigned long nr, page, last = ~0ul, needed = 0;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		page = section_nr_to_pfn(nr) / PFNS_PER_PAGE;
		if (valid_section_nr(nr) && page != last) {
			last = page;
			needed++;
		}
	}
	KUNIT_EXPECT_EQ(test, own_pages(), arch_has_pfn_bitmap() ? needed : 0);
}

#ifdef CONFIG_MEMORY_HOTPLUG
/* Where no memory is: the first page of the bitmap that describes none */
static unsigned long nowhere(void)
{
	return ALIGN(section_nr_to_pfn(__highest_present_section_nr + 1), PFNS_PER_PAGE);
}

static int __ref add(unsigned long pfn, unsigned long nr)
{
	int err;

	mem_hotplug_begin();
	err = sparse_add_section(first_memory_node, pfn, nr, NULL, NULL);
	mem_hotplug_done();
	return err;
}

static void take_away(unsigned long pfn, unsigned long nr)
{
	mem_hotplug_begin();
	sparse_remove_section(__pfn_to_section(pfn), pfn, nr, 0, NULL);
	mem_hotplug_done();
}

static unsigned int valid_subsections(unsigned long pfn)
{
	unsigned long end = pfn + PAGES_PER_SECTION;
	unsigned int valid = 0;

	for (; pfn < end; pfn += PAGES_PER_SUBSECTION)
		valid += agree_around(pfn) ? !!pfn_valid(pfn) : PAGES_PER_SECTION;
	return valid;
}

static void parts_come_and_go(struct kunit *test)
{
	unsigned long pfn = nowhere(), n = PAGES_PER_SUBSECTION, own = own_pages();

	if (PAGES_PER_SECTION < 4 * n)
		kunit_skip(test, "sections are too small");

	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 0u);
	KUNIT_ASSERT_EQ(test, add(pfn + n, n), 0);
	KUNIT_EXPECT_EQ(test, own_pages(), own + arch_has_pfn_bitmap());
	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 1u);
	KUNIT_ASSERT_EQ(test, add(pfn + 2 * n, 2 * n), 0);
	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 3u);
	KUNIT_EXPECT_FALSE(test, pfn_valid(pfn + n - 1));
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn + n));
	KUNIT_EXPECT_TRUE(test, pfn_valid(pfn + 4 * n - 1));
	/* What is there is not added again, and stays */
	KUNIT_EXPECT_NE(test, add(pfn + n, n), 0);
	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 3u);

	take_away(pfn + 2 * n, n);
	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 2u);
	take_away(pfn + n, n);
	take_away(pfn + 3 * n, n);
	KUNIT_EXPECT_EQ(test, valid_subsections(pfn), 0u);
	KUNIT_EXPECT_EQ(test, own_pages(), own);
}

struct reader {
	unsigned long there;
	unsigned long comes;
	unsigned long never;
	unsigned long wrong;
	unsigned long seen[2];
	struct completion started;
};

/* Neighbours of what comes and goes are in the same word, the same page, another page */
static int read_bits(void *data)
{
	struct reader *reader = data;

	/* A thread that is stopped before it ever ran does not run */
	complete(&reader->started);
	do {
		if (!pfn_valid(reader->there) || pfn_valid(reader->never) ||
		    pfn_valid(reader->never + PFNS_PER_PAGE))
			reader->wrong++;
		reader->seen[!!pfn_valid(reader->comes)]++;
		cond_resched();
	} while (!kthread_should_stop());
	return 0;
}

static void readers_see_no_more_than_changes(struct kunit *test)
{
	struct reader *reader = kunit_kcalloc(test, 2, sizeof(*reader), GFP_KERNEL);
	unsigned long pfn = nowhere(), n = PAGES_PER_SUBSECTION;
	struct task_struct *task[2] = {};
	int i, failed = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, reader);
	for (i = 0; i < 2; i++) {
		reader[i].there = pfn_of_memory(test);
		reader[i].comes = pfn + (i ? PAGES_PER_SECTION - n : 0);
		reader[i].never = pfn + PAGES_PER_SECTION + i * n;
		init_completion(&reader[i].started);
		task[i] = kthread_run(read_bits, &reader[i], "pfn_bitmap/%d", i);
		KUNIT_EXPECT_FALSE(test, IS_ERR(task[i]));
		if (!IS_ERR(task[i]))
			wait_for_completion(&reader[i].started);
	}
	for (i = 0; i < ROUNDS; i++) {
		if (add(pfn, PAGES_PER_SECTION)) {
			failed++;
			continue;
		}
		failed += valid_subsections(pfn) != PAGES_PER_SECTION / n;
		cond_resched();
		take_away(pfn, PAGES_PER_SECTION);
		failed += valid_subsections(pfn) != 0;
		cond_resched();
	}
	for (i = 0; i < 2; i++) {
		if (IS_ERR(task[i]))
			continue;
		kthread_stop(task[i]);
		KUNIT_EXPECT_EQ(test, reader[i].wrong, 0ul);
		KUNIT_EXPECT_GT(test, reader[i].seen[0] + reader[i].seen[1], 0ul);
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
}
#endif

static struct kunit_case pfn_bitmap_cases[] = {
	KUNIT_CASE(every_boundary),
	KUNIT_CASE(every_pfn_of_valid_sections),
	KUNIT_CASE(pfns_of_any_length),
	KUNIT_CASE(memory_is_as_stated),
#ifdef CONFIG_MEMORY_HOTPLUG
	KUNIT_CASE(parts_come_and_go),
	KUNIT_CASE(readers_see_no_more_than_changes),
#endif
	{}
};

static struct kunit_suite pfn_bitmap_suite = {
	.name = "pfn_bitmap",
	.test_cases = pfn_bitmap_cases,
};

kunit_test_suite(pfn_bitmap_suite);
