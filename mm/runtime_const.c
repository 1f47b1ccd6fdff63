// SPDX-License-Identifier: GPL-2.0
/*
 * Brings values that boot decides into the instructions that have them as immediates, see
 * include/asm-generic/runtime_const.h.
 *
 * The variables stay the truth, for debuggers, dump tools, and modules that read them. The first
 * call comes before what instruments code is set up, so nothing instruments this.
 */
#include <linux/init.h>
#include <linux/mm_types.h>
#include <linux/string.h>
#include <asm/page.h>
#include <asm/runtime_const.h>

static noinline void set_all(const s32 *start, const s32 *end, unsigned long value)
{
	const s32 *where;

	for (where = start; where < end; where++)
		runtime_const_set((void *)where + *where, value);
}

/**
 * runtime_const_patch() - bring immediates of a module up to date
 * @section: the name of a section of it; others than those with tables are left alone
 * @start: the first entry of the table
 * @end: after its last one
 *
 * Context: Nobody executes this code yet, and it is writable.  Does not sleep.
 */
void runtime_const_patch(const char *section, const s32 *start, const s32 *end)
{
#define RUNTIME_CONST_PATCH(name)						\
	do {									\
		if (!strcmp(section, RUNTIME_CONST_SECTION #name))		\
			set_all(start, end, RUNTIME_CONST_VALUE_##name);	\
	} while (0)
	RUNTIME_CONSTS(RUNTIME_CONST_PATCH);
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
#define RUNTIME_CONST_UPDATE(name)						\
	set_all(__start_runtime_const_##name, __stop_runtime_const_##name,	\
		RUNTIME_CONST_VALUE_##name)
	RUNTIME_CONSTS(RUNTIME_CONST_UPDATE);
	runtime_const_sync();
}
