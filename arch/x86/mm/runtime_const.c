// SPDX-License-Identifier: GPL-2.0
/*
 * What the bases in instructions are: the variables of them stay the truth, for debuggers, dump
 * tools, and modules that read them.
 */
#include <linux/mm_types.h>
#include <linux/sync_core.h>
#include <asm/page.h>
#include <asm/runtime_const.h>

/**
 * runtime_const_value() - what is to be the immediate of an instruction
 * @id: an enumerator of asm/runtime_const.h
 *
 * Return: the value; 0 for what is no enumerator.
 *
 * Context: Any.
 */
unsigned long runtime_const_value(unsigned int id)
{
	switch (id) {
	case RUNTIME_CONST_page_offset_base:
		return RUNTIME_CONST_VALUE_page_offset_base;
	case RUNTIME_CONST_vmemmap_base:
		return RUNTIME_CONST_VALUE_vmemmap_base;
	case RUNTIME_CONST_linear_of_memmap:
		return RUNTIME_CONST_VALUE_linear_of_memmap;
	case RUNTIME_CONST_memmap_of_linear:
		return RUNTIME_CONST_VALUE_memmap_of_linear;
	}
	return 0;
}

/**
 * runtime_const_sync() - forget what this CPU has fetched of changed instructions
 *
 * Context: Any.
 */
void runtime_const_sync(void)
{
	sync_core();
}
