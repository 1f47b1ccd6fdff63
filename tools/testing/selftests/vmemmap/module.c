// SPDX-License-Identifier: GPL-2.0
/*
 * A module converts as the kernel does: MODULE=PATH (/lib/bases.ko) is one that can only be loaded
 * if so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"

TEST(converts_as_the_kernel_does)
{
	const char *path = getenv("MODULE");
	int fd = open(path ? path : "/lib/bases.ko", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "there is no such module");
	ASSERT_EQ(0, syscall(SYS_finit_module, fd, "", 0)) {
		TH_LOG("%s; the kernel's log has more", strerror(errno));
	}
	close(fd);
	EXPECT_EQ(0, syscall(SYS_delete_module, "bases", O_NONBLOCK));
}

TEST_HARNESS_MAIN
