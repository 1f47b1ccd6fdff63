// SPDX-License-Identifier: GPL-2.0
/*
 * Memory blocks by sysfs: taken offline and online, and, where the kernel has the interface that
 * is meant for tests, probed and removed again.
 *
 *	ROUNDS=n	how often each
 *	PROBE_AT=n	address of memory that the kernel was not told of, of at least one block
 *
 * sysfs has nothing that removes a block: the module memremove does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define MEMORY	"/sys/devices/system/memory"
#define MODULE	"/lib/memremove.ko"
#define REMOVE	"/sys/module/memremove/parameters/range"
#define TRIES	50

FIXTURE(blocks)
{
	long long count;
	long long total_kb;
	struct range range;
};

FIXTURE_SETUP(blocks)
{
	self->count = env_number("ROUNDS", 5);
	self->total_kb = meminfo_kb("MemTotal");
}

FIXTURE_TEARDOWN(blocks)
{
	EXPECT_EQ(self->total_kb, meminfo_kb("MemTotal"));
}

static long long pages_of_block(void)
{
	return block_size() / page_size();
}

/* For the helpers' parameters */
#define blocks_data_t FIXTURE_DATA(blocks)

static void set_range(blocks_data_t *self, uint64_t block)
{
	self->range.start = block * block_size();
	self->range.end = self->range.start + block_size();
}

static void off_and_on(struct __test_metadata *_metadata, blocks_data_t *self, uint64_t block)
{
	ASSERT_EQ(0, set_block(block, "offline"));
	ASSERT_EQ(0, pages_in(&self->range));
	ASSERT_EQ(self->total_kb - (long long)(block_size() >> 10), meminfo_kb("MemTotal"));
	ASSERT_EQ(0, set_block(block, "online_movable"));
	ASSERT_EQ(pages_of_block(), pages_in(&self->range));
	ASSERT_EQ(self->total_kb, meminfo_kb("MemTotal"));
}

TEST_F_TIMEOUT(blocks, offline_and_online, ROUNDS_SECONDS)
{
	struct rounds rounds = { 0 };
	long long block = movable_block(), i;

	if (block < 0)
		SKIP(return, "no block of movable memory");
	set_range(self, block);
	off_and_on(_metadata, self, block);
	while (another_batch(&rounds))
		for (i = 0; i < self->count; i++)
			off_and_on(_metadata, self, block);
	TH_LOG("%lld rounds: %s", self->count, rounds.told);
	EXPECT_FALSE(rounds.grew);
}

/* The guest brings new memory online by itself, as movable memory. */
static void probe_and_remove(struct __test_metadata *_metadata, blocks_data_t *self)
{
	int try, ret = -1;

	ASSERT_EQ(0, put_text(MEMORY "/probe", "0x%llx", (unsigned long long)self->range.start));
	ASSERT_EQ(self->total_kb + (long long)(block_size() >> 10), meminfo_kb("MemTotal"));
	ASSERT_EQ(pages_of_block(), pages_in(&self->range));
	for (try = 0; try < TRIES && ret; try++) {
		ret = put_text(REMOVE, "0x%llx 0x%llx", (unsigned long long)self->range.start,
			       (unsigned long long)block_size());
		if (ret)
			usleep(20000);
	}
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, pages_in(&self->range));
	ASSERT_EQ(self->total_kb, meminfo_kb("MemTotal"));
}

TEST_F_TIMEOUT(blocks, probe_and_remove, ROUNDS_SECONDS)
{
	struct rounds rounds = { 0 };
	long long i;
	int fd;

	if (!getenv("PROBE_AT"))
		SKIP(return, "no memory to probe at PROBE_AT");
	if (access(MEMORY "/probe", F_OK))
		SKIP(return, "no " MEMORY "/probe");
	fd = open(MODULE, O_RDONLY);
	if (fd < 0)
		SKIP(return, "no " MODULE);
	ASSERT_EQ(0, syscall(SYS_finit_module, (long)fd, "", 0L));
	close(fd);
	set_range(self, env_number("PROBE_AT", 0) / block_size());
	probe_and_remove(_metadata, self);
	while (another_batch(&rounds))
		for (i = 0; i < self->count; i++)
			probe_and_remove(_metadata, self);
	TH_LOG("%lld rounds: %s", self->count, rounds.told);
	EXPECT_FALSE(rounds.grew);
	EXPECT_EQ(0, syscall(SYS_delete_module, "memremove", O_NONBLOCK));
}

TEST_HARNESS_MAIN
