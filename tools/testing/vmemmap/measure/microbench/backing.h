/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of programs that measure this machine's processor: mapped by pages of one size.
 */
#ifndef VMEMMAP_BACKING_H
#define VMEMMAP_BACKING_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>

#define BASE_PAGE	4096UL
#define LARGE_PAGE	(2UL << 20)
#define ALIGNMENT	(1024UL << 20)

static noreturn void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || !value)
		die("%s: not above 0", text);
	return value;
}

/* Returns touched memory, all zero, that begins as aligned as the kernel's memmap does. */
static void *memory(unsigned long size, bool large)
{
	unsigned long unit = large ? LARGE_PAGE : BASE_PAGE;
	char *all, *begin;

	size = (size + unit - 1) / unit * unit;
	all = mmap(NULL, size + ALIGNMENT, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		die("%lu bytes: %s", size, strerror(errno));
	begin = (char *)(((unsigned long)all + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
	if (begin > all)
		munmap(all, begin - all);
	munmap(begin + size, all + ALIGNMENT - begin);
	if (madvise(begin, size, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		die("madvise: %s", strerror(errno));
	memset(begin, 0, size);
	return begin;
}

/* The kernel need not do as advised: dies if it did not. */
static void check_backing(const void *begin, bool large)
{
	unsigned long first, last, rss = 0, kib = 0;
	bool found = false;
	char line[256];
	FILE *file = fopen("/proc/self/smaps", "r");

	if (!file)
		die("/proc/self/smaps: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
			found = first <= (unsigned long)begin && (unsigned long)begin < last;
		else if (found && sscanf(line, "Rss: %lu kB", &rss) == 1)
			;
		else if (found && sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			break;
	}
	fclose(file);
	if (!rss || (large ? kib != rss : kib != 0))
		die("%lu of %lu KiB are mapped by 2 MiB pages, not %s", kib, rss,
		    large ? "all" : "none");
}

#endif
