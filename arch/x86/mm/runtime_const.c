// SPDX-License-Identifier: GPL-2.0
/*
 * Bases that are immediates, see asm/runtime_const.h.
 */
#include <linux/sync_core.h>
#include <asm/runtime_const.h>

/**
 * runtime_const_sync() - forget what this CPU has fetched of changed instructions
 *
 * Context: Any.
 */
void runtime_const_sync(void)
{
	sync_core();
}
