// SPDX-License-Identifier: GPL-2.0
/*
 * virtio-mem: memory in blocks smaller than a section that the machine asks for and gives
 * back.  VMEM_SIZES=a,b,... the sizes to ask for in turn, ending with 0; the machine knows the
 * actions "resize a", "resize b", ...  ROUNDS=n times the first of them comes and goes.
 * VMEM_TOO_LARGE=a is a size whose struct pages are more than the guest has memory for.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define SECONDS		20
#define QUIET_SECONDS	5
#define WRITTEN_KB	(64 << 10)
#define RESERVE_KB	(16 << 10)
#define MIN_FREE	"/proc/sys/vm/min_free_kbytes"

static long long kilobytes(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	return *end == 'G' ? value << 20 : *end == 'M' ? value << 10 : value >> 10;
}

/* Only with a fixture can a test have a time limit of its own */
FIXTURE(vmem)
{
	const char *sizes;
};

FIXTURE_SETUP(vmem)
{
	self->sizes = getenv("VMEM_SIZES");
	if (!self->sizes)
		SKIP(return, "the guest has no virtio-mem device");
}

FIXTURE_TEARDOWN(vmem)
{
}

/* MemTotal falls when a block goes offline, and only then is the block removed */
static void take_totals_removed(const struct totals *before, struct totals *now)
{
	time_t end = time(NULL) + SECONDS;

	do {
		take_totals(now);
		if (now->blocks == before->blocks &&
		    now->map.base == before->map.base && now->map.large == before->map.large)
			return;
		usleep(20000);
	} while (time(NULL) <= end);
}

/* Asks for the size that a list begins with */
static void ask_size(struct __test_metadata *_metadata, const char *size)
{
	char request[64], answer[256];

	snprintf(request, sizeof(request), "resize %.*s", (int)strcspn(size, ","), size);
	ASSERT_EQ(0, ask_machine(request, answer, sizeof(answer))) {
		TH_LOG("%s: %s", request, answer);
	}
}

/* The same, and waits until there is so much memory */
static void resize(struct __test_metadata *_metadata, const char *size, long long want)
{
	ask_size(_metadata, size);
	ASSERT_TRUE(wait_total(want, SECONDS)) {
		TH_LOG("%s: %lld kB in total, %lld kB expected", size, meminfo_kb("MemTotal"),
		       want);
	}
}

static void expect_as_before(struct __test_metadata *_metadata, const struct totals *before)
{
	struct totals now;

	take_totals_removed(before, &now);
	EXPECT_EQ(before->total_kb, now.total_kb);
	EXPECT_EQ(before->blocks, now.blocks);
	EXPECT_EQ(before->map.base, now.map.base);
	EXPECT_EQ(before->map.large, now.map.large);
	TH_LOG("free memory changed by %lld kB", now.free_kb - before->free_kb);
	EXPECT_LE(before->free_kb - now.free_kb, env_number("SLACK_KB", 512));
}

/* Waits until no more memory comes; returns how much has */
static long long grown_kb(long long before)
{
	long long total = before, now;
	time_t quiet = time(NULL);

	while (time(NULL) - quiet <= QUIET_SECONDS) {
		usleep(100000);
		now = meminfo_kb("MemTotal");
		if (now != total)
			quiet = time(NULL);
		total = now;
	}
	return total - before;
}

static bool can_write(long long kb)
{
	char *memory = mmap(NULL, kb << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		return false;
	memset(memory, 1, kb << 10);
	return !munmap(memory, kb << 10);
}

/*
 * As much comes as there are struct pages for, it can be used, and all of it goes. The tests that
 * follow see that nothing is wrong afterwards.
 */
TEST_F_TIMEOUT(vmem, more_than_there_is_room_for, 240)
{
	const char *size = getenv("VMEM_TOO_LARGE");
	struct totals before, full;
	char *reserve;
	long long kb;

	if (!size)
		SKIP(return, "the device is no larger than there are struct pages for");
	take_totals(&before);
	/*
	 * Struct pages may take what is free down to a reserve. All that came is movable: without
	 * one there would be nothing left for page tables, and processes would be killed for it.
	 */
	reserve = slurp(MIN_FREE);
	ASSERT_NE(NULL, reserve);
	ASSERT_EQ(0, put_text(MIN_FREE, "%d", RESERVE_KB));
	ask_size(_metadata, size);
	kb = grown_kb(before.total_kb);
	ASSERT_EQ(0, put_text(MIN_FREE, "%s", reserve));
	free(reserve);
	take_totals(&full);
	TH_LOG("%lld of %lld kB came, %lld kB of what was there are free", kb, kilobytes(size),
	       full.free_kb - kb);
	EXPECT_LT(0, kb);
	EXPECT_GT(kilobytes(size), kb);
	/* More than is free of the old memory, with few page tables: only that can hold those */
	EXPECT_TRUE(can_write(full.free_kb - kb + WRITTEN_KB));
	resize(_metadata, "0M", before.total_kb);
	expect_as_before(_metadata, &before);
}

TEST_F_TIMEOUT(vmem, memmap_follows, 120)
{
	struct totals before, now;
	const char *size = self->sizes;

	take_totals(&before);
	while (*size) {
		size_t length = strcspn(size, ",");
		long long want = before.total_kb + kilobytes(size);

		resize(_metadata, size, want);
		take_totals(&now);
		/* A memmap for whole memory blocks, at least for what is there */
		if (now.has_map)
			EXPECT_LE(memmap_bytes(want - before.total_kb),
				  (long long)(now.map.base + now.map.large -
					      before.map.base - before.map.large));
		size += length + (size[length] == ',');
	}
	expect_as_before(_metadata, &before);
}

static void come_and_go(struct __test_metadata *_metadata, const char *size)
{
	long long total = meminfo_kb("MemTotal"), blocks = memory_blocks();
	time_t end = time(NULL) + SECONDS;

	resize(_metadata, size, total + kilobytes(size));
	resize(_metadata, "0M", total);
	/* The last block is removed after it went offline */
	while (memory_blocks() != blocks && time(NULL) <= end)
		usleep(10000);
	ASSERT_EQ(blocks, memory_blocks());
}

TEST_F_TIMEOUT(vmem, rounds_do_not_grow, ROUNDS_SECONDS)
{
	long long count = env_number("ROUNDS", 5), i;
	struct rounds rounds = { 0 };

	come_and_go(_metadata, self->sizes);
	while (another_batch(&rounds))
		for (i = 0; i < count; i++)
			come_and_go(_metadata, self->sizes);
	TH_LOG("%lld rounds: %s", count, rounds.told);
	EXPECT_FALSE(rounds.grew);
}

TEST_HARNESS_MAIN
