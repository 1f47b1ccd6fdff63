/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of UEFI's interfaces as a loader of kernels uses. Services that it does not call are
 * there as numbers of pointers, to keep the others in their places.
 */
#ifndef LOADER_EFI_H
#define LOADER_EFI_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define EFI_ERROR(code)		((code) | 1UL << 63)
#define EFI_LOAD_ERROR		EFI_ERROR(1)
#define EFI_BUFFER_TOO_SMALL	EFI_ERROR(5)
#define EFI_NOT_FOUND		EFI_ERROR(14)

#define EFI_PAGE_SHIFT		12
#define EFI_PAGE_SIZE		(1UL << EFI_PAGE_SHIFT)

/* Kinds of allocate_pages(), and of memory */
#define EFI_ALLOCATE_BELOW	1
#define EFI_ALLOCATE_AT		2
#define EFI_LOADER_DATA		2
#define EFI_ACPI_TABLES		9

/* Kinds of reset_system() */
#define EFI_SHUTDOWN		2

#define EFI_FILE_READ		1

struct efi_guid {
	u32 a;
	u16 b, c;
	u8 d[8];
};

struct efi_header {
	u64 signature;
	u32 revision, size, crc, reserved;
};

struct efi_text_output {
	void *reset;
	u64 (*output_string)(struct efi_text_output *self, const u16 *text);
};

struct efi_memory {
	u32 type, pad;
	u64 start, virtual, pages, attribute;
};

struct efi_boot_services {
	struct efi_header header;
	void *priorities[2];
	u64 (*allocate_pages)(u32 kind, u32 type, u64 pages, u64 *address);
	u64 (*free_pages)(u64 address, u64 pages);
	u64 (*get_memory_map)(u64 *size, void *map, u64 *key, u64 *entry_size, u32 *version);
	void *pools[2], *events[6], *installing[3];
	u64 (*handle_protocol)(void *handle, const struct efi_guid *protocol, void **interface);
	void *reserved, *notifying, *locating[2], *configuring;
	void *load_image, *start_image, *exit, *unload_image;
	u64 (*exit_boot_services)(void *image, u64 key);
	void *counting, *stall;
	u64 (*set_watchdog_timer)(u64 seconds, u64 code, u64 size, const u16 *text);
};

struct efi_runtime_services {
	struct efi_header header;
	void *times[4], *addresses[2], *variables[3], *count;
	u64 (*reset_system)(u32 kind, u64 status, u64 size, void *data);
};

struct efi_table {
	struct efi_guid guid;
	void *table;
};

struct efi_system_table {
	struct efi_header header;
	u16 *vendor;
	u32 revision;
	void *input_handle, *input, *output_handle;
	struct efi_text_output *output;
	void *error_handle, *error;
	struct efi_runtime_services *runtime;
	struct efi_boot_services *boot;
	u64 count;
	struct efi_table *tables;
};

struct efi_loaded_image {
	u32 revision;
	void *parent;
	struct efi_system_table *system;
	void *device;
};

struct efi_file_info {
	u64 size, file_size, allocated, times[6], attribute;
	u16 name[64];
};

struct efi_file {
	u64 revision;
	u64 (*open)(struct efi_file *self, struct efi_file **file, const u16 *name, u64 mode,
		    u64 attributes);
	u64 (*close)(struct efi_file *self);
	void *remove;
	u64 (*read)(struct efi_file *self, u64 *size, void *to);
	void *write, *get_position, *set_position;
	u64 (*get_info)(struct efi_file *self, const struct efi_guid *kind, u64 *size,
			void *info);
};

struct efi_file_system {
	u64 revision;
	u64 (*open_volume)(struct efi_file_system *self, struct efi_file **root);
};

#endif
