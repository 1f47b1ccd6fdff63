/* SPDX-License-Identifier: GPL-2.0 */
/* ia64, base pages of 64 KiB, no MEMCG, a table of its own: sections share slots of 1 MiB */
#define PAGE_SHIFT		16
#define CONFIG_PGTABLE_LEVELS	3
#define CONFIG_VMEMMAP_LARGE_LEAVES 1
#define STRUCT_PAGE_SIZE	56UL
#define POOL_SECTIONS		1
#define ARCH_HEADER		"standin/ia64.h"
