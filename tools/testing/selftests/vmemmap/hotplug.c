// SPDX-License-Identifier: GPL-2.0
/*
 * Plugs DIMMs into the running system and pulls them out again, see dimm.h, and takes memory
 * blocks offline and online by sysfs. The memmap has to grow and shrink with the memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define MEMORY		"/sys/devices/system/memory"
#define MOVE_TRIES	20
#define WORKERS		3

/* For the helpers' parameters */
#define hotplug_data_t FIXTURE_DATA(hotplug)

FIXTURE(hotplug)
{
	struct dimms dimms;
	struct totals before;
	struct ranges ram;
	long long slack_kb;
	char answer[256];
};

FIXTURE_SETUP(hotplug)
{
	if (!find_dimms(&self->dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	self->slack_kb = env_number("SLACK_KB", 512);
	ASSERT_EQ(0, system_ram(&self->ram));
	take_totals(&self->before);
}

FIXTURE_TEARDOWN(hotplug)
{
	struct totals after;

	if (!self->dimms.count)
		return;
	take_totals(&after);
	EXPECT_EQ(self->before.total_kb, after.total_kb);
	EXPECT_EQ(self->before.blocks, after.blocks);
	EXPECT_EQ(self->before.map.base + self->before.map.large,
		  after.map.base + after.map.large);
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, self->slack_kb);
}

static void plug(struct __test_metadata *_metadata, hotplug_data_t *self, int i)
{
	long long total = memory_kb() + self->dimms.size_kb;

	ASSERT_EQ(0, ask_dimm("plug", self->dimms.name[i], self->answer,
			      sizeof(self->answer))) {
		TH_LOG("%s: %s", self->dimms.name[i], self->answer);
	}
	ASSERT_TRUE(wait_total(total, PLUG_SECONDS)) {
		TH_LOG("%s: %lld kB in total, %lld kB expected", self->dimms.name[i],
		       memory_kb(), total);
	}
}

static void unplug(struct __test_metadata *_metadata, hotplug_data_t *self, int i)
{
	long long total = memory_kb() - self->dimms.size_kb;

	ASSERT_EQ(0, ask_dimm("unplug", self->dimms.name[i], self->answer,
			      sizeof(self->answer))) {
		TH_LOG("%s: %s", self->dimms.name[i], self->answer);
	}
	ASSERT_TRUE(wait_total(total, PLUG_SECONDS));
}

/* Finds memory that was not there before; returns false if there is none. */
static bool new_range(const struct ranges *before, struct range *found)
{
	struct ranges now;
	int i;

	if (system_ram(&now))
		return false;
	for (i = 0; i < now.count; i++) {
		*found = now.range[i];
		/* A range that an old one has grown into */
		for (int k = 0; k < before->count; k++)
			if (before->range[k].end > found->start &&
			    before->range[k].start < found->end)
				found->start = before->range[k].end;
		if (found->start < found->end)
			return true;
	}
	return false;
}

TEST_F_TIMEOUT(hotplug, memmap_comes_and_goes, 120)
{
	struct totals now;
	struct range range;
	int i;

	for (i = 0; i < self->dimms.count; i++)
		plug(_metadata, self, i);
	take_totals(&now);
	EXPECT_EQ(self->before.total_kb + self->dimms.count * self->dimms.size_kb,
		  memory_kb());
	EXPECT_LT(self->before.blocks, now.blocks);
	if (now.has_map) {
		uint64_t grown = now.map.base + now.map.large -
				 self->before.map.base - self->before.map.large;
		struct ranges ram;

		ASSERT_EQ(0, system_ram(&ram));
		EXPECT_EQ(memmap_of(&ram, block_size()) -
			  memmap_of(&self->ram, block_size()), grown);
		if (env_number("LARGE_LEAVES", 0))
			EXPECT_EQ(self->before.map.base, now.map.base);
	}
	ASSERT_TRUE(new_range(&self->ram, &range));
	EXPECT_EQ((long long)((range.end - range.start) / page_size()), pages_in(&range));
	for (i = 0; i < self->dimms.count; i++)
		unplug(_metadata, self, i);
	EXPECT_EQ(0, pages_in(&range));
	take_totals(&now);
	EXPECT_EQ(self->before.map.base, now.map.base);
	EXPECT_EQ(self->before.map.large, now.map.large);
}

/* Sets the state of each memory block in a range; returns how many took it. */
static int set_blocks(const struct range *range, const char *state)
{
	uint64_t size = block_size(), block = range->start / size;
	char path[96], now[32];
	int done = 0;

	for (; block < range->end / size; block++) {
		char *text;
		int try;

		snprintf(path, sizeof(path), MEMORY "/memory%llu/state",
			 (unsigned long long)block);
		/* A page that is in use for a moment makes it fail for a moment */
		for (try = 0; try < MOVE_TRIES && put_text(path, "%s", state); try++)
			usleep(20000);
		text = slurp(path);
		snprintf(now, sizeof(now), "%s", text ?: "");
		free(text);
		now[strcspn(now, "\n")] = '\0';
		done += !strncmp(state, now, strlen(now)) && now[0];
	}
	return done;
}

TEST_F_TIMEOUT(hotplug, blocks_go_offline_and_online, 120)
{
	struct range range;
	struct totals plugged, now;
	int blocks;

	plug(_metadata, self, 0);
	take_totals(&plugged);
	ASSERT_TRUE(new_range(&self->ram, &range));
	blocks = (range.end - range.start) / block_size();
	EXPECT_EQ(blocks, set_blocks(&range, "offline"));
	EXPECT_EQ(self->before.total_kb, meminfo_kb("MemTotal"));
	EXPECT_EQ(0, pages_in(&range));
	/* The memmap of an offline block stays */
	take_totals(&now);
	EXPECT_EQ(plugged.map.base, now.map.base);
	EXPECT_EQ(plugged.map.large, now.map.large);
	EXPECT_EQ(blocks, set_blocks(&range, "online_movable"));
	EXPECT_EQ(plugged.total_kb, meminfo_kb("MemTotal"));
	EXPECT_EQ((long long)((range.end - range.start) / page_size()), pages_in(&range));
	unplug(_metadata, self, 0);
}

TEST_F_TIMEOUT(hotplug, rounds_do_not_grow, ROUNDS_SECONDS)
{
	long long count = env_number("ROUNDS", 5), i;
	struct rounds rounds = { 0 };

	/* The first round fills caches that stay */
	plug(_metadata, self, 0);
	unplug(_metadata, self, 0);
	while (another_batch(&rounds))
		for (i = 1; i <= count; i++) {
			plug(_metadata, self, i % self->dimms.count);
			unplug(_metadata, self, i % self->dimms.count);
		}
	TH_LOG("%lld rounds: %s", count, rounds.told);
	EXPECT_FALSE(rounds.grew);
}

/* One of the processes that use memory and look at struct pages meanwhile. */
static void work(int kind)
{
	static uint64_t words[4096];
	struct ranges ram;
	uint64_t pfn;
	char *area;
	size_t size = 8 << 20;
	int i;

	for (;;) {
		switch (kind) {
		case 0:
			area = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (area == MAP_FAILED)
				_exit(1);
			memset(area, 0x5a, size);
			munmap(area, size);
			break;
		case 1:
			if (system_ram(&ram))
				_exit(1);
			for (i = 0; i < ram.count; i++)
				for (pfn = ram.range[i].start / page_size();
				     pfn < ram.range[i].end / page_size(); pfn += 4096)
					page_words("/proc/kpageflags", pfn, words, 4096);
			break;
		default:
			if (!fork())
				_exit(0);
			wait(NULL);
		}
	}
}

TEST_F_TIMEOUT(hotplug, works_under_load, ROUNDS_SECONDS)
{
	long long rounds = env_number("LOAD_ROUNDS", 3);
	pid_t worker[WORKERS];
	int i, status;

	for (i = 0; i < WORKERS; i++) {
		worker[i] = fork();
		ASSERT_LE(0, worker[i]);
		if (!worker[i])
			work(i);
	}
	for (i = 0; i < rounds; i++) {
		plug(_metadata, self, i % self->dimms.count);
		usleep(100000);
		unplug(_metadata, self, i % self->dimms.count);
	}
	for (i = 0; i < WORKERS; i++) {
		kill(worker[i], SIGKILL);
		waitpid(worker[i], &status, 0);
		/* None may have given up before */
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

TEST_HARNESS_MAIN
