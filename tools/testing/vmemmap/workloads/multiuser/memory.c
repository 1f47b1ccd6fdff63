// SPDX-License-Identifier: GPL-2.0
/* Jobs that move data in memory, and jobs that ask the kernel for memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jobs.h"

#define AREA		(64 << 10)
#define PAGES_AREA	(1 << 20)
#define WORDS		2048

static unsigned char from[AREA], to[AREA];

static int copy_memory(struct task *task)
{
	unsigned int i;

	for (i = 0; i < 32 * task->scale; i++) {
		memset(from, i, AREA);
		memcpy(to, from, AREA);
		if (to[AREA - 1] != (unsigned char)i)
			return wrong(task, "the copy");
	}
	return 0;
}

static int compare_memory(struct task *task)
{
	unsigned int i;

	memset(from, 0x5a, AREA);
	memset(to, 0x5a, AREA);
	for (i = 0; i < 16 * task->scale; i++) {
		to[AREA - 1] = i & 1 ? 0x5a : 0;
		if ((memcmp(from, to, AREA) == 0) != (i & 1))
			return wrong(task, "the comparison");
	}
	return 0;
}

/* Takes a text apart at its blanks, and puts it together the other way round. */
static int turn_words(struct task *task)
{
	static const char text[] = "page section node zone memory map table entry frame number";
	char forth[sizeof(text)], back[sizeof(text)];
	unsigned int i, pass;

	for (i = 0; i < 500 * task->scale; i++) {
		memcpy(forth, text, sizeof(text));
		for (pass = 0; pass < 2; pass++) {
			char *end = forth + sizeof(text) - 1, *at = back;

			while (end > forth) {
				char *word = end;

				while (word > forth && word[-1] != ' ')
					word--;
				memcpy(at, word, end - word);
				at += end - word;
				*at++ = ' ';
				end = word > forth ? word - 1 : forth;
			}
			at[-1] = '\0';
			memcpy(forth, back, sizeof(text));
		}
		if (strcmp(forth, text))
			return wrong(task, "the text");
	}
	return 0;
}

static void sift(uint32_t *words, unsigned int at, unsigned int count)
{
	uint32_t word = words[at];
	unsigned int child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && words[child + 1] > words[child])
			child++;
		if (words[child] <= word)
			break;
		words[at] = words[child];
		at = child;
	}
	words[at] = word;
}

static void fill_and_sort(struct task *task, uint32_t *words)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		words[i] = next_random(&task->random);
	for (i = WORDS / 2; i-- > 0;)
		sift(words, i, WORDS);
	for (i = WORDS; i-- > 1;) {
		uint32_t most = words[0];

		words[0] = words[i];
		words[i] = most;
		sift(words, 0, i);
	}
}

static int sort_words(struct task *task)
{
	static uint32_t words[WORDS];
	unsigned int round, i;

	for (round = 0; round < 2 * task->scale; round++) {
		fill_and_sort(task, words);
		for (i = 1; i < WORDS; i++)
			if (words[i - 1] > words[i])
				return wrong(task, "the order");
	}
	return 0;
}

static int search_words(struct task *task)
{
	static uint32_t words[WORDS];
	unsigned int i;

	fill_and_sort(task, words);
	for (i = 0; i < 8000 * task->scale; i++) {
		unsigned int low = 0, high = WORDS - 1;
		uint32_t wanted = words[i * 7 % WORDS];

		while (low < high) {
			unsigned int middle = (low + high) / 2;

			if (words[middle] < wanted)
				low = middle + 1;
			else
				high = middle;
		}
		if (words[low] != wanted)
			return wrong(task, "what was found");
	}
	return 0;
}

static jmp_buf back_here;
/* The compiler is not to know that nobody returns */
static volatile bool leave = true;

static void __attribute__((noinline)) go_down(unsigned int depth)
{
	if (depth)
		go_down(depth - 1);
	else if (leave)
		longjmp(back_here, 1);
	to[depth] = 0;
}

static int jump_back(struct task *task)
{
	static unsigned int i;

	for (i = 0; i < 2000 * task->scale; i++)
		if (!setjmp(back_here)) {
			go_down(16);
			return wrong(task, "the jump");
		}
	return 0;
}

static int grow_heap(struct task *task)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned int i;

	for (i = 0; i < 64 * task->scale; i++) {
		size_t bytes = (i % 16 + 1) * page, at;
		/* only of 0 is it the same in all libraries what sbrk() returns */
		char *area = sbrk(0);

		if (brk(area + bytes) || (char *)sbrk(0) != area + bytes)
			return failed(task, "brk");
		for (at = 0; at < bytes; at += page)
			area[at] = 1;
		if (brk(area))
			return failed(task, "brk");
	}
	return 0;
}

static char *map(size_t bytes, int flags)
{
	char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return area == MAP_FAILED ? NULL : area;
}

static int touch_pages(struct task *task)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	size_t at;

	for (i = 0; i < 4 * task->scale; i++) {
		char *area = map(PAGES_AREA, MAP_PRIVATE);

		if (!area)
			return failed(task, "mmap");
		for (at = 0; at < PAGES_AREA; at += page)
			area[at] = i;
		if (munmap(area, PAGES_AREA))
			return failed(task, "munmap");
	}
	return 0;
}

/* A child writes to memory that it has from its parent, who must not see that. */
static int copy_on_write(struct task *task)
{
	size_t bytes = PAGES_AREA / 2, at;
	long page = sysconf(_SC_PAGESIZE);
	char *area = map(bytes, MAP_PRIVATE);
	unsigned int i;
	int ret = 0;

	if (!area)
		return failed(task, "mmap");
	memset(area, 1, bytes);
	for (i = 0; i < 4 * task->scale && !ret; i++) {
		pid_t child = fork();

		if (!child) {
			for (at = 0; at < bytes; at += page)
				area[at] = 2;
			_exit(area[0] != 2);
		}
		ret = wait_for(task, child);
		if (!ret && area[0] != 1)
			ret = wrong(task, "the parent's memory");
	}
	munmap(area, bytes);
	return ret;
}

/* A child counts in memory that it shares with its parent. */
static int share_memory(struct task *task)
{
	volatile uint64_t *shared = (volatile uint64_t *)map(PAGES_AREA / 4, MAP_SHARED);
	size_t count = PAGES_AREA / 4 / sizeof(*shared), at;
	unsigned int i;
	int ret = 0;

	if (!shared)
		return failed(task, "mmap");
	for (i = 0; i < 3 * task->scale && !ret; i++) {
		pid_t child = fork();

		if (!child) {
			for (at = 0; at < count; at += 8)
				shared[at]++;
			_exit(0);
		}
		ret = wait_for(task, child);
		if (!ret && (shared[0] != i + 1 || shared[count - 8] != i + 1))
			ret = wrong(task, "what the child wrote");
	}
	munmap((void *)shared, PAGES_AREA / 4);
	return ret;
}

static int map_file(struct task *task)
{
	const char *name = file_name(0);
	unsigned int i;
	int fd, ret = 0;
	size_t at;

	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return failed(task, "open");
	if (ftruncate(fd, task->file_bytes))
		ret = failed(task, "ftruncate");
	for (i = 0; i < 4 * task->scale && !ret; i++) {
		unsigned char *area = mmap(NULL, task->file_bytes, PROT_READ | PROT_WRITE,
					   MAP_SHARED, fd, 0);

		if (area == MAP_FAILED) {
			ret = failed(task, "mmap");
			break;
		}
		for (at = 0; at < task->file_bytes; at += BLOCK)
			if (area[at]++ != (unsigned char)i)
				ret = wrong(task, "what the file has");
		munmap(area, task->file_bytes);
	}
	close(fd);
	if (unlink(name) && !ret)
		ret = failed(task, "unlink");
	return ret;
}

static int protect_memory(struct task *task)
{
	char *area = map(AREA, MAP_PRIVATE);
	unsigned int i;
	int ret = 0;

	if (!area)
		return failed(task, "mmap");
	for (i = 0; i < 200 * task->scale && !ret; i++) {
		area[0] = i;
		if (mprotect(area, AREA, PROT_READ) ||
		    mprotect(area, AREA, PROT_READ | PROT_WRITE))
			ret = failed(task, "mprotect");
		else if (area[0] != (char)i)
			ret = wrong(task, "the memory");
	}
	munmap(area, AREA);
	return ret;
}

const struct job memory_jobs[] = {
	{ "copy-memory", "fills and copies memory", copy_memory },
	{ "compare-memory", "compares memory", compare_memory },
	{ "words", "takes texts apart and puts them together", turn_words },
	{ "sort", "sorts numbers", sort_words },
	{ "search", "finds numbers in a sorted array", search_words },
	{ "jumps", "leaves many functions at once", jump_back },
	{ "heap", "grows and shrinks the heap", grow_heap },
	{ "pages", "touches fresh pages", touch_pages },
	{ "copy-on-write", "lets a child write to a copy of memory", copy_on_write },
	{ "share-memory", "shares memory with a child", share_memory },
	{ "map-file", "works in a file that is mapped", map_file },
	{ "protect", "changes what may be done with memory", protect_memory },
	{ }
};
