/* SPDX-License-Identifier: GPL-2.0 */
/* Where the memmap of book3s64 starts, see <asm/runtime_const.h>. */
#ifndef _ASM_POWERPC_BOOK3S_64_VMEMMAP_H
#define _ASM_POWERPC_BOOK3S_64_VMEMMAP_H

#include <asm/runtime_const.h>

#define vmemmap		((struct page *)runtime_const(vmemmap_base))

#ifdef RUNTIME_CONST_IS_PATCHED
#define VMEMMAP_IS_PATCHED	1
#endif

#endif /* _ASM_POWERPC_BOOK3S_64_VMEMMAP_H */
