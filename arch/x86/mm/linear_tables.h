/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ARCH_X86_MM_LINEAR_TABLES_H
#define _ARCH_X86_MM_LINEAR_TABLES_H

#include <linux/types.h>

#if defined(CONFIG_X86_64) && defined(CONFIG_MEMORY_HOTPLUG)
int linear_tables_reserve(u64 size);
void *linear_tables_take(void);
void linear_tables_release(void);
#else
static inline void *linear_tables_take(void)
{
	return NULL;
}
#endif

#endif /* _ARCH_X86_MM_LINEAR_TABLES_H */
