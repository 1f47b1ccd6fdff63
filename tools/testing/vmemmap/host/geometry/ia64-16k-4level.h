/* SPDX-License-Identifier: GPL-2.0 */
/* ia64, base pages of 16 KiB in the kernel's page table of 4 levels */
#define PAGE_SHIFT		14
#define CONFIG_PGTABLE_LEVELS	4
#define STRUCT_PAGE_SIZE	64UL
#define POOL_SECTIONS		1
#define ARCH_HEADER		"standin/ia64.h"
