// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the flags of pageblocks at a constant address: whose they are, and when they are
 * there.
 */
#include <kunit/test.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pfn_bitmap.h>

#define ALL_FLAGS	(BIT(NR_PAGEBLOCK_BITS) - 1)
#define BLOCKS		(PAGE_SIZE * BITS_PER_BYTE / NR_PAGEBLOCK_BITS)
#define PFNS_PER_PAGE	((unsigned long)BLOCKS << pageblock_order)

/* The byte of a pageblock's flags, the lower half of which an even one has */
static u8 *byte_of(unsigned long pfn)
{
	unsigned long block = pfn >> pageblock_order;

	/* Words are native: where the lower half of one is depends on the order of bytes */
	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN))
		block ^= BITS_PER_LONG / NR_PAGEBLOCK_BITS - 2;
	return (u8 *)PAGEBLOCK_BITMAP_START + block / 2;
}

static unsigned long raw_flags(unsigned long pfn)
{
	return *byte_of(pfn) >> ((pfn >> pageblock_order) % 2 * 4) & ALL_FLAGS;
}

static unsigned long flags_of(unsigned long pfn)
{
	return get_pfnblock_flags_mask(pfn_to_page(pfn), pfn, ALL_FLAGS);
}

static int need_bitmap(struct kunit *test)
{
	if (!has_pageblock_bitmap())
		kunit_skip(test, "sections have the flags");
	return 0;
}

/* The migrate type, as flags of compaction may change at any time */
static void each_block_has_its_own(struct kunit *test)
{
	unsigned long types = BIT(PB_migratetype_bits) - 1, movable = 0, pfn, end, nr;

	for (nr = 0; nr <= __highest_present_section_nr; nr++) {
		if (!online_section_nr(nr))
			continue;
		end = section_nr_to_pfn(nr + 1);
		for (pfn = section_nr_to_pfn(nr); pfn < end; pfn += pageblock_nr_pages) {
			unsigned long type = raw_flags(pfn) & types;

			/* Others may take the block over in between */
			if ((flags_of(pfn) & types) != type && (raw_flags(pfn) & types) == type) {
				KUNIT_FAIL(test, "pfn %#lx", pfn);
				return;
			}
			movable += type == MIGRATE_MOVABLE;
		}
	}
	KUNIT_EXPECT_GT(test, movable, 0ul);
}

static void holes_have_none(struct kunit *test)
{
	unsigned long end = BIT(arch_pfn_bitmap_bits() - PAGE_SHIFT);
	int bit;

	KUNIT_EXPECT_EQ(test, flags_of(end - 1), 0ul);
	for (bit = 0; bit < arch_pfn_bitmap_bits() - PAGE_SHIFT; bit++)
		if (!pfn_valid(BIT(bit)) && BIT(bit) / PFNS_PER_PAGE >
		    section_nr_to_pfn(__highest_present_section_nr + 1) / PFNS_PER_PAGE)
			KUNIT_EXPECT_EQ_MSG(test, flags_of(BIT(bit)), 0ul, "bit %d", bit);
}

#ifdef CONFIG_MEMORY_HOTPLUG
static int __ref add(unsigned long pfn)
{
	int err;

	mem_hotplug_begin();
	err = sparse_add_section(first_memory_node, pfn, PAGES_PER_SECTION, NULL, NULL);
	mem_hotplug_done();
	return err;
}

static void take_away(unsigned long pfn)
{
	mem_hotplug_begin();
	sparse_remove_section(__pfn_to_section(pfn), pfn, PAGES_PER_SECTION, 0, NULL);
	mem_hotplug_done();
}

/* Flags are zero at first, keep what they get, and go with the last section of their page */
static void come_and_go(struct kunit *test)
{
	unsigned long first = ALIGN(section_nr_to_pfn(__highest_present_section_nr + 1),
				    PFNS_PER_PAGE);
	unsigned long second = first + PAGES_PER_SECTION;
	int round;

	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, add(first), 0);
		KUNIT_EXPECT_EQ(test, flags_of(first), 0ul);
		*byte_of(first) = 0x55;
		KUNIT_EXPECT_EQ(test, flags_of(first), 5ul);
		KUNIT_EXPECT_EQ(test, flags_of(first + pageblock_nr_pages - 1), 5ul);
		KUNIT_EXPECT_EQ(test, flags_of(first + pageblock_nr_pages), 5ul);
		KUNIT_EXPECT_EQ(test, flags_of(first + 2 * pageblock_nr_pages), 0ul);

		KUNIT_EXPECT_EQ(test, add(second), 0);
		take_away(first);
		KUNIT_EXPECT_EQ(test, flags_of(first), 5ul);
		take_away(second);
		KUNIT_EXPECT_EQ(test, flags_of(first), 0ul);
	}
}
#endif

static struct kunit_case pageblock_bitmap_cases[] = {
	KUNIT_CASE(each_block_has_its_own),
	KUNIT_CASE(holes_have_none),
#ifdef CONFIG_MEMORY_HOTPLUG
	KUNIT_CASE(come_and_go),
#endif
	{}
};

static struct kunit_suite pageblock_bitmap_suite = {
	.name = "pageblock_bitmap",
	.init = need_bitmap,
	.test_cases = pageblock_bitmap_cases,
};

kunit_test_suite(pageblock_bitmap_suite);
