/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What <linux/mm.h> asks about pages that may be of a virtual compound.
 *
 * See Documentation/mm/vcompound.rst.  Nothing here does anything before the first allocation had
 * to fall back: code is patched then.
 */
#ifndef _LINUX_VCOMPOUND_PAGE_H
#define _LINUX_VCOMPOUND_PAGE_H

#include <linux/page-flags.h>

#ifdef CONFIG_VCOMPOUND
#include <linux/jump_label.h>

/* Some compound is virtual, or was */
DECLARE_STATIC_KEY_MAYBE(CONFIG_VCOMPOUND_FALLBACK_ALWAYS, vcompound_fell_back);

#define vcompounds_are_virtual()						\
	static_branch_maybe(CONFIG_VCOMPOUND_FALLBACK_ALWAYS, &vcompound_fell_back)

void *vcompound_page_address(const struct page *page);
struct page *vcompound_virt_to_page(const void *addr);

/* The architecture's own, which knows no mappings */
static __always_inline struct page *linear_virt_to_page(const void *addr)
{
	return virt_to_page(addr);
}

static __always_inline struct page *any_virt_to_page(const void *addr)
{
	if (vcompounds_are_virtual())
		return vcompound_virt_to_page(addr);
	return linear_virt_to_page(addr);
}

#undef virt_to_page
#define virt_to_page(addr)	any_virt_to_page((const void *)(addr))

/* Where a page of a virtual compound is mapped; NULL for others */
static __always_inline void *vcompound_address(const struct page *page)
{
	return vcompounds_are_virtual() ? vcompound_page_address(page) : NULL;
}

/* The first page of a virtual compound; of others the page itself */
static __always_inline struct page *vcompound_head(struct page *page)
{
	if (vcompounds_are_virtual() && PageVcompound(page))
		return page->vcompound_head;
	return page;
}

#else

#define vcompounds_are_virtual()	false

static inline void *vcompound_address(const struct page *page)
{
	return NULL;
}

static inline struct page *vcompound_head(struct page *page)
{
	return page;
}

#endif /* CONFIG_VCOMPOUND */
#endif /* _LINUX_VCOMPOUND_PAGE_H */
