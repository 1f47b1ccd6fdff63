// SPDX-License-Identifier: GPL-2.0
/*
 * Starts another kernel by kexec, which runs the tests from the first on again:
 *
 *	KEXEC_KERNEL=file, KEXEC_INITRD=file	what to start, disks (/dev/vda, /dev/vdb)
 *	KEXECED=1				added to its command line: it is the other one
 *
 * Here the test does not end; there it says whether the other kernel is the one that was asked for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define MARK	"KEXECED=1"

TEST(another_kernel_starts)
{
	char *line = slurp("/proc/cmdline"), *other;
	int kernel, initrd;

	ASSERT_NE(NULL, line);
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, MARK)) {
		EXPECT_STREQ("1", getenv("KEXECED"));
		return;
	}
	kernel = file_copy(setting("KEXEC_KERNEL", "/dev/vda"), "/tmp/kernel");
	initrd = file_copy(setting("KEXEC_INITRD", "/dev/vdb"), "/tmp/initrd");
	ASSERT_LE(0, kernel) TH_LOG("no kernel to start: %s", strerror(errno));
	ASSERT_LE(0, initrd) TH_LOG("no initramfs to start with: %s", strerror(errno));
	ASSERT_LT(0, asprintf(&other, "%s " MARK, line));
	ASSERT_EQ(0, syscall(SYS_kexec_file_load, kernel, initrd, strlen(other) + 1, other, 0)) {
		TH_LOG("cannot load it: %s", strerror(errno));
	}
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	ASSERT_TRUE(0) TH_LOG("still here: %s", strerror(errno));
}

TEST_HARNESS_MAIN
