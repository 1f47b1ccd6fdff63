/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_GENERIC_RUNTIME_CONST_H
#define _ASM_GENERIC_RUNTIME_CONST_H

/**
 * DOC: Immediates that boot decides
 *
 * ``runtime_const(NAME)`` is an unsigned long that costs no load, although boot decides what it is.
 * ``asm/runtime_const.h`` has
 *
 * ``RUNTIME_CONSTS(each)``
 *	``each(NAME)`` for each of them, with semicolons in between
 * ``RUNTIME_CONST_INITIAL_NAME``
 *	a constant: what it is until boot decides otherwise
 * ``RUNTIME_CONST_VALUE_NAME``
 *	an expression over variables: what it is now
 * ``arch_runtime_const(initial, section)``
 *	an instruction with the immediate, as an expression; a ``.long`` in the section tells how
 *	far away it is
 * ``runtime_const_get(insn)``, ``runtime_const_set(insn, value)``
 *	the immediate of an instruction
 * ``runtime_const_sync()``
 *	a function: make this CPU execute what was changed
 *
 * and its linker script ``RUNTIME_CONST_TABLE`` of each.
 *
 * Boot calls runtime_const_update() each time that it has decided, before other CPUs start and
 * before text becomes read-only, and the loader of modules runtime_const_patch(). Without
 * ``CONFIG_RUNTIME_CONST`` nothing is decided at boot, and it is the constant. A file that executes
 * while values change defines ``RUNTIME_CONST_VARIABLE`` and reads the variables, for the compiler
 * may keep an immediate in a register.
 *
 * Where a feature of the CPU chooses among few values, an architecture that patches code by
 * features anyway has a runtime_const() of its own instead of all this.
 */
/* Init, so that modules free theirs */
#define RUNTIME_CONST_SECTION		".init.runtime_const_"
#define RUNTIME_CONST_TABLE(name)	\
	__start_runtime_const_##name = .;	\
	*(.init.runtime_const_##name)	\
	__stop_runtime_const_##name = .

#ifndef __ASSEMBLY__
#include <linux/types.h>

#ifndef CONFIG_RUNTIME_CONST
#define runtime_const(name)	RUNTIME_CONST_INITIAL_##name
static inline void runtime_const_update(void)
{
}
#else
#ifdef RUNTIME_CONST_VARIABLE
#define runtime_const(name)	RUNTIME_CONST_VALUE_##name
#else
#define runtime_const(name)	\
	arch_runtime_const(RUNTIME_CONST_INITIAL_##name, RUNTIME_CONST_SECTION #name)
#endif

/* Of instructions, each relative to its entry */
#define RUNTIME_CONST_DECLARE(name)	\
	extern const s32 __start_runtime_const_##name[], __stop_runtime_const_##name[]
RUNTIME_CONSTS(RUNTIME_CONST_DECLARE);

void runtime_const_update(void);
void runtime_const_patch(const char *section, const s32 *start, const s32 *end);
void runtime_const_sync(void);
#endif

#endif /* !__ASSEMBLY__ */
#endif
