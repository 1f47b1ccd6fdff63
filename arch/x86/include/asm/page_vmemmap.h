/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PAGE_VMEMMAP_H
#define _ASM_X86_PAGE_VMEMMAP_H

/*
 * Between the linear mapping and the memmap there is no need to go by way of a page frame number:
 * where struct pages divide a page, it is a shift and an addition.  The kernel's image is mapped
 * elsewhere, too.
 */
#define __STRUCT_PAGE_DIVIDES	(PAGE_SIZE % sizeof(struct page) == 0)

/* An address of the image is greater than its distance to the image: the carry tells */
#define virt_to_page(kaddr)						\
({									\
	unsigned long __kaddr = (unsigned long)(kaddr);			\
	unsigned long __image = __kaddr - __START_KERNEL_map;		\
									\
	!__STRUCT_PAGE_DIVIDES ?					\
		pfn_to_page(__pa(__kaddr) >> PAGE_SHIFT) :		\
	unlikely(__kaddr > __image) ?					\
		pfn_to_page((__image + phys_base) >> PAGE_SHIFT) :	\
		(struct page *)((__kaddr >> PAGE_SHIFT) * sizeof(struct page) +	\
				runtime_const(memmap_of_linear));	\
})

#define page_to_virt(x)							\
({									\
	const struct page *__page = (x);				\
									\
	__STRUCT_PAGE_DIVIDES ?						\
		(void *)((unsigned long)__page * (PAGE_SIZE / sizeof(struct page)) +	\
			 runtime_const(linear_of_memmap)) :		\
		__va(PFN_PHYS(page_to_pfn(__page)));			\
})

#endif
