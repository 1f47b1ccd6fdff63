/* SPDX-License-Identifier: GPL-2.0 */
/* book3e, base pages of 4 KiB and nothing larger, no bitmap for pfn_valid() */
#define PAGE_SHIFT		12
#define STRUCT_PAGE_SIZE	64UL
#define POOL_SECTIONS		4
#define ARCH_HEADER		"standin/book3e.h"
