/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for <linux/pgalloc.h>: new top-level entries are brought into all page tables */
#ifndef STANDIN_PGALLOC_H
#define STANDIN_PGALLOC_H

#include <standin/mm.h>

#define pgd_populate_kernel(addr, pgd, table) \
	host_populate_top(addr, &(pgd)->val, table, PGTBL_PGD_MODIFIED)
#define p4d_populate_kernel(addr, p4d, table) \
	host_populate_top(addr, &(p4d)->val, table, PGTBL_P4D_MODIFIED)

static inline void host_populate_top(unsigned long addr, u64 *entry, const void *table,
				     int modified)
{
	host_set_entry(entry, host_table_entry(table));
	if (ARCH_PAGE_TABLE_SYNC_MASK & modified)
		arch_sync_kernel_mappings(addr, addr);
}

#endif /* STANDIN_PGALLOC_H */
