// SPDX-License-Identifier: GPL-2.0
/*
 * Takes memory away that was there at boot, and puts it back, see BOOT_DIMMS in dimm.h. Its memmap
 * has to go, and that of its neighbours has to stay, also where both were in one leaf.
 *
 * ROUNDS=n	how often
 * AREA=size	how much memory is in use meanwhile
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define CHECK	"/sys/kernel/debug/vmemmap/check"

/* For the helpers' parameters */
#define bootmem_data_t FIXTURE_DATA(bootmem)

FIXTURE(bootmem)
{
	struct dimms dimms;
	struct totals before;
	struct ranges ram;
	/* A memmap of boot memory is no part of MemTotal before it has been freed */
	long long given_kb;
	char answer[256];
};

FIXTURE_SETUP(bootmem)
{
	if (!find_dimms_of(&self->dimms, "BOOT_DIMMS"))
		SKIP(return, "the guest has no BOOT_DIMMS to unplug");
	ASSERT_EQ(0, system_ram(&self->ram));
	take_totals(&self->before);
}

FIXTURE_TEARDOWN(bootmem)
{
	struct totals after;

	if (!self->dimms.count)
		return;
	take_totals(&after);
	EXPECT_EQ(self->before.total_kb + self->given_kb, after.total_kb);
	EXPECT_EQ(self->before.blocks, after.blocks);
	EXPECT_EQ(self->before.map.base, after.map.base);
	EXPECT_EQ(self->before.map.large, after.map.large);
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 512));
}

/* All memory that there is has struct pages, and what has is looked at. */
static void check_memmap(struct __test_metadata *_metadata, const struct ranges *ram)
{
	unsigned long long checked = 0, errors = 1;
	char *text = slurp(CHECK);
	int i, got;

	for (i = 0; i < ram->count; i++)
		EXPECT_EQ((long long)(ram->range[i].end / page_size() -
				      ram->range[i].start / page_size()),
			  pages_in(&ram->range[i]));
	if (!text)
		return;
	got = sscanf(text, "checked %llu pfns, %llu errors", &checked, &errors);
	EXPECT_EQ(2, got);
	EXPECT_LT(0, checked);
	EXPECT_EQ(0, errors);
	free(text);
}

/* Finds the memory that is not there any more; returns false unless it is one piece. */
static bool gone_range(const struct ranges *before, const struct ranges *now, struct range *gone)
{
	uint64_t size = block_size(), start, found = 0;

	for (start = 0; start < before->range[before->count - 1].end; start += size) {
		if (!ram_within(before, start, start + size) ||
		    ram_within(now, start, start + size))
			continue;
		if (found && gone->end != start)
			return false;
		if (!found)
			gone->start = start;
		gone->end = start + size;
		found += size;
	}
	return found;
}

static void unplug_and_plug(struct __test_metadata *_metadata, bootmem_data_t *self, int i,
			    bool first)
{
	long long memmap = memmap_bytes(self->dimms.size_kb), total;
	uint64_t large = self->before.map.large;
	struct totals now;
	struct ranges ram;
	struct range gone;

	ASSERT_EQ(0, ask_dimm("unplug", self->dimms.name[i], self->answer,
			      sizeof(self->answer))) {
		TH_LOG("%s: %s", self->dimms.name[i], self->answer);
	}
	ASSERT_EQ(0, system_ram(&ram));
	ASSERT_TRUE(gone_range(&self->ram, &ram, &gone));
	EXPECT_EQ(self->dimms.size_kb << 10, (long long)(gone.end - gone.start));
	EXPECT_EQ(0, pages_in(&gone));
	check_memmap(_metadata, &ram);
	take_totals(&now);
	if (first)
		self->given_kb += memmap >> 10;
	total = self->before.total_kb + self->given_kb;
	EXPECT_EQ(total - self->dimms.size_kb, now.total_kb);
	EXPECT_EQ(self->before.blocks - (long long)((gone.end - gone.start) / block_size()),
		  now.blocks);
	EXPECT_EQ(self->before.map.base, now.map.base);
	EXPECT_EQ(large - memmap, now.map.large);

	ASSERT_EQ(0, ask_dimm("plug", self->dimms.name[i], self->answer,
			      sizeof(self->answer))) {
		TH_LOG("%s: %s", self->dimms.name[i], self->answer);
	}
	ASSERT_TRUE(wait_total(total, PLUG_SECONDS));
	check_memmap(_metadata, &self->ram);
}

TEST_F_TIMEOUT(bootmem, goes_and_comes_back, 300)
{
	size_t size = env_number("AREA", 256 << 20), i;
	long long rounds = env_number("ROUNDS", 3), round;
	uint64_t *area;

	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	for (i = 0; i < size / sizeof(*area); i += 512)
		area[i] = i;
	for (round = 0; round < rounds; round++)
		unplug_and_plug(_metadata, self, round % self->dimms.count,
				round < self->dimms.count);
	for (i = 0; i < size / sizeof(*area); i += 512)
		if (area[i] != i)
			break;
	EXPECT_LE(size / sizeof(*area), i);
	munmap(area, size);
}

TEST_HARNESS_MAIN
