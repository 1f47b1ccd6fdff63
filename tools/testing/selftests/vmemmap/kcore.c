// SPDX-License-Identifier: GPL-2.0
/*
 * Finds struct pages as dump tools do: by what vmcoreinfo tells about sections, through
 * /proc/kcore; and compares them with /proc/kpageflags.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "sysmem.h"

#define MAP_FLAGS	0x3fULL
#define TRIES		5

/* For the helpers' parameters */
#define kcore_data_t FIXTURE_DATA(kcore)

FIXTURE(kcore)
{
	int fd;
	Elf64_Ehdr head;
	Elf64_Phdr *segments;
	char *info;
	long long page_size;
	long long struct_size;
	int section_bits;
};

static long long number(const char *info, const char *key, int base)
{
	char wanted[96];
	const char *found;
	int length;

	length = snprintf(wanted, sizeof(wanted), "\n%s=", key);
	found = strstr(info, wanted);
	return found ? (long long)strtoull(found + length, NULL, base) : -1;
}

/* Returns the text of the note called VMCOREINFO, with a newline before it, or NULL. */
static char *read_notes(int fd, const Elf64_Phdr *segment)
{
	char *notes = calloc(1, segment->p_filesz + 2), *text = NULL;
	uint64_t at = 0;

	if (!notes || pread(fd, notes, segment->p_filesz, segment->p_offset) < 0)
		return NULL;
	while (at + sizeof(Elf64_Nhdr) < segment->p_filesz) {
		Elf64_Nhdr *note = (Elf64_Nhdr *)(notes + at);
		uint64_t name = at + sizeof(*note);
		uint64_t body = name + ((note->n_namesz + 3) & ~3U);

		if (!strcmp(notes + name, "VMCOREINFO")) {
			if (asprintf(&text, "\n%.*s", (int)note->n_descsz, notes + body) < 0)
				text = NULL;
			break;
		}
		at = body + ((note->n_descsz + 3) & ~3U);
	}
	free(notes);
	return text;
}

FIXTURE_SETUP(kcore)
{
	int i;

	self->fd = open("/proc/kcore", O_RDONLY);
	if (self->fd < 0)
		SKIP(return, "no /proc/kcore");
	ASSERT_EQ(sizeof(self->head), read(self->fd, &self->head, sizeof(self->head)));
	self->segments = calloc(self->head.e_phnum, sizeof(Elf64_Phdr));
	ASSERT_LT(0, pread(self->fd, self->segments,
			   self->head.e_phnum * sizeof(Elf64_Phdr), self->head.e_phoff));
	self->info = NULL;
	for (i = 0; i < self->head.e_phnum && !self->info; i++)
		if (self->segments[i].p_type == PT_NOTE)
			self->info = read_notes(self->fd, &self->segments[i]);
	if (!self->info)
		SKIP(return, "no VMCOREINFO among the notes of /proc/kcore");
	self->page_size = number(self->info, "PAGESIZE", 10);
	self->struct_size = number(self->info, "SIZE(page)", 10);
	self->section_bits = number(self->info, "NUMBER(SECTION_SIZE_BITS)", 10);
}

FIXTURE_TEARDOWN(kcore)
{
	close(self->fd);
	free(self->segments);
	free(self->info);
}

/* Reads kernel memory; returns false where no segment has it. */
static bool peek(kcore_data_t *self, uint64_t address, void *to, size_t size)
{
	int i;

	for (i = 0; i < self->head.e_phnum; i++) {
		const Elf64_Phdr *segment = &self->segments[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address + size <= segment->p_vaddr + segment->p_memsz)
			return pread(self->fd, to, size, segment->p_offset + address -
				     segment->p_vaddr) == (ssize_t)size;
	}
	return false;
}

/* The same for a physical address, by the segments that tell theirs. */
static bool peek_physical(kcore_data_t *self, uint64_t address, void *to, size_t size)
{
	int i;

	for (i = 0; i < self->head.e_phnum; i++) {
		const Elf64_Phdr *segment = &self->segments[i];

		if (segment->p_type == PT_LOAD && segment->p_paddr != (uint64_t)-1 &&
		    address >= segment->p_paddr &&
		    address + size <= segment->p_paddr + segment->p_memsz)
			return pread(self->fd, to, size, segment->p_offset + address -
				     segment->p_paddr) == (ssize_t)size;
	}
	return false;
}

/* Returns the address of a pfn's struct page, or 0. */
static uint64_t struct_page(kcore_data_t *self, uint64_t pfn)
{
	uint64_t table = number(self->info, "SYMBOL(mem_section)", 16);
	uint64_t roots = number(self->info, "LENGTH(mem_section)", 10);
	uint64_t size = number(self->info, "SIZE(mem_section)", 10);
	uint64_t offset = number(self->info, "OFFSET(mem_section.section_mem_map)", 10);
	uint64_t section = pfn * self->page_size >> self->section_bits;
	uint64_t per_root = self->page_size / size;
	uint64_t map;

	/* Two levels: an array of pointers to pages full of sections */
	if (section / per_root >= roots ||
	    !peek(self, table + section / per_root * 8, &table, sizeof(table)) || !table)
		return 0;
	if (!peek(self, table + section % per_root * size + offset, &map, sizeof(map)))
		return 0;
	if (!(map & 2))
		return 0;
	return (map & ~MAP_FLAGS) + pfn * self->struct_size;
}

TEST_F(kcore, vmcoreinfo_tells_about_sections)
{
	static const char * const keys[] = {
		"SYMBOL(mem_section)", "LENGTH(mem_section)", "SIZE(mem_section)",
		"OFFSET(mem_section.section_mem_map)", "NUMBER(SECTION_SIZE_BITS)",
		"NUMBER(MAX_PHYSMEM_BITS)", "SIZE(page)", "OFFSET(page.flags)",
		"OFFSET(page._refcount)", "PAGESIZE", NULL
	};
	const char * const *key;

	for (key = keys; *key; key++)
		EXPECT_NE(-1, number(self->info, *key, 0)) {
			TH_LOG("vmcoreinfo lacks %.60s", *key ?: "");
		}
	EXPECT_LT(0, file_number("/sys/kernel/vmcoreinfo", 16));
}

/* Some architectures' file has no memory until some is plugged: it is made before they tell. */
static bool has_memory(kcore_data_t *self)
{
	uint64_t word;

	return peek(self, number(self->info, "SYMBOL(mem_section)", 16), &word, sizeof(word));
}

TEST_F(kcore, struct_pages_of_all_ram)
{
	uint64_t section = 1ULL << self->section_bits, address, start;
	uint64_t skip = env_number("WALK_STEP", 1);
	struct ranges ram;
	int i;

	if (number(self->info, "SYMBOL(mem_section)", 16) == -1)
		SKIP(return, "vmcoreinfo has no mem_section");
	if (!has_memory(self))
		SKIP(return, "/proc/kcore has no memory");
	ASSERT_EQ(0, system_ram(&ram));
	for (i = 0; i < ram.count; i++) {
		const struct range *range = &ram.range[i];

		for (start = range->start & ~(section - 1); start < range->end;
		     start += section) {
			uint64_t first = start > range->start ? start : range->start;
			uint64_t end = start + section < range->end ? start + section : range->end;
			uint64_t pfn = (first + self->page_size - 1) / self->page_size;
			uint64_t last = end / self->page_size - 1;
			uint64_t step = (last - pfn) / (skip > 1 ? 4 : 64) + 1;

			for (; pfn <= last; pfn += step) {
				uint64_t words[8] = { 0 };

				address = struct_page(self, pfn);
				ASSERT_NE(0, address) {
					TH_LOG("pfn %llx: no struct page",
					       (unsigned long long)pfn);
				}
				ASSERT_TRUE(peek(self, address, words, sizeof(words))) {
					TH_LOG("pfn %llx: %llx is in no segment",
					       (unsigned long long)pfn,
					       (unsigned long long)address);
				}
			}
		}
	}
}

/* An entry of vmemmap_list, as makedumpfile and crash take it */
struct backing {
	uint64_t start;
	uint64_t physical;
};

/* Reads the list in its order; returns how many entries it has, or -1. */
static long read_backing_list(kcore_data_t *self, struct backing **list)
{
	uint64_t start = number(self->info, "OFFSET(vmemmap_backing.virt_addr)", 10);
	uint64_t physical = number(self->info, "OFFSET(vmemmap_backing.phys)", 10);
	uint64_t next = number(self->info, "OFFSET(vmemmap_backing.list)", 10);
	uint64_t at = number(self->info, "SYMBOL(vmemmap_list)", 16);
	long count = 0;

	*list = NULL;
	if (!peek(self, at, &at, sizeof(at)))
		return -1;
	while (at) {
		struct backing *grown = realloc(*list, (count + 1) * sizeof(**list));

		if (!grown)
			return -1;
		*list = grown;
		if (!peek(self, at + start, &grown[count].start, 8) ||
		    !peek(self, at + physical, &grown[count].physical, 8) ||
		    !peek(self, at + next, &at, 8))
			return -1;
		count++;
	}
	return count;
}

/* Bytes of an entry, or 0. */
static uint64_t backing_size(kcore_data_t *self)
{
	uint64_t sizes = number(self->info, "SYMBOL(mmu_psize_defs)", 16);
	uint64_t size = number(self->info, "SIZE(mmu_psize_def)", 10);
	uint64_t offset = number(self->info, "OFFSET(mmu_psize_def.shift)", 10);
	uint32_t index, shift;

	if (!peek(self, number(self->info, "SYMBOL(mmu_vmemmap_psize)", 16), &index, 4) ||
	    !peek(self, sizes + index * size + offset, &shift, 4))
		return 0;
	return 1ULL << shift;
}

/* The first entry that has an address counts. Struct pages change while we look at them. */
static bool backed_as_listed(kcore_data_t *self, uint64_t address,
			     const struct backing *list, long count, uint64_t size)
{
	char seen[64], there[64];
	int try;
	long i;

	for (i = 0; i < count; i++)
		if (address >= list[i].start && address < list[i].start + size)
			break;
	for (try = 0; i < count && try < TRIES; try++)
		if (peek(self, address, seen, sizeof(seen)) &&
		    peek_physical(self, list[i].physical + address - list[i].start, there,
				  sizeof(there)) &&
		    !memcmp(seen, there, sizeof(seen)))
			return true;
	return false;
}

/* Where no page table maps the memmap, dump tools have nothing but this list */
TEST_F(kcore, backing_list_leads_to_struct_pages)
{
	uint64_t section = 1ULL << self->section_bits, start, size;
	struct backing *list;
	struct ranges ram;
	long count;
	int i;

	if (number(self->info, "SYMBOL(vmemmap_list)", 16) == -1)
		SKIP(return, "vmcoreinfo has no vmemmap_list");
	size = backing_size(self);
	ASSERT_LT(0, size);
	count = read_backing_list(self, &list);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, system_ram(&ram));
	for (i = 0; i < ram.count; i++)
		for (start = ram.range[i].start; start < ram.range[i].end; start += section / 4)
			ASSERT_TRUE(backed_as_listed(self,
						     struct_page(self, start / self->page_size),
						     list, count, size)) {
				TH_LOG("pfn %llx: the list leads elsewhere",
				       (unsigned long long)(start / self->page_size));
			}
	TH_LOG("%ld entries of %llu kB", count, (unsigned long long)size >> 10);
	free(list);
}

TEST_F_TIMEOUT(kcore, flags_match_kpageflags, 120)
{
	long long lru = number(self->info, "NUMBER(PG_lru)", 10);
	long long offset = number(self->info, "OFFSET(page.flags)", 10);
	uint64_t flags, seen, pfn, compound, compared = 0, set = 0;
	struct ranges ram;
	int i, try;

	if (lru < 0)
		SKIP(return, "vmcoreinfo has no PG_lru");
	if (!has_memory(self))
		SKIP(return, "/proc/kcore has no memory");
	ASSERT_EQ(0, system_ram(&ram));
	compound = 1ULL << KPF_COMPOUND_HEAD | 1ULL << KPF_COMPOUND_TAIL;
	for (i = 0; i < ram.count; i++) {
		uint64_t last = ram.range[i].end / self->page_size;
		uint64_t step = (last - ram.range[i].start / self->page_size) / 4096 + 1;

		for (pfn = ram.range[i].start / self->page_size + 1; pfn < last; pfn += step) {
			uint64_t address = struct_page(self, pfn);

			ASSERT_NE(0, address);
			/* Pages move while we look at them */
			for (try = 0; try < TRIES; try++) {
				ASSERT_TRUE(peek(self, address + offset, &flags, 8));
				ASSERT_EQ(1, page_words("/proc/kpageflags", pfn, &seen, 1));
				if (seen & compound ||
				    (seen >> KPF_LRU & 1) == (flags >> lru & 1))
					break;
			}
			EXPECT_GT(TRIES, try) {
				TH_LOG("pfn %llx: flags %llx, kpageflags %llx",
				       (unsigned long long)pfn, (unsigned long long)flags,
				       (unsigned long long)seen);
			}
			compared += !(seen & compound);
			set += seen >> KPF_LRU & 1;
		}
	}
	TH_LOG("%llu pages compared, %llu on an LRU list", (unsigned long long)compared,
	       (unsigned long long)set);
	EXPECT_LT(0, compared);
}

TEST_HARNESS_MAIN
