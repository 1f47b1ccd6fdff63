/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_GENERIC_RUNTIME_CONST_H
#define _ASM_GENERIC_RUNTIME_CONST_H

/**
 * DOC: Immediates that boot decides
 *
 * ``runtime_const(NAME)`` is an unsigned long that costs no load, although boot decides what it is.
 * ``asm/runtime_const.h`` has for each NAME
 *
 * ``RUNTIME_CONST_INITIAL_NAME``
 *	a constant: what it is until boot decides otherwise
 * ``RUNTIME_CONST_VALUE_NAME``
 *	an expression over variables: what it is now
 * ``RUNTIME_CONST_NAME``
 *	its number, for the table of instructions
 *
 * and
 *
 * ``arch_runtime_const(initial, id)``
 *	an instruction with the immediate, as an expression; a table entry in
 *	``.init.runtime_const`` tells of it
 * ``runtime_const_get(insn)``, ``runtime_const_set(insn, value)``
 *	the immediate of an instruction
 * ``runtime_const_value(id)``, ``runtime_const_sync()``
 *	functions: the value; make this CPU execute what was changed
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
#ifndef __ASSEMBLY__
#include <linux/types.h>

/**
 * struct runtime_const - one instruction with such an immediate
 * @where: address of the instruction, relative to this entry
 * @id: whose value it has
 */
struct runtime_const {
	s32 where;
	u32 id;
};

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
	arch_runtime_const(RUNTIME_CONST_INITIAL_##name, RUNTIME_CONST_##name)
#endif
void runtime_const_update(void);
void runtime_const_patch(const struct runtime_const *start,
			 const struct runtime_const *end);
unsigned long runtime_const_value(unsigned int id);
extern const struct runtime_const __start_runtime_const[];
extern const struct runtime_const __stop_runtime_const[];
void runtime_const_sync(void);
#endif

#endif /* !__ASSEMBLY__ */
#endif
