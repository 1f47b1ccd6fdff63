/* SPDX-License-Identifier: GPL-2.0 */
/* x86_64, 4 and 5 levels: leaves of 2 MiB, one for each section */
#define STRUCT_PAGE_SIZE	64UL
#define POOL_SECTIONS		2
#define ARCH_HEADER		"standin/x86.h"
