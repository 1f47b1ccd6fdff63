// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at every struct page by way of /proc/kpageflags and /proc/kpagecount.
 *
 * WALK_STEP=n in the environment looks at every n-th page only, for large machines. LEAF=size is
 * for machines where leaves of this size describe more than a memory block.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define CHUNK	8192

struct tally {
	uint64_t seen;
	uint64_t no_page;
};

/* Counts pages of [start, end) that have no struct page; returns 0 or a negative errno. */
static int count_pages(uint64_t start, uint64_t end, int step, struct tally *tally)
{
	static uint64_t words[CHUNK];
	uint64_t page = page_size(), pfn = (start + page - 1) / page;
	int want, got, i;

	memset(tally, 0, sizeof(*tally));
	for (; pfn < end / page; pfn += step > 1 ? step : want) {
		want = step > 1 ? 1 : CHUNK;
		if (pfn + want > end / page)
			want = end / page - pfn;
		got = page_words("/proc/kpageflags", pfn, words, want);
		if (got < 0)
			return got;
		/* The file ends with the last section; there are no pages after it */
		for (i = got; i < want; i++)
			words[i] = 1ULL << KPF_NOPAGE;
		for (i = 0; i < want; i++) {
			tally->seen++;
			tally->no_page += words[i] >> KPF_NOPAGE & 1;
		}
	}
	return 0;
}

static uint64_t section_size(void)
{
	/* A block has one section or more; all that matters is present in whole blocks */
	uint64_t size = block_size();

	return size ?: 128 << 20;
}

TEST(ram_has_pages)
{
	int step = env_number("WALK_STEP", 1);
	struct ranges ram;
	struct tally tally;
	int i;

	ASSERT_EQ(0, system_ram(&ram));
	for (i = 0; i < ram.count; i++) {
		ASSERT_EQ(0, count_pages(ram.range[i].start, ram.range[i].end, step, &tally));
		EXPECT_EQ(0, tally.no_page) {
			TH_LOG("%llx-%llx: no struct page",
			       (unsigned long long)ram.range[i].start,
			       (unsigned long long)ram.range[i].end);
		}
	}
}

TEST(holes_have_none)
{
	int step = env_number("WALK_STEP", 1);
	uint64_t size = section_size(), start, last;
	struct ranges ram;
	struct tally tally;

	ASSERT_EQ(0, system_ram(&ram));
	last = ram.range[ram.count - 1].end;
	for (start = 0; start < last + 4 * size; start += size) {
		/* Holes of terabytes: their edges are enough */
		if (ram_within(&ram, start > 64 * size ? start - 64 * size : 0,
			       start + 64 * size) == 0) {
			start += 63 * size;
			continue;
		}
		if (ram_within(&ram, start, start + size))
			continue;
		ASSERT_EQ(0, count_pages(start, start + size, step, &tally));
		EXPECT_EQ(tally.seen, tally.no_page) {
			TH_LOG("%llx: a hole with struct pages", (unsigned long long)start);
		}
	}
}

TEST(counts_can_be_read)
{
	int step = env_number("WALK_STEP", 1), want, got, i;
	static uint64_t words[CHUNK];
	struct ranges ram;

	ASSERT_EQ(0, system_ram(&ram));
	for (i = 0; i < ram.count; i++) {
		uint64_t pfn = ram.range[i].start / page_size();

		for (; pfn < ram.range[i].end / page_size(); pfn += step > 1 ? step : want) {
			want = step > 1 ? 1 : CHUNK;
			got = page_words("/proc/kpagecount", pfn, words, want);
			ASSERT_LE(0, got);
			/* More than the number of processes times what they map is garbage */
			ASSERT_GT(1ULL << 24, words[0]);
			if (!got)
				break;
		}
	}
}

TEST(memmap_is_as_large_as_memory)
{
	struct mapped map;
	struct ranges ram;

	if (mapped_memmap(&map))
		SKIP(return, "no virtual memmap that can be looked at");
	ASSERT_EQ(0, system_ram(&ram));
	TH_LOG("%llu kB by base pages, %llu kB by larger leaves",
	       (unsigned long long)map.base >> 10, (unsigned long long)map.large >> 10);
	EXPECT_EQ(memmap_of(&ram, section_size()), map.base + map.large);
	if (env_number("LARGE_LEAVES", 0))
		EXPECT_EQ(0, map.base);
	if (env_number("BASE_LEAVES", 0))
		EXPECT_EQ(0, map.large);
}

TEST_HARNESS_MAIN
