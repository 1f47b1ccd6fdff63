/* SPDX-License-Identifier: GPL-2.0 */
/* ia64, base pages of 16 KiB, a table of its own: a slot of 4 MiB for each section */
#define PAGE_SHIFT		14
#define CONFIG_PGTABLE_LEVELS	3
#define CONFIG_VMEMMAP_LARGE_LEAVES 1
#define STRUCT_PAGE_SIZE	64UL
#define POOL_SECTIONS		1
#define ARCH_HEADER		"standin/ia64.h"
