/* SPDX-License-Identifier: GPL-2.0 */
/* ppc64, base pages of 64 KiB: 4 sections for a page, 128 for a leaf of 2 MiB */
#define PAGE_SHIFT		16
#define STRUCT_PAGE_SIZE	64UL
#define POOL_SECTIONS		16
#define ARCH_HEADER		"standin/powerpc.h"
