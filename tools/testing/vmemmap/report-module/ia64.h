/* SPDX-License-Identifier: GPL-2.0 */
/* What <asm/vmemmap.h> of this series would tell the report, in a kernel without it. */
#ifndef REPORT_IA64_H
#define REPORT_IA64_H

/* The kernel's page table is region 5's: the region is no part of the index */
#define vmemmap_pgd_offset(mm, addr)	\
	((mm)->pgd + (((addr) >> PGDIR_SHIFT) & (PTRS_PER_PGD - 1)))

#endif
