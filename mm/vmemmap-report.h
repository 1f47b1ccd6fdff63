/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_VMEMMAP_REPORT_H
#define _MM_VMEMMAP_REPORT_H

#include <linux/types.h>

/* A leaf can sit in a table of the last three levels */
enum vmemmap_leaf_level {
	VMEMMAP_PTE_LEAF,
	VMEMMAP_PMD_LEAF,
	VMEMMAP_PUD_LEAF,
	VMEMMAP_NR_LEAF_LEVELS,
};

/**
 * struct vmemmap_stat - how the memmap of a node's memory is backed
 * @memmap: bytes of struct pages that are mapped
 * @leaf: leaves that map them, by enum vmemmap_leaf_level
 * @tables: page-table pages that are used for this node first
 * @off_node: bytes whose backing lies on another node
 * @shared: bytes whose backing also serves the base page before them
 */
struct vmemmap_stat {
	unsigned long memmap;
	unsigned long leaf[VMEMMAP_NR_LEAF_LEVELS];
	unsigned long tables;
	unsigned long off_node;
	unsigned long shared;
};

/* Index for memory that is offline or a device's: it has no node to compare */
#define VMEMMAP_NO_NODE		MAX_NUMNODES
#define VMEMMAP_NR_STATS	(MAX_NUMNODES + 1)

void vmemmap_collect_stats(struct vmemmap_stat *stats);
unsigned long vmemmap_check_pfns(unsigned long *checked);

#endif /* _MM_VMEMMAP_REPORT_H */
