// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the allocations behind the memmap fail while a DIMM is plugged. See dimm.h for the
 * settings; the guest is otherwise idle.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define DEBUG		"/sys/kernel/debug/"
#define MANY		1000000
#define MAX_FAILURES	40

/* For the helpers' parameters */
#define faults_data_t FIXTURE_DATA(faults)

FIXTURE(faults)
{
	struct dimms dimms;
	int dimm;
	struct totals before;
	char answer[256];
};

/* Lets all allocations after the first n fail; n < 0 lets none fail. Returns 0 if it took. */
static int fail_after(const char *which, long long n)
{
	char path[128];
	int ret;

	snprintf(path, sizeof(path), DEBUG "%s/probability", which);
	ret = put_text(path, n < 0 ? "0" : "100");
	snprintf(path, sizeof(path), DEBUG "%s/times", which);
	ret |= put_text(path, "%d", n < 0 ? 0 : MANY);
	snprintf(path, sizeof(path), DEBUG "%s/space", which);
	ret |= put_text(path, "%lld", n < 0 ? 0 : n);
	snprintf(path, sizeof(path), DEBUG "%s/verbose", which);
	put_text(path, "0");
	return ret;
}

/* Waits until the memory came or an allocation failed; returns true in the first case. */
static bool came(long long total)
{
	time_t end = time(NULL) + PLUG_SECONDS;

	while (time(NULL) < end) {
		if (meminfo_kb("MemTotal") == total)
			return true;
		if (file_number(DEBUG "fail_vmemmap/times", 10) < MANY) {
			/* The kernel is still undoing the rest */
			usleep(200000);
			return false;
		}
		usleep(20000);
	}
	return false;
}

FIXTURE_SETUP(faults)
{
	if (!find_dimms(&self->dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	if (access(DEBUG "fail_vmemmap", F_OK)) {
		self->dimms.count = 0;
		SKIP(return, "no fail_vmemmap in debugfs");
	}
	take_totals(&self->before);
}

FIXTURE_TEARDOWN(faults)
{
	struct totals after;

	if (!self->dimms.count)
		return;
	fail_after("fail_vmemmap", -1);
	fail_after("fail_vmemmap_leaf", -1);
	take_totals(&after);
	EXPECT_SAME_MEMORY(self->before, after);
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 512));
}

static int ask(faults_data_t *self, const char *verb)
{
	return ask_dimm(verb, self->dimms.name[self->dimm], self->answer, sizeof(self->answer));
}

TEST_F_TIMEOUT(faults, base_pages_without_leaves, 60)
{
	long long total = self->before.total_kb + self->dimms.size_kb;
	struct totals plugged;

	ASSERT_EQ(0, fail_after("fail_vmemmap_leaf", 0));
	ASSERT_EQ(0, ask(self, "plug")) {
		TH_LOG("%s", self->answer);
	}
	ASSERT_TRUE(wait_total(total, PLUG_SECONDS));
	take_totals(&plugged);
	EXPECT_EQ(self->before.map.large, plugged.map.large);
	EXPECT_EQ(memmap_bytes(self->dimms.size_kb),
		  (long long)(plugged.map.base - self->before.map.base));
	ASSERT_EQ(0, fail_after("fail_vmemmap_leaf", -1));
	ASSERT_EQ(0, ask(self, "unplug")) {
		TH_LOG("%s", self->answer);
	}
	ASSERT_TRUE(wait_total(self->before.total_kb, PLUG_SECONDS));
}

/*
 * Lets the nth allocation fail, and all after it, for growing n until plugging works again. What
 * was done before the nth has to be undone each time. Base pages only, for there are more.
 * FAULT_STEP=n goes on in steps of n. FAILED_STAYS=1 is for machines that do not take a DIMM back
 * that was not added: there, each failure takes the next DIMM.
 */
TEST_F_TIMEOUT(faults, each_failure_is_undone, 300)
{
	long long total = self->before.total_kb + self->dimms.size_kb;
	long long step = env_number("FAULT_STEP", 61), nth;
	struct totals now;
	int i;

	/* The first few one by one: page tables are among them */
	for (i = 0, nth = 0; i < MAX_FAILURES; i++, nth += nth < 4 ? 1 : step) {
		ASSERT_EQ(0, fail_after("fail_vmemmap_leaf", 0));
		ASSERT_EQ(0, fail_after("fail_vmemmap", nth));
		ASSERT_EQ(0, ask(self, "plug")) {
			TH_LOG("%s", self->answer);
		}
		if (came(total))
			break;
		take_totals(&now);
		EXPECT_SAME_MEMORY(self->before, now);
		if (env_number("FAILED_STAYS", 0)) {
			ASSERT_LT(++self->dimm, self->dimms.count);
			continue;
		}
		ASSERT_EQ(0, ask(self, "unplug")) {
			TH_LOG("after failure %d: %s", i, self->answer);
		}
	}
	TH_LOG("%d failures", i);
	EXPECT_LT(0, i);
	ASSERT_EQ(0, fail_after("fail_vmemmap", -1));
	ASSERT_EQ(0, fail_after("fail_vmemmap_leaf", -1));
	if (i < MAX_FAILURES)
		ASSERT_EQ(0, ask(self, "unplug"));
	/* And what failed once works now */
	ASSERT_EQ(0, ask(self, "plug"));
	ASSERT_TRUE(wait_total(total, PLUG_SECONDS));
	ASSERT_EQ(0, ask(self, "unplug"));
	ASSERT_TRUE(wait_total(self->before.total_kb, PLUG_SECONDS));
}

TEST_HARNESS_MAIN
