/* SPDX-License-Identifier: GPL-2.0 */
/* ia64, base pages of 64 KiB in the kernel's page table of 3 levels, no MEMCG */
#define PAGE_SHIFT		16
#define CONFIG_PGTABLE_LEVELS	3
#define STRUCT_PAGE_SIZE	56UL
#define POOL_SECTIONS		1
#define ARCH_HEADER		"standin/ia64.h"
