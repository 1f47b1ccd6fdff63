/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of this directory need to know about the system's memory, read from the
 * kernel's files, and the control line to the machine that the guest runs in.
 */
#ifndef SYSMEM_H
#define SYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of /proc/kpageflags, see Documentation/admin-guide/mm/pagemap.rst */
#define KPF_LRU			5
#define KPF_BUDDY		10
#define KPF_COMPOUND_HEAD	15
#define KPF_COMPOUND_TAIL	16
#define KPF_HUGE		17
#define KPF_NOPAGE		20
#define KPF_RESERVED		32

#define MAX_RANGES	256

/* For tests whose rounds the guest's data counts: its own time limit ends what hangs */
#define ROUNDS_SECONDS	86400

/* Physical addresses [start, end) */
struct range {
	uint64_t start;
	uint64_t end;
};

struct ranges {
	int count;
	struct range range[MAX_RANGES];
};

/* Bytes of the memmap that the kernel's page tables map, by the size of the leaf */
struct mapped {
	uint64_t base;
	uint64_t large;
	/* A digest of the dump of these page tables, empty ones among them; 0 without one */
	uint64_t dump;
};

/* What has to be the same before memory came and after it went */
struct totals {
	long long total_kb;
	long long free_kb;
	long long blocks;
	long long slab_kb;
	/* Of slab, for what is unmapped but not purged */
	long long unpurged_kb;
	long long tables_kb;
	/* Pages of page tables for the memmap, by the kernel's report; -1 without one */
	long long map_tables;
	bool has_map;
	struct mapped map;
};

/* Rounds that must leave nothing behind, see another_batch() */
struct rounds {
	/* They split leaves, which stay so: then the memmap's size is all that must not change */
	bool splits;
	int batch;
	struct totals first;
	/* What changed in each batch; whether it must not have in the last */
	char told[512];
	bool grew;
};

/* In a test: is what can be counted exactly as it was? */
#define EXPECT_SAME_MEMORY(before, now) do {			\
	const struct totals *_before = &(before);		\
	const struct totals *_now = &(now);			\
								\
	EXPECT_EQ(_before->total_kb, _now->total_kb);		\
	EXPECT_EQ(_before->blocks, _now->blocks);		\
	EXPECT_EQ(_before->map.base, _now->map.base);		\
	EXPECT_EQ(_before->map.large, _now->map.large);		\
} while (0)

char *slurp(const char *path);
int put_text(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
long long file_number(const char *path, int base);
long long meminfo_kb(const char *key);
long long env_number(const char *name, long long fallback);
const char *setting(const char *name, const char *fallback);
int file_copy(const char *from, const char *path);
uint64_t block_size(void);
uint64_t page_size(void);
long long memmap_bytes(long long kb);

int system_ram(struct ranges *ram);
uint64_t memmap_of(const struct ranges *ram, uint64_t granule);
uint64_t ram_within(const struct ranges *ram, uint64_t start, uint64_t end);
int mapped_memmap(struct mapped *map);
int page_words(const char *path, uint64_t pfn, uint64_t *words, int count);
long long pages_in(const struct range *range);

int ask_machine(const char *request, char *answer, size_t size);
long long memory_blocks(void);
int set_block(uint64_t block, const char *state);
long long movable_block(void);
void take_totals(struct totals *totals);
bool another_batch(struct rounds *rounds);
long long hosted_kb(void);
long long memory_kb(void);
bool wait_total(long long kb, int seconds);

#endif
