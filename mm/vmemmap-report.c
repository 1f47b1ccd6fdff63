// SPDX-License-Identifier: GPL-2.0
/*
 * How the memmap is backed, found by walking the kernel's page table, and
 * whether every page frame and its struct page lead to each other.
 *
 * The same file builds as a module, for a kernel with another memory model. Its
 * parameter init_mm is then the address of that symbol in /proc/kallsyms.
 */
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <linux/uaccess.h>
#include <linux/vmemmap.h>

#include "vmemmap-report.h"

#ifdef MODULE
static unsigned long init_mm_address;
module_param_named(init_mm, init_mm_address, ulong, 0);
#define kernel_mm()	((struct mm_struct *)init_mm_address)
/* Neither is exported to modules, and no memory comes or goes meanwhile */
#define lock_memmap()	do { } while (0)
#define unlock_memmap()	do { } while (0)
#define populate_ns(nid)	0ULL
#else
#include "sparse-vmemmap.h"

#define kernel_mm()	(&init_mm)
#define lock_memmap()	get_online_mems()
#define unlock_memmap()	put_online_mems()

/* At boot there may be no clock yet, only a counter of unknown frequency */
static cycles_t populate_cycles[MAX_NUMNODES];
static cycles_t start_cycles;
static u64 start_ns;

/**
 * vmemmap_account_populate() - note how long a section took at boot
 * @nid: its node
 * @cycles: as counted by get_cycles()
 */
void __meminit vmemmap_account_populate(int nid, cycles_t cycles)
{
	if (nid != NUMA_NO_NODE)
		populate_cycles[nid] += cycles;
}

static u64 populate_ns(int nid)
{
	u64 cycles = get_cycles() - start_cycles;

	return cycles ? mul_u64_u64_div_u64(populate_cycles[nid],
					    ktime_get_ns() - start_ns, cycles) : 0;
}
#endif

static bool memmap_readable(const struct page *page)
{
	unsigned long flags;

	return !get_kernel_nofault(flags, &page->flags);
}

/* Sections can be far apart: skip the roots that were never allocated */
static unsigned long next_valid_section(unsigned long nr)
{
	for (; nr < NR_MEM_SECTIONS; nr++) {
#ifdef CONFIG_SPARSEMEM_EXTREME
		if (!mem_section[SECTION_NR_TO_ROOT(nr)]) {
			nr |= SECTIONS_PER_ROOT - 1;
			continue;
		}
#endif
		if (valid_section_nr(nr))
			break;
	}
	return nr;
}

/* Node of a struct page's memory; VMEMMAP_NO_NODE if it is not in use */
static int memory_node(struct page *page, struct mem_section *ms)
{
	if (!online_section(ms) || !memmap_readable(page) || PagePoisoned(page))
		return VMEMMAP_NO_NODE;
	/* Other bits of its flags change at any time */
	return data_race(page_to_nid(page));
}

static int backing_node(unsigned long pfn)
{
	if (!pfn_valid(pfn))
		return VMEMMAP_NO_NODE;
	return memory_node(pfn_to_page(pfn), __pfn_to_section(pfn));
}

static void count_leaf(struct vmemmap_stat *stat, const struct vmemmap_leaf *leaf,
		       const struct vmemmap_leaf *last)
{
	int i;

	stat->leaf[ilog2(leaf->size) - PAGE_SHIFT]++;
	for (i = 0; i < VMEMMAP_MAX_TABLES; i++)
		if (leaf->table[i] && leaf->table[i] != last->table[i])
			stat->tables++;
}

/* @seen: the last base page that was counted, which two sections can share */
static void collect_section(struct vmemmap_stat *stats, unsigned long nr,
			    struct vmemmap_leaf *last, unsigned long *seen)
{
	unsigned long memmap = (unsigned long)pfn_to_page(section_nr_to_pfn(nr));
	unsigned long end = memmap + PAGES_PER_SECTION * sizeof(struct page);
	unsigned long addr = memmap & PAGE_MASK;
	struct mem_section *ms = __nr_to_section(nr);

	if (addr == *seen)
		addr += PAGE_SIZE;
	*seen = (end - 1) & PAGE_MASK;

	for (; addr < end; addr += PAGE_SIZE) {
		unsigned long offset = addr > memmap ? addr - memmap : 0;
		struct page *first = pfn_to_page(section_nr_to_pfn(nr)) +
				     DIV_ROUND_UP(offset, sizeof(struct page));
		struct vmemmap_leaf leaf = *last;
		struct vmemmap_stat *stat;
		unsigned long pfn;
		int nid, from;

		if (addr - last->start >= last->size &&
		    !vmemmap_lookup(kernel_mm(), addr, &leaf))
			continue;

		nid = memory_node(first, ms);
		stat = &stats[nid];
		stat->memmap += PAGE_SIZE;
		if (leaf.start != last->start || leaf.size != last->size) {
			count_leaf(stat, &leaf, last);
			if (leaf.size == PAGE_SIZE && leaf.pfn == last->pfn)
				stat->shared += PAGE_SIZE;
		}

		pfn = leaf.pfn + PHYS_PFN(addr - leaf.start);
		from = backing_node(pfn);
		/* A hole at the end of a node's memory is the next node's, but nowhere */
		if (nid != VMEMMAP_NO_NODE && from != VMEMMAP_NO_NODE && from != nid &&
		    pfn_section_valid(ms, page_to_pfn(first)))
			stat->off_node += PAGE_SIZE;
		*last = leaf;
	}
}

/**
 * vmemmap_collect_stats() - walk the memmap of all memory
 * @stats: VMEMMAP_NR_STATS of them, zeroed; [nid] is for that node
 *
 * May sleep. Memory does not come or go meanwhile.
 */
void vmemmap_collect_stats(struct vmemmap_stat *stats)
{
	struct vmemmap_leaf last = {};
	unsigned long nr, seen = 0;

	lock_memmap();
	for (nr = next_valid_section(0); nr < NR_MEM_SECTIONS;
	     nr = next_valid_section(nr + 1)) {
		collect_section(stats, nr, &last, &seen);
		cond_resched();
	}
	unlock_memmap();
}

/* A page of a virtual compound tells where it is mapped otherwise */
static bool address_ok(const struct page *page, const void *va)
{
	const void *told = page_address(page);

	return told == va || is_vmalloc_addr(told);
}

static bool pfn_round_trip_ok(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct mem_section *ms = __pfn_to_section(pfn);
	void *va;

	if (page_to_pfn(page) != pfn || !memmap_readable(page))
		return false;
	if (memory_node(page, ms) == VMEMMAP_NO_NODE)
		return true;
	va = __va(PFN_PHYS(pfn));
	return page_to_virt(page) == va && address_ok(page, va) &&
	       virt_to_page(va) == page;
}

/**
 * vmemmap_check_pfns() - follow every valid pfn to its struct page and back
 * @checked: set to the number of valid pfns
 *
 * For memory in use the address in the linear map is followed as well.
 * May sleep. Memory does not come or go meanwhile.
 *
 * Return: how many of them do not come back.
 */
unsigned long vmemmap_check_pfns(unsigned long *checked)
{
	unsigned long nr, errors = 0;

	*checked = 0;
	lock_memmap();
	for (nr = next_valid_section(0); nr < NR_MEM_SECTIONS;
	     nr = next_valid_section(nr + 1)) {
		unsigned long pfn = section_nr_to_pfn(nr);
		unsigned long end = pfn + PAGES_PER_SECTION;

		for (; pfn < end; pfn++) {
			if (!pfn_valid(pfn))
				continue;
			(*checked)++;
			if (pfn_round_trip_ok(pfn))
				continue;
			if (!errors++)
				pr_err("vmemmap: pfn %#lx and its struct page differ\n",
				       pfn);
		}
		cond_resched();
	}
	unlock_memmap();
	return errors;
}

static void show_model(struct seq_file *m)
{
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	unsigned long start = (unsigned long)vmemmap;
	unsigned long end = (unsigned long)(vmemmap + (1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT)));

	seq_puts(m, "model: SPARSEMEM with a virtually mapped memmap\n");
	seq_printf(m, "range: %#lx-%#lx, %lu GiB\n", start, end - 1,
		   (end - start) >> 30);
	seq_printf(m, "vmemmap: %#lx, %s\n", start,
		   __is_defined(VMEMMAP_IS_PATCHED) ? "patched into the code" :
		   __builtin_constant_p(start) ? "a constant in the code" :
						 "read from memory");
#else
	seq_puts(m, "model: SPARSEMEM with a table of sections\n");
#endif
	seq_printf(m, "sizes: struct page %zu B, base page %lu KiB, section %lu MiB\n",
		   sizeof(struct page), PAGE_SIZE >> 10,
		   (PAGES_PER_SECTION << PAGE_SHIFT) >> 20);
}

/* Bytes of the leaf that is told even when there is none, besides base pages */
static unsigned long usual_leaf_size(void)
{
#if defined(CONFIG_SPARSEMEM_VMEMMAP) && !defined(MODULE)
	if (!arch_vmemmap_in_page_table())
		return arch_vmemmap_leaf_size();
#endif
	return PMD_SIZE;
}

static void show_stat(struct seq_file *m, const char *who,
		      const struct vmemmap_stat *stat)
{
	unsigned long size;
	int i;

	seq_printf(m, "%s: memmap %lu KiB\n", who, stat->memmap >> 10);
	for (i = 0; i < VMEMMAP_NR_LEAF_ORDERS; i++) {
		size = PAGE_SIZE << i;
		if (stat->leaf[i] || size == PAGE_SIZE || size == usual_leaf_size())
			seq_printf(m, "%s: leaves of %lu KiB: %lu\n", who,
				   size >> 10, stat->leaf[i]);
	}
	/* Without the option these are the tables of the linear map */
	if (IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP))
		seq_printf(m, "%s: page tables %lu\n", who, stat->tables);
	seq_printf(m, "%s: shared backing %lu KiB\n", who, stat->shared >> 10);
	seq_printf(m, "%s: off node %lu KiB\n", who, stat->off_node >> 10);
}

static int report_show(struct seq_file *m, void *unused)
{
	struct vmemmap_stat *stats;
	char who[16];
	int nid;

	stats = kvcalloc(VMEMMAP_NR_STATS, sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	vmemmap_collect_stats(stats);

	show_model(m);
	for_each_online_node(nid) {
		snprintf(who, sizeof(who), "node %d", nid);
		seq_printf(m, "%s: present %lu KiB\n", who,
			   node_present_pages(nid) << (PAGE_SHIFT - 10));
		show_stat(m, who, &stats[nid]);
		if (populate_ns(nid))
			seq_printf(m, "%s: populated at boot in %llu us\n", who,
				   div_u64(populate_ns(nid), NSEC_PER_USEC));
	}
	if (stats[VMEMMAP_NO_NODE].memmap)
		show_stat(m, "offline", &stats[VMEMMAP_NO_NODE]);

	kvfree(stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report);

static int check_show(struct seq_file *m, void *unused)
{
	unsigned long checked;
	unsigned long errors = vmemmap_check_pfns(&checked);

	seq_printf(m, "checked %lu pfns, %lu errors\n", checked, errors);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

static struct dentry *vmemmap_dir;

static int __init vmemmap_report_init(void)
{
#ifndef MODULE
	start_cycles = get_cycles();
	start_ns = ktime_get_ns();
#endif
	vmemmap_dir = debugfs_create_dir("vmemmap", NULL);
	debugfs_create_file("report", 0400, vmemmap_dir, NULL, &report_fops);
	debugfs_create_file("check", 0400, vmemmap_dir, NULL, &check_fops);
	return 0;
}
module_init(vmemmap_report_init);

static void __exit vmemmap_report_exit(void)
{
	debugfs_remove(vmemmap_dir);
}
module_exit(vmemmap_report_exit);

MODULE_DESCRIPTION("Report how the memmap is backed");
MODULE_LICENSE("GPL");
