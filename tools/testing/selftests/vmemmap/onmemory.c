// SPDX-License-Identifier: GPL-2.0
/*
 * memory_hotplug.memmap_on_memory: the memmap of a DIMM of some memory blocks lies in the DIMM.
 * See dimm.h for the settings.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define SWITCH	"/sys/module/memory_hotplug/parameters/memmap_on_memory"

TEST(memmap_lies_in_the_dimm)
{
	struct totals before, plugged, after;
	long long memmap_kb;
	struct dimms dimms;
	char answer[256];
	char *on = slurp(SWITCH);

	if (!on || (on[0] != 'Y' && on[0] != '1'))
		SKIP(return, "memmap_on_memory is off");
	free(on);
	if (!find_dimms(&dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	ASSERT_EQ(0, dimms.size_kb % (long long)(block_size() >> 10));
	memmap_kb = memmap_bytes(dimms.size_kb) >> 10;

	take_totals(&before);
	ASSERT_EQ(0, ask_dimm("plug", dimms.name[0], answer, sizeof(answer))) {
		TH_LOG("%s", answer);
	}
	/* What holds the memmap is not memory that anybody can have */
	ASSERT_TRUE(wait_total(before.total_kb + dimms.size_kb, PLUG_SECONDS)) {
		TH_LOG("%lld kB came", meminfo_kb("MemTotal") - before.total_kb);
	}
	EXPECT_EQ(memmap_kb, hosted_kb());
	take_totals(&plugged);
	EXPECT_EQ(memmap_kb << 10, (long long)(plugged.map.base + plugged.map.large -
					       before.map.base - before.map.large));
	if (env_number("LARGE_LEAVES", 0))
		EXPECT_EQ(before.map.base, plugged.map.base);
	EXPECT_LE(before.free_kb + dimms.size_kb - memmap_kb - plugged.free_kb,
		  env_number("SLACK_KB", 512));
	ASSERT_EQ(0, ask_dimm("unplug", dimms.name[0], answer, sizeof(answer))) {
		TH_LOG("%s", answer);
	}
	ASSERT_TRUE(wait_total(before.total_kb, PLUG_SECONDS));
	take_totals(&after);
	EXPECT_EQ(before.map.base, after.map.base);
	EXPECT_EQ(before.map.large, after.map.large);
	TH_LOG("free memory changed by %lld kB", after.free_kb - before.free_kb);
	EXPECT_LE(before.free_kb - after.free_kb, env_number("SLACK_KB", 512));
}

TEST_HARNESS_MAIN
