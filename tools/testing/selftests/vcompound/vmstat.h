/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of virtual compound pages have in common: counters and settings.
 */
#ifndef VMSTAT_H
#define VMSTAT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_TRIES	100

/* Writes a text to a file; returns 0 if that worked. */
static inline int put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	int ret;

	if (!file)
		return -1;
	fputs(text, file);
	ret = fclose(file);
	return ret;
}

/* Returns the number that a file has, or -1. */
static inline long long number_in(const char *path)
{
	FILE *file = fopen(path, "r");
	long long value = -1;

	if (file && fscanf(file, "%lld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

/* Returns a counter of /proc/vmstat, or -1 if there is no such. */
static inline long long vm_counter(const char *name)
{
	long long value, found = -1;
	char key[64];
	FILE *file;

	/* Counts of CPUs are added up now and not some time later */
	put("/proc/sys/vm/stat_refresh", "1");
	file = fopen("/proc/vmstat", "r");
	while (file && fscanf(file, "%63s %lld", key, &value) == 2)
		if (!strcmp(key, name))
			found = value;
	if (file)
		fclose(file);
	return found;
}

/* Returns a number out of the environment, or else what is the default. */
static inline long long setting(const char *name, long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoll(text, NULL, 0) : otherwise;
}

/* Returns how many pages are virtual compounds. */
static inline long long all_virtual_pages(void)
{
	return vm_counter("nr_vcompound");
}

/* Returns the KiB of stacks, of either kind. */
static inline long long stack_kb(void)
{
	return vm_counter("nr_kernel_stack");
}

/*
 * Returns all_virtual_pages() without stacks if those all are virtual: the kernel has threads of
 * its own come and go.
 */
static inline long long virtual_pages(void)
{
	long long stacks = setting("VIRTUAL_STACKS", 0) ? stack_kb() * 1024 / getpagesize() : 0;

	return all_virtual_pages() - stacks;
}

/* Waits until a number is not above a value, and returns it: virtual ones are freed later. */
static inline long long settled(long long (*number)(void), long long most)
{
	long long now = number();
	int try;

	for (try = 0; try < SETTLE_TRIES && now > most; try++) {
		usleep(100000);
		now = number();
	}
	return now;
}

#endif
