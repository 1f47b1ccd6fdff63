// SPDX-License-Identifier: GPL-2.0
/*
 * hugetlb pages that give the memory of most of their struct pages back, on and off.
 *
 * HUGE_PAGES=n pages of the default size are taken at a time, ROUNDS=n times; SLACK_KB=n, see
 * dimm.h.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define SWITCH	"/proc/sys/vm/hugetlb_optimize_vmemmap"
#define POOL	"/proc/sys/vm/nr_hugepages"

/* For the helpers' parameters */
#define hvo_data_t FIXTURE_DATA(hvo)

FIXTURE(hvo)
{
	long long was_on;
	long long pages;
	long long huge;
	long long slack_kb;
	struct totals before;
};

FIXTURE_SETUP(hvo)
{
	self->pages = env_number("HUGE_PAGES", 64);
	self->slack_kb = env_number("SLACK_KB", 256);
	self->was_on = file_number(SWITCH, 10);
	if (self->was_on < 0)
		SKIP(return, "no " SWITCH);
	self->huge = meminfo_kb("Hugepagesize") << 10;
	ASSERT_LT(0, self->huge);
	/* What the first pages allocate for good is not what is measured */
	ASSERT_EQ(0, put_text(POOL, "1"));
	ASSERT_EQ(0, put_text(POOL, "0"));
	take_totals(&self->before);
}

FIXTURE_TEARDOWN(hvo)
{
	struct totals after;

	put_text(POOL, "0");
	if (self->was_on < 0)
		return;
	put_text(SWITCH, "%lld", self->was_on);
	take_totals(&after);
	EXPECT_EQ(self->before.map.base + self->before.map.large,
		  after.map.base + after.map.large);
	/* Page tables of a leaf that was split stay */
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, self->slack_kb);
}

/* Takes the pool up to n pages; returns by how many kB free memory shrank, or -1. */
static long long cost_of_pool(hvo_data_t *self, int on)
{
	struct totals before, after;

	if (put_text(SWITCH, "%d", on))
		return -1;
	take_totals(&before);
	if (put_text(POOL, "%lld", self->pages) || file_number(POOL, 10) != self->pages)
		return -1;
	take_totals(&after);
	return before.free_kb - after.free_kb;
}

/* Writes to all pages of the pool and reads them again. */
static void use_pool(struct __test_metadata *_metadata, hvo_data_t *self)
{
	size_t size = self->pages * self->huge, at;
	unsigned char *area;

	area = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)area);
	for (at = 0; at < size; at += 65536)
		area[at] = at >> 16;
	for (at = 0; at < size; at += 65536)
		ASSERT_EQ((unsigned char)(at >> 16), area[at]);
	munmap(area, size);
}

/* Counts pages that say they are part of a huge page. */
static long long count_huge_pages(void)
{
	static uint64_t words[4096];
	struct ranges ram;
	long long count = 0;
	int i, k, got;

	if (system_ram(&ram))
		return -1;
	for (i = 0; i < ram.count; i++) {
		uint64_t pfn = ram.range[i].start / page_size();
		uint64_t end = ram.range[i].end / page_size();

		for (; pfn < end; pfn += 4096) {
			got = page_words("/proc/kpageflags", pfn, words,
					 end - pfn < 4096 ? end - pfn : 4096);
			for (k = 0; k < got; k++)
				count += words[k] >> KPF_HUGE & 1;
		}
	}
	return count;
}

TEST_F(hvo, gives_struct_pages_back)
{
	/* One page of struct pages stays; on x86_64 it is one of the 8 of a 2 MiB page */
	long long per_page = memmap_bytes(self->huge >> 10) - page_size();
	long long off, on, want = self->pages * per_page >> 10;
	struct mapped map;

	off = cost_of_pool(self, 0);
	ASSERT_LT(0, off);
	use_pool(_metadata, self);
	EXPECT_EQ(self->pages * self->huge / (long long)page_size(), count_huge_pages());
	ASSERT_EQ(0, put_text(POOL, "0"));

	on = cost_of_pool(self, 1);
	ASSERT_LT(0, on);
	TH_LOG("%lld pages cost %lld kB without and %lld kB with it: %lld kB less, ideal %lld",
	       self->pages, off, on, off - on, want);
	/* Page tables for the leaves that are split are the price */
	EXPECT_LE(want - self->slack_kb, off - on);
	EXPECT_GE(want + self->slack_kb, off - on);
	use_pool(_metadata, self);
	EXPECT_EQ(self->pages * self->huge / (long long)page_size(), count_huge_pages());
	/* All struct pages can still be read */
	if (!mapped_memmap(&map))
		EXPECT_EQ(self->before.map.base + self->before.map.large,
			  map.base + map.large);
}

static void back_and_forth(struct __test_metadata *_metadata, hvo_data_t *self)
{
	ASSERT_EQ(0, put_text(SWITCH, "1"));
	ASSERT_EQ(0, put_text(POOL, "%lld", self->pages));
	ASSERT_EQ(self->pages, file_number(POOL, 10));
	use_pool(_metadata, self);
	/* Pages taken with it on are given back with it off */
	ASSERT_EQ(0, put_text(SWITCH, "0"));
	ASSERT_EQ(0, put_text(POOL, "0"));
	ASSERT_EQ(0, file_number(POOL, 10));
}

TEST_F_TIMEOUT(hvo, back_and_forth, ROUNDS_SECONDS)
{
	long long count = env_number("ROUNDS", 5), i;
	struct rounds rounds = { .splits = true };

	for (i = 0; i < count; i++)
		back_and_forth(_metadata, self);
	while (another_batch(&rounds))
		for (i = 0; i < count; i++)
			back_and_forth(_metadata, self);
	TH_LOG("%lld rounds: %s", count, rounds.told);
	EXPECT_FALSE(rounds.grew);
}

TEST_HARNESS_MAIN
