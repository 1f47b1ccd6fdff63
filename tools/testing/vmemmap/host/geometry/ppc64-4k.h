/* SPDX-License-Identifier: GPL-2.0 */
/* ppc64, base pages of 4 KiB, no MEMCG: no number of sections fills a leaf of 2 MiB */
#define PAGE_SHIFT		12
#define STRUCT_PAGE_SIZE	56UL
#define POOL_SECTIONS		4
#define HUGE_POOL_SECTIONS	336
#define ARCH_HEADER		"standin/powerpc.h"
