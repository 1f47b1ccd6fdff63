// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a persistent-memory namespace into a device-dax instance and back, by sysfs, with
 * its memmap in normal memory (compound pages share tail pages) and in the namespace itself;
 * and into system memory.  ROUNDS=n times a device-dax instance goes and comes back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define DEVICES		"/sys/bus/nd/devices"
#define DRIVERS		"/sys/bus/nd/drivers"
#define DAX_DEVICES	"/sys/bus/dax/devices"
#define DAX_DRIVERS	"/sys/bus/dax/drivers"
#define UUID		"0f4c2f1e-52a3-4a3b-9d5e-8f4ac9f2c6d%d"
#define SECONDS		10

FIXTURE(dax)
{
	char seed[64];
	char path[128];
	struct totals before;
};

FIXTURE_VARIANT(dax)
{
	const char *mode;
	/* 0 for base pages */
	long align;
	int number;
};

FIXTURE_VARIANT_ADD(dax, memory_large)
{
	.mode = "ram",
	.align = 2 << 20,
	.number = 1,
};

FIXTURE_VARIANT_ADD(dax, memory_base)
{
	.mode = "ram",
	.align = 0,
	.number = 2,
};

FIXTURE_VARIANT_ADD(dax, device_large)
{
	.mode = "pmem",
	.align = 2 << 20,
	.number = 3,
};

FIXTURE_VARIANT_ADD(dax, device_base)
{
	.mode = "pmem",
	.align = 0,
	.number = 4,
};

static int attribute(const char *device, const char *name, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
	return put_text(path, "%s", value);
}

/* Erases what a former instance wrote, for the kernel would go by it, and takes the disk off. */
static int wipe(void)
{
	static char nothing[65536];
	int fd, ret = -1;

	attribute("namespace0.0", "force_raw", "1");
	put_text(DRIVERS "/nd_pmem/bind", "namespace0.0");
	fd = open("/dev/pmem0", O_WRONLY);
	if (fd >= 0) {
		ret = write(fd, nothing, sizeof(nothing)) == sizeof(nothing) ? fsync(fd) : -1;
		close(fd);
	}
	ret |= put_text(DRIVERS "/nd_pmem/unbind", "namespace0.0");
	attribute("namespace0.0", "force_raw", "0");
	return ret;
}

FIXTURE_SETUP(dax)
{
	char text[64];
	char *seed;

	seed = slurp(DEVICES "/region0/dax_seed");
	if (!seed)
		SKIP(return, "no persistent memory, or no device-dax");
	snprintf(self->seed, sizeof(self->seed), "%s", seed);
	self->seed[strcspn(self->seed, "\n")] = '\0';
	free(seed);
	ASSERT_EQ(0, wipe());
	take_totals(&self->before);

	snprintf(text, sizeof(text), "%ld", variant->align ?: (long)page_size());
	ASSERT_EQ(0, attribute(self->seed, "align", text));
	ASSERT_EQ(0, attribute(self->seed, "mode", variant->mode));
	snprintf(text, sizeof(text), UUID, variant->number);
	ASSERT_EQ(0, attribute(self->seed, "uuid", text));
	ASSERT_EQ(0, attribute(self->seed, "namespace", "namespace0.0"));
	ASSERT_EQ(0, put_text(DRIVERS "/dax_pmem/bind", "%s", self->seed));
}

FIXTURE_TEARDOWN(dax)
{
	struct totals after;

	if (!self->seed[0])
		return;
	EXPECT_EQ(0, put_text(DRIVERS "/dax_pmem/unbind", "%s", self->seed));
	attribute(self->seed, "namespace", "\n");
	take_totals(&after);
	EXPECT_EQ(self->before.map.base, after.map.base);
	EXPECT_EQ(self->before.map.large, after.map.large);
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 512));
}

/* Waits for the character device; returns it opened, or -1. */
static int open_dax(void)
{
	time_t end = time(NULL) + SECONDS;
	int fd = -1;

	while (fd < 0 && time(NULL) < end) {
		glob_t found;

		if (!glob("/dev/dax*", 0, NULL, &found))
			fd = open(found.gl_pathv[0], O_RDWR);
		globfree(&found);
		if (fd < 0)
			usleep(20000);
	}
	return fd;
}

/* The name of the only device of the dax bus, or "". */
static const char *device_name(void)
{
	static char name[64];
	glob_t found;

	name[0] = '\0';
	if (!glob(DAX_DEVICES "/dax*", 0, NULL, &found))
		snprintf(name, sizeof(name), "%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return name;
}

static long long device_size(void)
{
	char path[160];

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/size", device_name());
	return file_number(path, 10);
}

TEST_F(dax, memmap_is_there)
{
	long long size, used, full;
	struct totals now;
	int fd = open_dax();

	ASSERT_LE(0, fd);
	size = device_size();
	ASSERT_LT(0, size);
	take_totals(&now);
	used = self->before.free_kb - now.free_kb;
	full = memmap_bytes(size >> 10) >> 10;
	TH_LOG("%lld MiB: memmap of %lld kB, free memory shrank by %lld kB", size >> 20, full,
	       used);
	if (now.has_map)
		EXPECT_LE(full << 10, (long long)(now.map.base + now.map.large -
						  self->before.map.base -
						  self->before.map.large));
	/* The namespace's own memory holds it, or its compound pages share most of it */
	if (!strcmp(variant->mode, "pmem") || variant->align)
		EXPECT_GT(full / 2, used);
	close(fd);
}

TEST_F(dax, pages_can_be_used)
{
	char *area;
	int fd = open_dax();
	long long size;
	long at;

	ASSERT_LE(0, fd);
	size = device_size();
	ASSERT_LT(0, size);
	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED && errno == EINVAL)
		SKIP(return, "device-dax cannot be mapped: no CONFIG_FS_DAX");
	ASSERT_NE(MAP_FAILED, (void *)area);
	for (at = 0; at < size; at += variant->align ?: 65536)
		area[at] = at >> 16;
	for (at = 0; at < size; at += variant->align ?: 65536)
		ASSERT_EQ((char)(at >> 16), area[at]);
	munmap(area, size);
	close(fd);
}

/* Takes all movable blocks behind the boot memory offline; returns how many. */
static int blocks_offline(long long total_kb)
{
	glob_t found;
	size_t i;
	int count = 0;

	if (glob("/sys/devices/system/memory/memory[0-9]*/valid_zones", 0, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc && meminfo_kb("MemTotal") > total_kb; i++) {
		char *path = found.gl_pathv[i], *zones = slurp(path);
		int try = 0;

		if (zones && !strncmp(zones, "Movable", 7)) {
			strcpy(strrchr(path, '/') + 1, "state");
			while (put_text(path, "offline") && try++ < 50)
				usleep(20000);
			count++;
		}
		free(zones);
	}
	globfree(&found);
	return count;
}

TEST_F(dax, becomes_system_ram)
{
	long long block_kb = block_size() >> 10, grown;
	struct totals now;
	const char *name;
	int fd = open_dax();

	ASSERT_LE(0, fd);
	close(fd);
	name = device_name();
	if (access(DAX_DRIVERS "/kmem", F_OK))
		SKIP(return, "no kmem driver");
	ASSERT_EQ(0, put_text(DAX_DRIVERS "/device_dax/unbind", "%s", name));
	/* A device that the driver has seen once is known to it */
	if (put_text(DAX_DRIVERS "/kmem/new_id", "%s", name))
		ASSERT_EQ(0, put_text(DAX_DRIVERS "/kmem/bind", "%s", name));
	take_totals(&now);
	grown = now.total_kb - self->before.total_kb;
	EXPECT_LT(0, grown);
	EXPECT_EQ(0, grown % block_kb);
	if (now.has_map)
		EXPECT_EQ(memmap_bytes(grown),
			  (long long)(now.map.base + now.map.large - self->before.map.base -
				      self->before.map.large));
	EXPECT_EQ(grown / block_kb, blocks_offline(self->before.total_kb));
	EXPECT_EQ(self->before.total_kb, meminfo_kb("MemTotal"));
	EXPECT_EQ(0, put_text(DAX_DRIVERS "/kmem/unbind", "%s", name));
	put_text(DAX_DRIVERS "/kmem/remove_id", "%s", name);
}

/* Takes the memmap away and makes it again. */
static void again(struct __test_metadata *_metadata, const char *seed)
{
	int fd;

	ASSERT_EQ(0, put_text(DRIVERS "/dax_pmem/unbind", "%s", seed));
	ASSERT_EQ(0, put_text(DRIVERS "/dax_pmem/bind", "%s", seed));
	fd = open_dax();
	ASSERT_LE(0, fd);
	close(fd);
}

TEST_F_TIMEOUT(dax, rounds_do_not_grow, ROUNDS_SECONDS)
{
	long long count = env_number("ROUNDS", 5), i;
	struct rounds rounds = { 0 };

	again(_metadata, self->seed);
	while (another_batch(&rounds))
		for (i = 0; i < count; i++)
			again(_metadata, self->seed);
	TH_LOG("%lld rounds: %s", count, rounds.told);
	EXPECT_FALSE(rounds.grew);
}

TEST_HARNESS_MAIN
