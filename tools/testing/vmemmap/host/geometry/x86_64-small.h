/* SPDX-License-Identifier: GPL-2.0 */
/* x86_64 with SLOB and without MEMCG: sections do not fill whole leaves */
#define STRUCT_PAGE_SIZE	56UL
#define POOL_SECTIONS		2
#define ARCH_HEADER		"standin/x86.h"
