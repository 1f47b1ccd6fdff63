/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_RUNTIME_CONST_H
#define _ASM_X86_RUNTIME_CONST_H

/*
 * The bases of the linear mapping and of the memmap, which KASLR and 5-level paging move, and what
 * leads from one to the other where struct pages divide a page:
 *
 *	address = (unsigned long)page * (PAGE_SIZE / sizeof(*page)) + linear_of_memmap
 *	page = (address / PAGE_SIZE) * sizeof(*page) + memmap_of_linear
 */
#ifdef __ASSEMBLY__
#define runtime_const(name)	name
#else

#define __LINEAR_OF_MEMMAP(linear, memmap)	\
	((linear) - (memmap) * (PAGE_SIZE / sizeof(struct page)))
#define __MEMMAP_OF_LINEAR(linear, memmap)	\
	((memmap) - ((linear) >> PAGE_SHIFT) * sizeof(struct page))

#define RUNTIME_CONST_INITIAL_page_offset_base	__PAGE_OFFSET_BASE_L4
#define RUNTIME_CONST_INITIAL_vmemmap_base	__VMEMMAP_BASE_L4
#define RUNTIME_CONST_INITIAL_linear_of_memmap	\
	__LINEAR_OF_MEMMAP(__PAGE_OFFSET_BASE_L4, __VMEMMAP_BASE_L4)
#define RUNTIME_CONST_INITIAL_memmap_of_linear	\
	__MEMMAP_OF_LINEAR(__PAGE_OFFSET_BASE_L4, __VMEMMAP_BASE_L4)

#define RUNTIME_CONST_VALUE_page_offset_base	page_offset_base
#define RUNTIME_CONST_VALUE_vmemmap_base	vmemmap_base
#define RUNTIME_CONST_VALUE_linear_of_memmap	\
	__LINEAR_OF_MEMMAP(page_offset_base, vmemmap_base)
#define RUNTIME_CONST_VALUE_memmap_of_linear	\
	__MEMMAP_OF_LINEAR(page_offset_base, vmemmap_base)

/* Not volatile: the compiler may compute it once, or not at all */
#define arch_runtime_const(initial, section)				\
({									\
	unsigned long __runtime_const;					\
									\
	asm_inline("1:	movabsq %[value], %[result]\n"			\
		   "	.pushsection " section ", \"a\"\n"		\
		   "	.long	1b - .\n"				\
		   "	.popsection"					\
		   : [result] "=r" (__runtime_const)			\
		   : [value] "i" (initial));				\
	__runtime_const;						\
})

/* movabs: REX.W, B8 + register, the immediate (SDM, volume 2, MOV) */
#define RUNTIME_CONST_IMMEDIATE	2

static __always_inline unsigned long runtime_const_get(const void *insn)
{
	return *(const unsigned long *)(insn + RUNTIME_CONST_IMMEDIATE);
}

static __always_inline void runtime_const_set(void *insn, unsigned long value)
{
	*(unsigned long *)(insn + RUNTIME_CONST_IMMEDIATE) = value;
}

#endif /* !__ASSEMBLY__ */

#define RUNTIME_CONSTS(each)						\
	each(page_offset_base);						\
	each(vmemmap_base);						\
	each(linear_of_memmap);						\
	each(memmap_of_linear)

#include <asm-generic/runtime_const.h>
#endif
