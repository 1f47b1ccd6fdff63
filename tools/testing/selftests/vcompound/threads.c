// SPDX-License-Identifier: GPL-2.0
/*
 * THREADS threads at a time, each with a kernel stack, ROUNDS times.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "fail.h"
#include "vmstat.h"

#define USER_STACK	65536
#define THREADS_SECONDS	1200
#define LIMIT		"/proc/sys/kernel/threads-max"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int ran;

/* System calls that use some of the stack, then waits until all are there. */
static void *thread(void *arg)
{
	char text[64];

	snprintf(text, sizeof(text), "/proc/self/task/%d/status", gettid());
	if (!access(text, R_OK))
		__atomic_add_fetch(&ran, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return NULL;
}

FIXTURE(threads)
{
};

FIXTURE_SETUP(threads)
{
}

FIXTURE_TEARDOWN(threads)
{
}

TEST_F_TIMEOUT(threads, thousands_of_threads, THREADS_SECONDS)
{
	long long count = setting("THREADS", 1000), rounds = setting("ROUNDS", 2);
	pthread_t *threads = calloc(count, sizeof(*threads));
	long long before, during = 0, i, round;
	pthread_attr_t attr;
	char text[32];

	/* The kernel's own limit is an eighth of memory */
	if (number_in(LIMIT) < 2 * count) {
		snprintf(text, sizeof(text), "%lld", 2 * count);
		ASSERT_EQ(0, put(LIMIT, text));
	}
	ASSERT_NE(NULL, threads);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, USER_STACK);
	before = all_virtual_pages();
	for (round = 0; round < rounds; round++) {
		ran = 0;
		pthread_mutex_lock(&gate);
		for (i = 0; i < count; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], &attr, thread, NULL));
		during = all_virtual_pages();
		pthread_mutex_unlock(&gate);
		for (i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
		EXPECT_EQ(count, __atomic_load_n(&ran, __ATOMIC_RELAXED));
	}
	TH_LOG("%lld threads: %lld pages of virtual stacks, %lld kB of stacks", count,
	       during - before, stack_kb());
	if (setting("VIRTUAL_STACKS", 0))
		EXPECT_LT(before + count, during);
	EXPECT_GE(before + count, settled(all_virtual_pages, before + count));
	free(threads);
}

static int start_process(void *data)
{
	pid_t *pid = data;

	*pid = fork();
	if (!*pid)
		_exit(0);
	return *pid < 0 ? -1 : 0;
}

static int end_process(void *data)
{
	pid_t *pid = data;
	int status;

	return waitpid(*pid, &status, 0) == *pid && !status ? 0 : -1;
}

TEST_F_TIMEOUT(threads, no_stack_is_lost_when_an_allocation_fails, THREADS_SECONDS)
{
	struct operation process = { start_process, end_process, .each = 100 };
	struct tried tried;
	long long kb;
	pid_t pid;

	if (!can_fail())
		SKIP(return, "no fault injection");
	process.data = &pid;
	kb = stack_kb();
	tried = fail_each(&process);
	EXPECT_EQ(0, tried.stuck);
	EXPECT_LT(0, tried.refused);
	/* The kernel itself has some more or fewer threads */
	EXPECT_GE(kb + tried.refused * 8, settled(stack_kb, kb));
	TH_LOG("%u allocations, %u times refused", tried.allocations, tried.refused);
}

TEST_HARNESS_MAIN
