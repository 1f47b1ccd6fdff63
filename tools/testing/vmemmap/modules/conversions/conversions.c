// SPDX-License-Identifier: GPL-2.0
/* The conversions between page frame numbers and struct pages, a function each. */
#include <linux/mm.h>
#include <linux/module.h>

struct page *converted_page(unsigned long pfn);
unsigned long converted_pfn(const struct page *page);

struct page *converted_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

unsigned long converted_pfn(const struct page *page)
{
	return page_to_pfn(page);
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Conversions to be disassembled");
