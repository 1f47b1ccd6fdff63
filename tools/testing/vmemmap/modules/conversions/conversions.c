// SPDX-License-Identifier: GPL-2.0
/* The conversions between page frame numbers, struct pages and addresses, a function each. */
#include <linux/mm.h>

struct page *converted_page(unsigned long pfn);
unsigned long converted_pfn(const struct page *page);
struct page *page_of_address(const void *address);
void *address_of_page(const struct page *page);
bool valid_pfn(unsigned long pfn);

struct page *converted_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

unsigned long converted_pfn(const struct page *page)
{
	return page_to_pfn(page);
}

struct page *page_of_address(const void *address)
{
	return virt_to_page(address);
}

void *address_of_page(const struct page *page)
{
	return page_address(page);
}

bool valid_pfn(unsigned long pfn)
{
	return pfn_valid(pfn);
}
