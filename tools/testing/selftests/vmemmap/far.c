// SPDX-License-Identifier: GPL-2.0
/*
 * Memory so far up that the memmap and the linear map need new top-level page-table entries,
 * while many processes run: each of them has a top level of its own that must keep in step.
 *
 * See dimm.h for the settings; PROCESSES=n processes, FAR_AT=n the lowest address that will do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define MAX_PROCESSES	64
#define FAR_PAGES	4096

#define QUIT		UINT64_MAX

struct process {
	pid_t pid;
	int orders;
	int answers;
};

/* In a child: does what it is told and answers how many struct pages it saw. */
static void obey(int orders, int answers)
{
	static uint64_t words[FAR_PAGES];
	uint64_t pfn;

	while (read(orders, &pfn, sizeof(pfn)) == sizeof(pfn) && pfn != QUIT) {
		int got = page_words("/proc/kpageflags", pfn, words, FAR_PAGES);
		int i, seen = 0;
		char *area;

		for (i = 0; i < got; i++)
			seen += !(words[i] >> KPF_NOPAGE & 1);
		/* Memory that the kernel clears for us: some of it lies up there */
		area = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (area == MAP_FAILED)
			seen = -1;
		else
			munmap(area, 1 << 20);
		if (write(answers, &seen, sizeof(seen)) != sizeof(seen))
			break;
	}
	_exit(0);
}

static void start(struct __test_metadata *_metadata, struct process *process)
{
	int orders[2], answers[2];

	ASSERT_EQ(0, pipe(orders));
	ASSERT_EQ(0, pipe(answers));
	process->pid = fork();
	ASSERT_LE(0, process->pid);
	if (!process->pid) {
		close(orders[1]);
		close(answers[0]);
		obey(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	process->orders = orders[1];
	process->answers = answers[0];
}

/* Returns how many struct pages the process saw from pfn on. */
static int look(struct __test_metadata *_metadata, struct process *process, uint64_t pfn)
{
	int seen = -1;

	ASSERT_EQ(sizeof(pfn), (size_t)write(process->orders, &pfn, sizeof(pfn)));
	ASSERT_EQ(sizeof(seen), (size_t)read(process->answers, &seen, sizeof(seen)));
	return seen;
}

TEST(processes_follow)
{
	int count = env_number("PROCESSES", 24), i, round;
	struct process process[MAX_PROCESSES];
	struct totals before, after;
	struct dimms dimms;
	struct ranges ram;
	char answer[256];

	if (!find_dimms(&dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	ASSERT_GE(MAX_PROCESSES, count);
	take_totals(&before);
	for (i = 0; i < count; i++)
		start(_metadata, &process[i]);
	for (round = 0; round < dimms.count; round++) {
		long long total = before.total_kb + dimms.size_kb;
		uint64_t pfn;

		ASSERT_EQ(0, ask_dimm("plug", dimms.name[round], answer, sizeof(answer))) {
			TH_LOG("%s: %s", dimms.name[round], answer);
		}
		ASSERT_TRUE(wait_total(total, PLUG_SECONDS));
		ASSERT_EQ(0, system_ram(&ram));
		pfn = ram.range[ram.count - 1].start / page_size();
		TH_LOG("%s is at %llx", dimms.name[round], (unsigned long long)(pfn * page_size()));
		EXPECT_LE((uint64_t)env_number("FAR_AT", 0), pfn * page_size());
		for (i = 0; i < count; i++)
			EXPECT_EQ(FAR_PAGES, look(_metadata, &process[i], pfn));
		ASSERT_EQ(0, ask_dimm("unplug", dimms.name[round], answer, sizeof(answer))) {
			TH_LOG("%s: %s", dimms.name[round], answer);
		}
		ASSERT_TRUE(wait_total(before.total_kb, PLUG_SECONDS));
		for (i = 0; i < count; i++)
			EXPECT_EQ(0, look(_metadata, &process[i], pfn));
	}
	for (i = 0; i < count; i++) {
		uint64_t quit = QUIT;
		int status = -1;

		ASSERT_EQ(sizeof(quit), (size_t)write(process[i].orders, &quit, sizeof(quit)));
		waitpid(process[i].pid, &status, 0);
		EXPECT_EQ(0, status);
	}
	take_totals(&after);
	EXPECT_EQ(before.total_kb, after.total_kb);
	EXPECT_EQ(before.blocks, after.blocks);
	EXPECT_EQ(before.map.base, after.map.base);
	EXPECT_EQ(before.map.large, after.map.large);
	TH_LOG("free memory changed by %lld kB", after.free_kb - before.free_kb);
	EXPECT_LE(before.free_kb - after.free_kb, env_number("SLACK_KB", 1024));
}

TEST_HARNESS_MAIN
