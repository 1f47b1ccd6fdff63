// SPDX-License-Identifier: GPL-2.0
/*
 * THREADS threads at a time, each with a kernel stack, ROUNDS times.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "../kselftest_harness.h"
#include "vmstat.h"

#define USER_STACK	65536
#define THREADS_SECONDS	1200

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
	FILE *file;

	/* The kernel's own limit is an eighth of memory */
	file = fopen("/proc/sys/kernel/threads-max", "w");
	if (file) {
		fprintf(file, "%lld\n", 2 * count);
		fclose(file);
	}
	ASSERT_NE(NULL, threads);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, USER_STACK);
	before = vm_counter("nr_vcompound");
	for (round = 0; round < rounds; round++) {
		ran = 0;
		pthread_mutex_lock(&gate);
		for (i = 0; i < count; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], &attr, thread, NULL));
		during = vm_counter("nr_vcompound");
		pthread_mutex_unlock(&gate);
		for (i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
		EXPECT_EQ(count, __atomic_load_n(&ran, __ATOMIC_RELAXED));
	}
	TH_LOG("%lld threads: %lld pages of virtual stacks, %lld kB of stacks", count,
	       during - before, vm_counter("nr_kernel_stack"));
	if (setting("VIRTUAL_STACKS", 0))
		EXPECT_LT(before + count, during);
	EXPECT_GE(before + count, settled_counter("nr_vcompound", before + count));
	free(threads);
}

TEST_HARNESS_MAIN
