// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sysmem.h"

#define MEMORY		"/sys/devices/system/memory"
#define PTDUMP		"/sys/kernel/debug/page_tables/kernel"
#define REPORT		"/sys/kernel/debug/vmemmap/report"
#define ANSWER_SECONDS	60
#define MOST_BATCHES	3
#define BLOCK_TRIES	50
#define VMAP_AREA_BYTES	64

/**
 * slurp() - read a whole file
 * @path: the file; its size need not be known, as in /proc
 *
 * Return: its text, to be freed, or NULL with errno set.
 */
char *slurp(const char *path)
{
	size_t size = 0, room = 65536;
	char *text = malloc(room);
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || !text) {
		free(text);
		return NULL;
	}
	while ((got = read(fd, text + size, room - size - 1)) > 0) {
		size += got;
		if (room - size < 4096) {
			room *= 2;
			text = realloc(text, room);
			if (!text)
				break;
		}
	}
	close(fd);
	if (!text)
		return NULL;
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/**
 * put_text() - write formatted text to a file of the kernel in one go
 * @path: the file
 * @format: as for printf()
 *
 * Return: 0, or the negative errno.
 */
int put_text(const char *path, const char *format, ...)
{
	char text[256];
	va_list args;
	int fd, length, ret = 0;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != length)
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * file_number() - the number that a file holds
 * @path: the file
 * @base: 10, 16, or 0 for as in C
 *
 * Return: the number, or -1 if the file cannot be read.
 */
long long file_number(const char *path, int base)
{
	char *text = slurp(path);
	long long value = text ? strtoll(text, NULL, base) : -1;

	free(text);
	return value;
}

/**
 * meminfo_kb() - a line of /proc/meminfo
 * @key: such as "MemTotal"
 *
 * Return: its value in kB, or -1.
 */
long long meminfo_kb(const char *key)
{
	char *text = slurp("/proc/meminfo");
	size_t length = strlen(key);
	long long value = -1;
	char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == ':') {
			value = strtoll(line + length + 1, NULL, 10);
			break;
		}
	}
	free(text);
	return value;
}

/**
 * env_number() - a number that the guest's data gives
 * @name: of the environment variable; K, M, G and T at the end of its value multiply
 * @fallback: its value if it is not set
 *
 * Return: the number.
 */
long long env_number(const char *name, long long fallback)
{
	static const char units[] = "KMGT";
	const char *text = getenv(name), *unit;
	long long value;
	char *end;

	if (!text)
		return fallback;
	value = strtoll(text, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	return unit ? value << 10 * (unit - units + 1) : value;
}

/**
 * setting() - a text that the guest's data gives
 * @name: of the environment variable
 * @fallback: its value if it is not set
 *
 * Return: the text.
 */
const char *setting(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value ? value : fallback;
}

/**
 * file_copy() - a regular file that nobody writes, which kexec wants
 * @from: what it is a copy of, such as a disk
 * @path: where it is made
 *
 * Return: the file, open for reading, or -1 with errno set.
 */
int file_copy(const char *from, const char *path)
{
	int in = open(from, O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t got = in < 0 || out < 0 ? -1 : 1;
	static char piece[65536];

	while (got > 0) {
		got = read(in, piece, sizeof(piece));
		if (got > 0 && write(out, piece, got) != got)
			got = -1;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return got ? -1 : open(path, O_RDONLY);
}

/**
 * block_size() - bytes of one memory block in sysfs
 *
 * Return: the size, or 0 without memory hotplug.
 */
uint64_t block_size(void)
{
	long long size = file_number(MEMORY "/block_size_bytes", 16);

	return size > 0 ? size : 0;
}

/**
 * page_size() - bytes of a base page
 *
 * Return: the size.
 */
uint64_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* What the kernel tells dump tools in /proc/kcore's notes; else what is usual on 64 bit. */
static long long struct_page_size(void)
{
	char head[65536];
	ssize_t got;
	long long size = 64;
	char *found;
	int fd;

	fd = open("/proc/kcore", O_RDONLY);
	if (fd < 0)
		return size;
	got = read(fd, head, sizeof(head));
	close(fd);
	found = got > 0 ? memmem(head, got, "\nSIZE(page)=", 12) : NULL;
	if (found && found + 16 < head + got)
		size = strtoll(found + 12, NULL, 10);
	return size;
}

/**
 * memmap_bytes() - how large the memmap of some memory is
 * @kb: the memory
 *
 * Return: bytes.
 */
long long memmap_bytes(long long kb)
{
	return kb * 1024 / page_size() * struct_page_size();
}

/* Memory of any kind, which a run of memory may consist of */
static bool is_memory(const char *name)
{
	return !strncmp(name, "System RAM", 10) || !strncmp(name, "reserved", 8) ||
	       !strncmp(name, "ACPI", 4);
}

/* Leaves out what is beyond a run's last whole granule; returns how many ranges are left. */
static int cut_run(struct ranges *ram, int first, uint64_t end, uint64_t granule)
{
	int i, left = first;

	end -= end % granule;
	for (i = first; i < ram->count; i++) {
		struct range range = ram->range[i];

		range.end = range.end < end ? range.end : end;
		if (range.start < range.end)
			ram->range[left++] = range;
	}
	return left;
}

/**
 * system_ram() - what /proc/iomem calls System RAM
 * @ram: filled in, in rising order
 *
 * GRANULE=size in the environment says that the kernel takes memory in whole pieces of this size
 * only, and leaves the rest of each run of memory alone, although it is System RAM.
 *
 * Return: 0, or -1 if the file cannot be read or hides its addresses.
 */
int system_ram(struct ranges *ram)
{
	uint64_t granule = env_number("GRANULE", 1), low = 0, last = 0;
	char *text = slurp("/proc/iomem");
	unsigned long long start, end;
	char *line, *name;
	int run = 0;

	ram->count = 0;
	for (line = text; line && *line && ram->count < MAX_RANGES;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		/* What is inside of something else is indented */
		if (*line == ' ' || sscanf(line, "%llx-%llx", &start, &end) != 2)
			continue;
		name = strstr(line, " : ");
		if (!name || !is_memory(name + 3))
			continue;
		if (start != last) {
			ram->count = cut_run(ram, run, last, granule);
			run = ram->count;
			low = (start + granule - 1) / granule * granule;
		}
		last = end + 1;
		if (strncmp(name + 3, "System RAM", 10) || last <= low)
			continue;
		ram->range[ram->count].start = start > low ? start : low;
		ram->range[ram->count++].end = last;
	}
	ram->count = cut_run(ram, run, last, granule);
	free(text);
	return ram->count && ram->range[ram->count - 1].end > 1 ? 0 : -1;
}

/**
 * ram_within() - how much System RAM an address range has
 * @ram: from system_ram()
 * @start: first address
 * @end: address after the last
 *
 * Return: bytes.
 */
uint64_t ram_within(const struct ranges *ram, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < ram->count; i++) {
		uint64_t from = ram->range[i].start > start ? ram->range[i].start : start;
		uint64_t to = ram->range[i].end < end ? ram->range[i].end : end;

		if (from < to)
			bytes += to - from;
	}
	return bytes;
}

/**
 * memmap_of() - how large the mapped memmap of some memory is
 * @ram: from system_ram()
 * @granule: the memmap has struct pages for whole pieces of this many bytes of memory
 *
 * LEAF=size in the environment says that memory shares the leaves of this size that its struct
 * pages do not fill.
 *
 * Return: bytes.
 */
uint64_t memmap_of(const struct ranges *ram, uint64_t granule)
{
	uint64_t leaf = env_number("LEAF", page_size()), start, bytes = 0;
	uint64_t described = leaf / struct_page_size() * page_size();

	if (described > granule)
		granule = described;
	else
		leaf = memmap_bytes(granule >> 10);
	for (start = 0; start < ram->range[ram->count - 1].end; start += granule)
		if (ram_within(ram, start, start + granule))
			bytes += leaf;
	return bytes;
}

/* From the report of the kernel itself: "node 0: leaves of 4 KiB: 16", once for each node. */
static int reported_memmap(struct mapped *map)
{
	char *text = slurp(REPORT);
	char *line = text ? strstr(text, "virtually mapped") : NULL;
	bool seen = line;

	for (; line; line = strchr(line + 1, '\n')) {
		unsigned long long kb, leaves;
		char *what = strstr(line, "leaves of ");

		if (!what || sscanf(what, "leaves of %llu KiB: %llu", &kb, &leaves) != 2)
			continue;
		if (kb << 10 == page_size())
			map->base += leaves * kb << 10;
		else
			map->large += leaves * kb << 10;
		line = what;
	}
	free(text);
	return seen && map->base + map->large ? 0 : -1;
}

/* Pages of page tables for the memmap: "node 0: page tables 3", once for each node; or -1. */
static long long reported_tables(void)
{
	char *text = slurp(REPORT), *line = text ? strstr(text, ": page tables ") : NULL;
	long long count = line ? 0 : -1;

	for (; line; line = strstr(line + 1, ": page tables "))
		count += strtoll(line + strlen(": page tables "), NULL, 10);
	free(text);
	return count;
}

/* Adds a line to a digest (FNV-1a). */
static uint64_t digest(uint64_t sum, const char *line)
{
	if (!sum)
		sum = 0xcbf29ce484222325ULL;
	for (; *line; line++)
		sum = (sum ^ (unsigned char)*line) * 0x100000001b3ULL;
	return sum;
}

/**
 * mapped_memmap() - how the memmap is mapped
 * @map: filled in
 *
 * The kernel's dump of its page tables tells it, independently of any report. Where the
 * architecture has none that can be read here, or NO_PTDUMP=1 in the environment says that it
 * takes too long (KASAN's shadow is in it), the report has to do.
 *
 * Return: 0, or -1 if there is neither, or no virtual memmap.
 */
int mapped_memmap(struct mapped *map)
{
	char *text = env_number("NO_PTDUMP", 0) ? NULL : slurp(PTDUMP);
	char *line, *next;
	bool inside = false;

	memset(map, 0, sizeof(*map));
	if (!text)
		return reported_memmap(map);
	for (line = text; line && *line; line = next) {
		unsigned long long start, end;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!strncmp(line, "---[", 4)) {
			inside = strstr(line, "emmap");
			continue;
		}
		if (!inside || sscanf(line, "0x%llx-0x%llx", &start, &end) != 2)
			continue;
		/* A table that maps nothing is a line of its own level */
		map->dump = digest(map->dump, line);
		/* Lines about nothing have neither */
		if (!strstr(line, " RW ") && !strstr(line, " ro "))
			continue;
		if (strstr(line, " pte"))
			map->base += end - start;
		else
			map->large += end - start;
	}
	free(text);
	return map->base + map->large ? 0 : -1;
}

/**
 * page_words() - words of /proc/kpageflags or /proc/kpagecount
 * @path: one of the two
 * @pfn: first page
 * @words: room for @count words
 * @count: how many pages
 *
 * Return: how many words were read; fewer than @count where the file ends, or the negative
 * errno.
 */
int page_words(const char *path, uint64_t pfn, uint64_t *words, int count)
{
	ssize_t got, size = 0;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	while (size < count * 8L) {
		got = pread(fd, (char *)words + size, count * 8L - size, pfn * 8 + size);
		if (got < 0)
			size = -errno * 8L;
		if (got <= 0)
			break;
		size += got;
	}
	close(fd);
	return size / 8;
}

/**
 * pages_in() - how many pages have a struct page
 * @range: where to look
 *
 * Return: that number.
 */
long long pages_in(const struct range *range)
{
	uint64_t words[512], pfn = range->start / page_size();
	long long count = 0;
	int want, got, i;

	for (; pfn < range->end / page_size(); pfn += want) {
		want = range->end / page_size() - pfn < 512 ? range->end / page_size() - pfn : 512;
		got = page_words("/proc/kpageflags", pfn, words, want);
		for (i = 0; i < got; i++)
			count += !(words[i] >> KPF_NOPAGE & 1);
	}
	return count;
}

static int open_control(void)
{
	const char *path = getenv("CONTROL");
	struct termios raw;
	int fd;

	fd = open(path ?: "/dev/ttyS1", O_RDWR | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &raw))
		return fd;
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

/**
 * ask_machine() - ask the machine to do something
 * @request: the name of an action in the guest's data
 * @answer: gets the answer's line, "ok" or "error ...", for messages
 * @size: room there
 *
 * ANSWER_SECONDS=n in the environment says how long the machine may take for it.
 *
 * Return: 0 for "ok", 1 for "error", -1 if nobody is there.
 */
int ask_machine(const char *request, char *answer, size_t size)
{
	/* A bit more, for it has an answer then, too */
	int limit = (env_number("ANSWER_SECONDS", ANSWER_SECONDS) + 30) * 1000;
	struct pollfd waiting = { .events = POLLIN };
	char line[128];
	size_t used = 0;
	int length;

	answer[0] = '\0';
	waiting.fd = open_control();
	if (waiting.fd < 0) {
		snprintf(answer, size, "no control line");
		return -1;
	}
	length = snprintf(line, sizeof(line), "%s\n", request);
	if (write(waiting.fd, line, length) != length)
		length = 0;
	while (length && used < size - 1 &&
	       poll(&waiting, 1, limit) > 0 &&
	       read(waiting.fd, answer + used, 1) == 1 && answer[used] != '\n')
		used++;
	close(waiting.fd);
	if (answer[used] != '\n') {
		snprintf(answer, size, "no answer to \"%s\"", request);
		return -1;
	}
	answer[used] = '\0';
	return strcmp(answer, "ok") ? 1 : 0;
}

/**
 * memory_blocks() - how many memory blocks sysfs has
 *
 * Return: that number, of online and offline ones.
 */
long long memory_blocks(void)
{
	glob_t found;
	long long count = 0;

	if (!glob(MEMORY "/memory[0-9]*", 0, NULL, &found))
		count = found.gl_pathc;
	globfree(&found);
	return count;
}

/**
 * set_block() - take a memory block offline or online
 * @block: its number in sysfs
 * @state: what to write, such as "offline" or "online_movable"
 *
 * A page that is in use for a moment makes it fail for a moment.
 *
 * Return: 0, or the negative errno of the last of several tries.
 */
int set_block(uint64_t block, const char *state)
{
	char path[96];
	int try, ret = -1;

	snprintf(path, sizeof(path), MEMORY "/memory%llu/state", (unsigned long long)block);
	for (try = 0; try < BLOCK_TRIES && ret; try++) {
		ret = put_text(path, "%s", state);
		if (ret)
			usleep(20000);
	}
	return ret;
}

/* Neither a hole nor a page that cannot move, such as one that boot took. */
static bool is_movable(uint64_t block)
{
	uint64_t words[512], pages = block_size() / page_size(), pfn = block * pages, done;
	int got, i;

	for (done = 0; done < pages; done += got) {
		got = page_words("/proc/kpageflags", pfn + done, words, 512);
		if (got <= 0)
			return false;
		for (i = 0; i < got; i++)
			if (words[i] & (1ULL << KPF_NOPAGE | 1ULL << KPF_RESERVED))
				return false;
	}
	return true;
}

/**
 * movable_block() - a memory block that can be expected to go offline
 *
 * Return: the number of the first whose memory is movable, or -1.
 */
long long movable_block(void)
{
	long long block = -1;
	glob_t found;
	size_t i;

	if (glob(MEMORY "/memory[0-9]*/valid_zones", 0, NULL, &found))
		return -1;
	for (i = 0; i < found.gl_pathc && block < 0; i++) {
		long long number = strtoll(found.gl_pathv[i] + strlen(MEMORY "/memory"), NULL, 10);
		char *zones = slurp(found.gl_pathv[i]);

		if (zones && !strncmp(zones, "Movable", 7) && is_movable(number))
			block = number;
		free(zones);
	}
	globfree(&found);
	return block;
}

/* Free pages on the lists that CPUs keep for themselves, which MemFree leaves out, in kB. */
static long long cpu_lists(void)
{
	char *text = slurp("/proc/zoneinfo");
	long long pages = 0;
	char *line;

	for (line = text; line; line = strchr(line + 1, '\n')) {
		long long count;

		if (sscanf(line, " count: %lld", &count) == 1)
			pages += count;
	}
	free(text);
	return pages * (page_size() >> 10);
}

/* Free memory, once what is on its way back has arrived. */
static long long free_memory(void)
{
	long long last = -1, now = 0;
	int i;

	sync();
	/* 4 keeps the kernel from telling everybody */
	put_text("/proc/sys/vm/drop_caches", "4");
	for (i = 0; i < 50 && last != now; i++) {
		last = now;
		put_text("/proc/sys/vm/drop_caches", "3");
		usleep(20000);
		put_text("/proc/sys/vm/stat_refresh", "1");
		now = meminfo_kb("MemFree") + cpu_lists();
	}
	return now;
}

/*
 * Slab for what has been unmapped from the kernel's own mappings but is not purged, in kB: a
 * vmap_area each, and one for the gap before it. The kernel purges when it is 32 MiB and more.
 */
static long long unpurged(void)
{
	static const char mark[] = " unpurged vm_area\n";
	char *text = slurp("/proc/vmallocinfo"), *line;
	long long count = 0;

	for (line = text; line && (line = strstr(line, mark)); line += strlen(mark))
		count++;
	free(text);
	return count * 2 * VMAP_AREA_BYTES >> 10;
}

/**
 * take_totals() - how much memory there is now
 * @totals: filled in
 */
void take_totals(struct totals *totals)
{
	totals->has_map = !mapped_memmap(&totals->map);
	totals->blocks = memory_blocks();
	totals->total_kb = meminfo_kb("MemTotal");
	totals->free_kb = free_memory();
	totals->slab_kb = meminfo_kb("Slab");
	totals->unpurged_kb = unpurged();
	totals->tables_kb = meminfo_kb("PageTables");
	totals->map_tables = reported_tables();
}

/* What must be as it was whatever else the system does. */
static bool same_memory(const struct rounds *rounds, const struct totals *last)
{
	const struct totals *first = &rounds->first;

	if (first->total_kb != last->total_kb || first->blocks != last->blocks ||
	    first->map.base + first->map.large != last->map.base + last->map.large)
		return false;
	return rounds->splits || (first->map.base == last->map.base &&
				  first->map_tables == last->map_tables &&
				  first->map.dump == last->map.dump);
}

/* Has slab give back what is free in it, for less of that later would hide a leak. */
static void shrink_slab(void)
{
	glob_t found;
	size_t i;

	if (!glob("/sys/kernel/slab/*/shrink", 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			put_text(found.gl_pathv[i], "1");
	globfree(&found);
}

/**
 * another_batch() - whether a batch of rounds has to be done, or one more
 * @rounds: zeroed before the first call but for @splits
 *
 * Memory, its memmap and the memmap's page tables must be after a batch as they were before it.
 * Free memory, slab and other page tables may differ by GROWTH_KB=n in the best of three: a leak
 * is in each batch, what else the system does is not. What fills caches that stay comes before.
 * Slab for mappings that the kernel has yet to purge comes on top, as far as it tells of them.
 *
 * Return: true if so; false when @rounds says how it went.
 */
bool another_batch(struct rounds *rounds)
{
	long long most = env_number("GROWTH_KB", 64), used, slab, tables, unpurged_kb;
	const struct totals *first = &rounds->first;
	size_t length = strlen(rounds->told);
	struct totals last;

	free_memory();
	shrink_slab();
	take_totals(&last);
	if (rounds->batch++) {
		used = first->free_kb - last.free_kb;
		slab = last.slab_kb - first->slab_kb;
		tables = last.tables_kb - first->tables_kb;
		unpurged_kb = last.unpurged_kb - first->unpurged_kb;
		/* Gone they leave slab that need not get smaller */
		if (unpurged_kb < 0)
			unpurged_kb = 0;
		snprintf(rounds->told + length, sizeof(rounds->told) - length,
			 "%sfree memory changed by %lld kB, slab by %lld kB (%lld unpurged), page tables by %lld kB%s",
			 length ? "; then " : "", -used, slab, unpurged_kb, tables,
			 same_memory(rounds, &last) ? "" : ", the memmap is not as it was");
		rounds->grew = !same_memory(rounds, &last) || used - unpurged_kb > most ||
			       slab - unpurged_kb > most || tables > most;
		if (!rounds->grew || rounds->batch > MOST_BATCHES)
			return false;
	}
	rounds->first = last;
	return true;
}

/**
 * hosted_kb() - memory that was added and is kept for its own struct pages
 *
 * Return: kB of it, which MemTotal is without.
 */
long long hosted_kb(void)
{
	static const char key[] = "\nnr_memmap_hosted ";
	char *text = slurp("/proc/vmstat");
	char *line = text ? strstr(text, key) : NULL;
	long long pages = line ? strtoll(line + strlen(key), NULL, 10) : 0;

	free(text);
	return pages * (long long)page_size() >> 10;
}

/**
 * memory_kb() - the system's memory, wherever its struct pages lie
 *
 * Return: kB of MemTotal, and what hosted_kb() tells.
 */
long long memory_kb(void)
{
	return meminfo_kb("MemTotal") + hosted_kb();
}

/**
 * wait_total() - wait until the system has so much memory
 * @kb: the memory_kb() to wait for
 * @seconds: how long
 *
 * Return: true when it was reached.
 */
bool wait_total(long long kb, int seconds)
{
	time_t end = time(NULL) + seconds;

	while (memory_kb() != kb) {
		if (time(NULL) > end)
			return false;
		usleep(20000);
	}
	return true;
}
