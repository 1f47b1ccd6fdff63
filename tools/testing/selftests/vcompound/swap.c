// SPDX-License-Identifier: GPL-2.0
/*
 * Swap, whose map of control groups is a virtual compound: all that was swapped out comes back.
 *
 * SWAP names a disk to be overwritten.  SWAP_MB of memory are filled by a control group that may
 * have a quarter of that.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <linux/fs.h>

#include "../kselftest_harness.h"
#include "fail.h"
#include "vmstat.h"

#define SWAP_SECONDS	1200
#define ROUNDS		2
#define GROUPS		"/tmp/groups"

/* The first page of a swap area (include/linux/swap.h, union swap_header). */
struct header {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
};

static int make_swap(const char *disk, uint64_t *size)
{
	size_t page = getpagesize();
	struct header *header = calloc(1, page);
	int fd = open(disk, O_RDWR);
	int ret = -1;

	if (fd >= 0 && !ioctl(fd, BLKGETSIZE64, size)) {
		header->version = 1;
		header->last_page = *size / page - 1;
		memcpy((char *)header + page - 10, "SWAPSPACE2", 10);
		ret = pwrite(fd, header, page, 0) == (ssize_t)page && !fsync(fd) ? 0 : -1;
	}
	close(fd);
	free(header);
	return ret;
}

/* From now on this process has so much memory, and swap. */
static int have_only(uint64_t bytes)
{
	char text[32];

	mkdir(GROUPS, 0755);
	if (mount("none", GROUPS, "cgroup2", 0, NULL) ||
	    put(GROUPS "/cgroup.subtree_control", "+memory"))
		return -1;
	mkdir(GROUPS "/swap", 0755);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	if (put(GROUPS "/swap/memory.max", text))
		return -1;
	snprintf(text, sizeof(text), "%d", getpid());
	return put(GROUPS "/swap/cgroup.procs", text);
}

FIXTURE(swap)
{
};

FIXTURE_SETUP(swap)
{
}

FIXTURE_TEARDOWN(swap)
{
}

TEST_F_TIMEOUT(swap, what_was_swapped_comes_back, SWAP_SECONDS)
{
	size_t page = getpagesize(), words = page / sizeof(uint64_t), pages, i;
	long long before, out = vm_counter("pswpout");
	const char *disk = getenv("SWAP");
	uint64_t size, bytes = setting("SWAP_MB", 64) << 20, wrong = 0, *area;
	int round;

	if (!disk)
		SKIP(return, "no disk in SWAP");
	if (have_only(bytes / 4))
		SKIP(return, "no control groups");
	before = virtual_pages();
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, make_swap(disk, &size));
		ASSERT_EQ(0, swapon(disk, 0));
		pages = bytes / page;
		area = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		ASSERT_NE(MAP_FAILED, (void *)area);
		for (i = 0; i < pages; i++) {
			area[i * words] = i;
			area[i * words + words - 1] = ~i;
		}
		for (i = 0; i < pages; i++)
			wrong += area[i * words] != i || area[i * words + words - 1] != ~i;
		munmap(area, pages * page);
		ASSERT_EQ(0, swapoff(disk));
	}
	EXPECT_EQ(0, wrong);
	EXPECT_LT(out, vm_counter("pswpout"));
	EXPECT_GE(before + 16, settled(virtual_pages, before + 16));
	TH_LOG("%lld pages out", vm_counter("pswpout") - out);
}

static int swap_on(void *disk)
{
	return swapon(disk, 0);
}

static int swap_off(void *disk)
{
	return swapoff(disk);
}

TEST_F_TIMEOUT(swap, maps_are_freed_when_an_allocation_fails, SWAP_SECONDS)
{
	struct operation swapping = { swap_on, swap_off, getenv("SWAP"), .each = 100 };
	struct tried tried;
	uint64_t size;

	if (!swapping.data)
		SKIP(return, "no disk in SWAP");
	if (!can_fail())
		SKIP(return, "no fault injection");
	ASSERT_EQ(0, make_swap(swapping.data, &size));
	tried = fail_each(&swapping);
	EXPECT_EQ(0, tried.stuck);
	EXPECT_LT(0, tried.refused);
	ASSERT_EQ(0, swap_on(swapping.data));
	ASSERT_EQ(0, swap_off(swapping.data));
	TH_LOG("%u allocations or fewer, %u times refused", tried.allocations, tried.refused);
}

TEST_HARNESS_MAIN
