/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for memory management as the files under test see it: nodes, memblock,
 * the page allocator, struct pages. memory.c is behind it.
 *
 * Struct pages are only addresses here. Whoever looks into one goes through
 * host_page(), which insists that the memmap is mapped there.
 */
#ifndef STANDIN_MM_H
#define STANDIN_MM_H

#include <standin/pgtable.h>

struct page {
	unsigned long words[STRUCT_PAGE_SIZE / sizeof(unsigned long)];
};

#define pfn_to_page(pfn)	(&vmemmap[pfn])
#define page_to_pfn(page)	((unsigned long)((page) - vmemmap))

#define page_to_virt(page)	__va(PFN_PHYS(page_to_pfn(page)))
#define virt_to_page(p)		pfn_to_page(PHYS_PFN(__pa(p)))
#define page_address(page)	page_to_virt(page)
#define page_to_phys(page)	PFN_PHYS(page_to_pfn(page))

/* The kernel's image is the first byte of memory */
extern char host_image[2];
#define _text			(&host_image[0])
#define _end			(&host_image[1])

/* Nodes: the last one has no memory of its own */
#define MAX_NUMNODES		3
#define NODES_SHIFT		2
#define NUMA_NO_NODE		(-1)
#define LOCAL_DISTANCE		10
#define node_distance(a, b)	((a) == (b) ? LOCAL_DISTANCE : 2 * LOCAL_DISTANCE)
#define N_MEMORY		0
#define node_state(node, state)	((node) < MAX_NUMNODES - 1)

struct pglist_data {
	int node_id;
};

/* Nobody looks into it, but where it lies is asked, and which one it is */
#define NODE_DATA(nid)		((struct pglist_data *)__va(0) + (nid))

/* The part of <linux/mmzone.h> about sections is the kernel's own */
#define MAX_ORDER		9
extern unsigned int host_pageblock_order;
#define pageblock_order		host_pageblock_order
#define pageblock_nr_pages	(1UL << pageblock_order)
#define NR_PAGEBLOCK_BITS	4
#define SECTIONS_SHIFT		(MAX_PHYSMEM_BITS - SECTION_SIZE_BITS)
#define PHYSMEM_END		((1ULL << MAX_PHYSMEM_BITS) - 1)
#define MMINIT_WARNING		0
#define mminit_dprintk(level, prefix, fmt, ...)	host_print(fmt, ##__VA_ARGS__)
#define set_pageblock_order()	do { } while (0)
struct rcu_head {
	void *unused[2];
};

#define rcu_read_lock_sched()	do { } while (0)
#define rcu_read_unlock_sched()	do { } while (0)
#define rcu_read_lock()		do { } while (0)
#define rcu_read_unlock()	do { } while (0)
#include <host/mmzone-sections.h>

/* What lends memory, and devices: only the fields that are looked at */
struct vmem_altmap {
	unsigned long base_pfn;
	unsigned long end_pfn;
	unsigned long reserve;
	unsigned long free;
	unsigned long align;
	unsigned long alloc;
	struct vmemmap_host *host;
};

struct range {
	u64 start;
	u64 end;
};

struct dev_pagemap {
	unsigned long vmemmap_shift;
	int nr_range;
	struct range ranges[1];
};

#define VMEMMAP_RESERVE_NR	2
#define pgmap_vmemmap_nr(pgmap)	(1UL << (pgmap)->vmemmap_shift)
#ifdef CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
#define vmemmap_can_optimize(altmap, pgmap) \
	(is_power_of_2(sizeof(struct page)) && (pgmap) && !(altmap) && \
	 pgmap_vmemmap_nr(pgmap) * sizeof(struct page) / PAGE_SIZE > VMEMMAP_RESERVE_NR)
#else
#define vmemmap_can_optimize(altmap, pgmap)	((void)(altmap), (void)(pgmap), false)
#endif

/* memblock */
#define MAX_DMA_ADDRESS		PAGE_OFFSET
void __next_mem_pfn_range(int *i, int nid, unsigned long *start, unsigned long *end, int *out);
#define for_each_mem_pfn_range(i, nid, start, end, out) \
	for ((i) = -1, __next_mem_pfn_range(&(i), nid, start, end, out); (i) >= 0; \
	     __next_mem_pfn_range(&(i), nid, start, end, out))
void *memmap_alloc(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr, int nid,
		   bool exact_nid);
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid);
void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
			     phys_addr_t max_addr, int nid);
void memblock_free(void *p, size_t size);
int memblock_phys_free(phys_addr_t base, phys_addr_t size);
int memblock_remove(phys_addr_t base, phys_addr_t size);
phys_addr_t memblock_phys_mem_size(void);
int early_pfn_to_nid(unsigned long pfn);

#define clear_page(page)	memset(page, 0, PAGE_SIZE)

/* The page allocator and slab */
#define GFP_KERNEL		0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_NOWARN		0
#define __GFP_THISNODE		1
#define get_order(size)		((unsigned int)ilog2(((size) - 1) / PAGE_SIZE * 2 + 1))
bool slab_is_available(void);
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
void free_reserved_page(struct page *page);
void *kzalloc(size_t size, gfp_t gfp);
void *kzalloc_node(size_t size, gfp_t gfp, int nid);
void kfree(const void *p);
#define kfree_rcu(p, field)	kfree(p)
#define kmemleak_free_part_phys(phys, size)	do { } while (0)

/* Struct pages */
void get_page(struct page *page);
bool PageReserved(const struct page *page);
bool PagePrivate(const struct page *page);
int page_to_nid(const struct page *page);
struct page *pfn_to_online_page(unsigned long pfn);
void page_init_poison(struct page *page, size_t size);
#define clear_hwpoisoned_pages(memmap, nr)	do { } while (0)
#define SECTION_INFO		12
void get_page_bootmem(unsigned long info, struct page *page, unsigned long type);
void put_page_bootmem(struct page *page);

/* Memory blocks, and what is counted; see blocks.c */
struct memory_block {
	unsigned long start_section_nr;
	unsigned long nr_vmemmap_pages;
	int nid;
};

typedef int (*walk_memory_blocks_func_t)(struct memory_block *mem, void *arg);
unsigned long memory_block_size_bytes(void);
int walk_memory_blocks(unsigned long start, unsigned long size, void *arg,
		       walk_memory_blocks_func_t func);

enum {
	NR_FREE_PAGES,
	NR_MEMMAP_HOSTED
};

unsigned long sum_zone_node_page_state(int node, int item);
void mod_node_page_state(struct pglist_data *pgdat, int item, long delta);

/* mm/sparse.c */
void sparse_init(void);
void *sparse_buffer_alloc(unsigned long size);
int sparse_add_section(int nid, unsigned long pfn, unsigned long nr_pages,
		       struct vmem_altmap *altmap, struct dev_pagemap *pgmap);
void sparse_remove_section(struct mem_section *ms, unsigned long pfn, unsigned long nr_pages,
			   unsigned long map_offset, struct vmem_altmap *altmap);
struct page *sparse_decode_mem_map(unsigned long coded_mem_map, unsigned long pnum);
void vmemmap_populate_print_last(void);

/* Ours, declared by <linux/mm.h> */
struct page *__populate_section_memmap(unsigned long pfn, unsigned long nr_pages, int nid,
				       struct vmem_altmap *altmap, struct dev_pagemap *pgmap);
pgd_t *vmemmap_pgd_populate(unsigned long addr, int node);
p4d_t *vmemmap_p4d_populate(pgd_t *pgd, unsigned long addr, int node);
pud_t *vmemmap_pud_populate(p4d_t *p4d, unsigned long addr, int node);
pmd_t *vmemmap_pmd_populate(pud_t *pud, unsigned long addr, int node);
pte_t *vmemmap_pte_populate(pmd_t *pmd, unsigned long addr, int node,
			    struct vmem_altmap *altmap, struct page *reuse);
void *vmemmap_alloc_block(unsigned long size, int node);
void *vmemmap_alloc_block_buf(unsigned long size, int node, struct vmem_altmap *altmap);
void vmemmap_verify(pte_t *pte, int node, unsigned long start, unsigned long end);
int vmemmap_populate_basepages(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap);
int vmemmap_populate(unsigned long start, unsigned long end, int node,
		     struct vmem_altmap *altmap);
void vmemmap_free(unsigned long start, unsigned long end, struct vmem_altmap *altmap);
void register_page_bootmem_memmap(unsigned long section_nr, struct page *map,
				  unsigned long nr_pages);

#define VMCOREINFO_SYMBOL(name)			host_vmcoreinfo(#name, (unsigned long)&(name))
#define VMCOREINFO_SYMBOL_ARRAY(name)		host_vmcoreinfo(#name, (unsigned long)(name))
#define VMCOREINFO_NUMBER(name)			host_vmcoreinfo(#name, (unsigned long)(name))
#define VMCOREINFO_STRUCT_SIZE(name)		host_vmcoreinfo(#name, sizeof(struct name))
#define VMCOREINFO_OFFSET(name, field)		\
	host_vmcoreinfo(#name "." #field, offsetof(struct name, field))
void host_vmcoreinfo(const char *name, unsigned long value);

#endif /* STANDIN_MM_H */
