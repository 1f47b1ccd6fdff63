/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between mm/sparse.c and the files of the virtually mapped memmap.
 */
#ifndef _MM_SPARSE_VMEMMAP_H
#define _MM_SPARSE_VMEMMAP_H

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/timex.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP

#include <linux/vmemmap.h>

void sparse_lose_section(unsigned long pnum);

/* mm/vmemmap-backing.c */
void vmemmap_free_block(unsigned long pfn, unsigned int order);

/* mm/sparse-subsection.c */
int check_subsection_map(unsigned long pfn, unsigned long nr_pages);
void fill_subsection_map(unsigned long pfn, unsigned long nr_pages);
int clear_subsection_map(unsigned long pfn, unsigned long nr_pages);
bool is_subsection_map_empty(struct mem_section *ms);

#ifdef CONFIG_VMEMMAP_HOST
/* mm/vmemmap-host.c */
void vmemmap_host_enter(struct vmem_altmap *altmap, unsigned long pfn);
void *vmemmap_host_alloc(unsigned long size, struct vmem_altmap *altmap);
bool vmemmap_host_lends(const struct vmem_altmap *altmap, unsigned long first,
			unsigned long last);
bool vmemmap_host_give_back(struct vmem_altmap *altmap, unsigned long pfn,
			    unsigned long nr_pages);

static inline enum vmemmap_host_when vmemmap_host_when(const struct vmem_altmap *altmap)
{
	return altmap->host->when;
}
#else
static inline void vmemmap_host_enter(struct vmem_altmap *altmap, unsigned long pfn)
{
}

static inline void *vmemmap_host_alloc(unsigned long size, struct vmem_altmap *altmap)
{
	return NULL;
}

static inline bool vmemmap_host_lends(const struct vmem_altmap *altmap, unsigned long first,
				      unsigned long last)
{
	return false;
}

static inline bool vmemmap_host_give_back(struct vmem_altmap *altmap, unsigned long pfn,
					  unsigned long nr_pages)
{
	return false;
}

static inline enum vmemmap_host_when vmemmap_host_when(const struct vmem_altmap *altmap)
{
	return VMEMMAP_HOST_LAST;
}
#endif

#ifdef CONFIG_PFN_BITMAP
/* mm/pfn_bitmap.c */
void pfn_bitmap_init(void);
int pfn_bitmap_reserve(unsigned long pfn, int nid);
void pfn_bitmap_set(unsigned long pfn, unsigned long nr_pages);
void pfn_bitmap_clear(unsigned long pfn, unsigned long nr_pages);
void pfn_bitmap_map_holes(unsigned long start, unsigned long size);
int pfn_bitmap_fill_hole(unsigned long addr, int nid, pgprot_t prot);
void pfn_bitmap_make_hole(unsigned long addr);
#endif

#ifdef CONFIG_PAGEBLOCK_BITMAP
/* mm/pageblock_bitmap.c */
void pageblock_bitmap_init(void);
int pageblock_bitmap_reserve(unsigned long pfn, int nid);
void pageblock_bitmap_release(unsigned long pfn);
#else
static inline void pageblock_bitmap_init(void)
{
}

static inline int pageblock_bitmap_reserve(unsigned long pfn, int nid)
{
	return 0;
}

static inline void pageblock_bitmap_release(unsigned long pfn)
{
}
#endif

/* Which struct page an address of the memmap lies in */
static inline unsigned long vmemmap_pfn(unsigned long addr)
{
	return (addr - (unsigned long)vmemmap) / sizeof(struct page);
}

/* Bytes of the boot-time buffer that one section's memmap can take */
static inline unsigned long section_map_size(void)
{
	return ALIGN(PAGES_PER_SECTION * sizeof(struct page), VMEMMAP_BUFFER_ALIGN);
}

#ifdef CONFIG_MEMORY_HOTPLUG
static inline struct page *populate_section_memmap(unsigned long pfn,
						   unsigned long nr_pages, int nid,
						   struct vmem_altmap *altmap,
						   struct dev_pagemap *pgmap)
{
	return __populate_section_memmap(pfn, nr_pages, nid, altmap, pgmap);
}

static inline void depopulate_section_memmap(unsigned long pfn,
					     unsigned long nr_pages,
					     struct vmem_altmap *altmap)
{
	vmemmap_free((unsigned long)pfn_to_page(pfn),
		     (unsigned long)pfn_to_page(pfn + nr_pages), altmap);
}

static inline void free_map_bootmem(struct page *memmap)
{
	depopulate_section_memmap(page_to_pfn(memmap), PAGES_PER_SECTION, NULL);
}
#endif

#else /* !CONFIG_SPARSEMEM_VMEMMAP */

static inline void sparse_lose_section(unsigned long pnum)
{
	__nr_to_section(pnum)->section_mem_map = 0;
}

static inline int check_subsection_map(unsigned long pfn, unsigned long nr_pages)
{
	return 0;
}

#endif /* !CONFIG_SPARSEMEM_VMEMMAP */

#ifndef CONFIG_PFN_BITMAP
static inline void pfn_bitmap_init(void)
{
}

static inline int pfn_bitmap_reserve(unsigned long pfn, int nid)
{
	return 0;
}

static inline void pfn_bitmap_set(unsigned long pfn, unsigned long nr_pages)
{
}

static inline void pfn_bitmap_clear(unsigned long pfn, unsigned long nr_pages)
{
}
#endif

#ifdef CONFIG_VMEMMAP_REPORT
void vmemmap_account_populate(int nid, cycles_t cycles);
#else
static inline void vmemmap_account_populate(int nid, cycles_t cycles)
{
}
#endif

#endif /* _MM_SPARSE_VMEMMAP_H */
