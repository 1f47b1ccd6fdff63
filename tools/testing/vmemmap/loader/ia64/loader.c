// SPDX-License-Identifier: GPL-2.0
/*
 * Starts a kernel on ia64, for tests. From the FAT volume that firmware started it from, it takes
 *
 *	vmlinux		the kernel
 *	initrd		its initramfs
 *	cmdline		its parameters, one line
 *	hidden		optional: physical memory that the kernel is not to hear of, a line
 *			"START SIZE" in hexadecimal for each range
 *	tables		optional: ACPI tables, one after the other, each of which takes the place of
 *			the firmware's table of that name
 *
 * and enters the kernel as arch/ia64/kernel/head.S asks. Whatever fails is told in a line on the
 * console, and the machine is powered off: nobody sits in front of it.
 */
#include "efi.h"

/* Types of memory: what firmware used until it was left, and what nobody uses */
#define BOOT_CODE	3
#define BOOT_DATA	4
#define CONVENTIONAL	7
/* What the kernel gets of us is to be in memory that is never hidden */
#define HIGHEST		0x7fffffffUL
#define CACHE_LINE	32
#define MAX_HIDDEN	16
#define MAX_NAME	16
/* The largest base page: what is handed over may start one */
#define ALIGNMENT	65536UL

/* struct ia64_boot_param of arch/ia64/include/uapi/asm/setup.h */
struct boot_parameters {
	u64 cmdline, system, map, map_size, entry_size;
	u32 version;
	u16 columns, rows, x, y;
	u64 fpswa, initrd, initrd_size;
};

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, segments, sections;
	u32 flags;
	u16 size, segment_size, segment_count;
};

struct elf_segment {
	u32 type, flags;
	u64 offset, virtual, physical, file_size, size, align;
};

struct acpi_root {
	u8 signature[8], checksum, vendor[6], revision;
	u32 rsdt, length;
	u64 xsdt;
} __attribute__((packed));

struct acpi_table {
	u8 signature[4];
	u32 length;
	u8 revision, checksum, vendor[26];
};

/* The XSDT, whose entries are not aligned */
struct acpi_list {
	struct acpi_table head;
	u64 entry[];
} __attribute__((packed));

struct file {
	u8 *data;
	u64 size;
};

struct range {
	u64 start, end;
};

static struct efi_system_table *firmware;
static struct efi_boot_services *boot;
static struct range hidden[MAX_HIDDEN];
static int hidden_count;

static const struct efi_guid loaded_image = {
	0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

static const struct efi_guid file_system = {
	0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

static const struct efi_guid file_info = {
	0x09576e92, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

static const struct efi_guid acpi_20 = {
	0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0, 0x80, 0xc7, 0x3c, 0x88, 0x81 }
};

void enter_kernel(u64 entry, struct boot_parameters *parameters);
u64 load_kernel(void *image, struct efi_system_table *system);

/* The compiler calls these two */
void *memset(void *to, int value, u64 size)
{
	u8 *byte = to;

	while (size--)
		*byte++ = value;
	return to;
}

void *memcpy(void *to, const void *from, u64 size)
{
	const u8 *source = from;
	u8 *byte = to;

	while (size--)
		*byte++ = *source++;
	return to;
}

static int same(const void *one, const void *other, u64 size)
{
	const u8 *a = one, *b = other;

	while (size--)
		if (*a++ != *b++)
			return 0;
	return 1;
}

static void print(const char *text)
{
	u16 wide[2] = { 0, 0 };

	for (; *text; text++) {
		wide[0] = *text;
		firmware->output->output_string(firmware->output, wide);
	}
}

static void print_hex(u64 value)
{
	char text[17];
	int i;

	for (i = 15; i >= 0; i--, value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
	text[16] = '\0';
	for (i = 0; i < 15 && text[i] == '0'; i++)
		;
	print("0x");
	print(text + i);
}

/* "ia64 loader: WHAT NAME: EFI status CODE"; returns the status if the machine stays on. */
static u64 fail(const char *what, const char *name, u64 status)
{
	print("ia64 loader: ");
	print(what);
	print(name);
	print(": EFI status ");
	print_hex(status);
	print("\r\n");
	firmware->runtime->reset_system(EFI_SHUTDOWN, status, 0, 0);
	return status;
}

/* Reads a file of the volume to memory of its own of that type, with a zero byte after it. */
static u64 read_file(struct efi_file *root, const char *name, u32 type, struct file *file)
{
	u64 status, size, address = HIGHEST, pages;
	struct efi_file_info info;
	struct efi_file *handle;
	u16 wide[MAX_NAME];
	int i;

	for (i = 0; name[i] && i < MAX_NAME - 1; i++)
		wide[i] = name[i];
	wide[i] = 0;
	status = root->open(root, &handle, wide, EFI_FILE_READ, 0);
	if (status)
		return status;
	size = sizeof(info);
	status = handle->get_info(handle, &file_info, &size, &info);
	if (status)
		goto close;
	pages = (info.file_size + 1 + ALIGNMENT + EFI_PAGE_SIZE - 1) >> EFI_PAGE_SHIFT;
	status = boot->allocate_pages(EFI_ALLOCATE_BELOW, type, pages, &address);
	if (status)
		goto close;
	file->data = (u8 *)((address + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
	file->size = info.file_size;
	size = file->size;
	status = handle->read(handle, &size, file->data);
	if (!status && size != file->size)
		status = EFI_LOAD_ERROR;
	file->data[file->size] = '\0';
close:
	handle->close(handle);
	return status;
}

/* One that need not be there: size 0 then. */
static u64 read_optional(struct efi_file *root, const char *name, u32 type, struct file *file)
{
	u64 status = read_file(root, name, type, file);

	if (!status)
		return 0;
	file->size = 0;
	return status == EFI_NOT_FOUND ? 0 : status;
}

static u64 open_volume(void *image, struct efi_file **root)
{
	struct efi_loaded_image *ourselves;
	struct efi_file_system *volume;
	u64 status;

	status = boot->handle_protocol(image, &loaded_image, (void **)&ourselves);
	if (!status)
		status = boot->handle_protocol(ourselves->device, &file_system,
					       (void **)&volume);
	if (!status)
		status = volume->open_volume(volume, root);
	return status;
}

/* Checks the kernel's file as far as we go by what it says. */
static const char *complaint(const struct file *file)
{
	const struct elf_header *header = (struct elf_header *)file->data;
	const struct elf_segment *segment;
	int i;

	if (file->size < sizeof(*header) || !same(header->ident, "\177ELF\2\1", 6) ||
	    header->machine != 50)
		return "not an ELF file for ia64";
	if (header->segment_size != sizeof(*segment) || header->segments > file->size ||
	    header->segment_count > (file->size - header->segments) / sizeof(*segment))
		return "broken ELF header";
	segment = (struct elf_segment *)(file->data + header->segments);
	for (i = 0; i < header->segment_count; i++, segment++)
		if (segment->type == 1 && (segment->offset > file->size ||
					   segment->file_size > file->size - segment->offset ||
					   segment->file_size > segment->size))
			return "a segment is not in the file whole";
	return 0;
}

/* Puts the kernel's segments where they want to be; returns 0 and the physical entry point. */
static u64 place_kernel(const struct file *file, u64 *entry)
{
	const struct elf_header *header = (struct elf_header *)file->data;
	const struct elf_segment *segments, *segment;
	u64 low = ~0UL, high = 0, status, line;
	int i;

	segments = (struct elf_segment *)(file->data + header->segments);
	for (i = 0; i < header->segment_count; i++) {
		segment = &segments[i];
		if (segment->type != 1)
			continue;
		if (segment->physical < low)
			low = segment->physical;
		if (segment->physical + segment->size > high)
			high = segment->physical + segment->size;
	}
	low &= ~(EFI_PAGE_SIZE - 1);
	high = (high + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	status = boot->allocate_pages(EFI_ALLOCATE_AT, EFI_LOADER_DATA,
				      (high - low) >> EFI_PAGE_SHIFT, &low);
	if (status)
		return status;
	for (i = 0; i < header->segment_count; i++) {
		segment = &segments[i];
		if (segment->type != 1)
			continue;
		memcpy((void *)segment->physical, file->data + segment->offset,
		       segment->file_size);
		memset((void *)(segment->physical + segment->file_size), 0,
		       segment->size - segment->file_size);
	}
	/* What was written as data is to be seen as instructions */
	for (line = low; line < high; line += CACHE_LINE)
		asm volatile("fc.i %0" : : "r"(line) : "memory");
	asm volatile(";; sync.i;; srlz.i;;" : : : "memory");
	*entry = header->entry;
	return 0;
}

static const u8 *read_hex(const u8 *text, u64 *value)
{
	int digits = 0, digit;

	while (*text == ' ')
		text++;
	for (*value = 0;; text++, digits++) {
		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if (*text >= 'a' && *text <= 'f')
			digit = *text - 'a' + 10;
		else
			return digits ? text : 0;
		*value = *value << 4 | digit;
	}
}

/* Returns 0 if a line cannot be read or there are too many. */
static int read_hidden(const struct file *file)
{
	const u8 *text = file->data;
	u64 size;

	for (; text && text < file->data + file->size; text += *text == '\n') {
		struct range *range = &hidden[hidden_count];

		if (hidden_count++ == MAX_HIDDEN)
			return 0;
		text = read_hex(text, &range->start);
		if (text)
			text = read_hex(text, &size);
		if (!text || (*text && *text != '\n'))
			return 0;
		range->end = range->start + size;
	}
	return 1;
}

static int is_free(u32 type)
{
	return type == CONVENTIONAL || type == BOOT_CODE || type == BOOT_DATA;
}

/*
 * Leaves hidden ranges out of the memory map, but for memory that is in use: the kernel does not
 * take the pieces that are too small for it. A range in the middle makes one entry two; there is
 * room for that. Returns the new size of the map.
 */
static u64 hide(u8 *map, u64 map_size, u64 entry_size)
{
	struct efi_memory *entry, *rest;
	u64 at, end, stop;
	int i;

	for (i = 0; i < hidden_count; i++) {
		for (at = 0; at < map_size; at += entry_size) {
			entry = (struct efi_memory *)(map + at);
			end = entry->start + (entry->pages << EFI_PAGE_SHIFT);
			if (!is_free(entry->type) || hidden[i].start >= end ||
			    hidden[i].end <= entry->start)
				continue;
			stop = hidden[i].end < end ? hidden[i].end : end;
			if (stop < end) {
				rest = (struct efi_memory *)(map + map_size);
				memcpy(rest, entry, entry_size);
				rest->start = stop;
				rest->pages = (end - stop) >> EFI_PAGE_SHIFT;
				map_size += entry_size;
			}
			stop = hidden[i].start > entry->start ? hidden[i].start : entry->start;
			entry->pages = (stop - entry->start) >> EFI_PAGE_SHIFT;
		}
	}
	return map_size;
}

/* The kernel takes the map in rising order, and wants no empty entries. */
static u64 tidy(u8 *map, u64 map_size, u64 entry_size)
{
	struct efi_memory *one, *next, swap;
	u64 at, sorted, kept = 0;

	for (at = 0; at < map_size; at += entry_size)
		if (((struct efi_memory *)(map + at))->pages) {
			if (kept != at)
				memcpy(map + kept, map + at, entry_size);
			kept += entry_size;
		}
	do {
		sorted = 1;
		for (at = 0; at + entry_size < kept; at += entry_size) {
			one = (struct efi_memory *)(map + at);
			next = (struct efi_memory *)(map + at + entry_size);
			if (one->start <= next->start)
				continue;
			swap = *one;
			*one = *next;
			*next = swap;
			sorted = 0;
		}
	} while (!sorted);
	return kept;
}

static void set_checksum(void *table, u64 size, u8 *checksum)
{
	const u8 *byte = table;
	u8 sum = 0;

	*checksum = 0;
	while (size--)
		sum += *byte++;
	*checksum = -sum;
}

/* Puts tables in the place of the firmware's of their names; returns 0 if there is none. */
static int replace_tables(struct file *file)
{
	struct acpi_root *root = 0;
	struct acpi_table *table;
	struct acpi_list *list;
	u64 i, count, at;

	for (i = 0; i < firmware->count; i++)
		if (same(&firmware->tables[i].guid, &acpi_20, sizeof(acpi_20)))
			root = firmware->tables[i].table;
	if (!root)
		return 0;
	list = (struct acpi_list *)root->xsdt;
	count = (list->head.length - sizeof(*list)) / sizeof(u64);
	for (at = 0; at < file->size; at += table->length) {
		table = (struct acpi_table *)(file->data + at);
		if (file->size - at < sizeof(*table) || table->length < sizeof(*table) ||
		    table->length > file->size - at)
			return 0;
		set_checksum(table, table->length, &table->checksum);
		for (i = 0; i < count; i++)
			if (same((void *)list->entry[i], table->signature, 4))
				break;
		if (i == count)
			return 0;
		list->entry[i] = (u64)table;
	}
	set_checksum(list, list->head.length, &list->head.checksum);
	return 1;
}

/* Takes the machine over from firmware; on success, no service of it may be called any more. */
static u64 take_over(void *image, struct boot_parameters *parameters)
{
	u64 size, room, key, status, address = HIGHEST;
	int tries;

	size = 0;
	status = boot->get_memory_map(&size, 0, &key, &parameters->entry_size,
				      &parameters->version);
	if (status != EFI_BUFFER_TOO_SMALL)
		return status;
	/* Allocating changes the map, and so does hiding memory */
	room = size + (16 + MAX_HIDDEN) * parameters->entry_size;
	status = boot->allocate_pages(EFI_ALLOCATE_BELOW, EFI_LOADER_DATA,
				      (room + EFI_PAGE_SIZE - 1) >> EFI_PAGE_SHIFT, &address);
	if (status)
		return status;
	/* It fails once if something changed in between */
	for (tries = 0; tries < 3; tries++) {
		size = room - MAX_HIDDEN * parameters->entry_size;
		status = boot->get_memory_map(&size, (void *)address, &key,
					      &parameters->entry_size, &parameters->version);
		if (!status)
			status = boot->exit_boot_services(image, key);
		if (!status)
			break;
	}
	if (status)
		return status;
	size = hide((u8 *)address, size, parameters->entry_size);
	parameters->map = address;
	parameters->map_size = tidy((u8 *)address, size, parameters->entry_size);
	return 0;
}

/**
 * load_kernel() - what firmware calls
 * @image: our handle
 * @system: its tables
 *
 * Return: an EFI status, after an error; it does not return otherwise.
 */
u64 load_kernel(void *image, struct efi_system_table *system)
{
	struct file kernel, initrd, cmdline, ranges, tables;
	struct boot_parameters *parameters;
	u64 status, entry, address = HIGHEST, i;
	struct efi_file *root;
	const char *wrong;

	firmware = system;
	boot = system->boot;
	print("ia64 loader\r\n");
	/* It has five minutes to load, or firmware resets: a busy host can take longer */
	boot->set_watchdog_timer(0, 0, 0, 0);
	status = open_volume(image, &root);
	if (status)
		return fail("the volume we were started from", "", status);
	status = read_file(root, "vmlinux", EFI_LOADER_DATA, &kernel);
	if (status)
		return fail("file ", "vmlinux", status);
	status = read_file(root, "initrd", EFI_LOADER_DATA, &initrd);
	if (status)
		return fail("file ", "initrd", status);
	status = read_file(root, "cmdline", EFI_LOADER_DATA, &cmdline);
	if (status)
		return fail("file ", "cmdline", status);
	status = read_optional(root, "hidden", EFI_LOADER_DATA, &ranges);
	if (status)
		return fail("file ", "hidden", status);
	status = read_optional(root, "tables", EFI_ACPI_TABLES, &tables);
	if (status)
		return fail("file ", "tables", status);
	wrong = complaint(&kernel);
	if (wrong)
		return fail("vmlinux: ", wrong, EFI_LOAD_ERROR);
	if (ranges.size && !read_hidden(&ranges))
		return fail("hidden: not START SIZE in hexadecimal, or too many lines", "",
			    EFI_LOAD_ERROR);
	if (tables.size && !replace_tables(&tables))
		return fail("tables: broken, or firmware has none of that name", "",
			    EFI_LOAD_ERROR);
	status = place_kernel(&kernel, &entry);
	if (status)
		return fail("memory for ", "the kernel", status);
	status = boot->allocate_pages(EFI_ALLOCATE_BELOW, EFI_LOADER_DATA, 1, &address);
	if (status)
		return fail("memory for ", "the boot parameters", status);
	parameters = memset((void *)address, 0, EFI_PAGE_SIZE);
	for (i = 0; i < cmdline.size; i++)
		if (cmdline.data[i] == '\n')
			cmdline.data[i] = '\0';
	parameters->cmdline = (u64)cmdline.data;
	parameters->system = (u64)system;
	parameters->columns = 80;
	parameters->rows = 25;
	parameters->initrd = (u64)initrd.data;
	parameters->initrd_size = initrd.size;
	status = take_over(image, parameters);
	if (status)
		return fail("leaving ", "the firmware", status);
	enter_kernel(entry, parameters);
	return EFI_LOAD_ERROR;
}
