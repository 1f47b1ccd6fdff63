// SPDX-License-Identifier: GPL-2.0
/*
 * A TCG plugin that counts what a guest's data accesses would cost in the data TLBs of an
 * Itanium 2, and how often the emulated processor reaches its miss vectors.
 *
 * The model: a first level of 32 entries of 4 KiB that serves loads, a second one of 128 entries
 * of any size (less those that the kernel pins), both fully associative, the entry that was used
 * the longest ago replaced. A miss in the second level is
 *
 *	walked		found by the hardware's walker: the page of the region's linear page
 *			table that has the entry is in the TLB itself
 *	vector		somebody has to be called: there is no walker, or that page is not in the
 *			TLB; software then enters it, too
 *
 * What the model leaves out: purges, the walker's reads ahead, processes (addresses of regions 0 to
 * 4 are told apart by address only), instruction TLBs. Accesses by physical addresses are not
 * translated; they are those to region 0, where programs of Linux have nothing.
 *
 * Arguments:
 *
 *	out=FILE			the result, a line "phase NAME KEY NUMBER" each
 *	phase=ADDR			instruction that begins the next phase; counting starts at
 *					the first, and odd phases are told, from 1
 *	exec=NAME:ADDR			count executions of an instruction
 *	map=NAME:START:END:SHIFT:HOW	translations of 2^SHIFT bytes, HOW is walked or vector;
 *					the first that an address is in counts
 *	pin=START:END			always in the TLB
 *	tlb=N				entries of the second level that are not pinned (128)
 *
 * Addresses are hexadecimal, END is the last one. One CPU only.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define MAX_MAPS	16
#define MAX_PINS	8
#define MAX_EXECS	16
#define MAX_PHASES	32
#define L1_ENTRIES	32
#define L1_SHIFT	12
#define MAX_ENTRIES	128
#define BUCKETS		512
#define PAGE_TABLE	MAX_MAPS	/* the linear page tables are a map of their own */

struct map {
	char name[32];
	uint64_t start, end;
	int shift;
	bool walked;
};

struct entry {
	uint64_t key;		/* 0: free */
	uint64_t used;
	struct entry *next;
};

struct counts {
	uint64_t access, l1, l2, walked;
};

struct phase {
	uint64_t kernel, user;
	struct counts map[MAX_MAPS];
	uint64_t exec[MAX_EXECS];
};

static struct map maps[MAX_MAPS];
static int map_count;
static struct { uint64_t start, end; } pins[MAX_PINS];
static int pin_count;
static struct { char name[32]; uint64_t address; } execs[MAX_EXECS];
static int exec_count;
static uint64_t phase_address;
static struct phase phases[MAX_PHASES];
static int phase;
static char out[256] = "dtlb.out";

static struct entry l2[MAX_ENTRIES], *bucket[BUCKETS];
static int l2_entries = MAX_ENTRIES;
static struct { uint64_t page, used; } l1[L1_ENTRIES];
static uint64_t now;

static struct entry **bucket_of(uint64_t key)
{
	return &bucket[(key * 0x9e3779b97f4a7c15ULL) >> 55];
}

static struct entry *find(uint64_t key)
{
	struct entry *entry;

	for (entry = *bucket_of(key); entry; entry = entry->next)
		if (entry->key == key) {
			entry->used = ++now;
			return entry;
		}
	return NULL;
}

static void enter(uint64_t key)
{
	struct entry *oldest = &l2[0], **link;
	int i;

	for (i = 1; i < l2_entries; i++)
		if (l2[i].used < oldest->used)
			oldest = &l2[i];
	if (oldest->key) {
		for (link = bucket_of(oldest->key); *link != oldest; link = &(*link)->next)
			;
		*link = oldest->next;
	}
	oldest->key = key;
	oldest->used = ++now;
	oldest->next = *bucket_of(key);
	*bucket_of(key) = oldest;
}

/* Never 0, and different for each map. */
static uint64_t key_of(int map, uint64_t page)
{
	return page << 5 | (map + 1);
}

/* Says whether the first level has the page; it has it afterwards. */
static bool in_l1(uint64_t page)
{
	int i, oldest = 0;

	for (i = 0; i < L1_ENTRIES; i++) {
		if (l1[i].used && l1[i].page == page) {
			l1[i].used = ++now;
			return true;
		}
		if (l1[i].used < l1[oldest].used)
			oldest = i;
	}
	l1[oldest].page = page;
	l1[oldest].used = ++now;
	return false;
}

/* A page of the linear page table has 2^(shift - 3) entries. */
static bool walk(int map, uint64_t page)
{
	uint64_t key = key_of(PAGE_TABLE, page >> (maps[map].shift - 3));

	if (find(key))
		return true;
	enter(key);
	return false;
}

static void access_memory(unsigned int cpu, mem_info info, uint64_t address, void *data)
{
	struct counts *counts;
	uint64_t key;
	int map, i;

	(void)cpu;
	(void)data;
	if (!(address >> 61))
		return;
	for (i = 0; i < pin_count; i++)
		if (address >= pins[i].start && address <= pins[i].end)
			return;
	for (map = 0; map < map_count; map++)
		if (address >= maps[map].start && address <= maps[map].end)
			break;
	if (map == map_count)
		return;
	counts = &phases[phase].map[map];
	counts->access++;
	if (!qemu_plugin_mem_is_store(info)) {
		if (in_l1(address >> L1_SHIFT))
			return;
		counts->l1++;
	}
	key = key_of(map, address >> maps[map].shift);
	if (find(key))
		return;
	counts->l2++;
	if (maps[map].walked)
		counts->walked += walk(map, address >> maps[map].shift);
	enter(key);
}

static void count_kernel(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	phases[phase].kernel++;
}

static void count_user(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	phases[phase].user++;
}

static void count_exec(unsigned int cpu, void *data)
{
	(void)cpu;
	phases[phase].exec[(intptr_t)data]++;
}

static void next_phase(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (phase < MAX_PHASES - 1)
		phase++;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	for (i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		intptr_t k;

		if (address == phase_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, next_phase, NO_REGS, NULL);
		for (k = 0; k < exec_count; k++)
			if (address == execs[k].address)
				qemu_plugin_register_vcpu_insn_exec_cb(insn, count_exec, NO_REGS,
								       (void *)k);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, address >> 61 >= 5 ? count_kernel :
						       count_user, NO_REGS, NULL);
		qemu_plugin_register_vcpu_mem_cb(insn, access_memory, NO_REGS, MEM_READ_WRITE,
						 NULL);
	}
}

static void tell(plugin_id id, void *data)
{
	FILE *file = fopen(out, "w");
	int i, p;

	(void)id;
	(void)data;
	if (!file) {
		perror(out);
		return;
	}
	for (p = 1; p <= phase; p += 2) {
		const struct phase *one = &phases[p];

		fprintf(file, "%d instructions kernel %" PRIu64 "\n", p, one->kernel);
		fprintf(file, "%d instructions user %" PRIu64 "\n", p, one->user);
		for (i = 0; i < exec_count; i++)
			fprintf(file, "%d exec %s %" PRIu64 "\n", p, execs[i].name, one->exec[i]);
		for (i = 0; i < map_count; i++) {
			const struct counts *counts = &one->map[i];

			fprintf(file, "%d access %s %" PRIu64 "\n", p, maps[i].name, counts->access);
			fprintf(file, "%d l1 %s %" PRIu64 "\n", p, maps[i].name, counts->l1);
			fprintf(file, "%d walked %s %" PRIu64 "\n", p, maps[i].name,
				counts->walked);
			fprintf(file, "%d vector %s %" PRIu64 "\n", p, maps[i].name,
				counts->l2 - counts->walked);
		}
	}
	fclose(file);
}

static bool take(const char *argument)
{
	const char *value = strchr(argument, '=');
	char how[16];

	if (!value++)
		return false;
	if (!strncmp(argument, "out=", 4))
		return snprintf(out, sizeof(out), "%s", value) < (int)sizeof(out);
	if (!strncmp(argument, "phase=", 6))
		return sscanf(value, "%" SCNx64, &phase_address) == 1;
	if (!strncmp(argument, "tlb=", 4))
		return sscanf(value, "%d", &l2_entries) == 1 && l2_entries > 0 &&
		       l2_entries <= MAX_ENTRIES;
	if (!strncmp(argument, "exec=", 5) && exec_count < MAX_EXECS)
		return sscanf(value, "%31[^:]:%" SCNx64, execs[exec_count].name,
			      &execs[exec_count].address) == 2 && ++exec_count;
	if (!strncmp(argument, "pin=", 4) && pin_count < MAX_PINS)
		return sscanf(value, "%" SCNx64 ":%" SCNx64, &pins[pin_count].start,
			      &pins[pin_count].end) == 2 && ++pin_count;
	if (!strncmp(argument, "map=", 4) && map_count < MAX_MAPS) {
		struct map *map = &maps[map_count];

		if (sscanf(value, "%31[^:]:%" SCNx64 ":%" SCNx64 ":%d:%15s", map->name, &map->start,
			   &map->end, &map->shift, how) != 5)
			return false;
		map->walked = !strcmp(how, "walked");
		map_count++;
		return map->walked || !strcmp(how, "vector");
	}
	return false;
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!take(argv[i])) {
			fprintf(stderr, "dtlb: cannot take %s\n", argv[i]);
			return -1;
		}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, tell, NULL);
	return 0;
}
