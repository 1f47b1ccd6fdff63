// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernates to a disk and resets the machine, which has to be booted with resume=DISK. SWAP=DISK
 * (/dev/vda) is the disk; what it has is lost. Struct pages tell the same afterwards, and pages
 * hold what they held.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include <linux/fs.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define WORDS	(4 << 20)

/* The first page of swap space, as mm/swapfile.c reads it */
struct swap_page {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
};

/* 0, or -1 with errno set */
static int make_swap(const char *disk)
{
	size_t size = page_size();
	struct swap_page *first = calloc(1, size);
	int fd = open(disk, O_RDWR), ret = -1;
	uint64_t bytes;

	if (first && fd >= 0 && !ioctl(fd, BLKGETSIZE64, &bytes)) {
		first->version = 1;
		first->last_page = bytes / size - 1;
		memcpy((char *)first + size - 10, "SWAPSPACE2", 10);
		if (pwrite(fd, first, size, 0) == (ssize_t)size && !fsync(fd))
			ret = swapon(disk, 0);
	}
	if (fd >= 0)
		close(fd);
	free(first);
	return ret;
}

FIXTURE(hibernate) {
};

FIXTURE_SETUP(hibernate)
{
}

FIXTURE_TEARDOWN(hibernate)
{
}

TEST_F_TIMEOUT(hibernate, memory_is_back, 120)
{
	const char *disk = getenv("SWAP") ? getenv("SWAP") : "/dev/vda";
	struct ranges before, after;
	uint32_t *words;
	int i;

	words = mmap(NULL, WORDS * sizeof(*words), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, words);
	for (i = 0; i < WORDS; i++)
		words[i] = i * 2654435761u;
	ASSERT_EQ(0, system_ram(&before));
	ASSERT_EQ(0, make_swap(disk)) TH_LOG("%s: %s", disk, strerror(errno));
	ASSERT_EQ(0, put_text("/sys/power/disk", "reboot"));

	/* Returns when the machine has been there again for a while */
	ASSERT_EQ(0, put_text("/sys/power/state", "disk"));

	for (i = 0; i < WORDS && words[i] == i * 2654435761u; i++)
		;
	EXPECT_EQ(WORDS, i);
	ASSERT_EQ(0, system_ram(&after));
	EXPECT_EQ(before.count, after.count);
	EXPECT_EQ(0, memcmp(before.range, after.range, before.count * sizeof(struct range)));
	EXPECT_EQ(0, swapoff(disk));
}

TEST_HARNESS_MAIN
