// SPDX-License-Identifier: GPL-2.0
/*
 * All that walks page frames, each in a process with page tables of its own, while memory is
 * added, taken offline and online, and removed.  The kernel has to survive that; memory that stays
 * must have its struct pages all the time; in the end there is as much memory as before.
 *
 *	TIME=n		seconds
 *	WITHOUT=a,b	readers that this kernel does not offer; all others must have read
 *	COMPACT=path	what to write 1 to (/proc/sys/vm/compact_memory)
 *	VMEM_SIZE=256M	of a virtio-mem device; the machine knows "resize 256M" and "resize 0M"
 *
 * and what dimm.h says.  One movable block of the memory that is there at boot is taken offline
 * and online, too.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dimm.h"
#include "sysmem.h"

#define DEBUG		"/sys/kernel/debug"
#define MEMORY		"/sys/devices/system/memory"
#define PAGE_OWNER	DEBUG "/page_owner"
#define REPORT		DEBUG "/vmemmap/report"
#define CHECK		DEBUG "/vmemmap/check"
#define SOFT_OFFLINE	MEMORY "/soft_offline_page"
#define UNPOISON	DEBUG "/hwpoison/unpoison-pfn"

#define WORDS		4096
#define MAX_PHDRS	512
#define WAIT_SECONDS	600
#define UNPLUG_TRIES	20
#define PLACES		8
#define FAILING_PAGES	16

/* What a reader says of one turn */
enum turn { TURN_DONE, TURN_ABSENT, TURN_WRONG };

/* Memory that comes and goes; where it was once, it will be again */
struct places {
	int count;
	struct range range[PLACES];
	/* The first of them are the DIMMs' */
	int dimms;
};

struct shared {
	bool stop;
	/* Held while a page fails, and while DIMMs go or must not */
	bool failing;
	bool going;
	long long turns[32];
	bool absent[32];
	char wrong[160];
};

static struct shared *shared;
static struct places places;
static struct ranges boot;
/* The block of boot's memory that goes offline, if any */
static struct range moving;
static uint64_t words[WORDS];

static uint64_t some(uint64_t below)
{
	static uint64_t state;

	if (!state)
		state = getpid() * 0x9e3779b97f4a7c15ULL;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? state % below : 0;
}

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static uint64_t pages(const struct range *range)
{
	return (range->end - range->start) / page_size();
}

/* A page frame of memory that comes and goes, or of memory that stays. */
static uint64_t some_pfn(void)
{
	const struct range *range = &boot.range[some(boot.count)];

	if (places.count && some(4))
		range = &places.range[some(places.count)];
	return range->start / page_size() + some(pages(range));
}

static enum turn wrong(const char *what, uint64_t pfn)
{
	snprintf(shared->wrong, sizeof(shared->wrong), "%s, pfn %llx", what,
		 (unsigned long long)pfn);
	return TURN_WRONG;
}

static bool moves(uint64_t pfn)
{
	return pfn >= moving.start / page_size() && pfn < moving.end / page_size();
}

/* All that comes and goes, and a piece of what stays. */
static enum turn words_of(const char *path)
{
	const struct range *range = &boot.range[some(boot.count)];
	uint64_t pfn = range->start / page_size() + some(pages(range));
	int want = range->end / page_size() - pfn < WORDS ? range->end / page_size() - pfn : WORDS;
	int got = page_words(path, pfn, words, want), i;

	if (got < 0)
		return TURN_ABSENT;
	if (got < want)
		return wrong(path, pfn + got);
	for (i = 0; i < got && !strcmp(path, "/proc/kpageflags"); i++)
		if (words[i] >> KPF_NOPAGE & 1 && !moves(pfn + i))
			return wrong("no struct page of memory that stays", pfn + i);
	for (i = 0; i < places.count; i++) {
		range = &places.range[i];
		for (pfn = range->start / page_size(); pfn < range->end / page_size(); pfn += WORDS)
			page_words(path, pfn, words, WORDS);
	}
	return TURN_DONE;
}

static enum turn kpageflags(void)
{
	return words_of("/proc/kpageflags");
}

static enum turn kpagecount(void)
{
	return words_of("/proc/kpagecount");
}

static enum turn kpagecgroup(void)
{
	return words_of("/proc/kpagecgroup");
}

/* Each read gives the next page that has an owner, from the pfn that is the file's position on. */
static enum turn page_owner(void)
{
	int fd = open(PAGE_OWNER, O_RDONLY), i;
	char text[4096];
	ssize_t got = 1;

	if (fd < 0)
		return TURN_ABSENT;
	if (lseek(fd, some_pfn(), SEEK_SET) >= 0)
		for (i = 0; i < 64 && got > 0; i++)
			got = read(fd, text, sizeof(text));
	close(fd);
	return got < 0 ? wrong("page_owner cannot be read", errno) : TURN_DONE;
}

static enum turn compact(void)
{
	const char *path = getenv("COMPACT") ?: "/proc/sys/vm/compact_memory";

	return put_text(path, "1") ? TURN_ABSENT : TURN_DONE;
}

static enum turn all_of(const char *path)
{
	char *text = slurp(path);

	if (!text)
		return TURN_ABSENT;
	free(text);
	return TURN_DONE;
}

static enum turn pagetypeinfo(void)
{
	return all_of("/proc/pagetypeinfo");
}

/*
 * Of blocks that stay: Linux 6.1 shows a new block before it knows its node, and reading the zones
 * of one just then is an oops.
 */
static enum turn valid_zones(void)
{
	const struct range *range = &boot.range[some(boot.count)];
	char path[96];

	snprintf(path, sizeof(path), MEMORY "/memory%llu/valid_zones",
		 (unsigned long long)((range->start + some(pages(range)) * page_size()) /
				      block_size()));
	return all_of(path);
}

/* This and the next one keep memory from coming and going: not all the time, please. */
static enum turn report(void)
{
	usleep(some(400000));
	return all_of(REPORT);
}

/* Each valid page frame and its struct page lead to each other. */
static enum turn check(void)
{
	char *text;
	bool good;

	usleep(some(400000));
	text = slurp(CHECK);
	if (!text)
		return TURN_ABSENT;
	good = strstr(text, ", 0 errors");
	free(text);
	return good ? TURN_DONE : wrong(CHECK " found errors", 0);
}

/* Pieces of the segments; the memmap is one of them. */
static enum turn kcore(void)
{
	static Elf64_Phdr segment[MAX_PHDRS];
	int fd = open("/proc/kcore", O_RDONLY), count, i;
	enum turn turn = TURN_ABSENT;
	Elf64_Ehdr head;

	if (fd < 0)
		return turn;
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		goto end;
	count = head.e_phnum < MAX_PHDRS ? head.e_phnum : MAX_PHDRS;
	if (pread(fd, segment, count * sizeof(*segment), head.e_phoff) < (ssize_t)sizeof(*segment))
		goto end;
	for (i = 0; i < 32; i++) {
		Elf64_Phdr *one = &segment[some(count)];

		/* Segments go while they are read */
		if (one->p_type == PT_LOAD && one->p_filesz > sizeof(words))
			(void)!pread(fd, words, sizeof(words), one->p_offset +
				     some(one->p_filesz - sizeof(words)));
	}
	turn = TURN_DONE;
end:
	close(fd);
	return turn;
}

static void begin(bool *held)
{
	while (__atomic_exchange_n(held, true, __ATOMIC_ACQUIRE))
		usleep(1000);
}

/* Others get their turn. */
static void end(bool *held)
{
	__atomic_store_n(held, false, __ATOMIC_RELEASE);
	usleep(50000);
}

/*
 * Of DIMMs only: a page that was taken out of use goes with them. Not while they go: in Linux 6.1,
 * soft_offline_page() looks for the struct page before it keeps memory from going.
 */
static enum turn soft_offline(void)
{
	const struct range *range = &places.range[some(places.dimms)];
	uint64_t at = range->start + some(pages(range)) * page_size();

	if (!places.dimms || access(SOFT_OFFLINE, W_OK))
		return TURN_ABSENT;
	begin(&shared->going);
	/* As often as not, nothing is there */
	begin(&shared->failing);
	put_text(SOFT_OFFLINE, "0x%llx", (unsigned long long)at);
	end(&shared->failing);
	end(&shared->going);
	return TURN_DONE;
}

static uint64_t pfn_of(void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at / page_size() * sizeof(entry)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

static bool comes_and_goes(uint64_t pfn)
{
	int i;

	for (i = 0; i < places.count; i++)
		if (pfn >= places.range[i].start / page_size() &&
		    pfn < places.range[i].end / page_size())
			return true;
	return moves(pfn);
}

/*
 * A page of this process fails, and is mended. One at a time: in Linux 6.1, soft_offline_page()
 * waits for memory hotplug with mf_mutex held, and memory_failure() waits for mf_mutex with a
 * reference to a page that is to be moved. Not in memory that goes offline: there,
 * unpoison_memory() waits in zone_pcp_disable() until offline_pages() has taken all free pages off
 * their lists, and then frees one whose struct page is about to be overwritten.
 */
static enum turn memory_failure(void)
{
	size_t size = FAILING_PAGES * page_size();
	int i, try, ret = -1;
	uint64_t pfn = 0;
	char *area;

	if (access(UNPOISON, W_OK))
		return TURN_ABSENT;
	area = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (area == MAP_FAILED)
		return wrong("no memory", 0);
	/* A page that is locked stays where it is */
	if (mlock(area, size))
		return wrong("mlock", 0);
	begin(&shared->failing);
	for (i = 0; i < FAILING_PAGES && !pfn; i++) {
		char *page = area + i * page_size();

		page[0] = 1;
		pfn = pfn_of(page);
		if (comes_and_goes(pfn))
			pfn = 0;
		/* The page can be marked although this says that it failed */
		if (pfn)
			madvise(page, page_size(), MADV_HWPOISON);
	}
	munmap(area, size);
	for (try = 0; pfn && try < 1000 && ret; try++) {
		ret = put_text(UNPOISON, "0x%llx", (unsigned long long)pfn);
		if (ret)
			usleep(10000);
	}
	end(&shared->failing);
	return ret && pfn ? wrong("a page that failed cannot be mended", pfn) : TURN_DONE;
}

/* Uses memory, so that what goes has to be moved. */
static enum turn use(void)
{
	size_t size = 16 << 20;
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return wrong("no memory", 0);
	memset(area, 0x5a, size);
	if (area[some(size)] != 0x5a)
		return wrong("memory changed", 0);
	munmap(area, size);
	return TURN_DONE;
}

/* New page tables, which have to know what old ones do. */
static enum turn forks(void)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		for (int i = 0; i < 64; i++)
			page_words("/proc/kpageflags", some_pfn(), words, 1);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return wrong("a child did not end well", status);
	return TURN_DONE;
}

/* Not a reader: the block that boot's memory can spare. */
static enum turn boot_block(void)
{
	uint64_t block = moving.start / block_size();

	if (moving.start == moving.end)
		return TURN_ABSENT;
	set_block(block, "offline");
	usleep(some(50000));
	if (set_block(block, "online_movable"))
		return wrong("block does not come back, block", block);
	usleep(some(200000));
	return TURN_DONE;
}

static const struct {
	const char *name;
	enum turn (*turn)(void);
} parties[] = {
	{ "kpageflags", kpageflags },
	{ "kpagecount", kpagecount },
	{ "kpagecgroup", kpagecgroup },
	{ "page_owner", page_owner },
	{ "compact", compact },
	{ "pagetypeinfo", pagetypeinfo },
	{ "valid_zones", valid_zones },
	{ "report", report },
	{ "check", check },
	{ "kcore", kcore },
	{ "soft_offline", soft_offline },
	{ "memory_failure", memory_failure },
	{ "use", use },
	{ "fork", forks },
	{ "boot_block", boot_block },
};

#define PARTIES	((int)(sizeof(parties) / sizeof(*parties)))

/* In a child */
static void take_part(int i)
{
	enum turn turn;

	/* If the test gives up, nobody tells us to stop */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	do {
		turn = parties[i].turn();
		if (turn == TURN_DONE)
			__atomic_fetch_add(&shared->turns[i], 1, __ATOMIC_RELAXED);
		/* Who moves memory must get a turn, too */
		usleep(some(10000));
	} while (turn == TURN_DONE && !stopped());
	shared->absent[i] = turn == TURN_ABSENT;
	_exit(turn == TURN_WRONG);
}

static bool may_lack(const char *name)
{
	const char *text = getenv("WITHOUT");
	size_t length = strlen(name);

	for (; text && *text; text += strcspn(text, ","), text += *text == ',')
		if (!strncmp(text, name, length) && strchr(",", text[length]))
			return true;
	return false;
}

static bool wait_blocks(long long count)
{
	time_t end = time(NULL) + WAIT_SECONDS;

	while (memory_blocks() != count) {
		if (time(NULL) > end)
			return false;
		usleep(20000);
	}
	return true;
}

/* For the helpers' parameters */
#define races_data_t FIXTURE_DATA(races)

FIXTURE(races)
{
	struct dimms dimms;
	const char *vmem;
	struct totals before;
	pid_t child[PARTIES];
};

FIXTURE_SETUP(races)
{
	uint64_t block;
	long long found;

	if (!find_dimms(&self->dimms))
		SKIP(return, "the guest has no DIMMS to plug");
	self->vmem = getenv("VMEM_SIZE");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	ASSERT_EQ(0, system_ram(&boot));
	found = movable_block();
	if (found >= 0) {
		block = found;
		moving.start = block * block_size();
		moving.end = moving.start + block_size();
	}
}

FIXTURE_TEARDOWN(races)
{
}

static void ask(struct __test_metadata *_metadata, const char *verb, const char *what)
{
	char request[64], answer[256];

	snprintf(request, sizeof(request), "%s %s", verb, what);
	ASSERT_EQ(0, ask_machine(request, answer, sizeof(answer))) {
		TH_LOG("%s: %s", request, answer);
	}
}

/* A page that is in use for long makes the kernel refuse. */
static void unplug(struct __test_metadata *_metadata, const char *name)
{
	char answer[256];
	int try, ret = 1;

	for (try = 0; try < UNPLUG_TRIES && ret; try++) {
		ret = ask_dimm("unplug", name, answer, sizeof(answer));
		if (ret)
			TH_LOG("%s: %s", name, answer);
	}
	ASSERT_EQ(0, ret);
}

static void note_place(uint64_t start, uint64_t end)
{
	int i;

	if (ram_within(&boot, start, end))
		return;
	for (i = 0; i < places.count; i++)
		if (places.range[i].start == start)
			return;
	if (i < PLACES) {
		places.range[i] = (struct range){ start, end };
		places.count++;
	}
}

/* Notes where memory is that was not there at boot; virtio-mem's is inside of its device. */
static void note_places(void)
{
	char *text = slurp("/proc/iomem"), *line, *name;
	unsigned long long start, end;

	for (line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		name = strstr(line, " : ");
		if (name && !strncmp(name + 3, "System RAM", 10) &&
		    sscanf(line, " %llx-%llx", &start, &end) == 2)
			note_place(start, end + 1);
	}
	free(text);
}

/* Once through all that can come, one by one. */
static void find_places(struct __test_metadata *_metadata, races_data_t *self)
{
	long long total = meminfo_kb("MemTotal"), blocks = memory_blocks();
	int i;

	for (i = 0; i < self->dimms.count; i++) {
		ask(_metadata, "plug", self->dimms.name[i]);
		ASSERT_TRUE(wait_total(total + self->dimms.size_kb, WAIT_SECONDS));
		note_places();
		unplug(_metadata, self->dimms.name[i]);
		ASSERT_TRUE(wait_total(total, WAIT_SECONDS));
	}
	places.dimms = places.count;
	ASSERT_EQ(self->dimms.count, places.dimms);
	if (!self->vmem)
		return;
	ask(_metadata, "resize", self->vmem);
	ASSERT_TRUE(wait_total(total + (env_number("VMEM_SIZE", 0) >> 10), WAIT_SECONDS));
	note_places();
	ask(_metadata, "resize", "0M");
	/* The last block is removed after it went offline */
	ASSERT_TRUE(wait_blocks(blocks));
	ASSERT_LT(places.dimms, places.count);
}

/* Some block of a DIMM, there and back; others may be faster. */
static void move_some_block(void)
{
	const struct range *range = &places.range[some(places.dimms)];
	uint64_t size = block_size(), block = range->start / size;

	block += some((range->end - range->start) / size);
	if (!set_block(block, "offline")) {
		usleep(some(50000));
		set_block(block, "online_movable");
	}
}

/* All of it comes at once, and goes. */
static void come_and_go(struct __test_metadata *_metadata, races_data_t *self)
{
	long long blocks = memory_blocks();
	long long more = self->dimms.size_kb / (long long)(block_size() >> 10);
	int i;

	more *= self->dimms.count;
	if (self->vmem) {
		ask(_metadata, "resize", self->vmem);
		more += env_number("VMEM_SIZE", 0) / (long long)block_size();
	}
	for (i = 0; i < self->dimms.count; i++)
		ask(_metadata, "plug", self->dimms.name[i]);
	ASSERT_TRUE(wait_blocks(blocks + more)) {
		TH_LOG("%lld blocks, %lld expected", memory_blocks(), blocks + more);
	}
	begin(&shared->going);
	move_some_block();
	if (self->vmem)
		ask(_metadata, "resize", "0M");
	for (i = 0; i < self->dimms.count; i++)
		unplug(_metadata, self->dimms.name[i]);
	end(&shared->going);
	ASSERT_TRUE(wait_blocks(blocks)) {
		TH_LOG("%lld blocks, %lld expected", memory_blocks(), blocks);
	}
}

TEST_F_TIMEOUT(races, readers_and_movers, ROUNDS_SECONDS)
{
	long long poisoned = meminfo_kb("HardwareCorrupted");
	time_t end = time(NULL) + env_number("TIME", 10);
	struct totals after;
	int rounds = 0, i, status;

	find_places(_metadata, self);
	take_totals(&self->before);
	for (i = 0; i < PARTIES; i++) {
		self->child[i] = fork();
		ASSERT_LE(0, self->child[i]);
		if (!self->child[i])
			take_part(i);
	}
	do {
		come_and_go(_metadata, self);
		rounds++;
	} while (time(NULL) < end && !shared->wrong[0]);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < PARTIES; i++) {
		waitpid(self->child[i], &status, 0);
		TH_LOG("%s: %lld turns%s", parties[i].name, shared->turns[i],
		       shared->absent[i] ? ", is not there" : "");
		EXPECT_EQ(0, status);
		EXPECT_TRUE(shared->turns[i] || may_lack(parties[i].name));
	}
	TH_LOG("%d rounds", rounds);
	EXPECT_STREQ("", shared->wrong);

	take_totals(&after);
	EXPECT_EQ(self->before.total_kb, after.total_kb);
	EXPECT_EQ(self->before.blocks, after.blocks);
	EXPECT_EQ(self->before.map.base, after.map.base);
	EXPECT_EQ(self->before.map.large, after.map.large);
	EXPECT_EQ(self->before.map.dump, after.map.dump);
	EXPECT_EQ(self->before.map_tables, after.map_tables);
	EXPECT_EQ(poisoned, meminfo_kb("HardwareCorrupted"));
	TH_LOG("free memory changed by %lld kB", after.free_kb - self->before.free_kb);
	EXPECT_LE(self->before.free_kb - after.free_kb, env_number("SLACK_KB", 8192));
}

TEST_HARNESS_MAIN
