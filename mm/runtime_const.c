// SPDX-License-Identifier: GPL-2.0
/*
 * Brings values that boot decides into the instructions that have them as immediates, see
 * include/asm-generic/runtime_const.h.
 *
 * The first call comes before what instruments code is set up, so nothing instruments this.
 */
#include <linux/init.h>
#include <asm/runtime_const.h>

/**
 * runtime_const_patch() - bring immediates up to date
 * @start: the first entry of a table
 * @end: after its last one
 *
 * Context: Nobody executes this code yet, and it is writable: a module is being loaded, or see
 * runtime_const_update().  Does not sleep.
 */
void runtime_const_patch(const struct runtime_const *start,
			 const struct runtime_const *end)
{
	const struct runtime_const *one;

	for (one = start; one < end; one++)
		runtime_const_set((void *)one + one->where, runtime_const_value(one->id));
	runtime_const_sync();
}

/**
 * runtime_const_update() - bring all of the kernel's immediates up to date
 *
 * Has to be called each time that boot has decided on such a value.
 *
 * Context: Boot, one CPU, text is still writable.  Does not sleep.
 */
void __init runtime_const_update(void)
{
	runtime_const_patch(__start_runtime_const, __stop_runtime_const);
}
