// SPDX-License-Identifier: GPL-2.0
/*
 * Lets the first, the second, ... allocation fail while memory is added, and while it is removed,
 * until nothing is left to fail. After each failure all is as it was before, and in the end the
 * same works. See Documentation/fault-injection/fault-injection.rst on fail-nth.
 *
 * NTH=NAME is the memory: the module dimms adds and removes it in the process that asks.
 * NTH_MAX=n is enough to end (4000), NTH_STEP=n tries only each nth of them (1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define DEBUG		"/sys/kernel/debug/"
#define NTH_FILE	"/proc/self/fail-nth"
#define nth_data_t	FIXTURE_DATA(nth)

FIXTURE(nth)
{
	const char *name;
	struct totals before;
	long long plugged_kb;
	long long direct_kb;
	long long slab_kb;
	int dimms;
};

/* How the kernel maps memory for itself: pages of all sizes together, where it tells */
static long long direct_map_kb(void)
{
	static const char *const names[] = { "DirectMap4k", "DirectMap2M", "DirectMap1G", NULL };
	const char *const *name;
	long long sum = 0, kb;

	for (name = names; *name; name++) {
		kb = meminfo_kb(*name);
		sum += kb > 0 ? kb : 0;
	}
	return sum;
}

/* All allocations of a process that asks for it may fail, however small, whatever they can do */
static int arm(void)
{
	int ret = 0;

	ret |= put_text(DEBUG "failslab/ignore-gfp-wait", "N");
	ret |= put_text(DEBUG "failslab/verbose", "0");
	ret |= put_text(DEBUG "fail_page_alloc/ignore-gfp-wait", "N");
	ret |= put_text(DEBUG "fail_page_alloc/min-order", "0");
	ret |= put_text(DEBUG "fail_page_alloc/verbose", "0");
	if (!access(DEBUG "fail_vmemmap/verbose", F_OK)) {
		ret |= put_text(DEBUG "fail_vmemmap/verbose", "0");
		ret |= put_text(DEBUG "fail_vmemmap_leaf/verbose", "0");
		ret |= put_text(DEBUG "fail_vmemmap_backing/verbose", "0");
	}
	return ret;
}

/*
 * Asks for "plug" or "unplug"; the nth allocation meanwhile fails, or none for 0. Returns whether
 * the module said "ok"; sets *reached to whether there was an nth one.
 */
static bool ask_failing(nth_data_t *self, const char *verb, int nth, bool *reached)
{
	char request[64], answer[64] = "";
	int length, fd, left = 0;
	ssize_t got;

	length = snprintf(request, sizeof(request), "%s %s", verb, self->name);
	fd = open(NTH_FILE, O_RDWR);
	if (fd < 0)
		return false;
	snprintf(answer, sizeof(answer), "%d", nth);
	if (nth && write(fd, answer, strlen(answer)) < 0)
		nth = 0;
	got = write(self->dimms, request, length);
	if (nth) {
		memset(answer, 0, sizeof(answer));
		if (pread(fd, answer, sizeof(answer) - 1, 0) > 0)
			left = atoi(answer);
		if (left && write(fd, "0", 1) < 0)
			left = 0;
	}
	close(fd);
	*reached = nth && !left;
	if (got != length)
		return false;
	memset(answer, 0, sizeof(answer));
	return pread(self->dimms, answer, sizeof(answer) - 1, 0) > 0 && !strcmp(answer, "ok\n");
}

static bool ask(nth_data_t *self, const char *verb)
{
	bool reached;

	return ask_failing(self, verb, 0, &reached);
}

static void expect_same(struct __test_metadata *_metadata, nth_data_t *self, int nth)
{
	struct totals now;

	take_totals(&now);
	EXPECT_EQ(self->before.total_kb, now.total_kb) {
		TH_LOG("failure %d", nth);
	}
	EXPECT_EQ(self->before.blocks, now.blocks) {
		TH_LOG("failure %d", nth);
	}
	EXPECT_EQ(self->before.map.base, now.map.base) {
		TH_LOG("failure %d", nth);
	}
	EXPECT_EQ(self->before.map.large, now.map.large) {
		TH_LOG("failure %d", nth);
	}
	EXPECT_EQ(self->direct_kb, direct_map_kb()) {
		TH_LOG("failure %d", nth);
	}
}

FIXTURE_SETUP(nth)
{
	self->name = getenv("NTH");
	if (!self->name)
		SKIP(return, "the guest has no memory for it");
	self->dimms = open("/dev/dimms", O_RDWR);
	ASSERT_LE(0, self->dimms);
	ASSERT_EQ(0, access(NTH_FILE, F_OK));
	ASSERT_EQ(0, arm());
	/* What is made once for all stays: the first use, without failures */
	self->before.total_kb = meminfo_kb("MemTotal");
	ASSERT_TRUE(ask(self, "plug"));
	self->plugged_kb = meminfo_kb("MemTotal");
	ASSERT_LT(self->before.total_kb, self->plugged_kb);
	ASSERT_TRUE(ask(self, "unplug"));
	take_totals(&self->before);
	self->direct_kb = direct_map_kb();
	self->slab_kb = meminfo_kb("Slab");
}

FIXTURE_TEARDOWN(nth)
{
	struct totals after;

	if (!self->name)
		return;
	take_totals(&after);
	TH_LOG("free memory changed by %lld kB, slab by %lld kB",
	       after.free_kb - self->before.free_kb, meminfo_kb("Slab") - self->slab_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 1024));
	close(self->dimms);
}

TEST_F_TIMEOUT(nth, adding, 240)
{
	int step = env_number("NTH_STEP", 1), max = env_number("NTH_MAX", 4000);
	int nth, refused = 0;
	bool reached;

	if (!self->name)
		return;
	for (nth = 1; nth <= max; nth += step) {
		ASSERT_TRUE(ask_failing(self, "plug", nth, &reached));
		if (!reached)
			break;
		/* Some failures only cost a line of the log; the rest is as if nothing had been */
		refused += meminfo_kb("MemTotal") == self->before.total_kb;
		ASSERT_TRUE(ask(self, "unplug")) {
			TH_LOG("after failure %d", nth);
		}
		expect_same(_metadata, self, nth);
		if (!_metadata->passed)
			break;
	}
	EXPECT_GE(max, nth);
	TH_LOG("%d allocations can fail, %d times nothing was added", nth - 1, refused);
	EXPECT_LT(0, refused);
	EXPECT_EQ(self->plugged_kb, meminfo_kb("MemTotal"));
	ASSERT_TRUE(ask(self, "unplug"));
	expect_same(_metadata, self, nth);
}

TEST_F_TIMEOUT(nth, removing, 240)
{
	int step = env_number("NTH_STEP", 1), max = env_number("NTH_MAX", 4000);
	int nth, refused = 0;
	bool reached, removed;

	if (!self->name)
		return;
	ASSERT_TRUE(ask(self, "plug"));
	for (nth = 1; nth <= max; nth += step) {
		removed = ask_failing(self, "unplug", nth, &reached);
		if (removed) {
			expect_same(_metadata, self, nth);
			if (!reached)
				break;
			ASSERT_TRUE(ask(self, "plug"));
		} else {
			refused++;
		}
		/* What is not removed is there, and online */
		EXPECT_EQ(self->plugged_kb, meminfo_kb("MemTotal")) {
			TH_LOG("failure %d", nth);
		}
		if (!_metadata->passed)
			break;
	}
	EXPECT_GE(max, nth);
	TH_LOG("%d allocations can fail, %d times nothing was removed", nth - 1, refused);
	if (nth > max)
		ASSERT_TRUE(ask(self, "unplug"));
}

TEST_HARNESS_MAIN
