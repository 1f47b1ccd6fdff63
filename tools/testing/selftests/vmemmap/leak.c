// SPDX-License-Identifier: GPL-2.0
/*
 * Would the rounds of the other tests see a leak? While the module leak is there, a few bytes are
 * lost each time that a memory block comes online: another_batch() has to see that, and nothing
 * without the module.
 *
 *	ROUNDS=n	how often
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define MODULE	"/lib/leak.ko"
#define TIMES	"/sys/module/leak/parameters/times"

FIXTURE(leak)
{
	long long block;
	long long count;
};

FIXTURE_SETUP(leak)
{
	self->count = env_number("ROUNDS", 1000);
	self->block = movable_block();
	if (self->block < 0)
		SKIP(return, "no block of movable memory");
}

FIXTURE_TEARDOWN(leak)
{
}

/* For the helpers' parameters */
#define leak_data_t FIXTURE_DATA(leak)

static void off_and_on(struct __test_metadata *_metadata, leak_data_t *self)
{
	ASSERT_EQ(0, set_block(self->block, "offline"));
	ASSERT_EQ(0, set_block(self->block, "online_movable"));
}

/* Says whether memory in use had grown in the end. */
static bool grows(struct __test_metadata *_metadata, leak_data_t *self)
{
	struct rounds rounds = { 0 };
	long long i;

	off_and_on(_metadata, self);
	while (another_batch(&rounds))
		for (i = 0; i < self->count; i++)
			off_and_on(_metadata, self);
	TH_LOG("%lld rounds: %s", self->count, rounds.told);
	return rounds.grew;
}

TEST_F_TIMEOUT(leak, is_not_there, ROUNDS_SECONDS)
{
	EXPECT_FALSE(grows(_metadata, self));
}

TEST_F_TIMEOUT(leak, is_seen, ROUNDS_SECONDS)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "no " MODULE);
	ASSERT_EQ(0, syscall(SYS_finit_module, (long)fd, "", 0L));
	close(fd);
	EXPECT_TRUE(grows(_metadata, self));
	EXPECT_LE(self->count, file_number(TIMES, 10));
	EXPECT_EQ(0, syscall(SYS_delete_module, "leak", O_NONBLOCK));
}

TEST_HARNESS_MAIN
