/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_VMEMMAP_REPORT_H
#define _MM_VMEMMAP_REPORT_H

#include <linux/types.h>

/* Leaves have PAGE_SIZE << 0 to PAGE_SIZE << (VMEMMAP_NR_LEAF_ORDERS - 1) bytes */
#define VMEMMAP_NR_LEAF_ORDERS	32

/**
 * struct vmemmap_stat - how the memmap of a node's memory is backed
 * @memmap: bytes of struct pages that are mapped
 * @leaf: leaves that map them, by order
 * @tables: page-table pages that are used for this node first
 * @off_node: bytes whose backing lies on another node
 * @shared: bytes whose backing also serves the base page before them
 */
struct vmemmap_stat {
	unsigned long memmap;
	unsigned long leaf[VMEMMAP_NR_LEAF_ORDERS];
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
