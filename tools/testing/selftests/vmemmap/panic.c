// SPDX-License-Identifier: GPL-2.0
/*
 * Tells what it knows of some pages, and panics. Tools that read the dump of the machine have to
 * find the same by struct pages:
 *
 *	CRASH_KERNEL=1				load a crash kernel before
 *	KEXEC_KERNEL=file, KEXEC_INITRD=file	what it is made of, disks (/dev/vda, /dev/vdb)
 *	VMCORE=disk				where it puts /proc/vmcore (/dev/vdc)
 *
 * The crash kernel runs the tests from the first on again; there this one saves the dump.
 *
 * What it tells are lines "dump: ..." of the kernel's log, which is out before the kernel is dead:
 *
 *	page_size BYTES
 *	memmap ADDRESS			of the first struct page, if the kernel reports it
 *	struct_page BYTES
 *	vmcoreinfo ADDRESS SIZE		physical, of the note
 *	ram START END			physical addresses
 *	pages N free N lru N anon N slab N	struct pages, by kpageflags
 *	page pfn= index= mapcount= flags= mark=	a page of this program, full of its mark
 *	free pfn=			amid much free memory
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mempolicy.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define KEXEC_ON_CRASH	2
#define KPF_SLAB	7
#define KPF_ANON	12
/* Of each piece of memory of this size one page is told, and free runs have a quarter of it */
#define PIECE		(64ULL << 20)
#define MAX_PIECES	4096
#define MARK		0x6d656d6d61700000ULL
#define BATCH		4096

/* A line of the kernel's log */
static void tell(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_text("/dev/kmsg", "dump: %s\n", text);
}

static uint64_t mark_of(uint64_t index)
{
	return MARK ^ index * 0x9e3779b97f4a7c15ULL;
}

static void fill(void *page, uint64_t index)
{
	uint64_t *word = page, *end = page + page_size();

	while (word < end)
		*word++ = mark_of(index);
}

/* Memory with a mark in each page, on all nodes; NULL where there is not so much */
static void *marked_memory(size_t size)
{
	unsigned long nodes = ~0UL;
	size_t step = page_size(), at;
	void *memory;

	syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 8 * sizeof(nodes));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += step)
		fill(memory + at, ((uintptr_t)memory + at) / step);
	return memory;
}

/* The pfn behind an address, or 0 */
static uint64_t pfn_of(int pagemap, const void *address)
{
	uint64_t word;
	off_t at = (uintptr_t)address / page_size() * sizeof(word);

	if (pread(pagemap, &word, sizeof(word), at) != sizeof(word) || !(word >> 63))
		return 0;
	return word & ((1ULL << 55) - 1);
}

/* Tells of one page in each piece of physical memory; returns of how many, or -1. */
static int tell_of_pages(char *memory, size_t size)
{
	static bool told[MAX_PIECES];
	uint64_t step = page_size(), pfn, piece, flags, count;
	int pagemap = open("/proc/self/pagemap", O_RDONLY), number = 0;
	char *page;

	memset(told, 0, sizeof(told));
	for (page = memory; page < memory + size; page += step) {
		pfn = pfn_of(pagemap, page);
		piece = pfn * step / PIECE;
		if (!pfn || piece >= MAX_PIECES || told[piece])
			continue;
		if (page_words("/proc/kpageflags", pfn, &flags, 1) != 1 ||
		    page_words("/proc/kpagecount", pfn, &count, 1) != 1)
			return -1;
		told[piece] = true;
		number++;
		/* The index of private memory is its address */
		tell("page pfn=%llx index=%llx mapcount=%llu flags=%llx mark=%llx",
		     (unsigned long long)pfn, (unsigned long long)((uintptr_t)page / step),
		     (unsigned long long)count, (unsigned long long)flags,
		     (unsigned long long)*(uint64_t *)page);
	}
	close(pagemap);
	return number;
}

struct counts {
	uint64_t pages;
	uint64_t free;
	uint64_t lru;
	uint64_t anon;
	uint64_t slab;
};

/* Counts all struct pages, and tells of free ones that are likely to stay so. */
static int tell_of_all(const struct ranges *ram)
{
	uint64_t last = ram->range[ram->count - 1].end / page_size(), pfn, i;
	uint64_t long_run = PIECE / 4 / page_size(), run = 0;
	static uint64_t flags[BATCH];
	struct counts sum = { 0 };
	int got, number = 0;

	/* Sections end on such a boundary */
	last = (last + BATCH - 1) / BATCH * BATCH;
	for (pfn = 0; pfn < last; pfn += got) {
		got = page_words("/proc/kpageflags", pfn, flags, BATCH);
		if (got <= 0)
			break;
		for (i = 0; i < (uint64_t)got; i++) {
			uint64_t word = flags[i];
			bool free = word >> KPF_BUDDY & 1;

			if (!(word >> KPF_NOPAGE & 1))
				sum.pages++;
			sum.free += free;
			sum.lru += word >> KPF_LRU & 1;
			sum.anon += word >> KPF_ANON & 1;
			sum.slab += word >> KPF_SLAB & 1;
			run = free ? run + 1 : 0;
			if (run && !(run % long_run)) {
				tell("free pfn=%llx", (unsigned long long)(pfn + i - long_run / 2));
				number++;
			}
		}
	}
	tell("pages %llu free %llu lru %llu anon %llu slab %llu", (unsigned long long)sum.pages,
	     (unsigned long long)sum.free, (unsigned long long)sum.lru,
	     (unsigned long long)sum.anon, (unsigned long long)sum.slab);
	return number;
}

static void tell_of_machine(const struct ranges *ram)
{
	char *report = slurp("/sys/kernel/debug/vmemmap/report");
	char *base = report ? strstr(report, "\nvmemmap: 0x") : NULL;
	char *note = slurp("/sys/kernel/vmcoreinfo");
	unsigned long long place, size;
	int i;

	tell("page_size %llu", (unsigned long long)page_size());
	tell("struct_page %lld", memmap_bytes(page_size() >> 10));
	if (base)
		tell("memmap %llx", strtoull(base + 10, NULL, 16));
	if (note && sscanf(note, "%llx %llx", &place, &size) == 2)
		tell("vmcoreinfo %llx %llx", place, size);
	for (i = 0; i < ram->count; i++)
		tell("ram %llx %llx", (unsigned long long)ram->range[i].start,
		     (unsigned long long)ram->range[i].end);
	free(report);
	free(note);
}

/* Loads what starts when the kernel panics; 0, or -1 with errno set. */
static int load_crash_kernel(void)
{
	int kernel = file_copy(setting("KEXEC_KERNEL", "/dev/vda"), "/tmp/kernel");
	int initrd = file_copy(setting("KEXEC_INITRD", "/dev/vdb"), "/tmp/initrd");
	char *line = slurp("/proc/cmdline"), *other, *reserved;
	int ret;

	if (kernel < 0 || initrd < 0 || !line)
		return -1;
	line[strcspn(line, "\n")] = '\0';
	/* It lives in that memory, and with one CPU: the one that panicked */
	reserved = strstr(line, "crashkernel=");
	if (reserved)
		memset(reserved, ' ', strcspn(reserved, " "));
	if (asprintf(&other, "nr_cpus=1 reset_devices %s", line) < 0)
		return -1;
	ret = syscall(SYS_kexec_file_load, kernel, initrd, strlen(other) + 1, other,
		      (long)KEXEC_ON_CRASH);
	unlink("/tmp/kernel");
	unlink("/tmp/initrd");
	return ret;
}

/* Copies /proc/vmcore to a disk; returns its bytes, or -1 with errno set. */
static long long save_dump(void)
{
	int in = open("/proc/vmcore", O_RDONLY);
	int out = open(setting("VMCORE", "/dev/vdc"), O_WRONLY);
	size_t room = 1 << 20;
	char *buffer = malloc(room);
	long long sum = 0;
	ssize_t got = 0;

	if (in < 0 || out < 0 || !buffer)
		return -1;
	while ((got = read(in, buffer, room)) > 0) {
		if (write(out, buffer, got) != got)
			return -1;
		sum += got;
	}
	return got || fsync(out) ? -1 : sum;
}

FIXTURE(panic) {
};

FIXTURE_SETUP(panic)
{
}

FIXTURE_TEARDOWN(panic)
{
}

TEST_F_TIMEOUT(panic, leaves_a_dump, 240)
{
	size_t size = meminfo_kb("MemFree") * 1024 / 4 / page_size() * page_size();
	struct ranges ram;
	void *memory;
	pid_t child;

	if (!access("/proc/vmcore", F_OK)) {
		long long bytes = save_dump();

		ASSERT_LT(0, bytes) TH_LOG("the dump is not saved: %s", strerror(errno));
		TH_LOG("%lld bytes", bytes);
		return;
	}
	ASSERT_EQ(0, system_ram(&ram));
	if (env_number("CRASH_KERNEL", 0))
		ASSERT_EQ(0, load_crash_kernel()) {
			TH_LOG("no crash kernel: %s", strerror(errno));
		}
	/* One half is mapped twice */
	memory = marked_memory(2 * size);
	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, madvise(memory + size, size, MADV_DONTFORK));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(0);
	}
	/* No page on its way to a list */
	EXPECT_EQ(0, put_text("/proc/sys/vm/drop_caches", "1"));
	tell_of_machine(&ram);
	ASSERT_LT(0, tell_of_pages(memory, size));
	ASSERT_LT(0, tell_of_pages(memory + size, size));
	ASSERT_LT(0, tell_of_all(&ram));
	ASSERT_EQ(0, put_text("/proc/sysrq-trigger", "c"));
	ASSERT_TRUE(0) TH_LOG("still here");
}

TEST_HARNESS_MAIN
