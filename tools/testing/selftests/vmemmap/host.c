// SPDX-License-Identifier: GPL-2.0
/*
 * Added memory that holds its own struct pages, because its node has no room for them. See
 * dimm.h for the settings; each DIMM has one memory block or more.
 *
 * TOO_LARGE=1 says that the DIMMs' struct pages are more than the guest has memory for,
 * HOST_FAILURES=n how many allocations have to fail for one leaf to be in the DIMM (1),
 * HOST_SHARE=n that a memory block may keep almost 1/n of itself (8).
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

#define DEBUG		"/sys/kernel/debug/fail_vmemmap_backing/"
#define SWITCH		"/sys/module/memory_hotplug/parameters/host_memmap"
#define MANY		1000000
#define WRITTEN_KB	(64 << 10)

#define host_data_t FIXTURE_DATA(host)

FIXTURE(host)
{
	struct dimms dimms;
	struct totals before;
	long long block_kb;
	char answer[256];
};

/* A test begins even if its setup was skipped */
static bool can_fail(host_data_t *self)
{
	return self->dimms.count && !access(DEBUG, F_OK);
}

/* Lets the next n allocations of backing fail; returns 0 if it took */
static int fail_next(long long n)
{
	int ret = put_text(DEBUG "probability", n ? "100" : "0");

	ret |= put_text(DEBUG "space", "0");
	ret |= put_text(DEBUG "times", "%lld", n);
	put_text(DEBUG "verbose", "0");
	return ret;
}

static int ask(host_data_t *self, const char *verb)
{
	return ask_dimm(verb, self->dimms.name[0], self->answer, sizeof(self->answer));
}

/* Plugs the DIMM; returns kB that it keeps for itself, or -1 */
static long long plug(struct __test_metadata *_metadata, host_data_t *self)
{
	long long expected = self->before.total_kb + self->dimms.size_kb, hosted = -1;
	int tries;

	ASSERT_EQ(0, ask(self, "plug")) {
		TH_LOG("%s", self->answer);
	}
	/* Blocks come online one by one, and only then is what they keep missing */
	for (tries = 0; tries < 50 * PLUG_SECONDS; tries++) {
		hosted = hosted_kb();
		if (meminfo_kb("MemTotal") == expected - hosted)
			return hosted;
		usleep(20000);
	}
	TH_LOG("%lld kB came, %lld kB are hosted", meminfo_kb("MemTotal") - self->before.total_kb,
	       hosted);
	return -1;
}

static void unplug(struct __test_metadata *_metadata, host_data_t *self)
{
	ASSERT_EQ(0, ask(self, "unplug")) {
		TH_LOG("%s", self->answer);
	}
	ASSERT_TRUE(wait_total(self->before.total_kb, PLUG_SECONDS));
}

/* The DIMM's pages can be used: more is written than the guest had before, or half of it */
static bool write_memory(host_data_t *self)
{
	long long kb = self->before.total_kb + WRITTEN_KB, half = self->dimms.size_kb / 2;
	long long size = (kb < half ? kb : half) << 10, at;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool same = true;

	if (memory == MAP_FAILED)
		return false;
	for (at = 0; at < size; at += page_size())
		*(long long *)(memory + at) = at;
	for (at = 0; at < size; at += page_size())
		same &= *(long long *)(memory + at) == at;
	munmap(memory, size);
	return same;
}

FIXTURE_SETUP(host)
{
	if (!find_dimms(&self->dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	if (access(SWITCH, F_OK)) {
		self->dimms.count = 0;
		SKIP(return, "the kernel has no host_memmap");
	}
	self->block_kb = block_size() >> 10;
	ASSERT_EQ(0, hosted_kb());
	take_totals(&self->before);
}

FIXTURE_TEARDOWN(host)
{
	struct totals after;

	if (!self->dimms.count)
		return;
	if (!access(DEBUG, F_OK))
		fail_next(0);
	EXPECT_EQ(0, hosted_kb());
	take_totals(&after);
	EXPECT_SAME_MEMORY(self->before, after);
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 512));
}

/* Every block keeps its own struct pages, and no more than whole pageblocks of them */
TEST_F_TIMEOUT(host, every_block_holds_its_own, 120)
{
	long long needed = memmap_bytes(self->dimms.size_kb) >> 10, blocks, hosted;
	struct totals plugged;

	if (!can_fail(self))
		SKIP(return, "no fail_vmemmap_backing in debugfs");
	blocks = self->dimms.size_kb / self->block_kb;
	ASSERT_EQ(0, fail_next(MANY));
	hosted = plug(_metadata, self);
	TH_LOG("%lld kB in %lld blocks, %lld kB of struct pages", hosted, blocks, needed);
	EXPECT_LE(needed, hosted);
	EXPECT_EQ(0, hosted % blocks);
	EXPECT_GT(self->dimms.size_kb / env_number("HOST_SHARE", 8), hosted);
	take_totals(&plugged);
	EXPECT_EQ(needed, (long long)(plugged.map.base + plugged.map.large -
				      self->before.map.base - self->before.map.large) >> 10);
	if (env_number("LARGE_LEAVES", 0))
		EXPECT_EQ(self->before.map.base, plugged.map.base);
	/* Next to nothing was taken from what the guest had */
	EXPECT_LE(self->before.free_kb + self->dimms.size_kb - hosted - plugged.free_kb,
		  env_number("SLACK_KB", 512) + needed / 8);
	EXPECT_TRUE(write_memory(self));
	unplug(_metadata, self);
}

/* One leaf cannot be had: its block helps out, the others need not */
TEST_F_TIMEOUT(host, one_block_helps_out, 120)
{
	long long hosted;

	if (!can_fail(self))
		SKIP(return, "no fail_vmemmap_backing in debugfs");
	if (env_number("TOO_LARGE", 0))
		SKIP(return, "all blocks have to help out");
	ASSERT_EQ(0, fail_next(env_number("HOST_FAILURES", 1)));
	hosted = plug(_metadata, self);
	TH_LOG("%lld kB are kept", hosted);
	EXPECT_LT(0, hosted);
	EXPECT_GT(self->block_kb / env_number("HOST_SHARE", 8), hosted);
	unplug(_metadata, self);
}

TEST_F_TIMEOUT(host, not_when_switched_off, 120)
{
	char *log;

	if (!can_fail(self))
		SKIP(return, "no fail_vmemmap_backing in debugfs");
	if (env_number("FAILED_STAYS", 0))
		SKIP(return, "the machine does not take back what could not be added");
	ASSERT_EQ(0, put_text(SWITCH, "N"));
	ASSERT_EQ(0, fail_next(MANY));
	EXPECT_EQ(0, ask(self, "plug"));
	sleep(2);
	EXPECT_EQ(self->before.total_kb, meminfo_kb("MemTotal"));
	EXPECT_EQ(0, ask(self, "unplug"));
	ASSERT_EQ(0, put_text(SWITCH, "Y"));
}

/* No failure is injected: there is too little memory, and too much comes */
TEST_F_TIMEOUT(host, more_than_there_is_room_for, 240)
{
	long long needed = memmap_bytes(self->dimms.size_kb) >> 10, hosted;

	if (!self->dimms.count || !env_number("TOO_LARGE", 0))
		SKIP(return, "the DIMM's struct pages fit into the guest");
	ASSERT_LT(self->before.free_kb, needed);
	hosted = plug(_metadata, self);
	TH_LOG("%lld of %lld kB are kept in the DIMM", hosted, needed);
	EXPECT_LE(needed, hosted);
	EXPECT_TRUE(write_memory(self));
	unplug(_metadata, self);
}

TEST_HARNESS_MAIN
