/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for an architecture's page table. All geometries have the same format
 * of entries; how many levels there are, and how large each is, is the geometry's.
 */
#ifndef STANDIN_PGTABLE_H
#define STANDIN_PGTABLE_H

#include <standin/arch.h>

#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PHYS_PFN(x)		((unsigned long)((x) >> PAGE_SHIFT))
#define PFN_PHYS(x)		((phys_addr_t)(x) << PAGE_SHIFT)
#define PFN_DOWN(x)		((x) >> PAGE_SHIFT)
#define PAGE_ALIGN(x)		ALIGN(x, PAGE_SIZE)

/* The linear map: only memory that is handed out is really there, see memory.c */
#define PAGE_OFFSET		0x200000000000UL
#define __va(phys)		((void *)(unsigned long)((phys) + PAGE_OFFSET))
#define __pa(p)			((unsigned long)(p) - PAGE_OFFSET)
#define __pa_symbol(symbol)	((phys_addr_t)((symbol) - _text))

typedef struct { u64 val; } pte_t;
typedef struct { u64 val; } pmd_t;
typedef struct { u64 val; } pud_t;
typedef struct { u64 val; } p4d_t;
typedef struct { u64 val; } pgd_t;
typedef struct { u64 val; } pgprot_t;

struct mm_struct {
	pgd_t *pgd;
};

extern struct mm_struct init_mm;

/* A leaf is one at any level */
#define HOST_PRESENT		1UL
#define HOST_LEAF		2UL
#define HOST_FLAGS		((1UL << PAGE_SHIFT) - 1)

#define pgprot_val(prot)	((prot).val)
#define PAGE_KERNEL		((pgprot_t) { HOST_PRESENT })
#define PAGE_KERNEL_LARGE	PAGE_KERNEL
#define PAGE_KERNEL_RO		PAGE_KERNEL

#define PMD_SHIFT		(PAGE_SHIFT + PTE_BITS)
#define PUD_SHIFT		(PMD_SHIFT + PMD_BITS)
#ifndef PGDIR_SHIFT
#define P4D_SHIFT		(PUD_SHIFT + PUD_BITS)
#define PGDIR_SHIFT		P4D_SHIFT
#endif
#define PMD_SIZE		(1UL << PMD_SHIFT)
#define PUD_SIZE		(1UL << PUD_SHIFT)
#define P4D_SIZE		(1UL << P4D_SHIFT)
#define PGDIR_SIZE		(1UL << PGDIR_SHIFT)
#define PMD_MASK		(~(PMD_SIZE - 1))
#define PUD_MASK		(~(PUD_SIZE - 1))
#define PTRS_PER_PTE		(1UL << PTE_BITS)
#define PTRS_PER_PMD		(1UL << PMD_BITS)
#define PTRS_PER_PUD		(1UL << PUD_BITS)
#define PTRS_PER_P4D		(1UL << (PGDIR_SHIFT - P4D_SHIFT))
#define PTRS_PER_PGD		(1UL << PGD_BITS)

#ifndef mm_p4d_folded
#define mm_p4d_folded(mm)	true
#endif
#define mm_pud_folded(mm)	(PUD_BITS == 0)

/* Where the part of a level ends: the last byte, as @end may be 0 */
#define host_addr_end(addr, end, size) ({ \
	unsigned long next_ = ((addr) + (size)) & ~((size) - 1); \
	next_ - 1 < (end) - 1 ? next_ : (end); })
#define pgd_addr_end(addr, end)	host_addr_end(addr, end, PGDIR_SIZE)
#define p4d_addr_end(addr, end)	host_addr_end(addr, end, P4D_SIZE)
#define pud_addr_end(addr, end)	host_addr_end(addr, end, PUD_SIZE)
#define pmd_addr_end(addr, end)	host_addr_end(addr, end, PMD_SIZE)

#define host_table(entry)	__va((entry).val & ~HOST_FLAGS)
#define host_index(addr, shift, nr) (((addr) >> (shift)) & ((nr) - 1))

static inline pgd_t *pgd_offset(struct mm_struct *mm, unsigned long addr)
{
	return mm->pgd + host_index(addr, PGDIR_SHIFT, PTRS_PER_PGD);
}

#define pgd_offset_k(addr)	pgd_offset(&init_mm, addr)

static inline p4d_t *p4d_offset(pgd_t *pgd, unsigned long addr)
{
	if (mm_p4d_folded(&init_mm))
		return (p4d_t *)pgd;
	return (p4d_t *)host_table(*pgd) + host_index(addr, P4D_SHIFT, PTRS_PER_P4D);
}

static inline pud_t *p4d_pgtable(p4d_t p4d)
{
	return host_table(p4d);
}

static inline pud_t *pud_offset(p4d_t *p4d, unsigned long addr)
{
	if (mm_pud_folded(&init_mm))
		return (pud_t *)p4d;
	return p4d_pgtable(*p4d) + host_index(addr, PUD_SHIFT, PTRS_PER_PUD);
}

static inline pmd_t *pud_pgtable(pud_t pud)
{
	return host_table(pud);
}

static inline pmd_t *pmd_offset(pud_t *pud, unsigned long addr)
{
	return pud_pgtable(*pud) + host_index(addr, PMD_SHIFT, PTRS_PER_PMD);
}

static inline unsigned long pmd_page_vaddr(pmd_t pmd)
{
	return (unsigned long)host_table(pmd);
}

static inline pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long addr)
{
	return (pte_t *)host_table(*pmd) + host_index(addr, PAGE_SHIFT, PTRS_PER_PTE);
}

#define pgd_none(pgd)		(!mm_p4d_folded(&init_mm) && !(pgd).val)
#define p4d_none(p4d)		(!mm_pud_folded(&init_mm) && !(p4d).val)
#define pud_none(pud)		(!(pud).val)
#define pmd_none(pmd)		(!(pmd).val)
#define pte_none(pte)		(!(pte).val)
#define pud_leaf(pud)		(!!((pud).val & HOST_LEAF))
#define pmd_leaf(pmd)		(!!((pmd).val & HOST_LEAF))
#define pte_pfn(pte)		PHYS_PFN((pte).val)
#define pmd_page(pmd)		pfn_to_page(PHYS_PFN((pmd).val))

#define pfn_pte(pfn, prot)	((pte_t) { PFN_PHYS(pfn) | HOST_LEAF | pgprot_val(prot) })
#define pfn_pmd(pfn, prot)	((pmd_t) { PFN_PHYS(pfn) | HOST_LEAF | pgprot_val(prot) })
#define pmdp_ptep(pmd)		((pte_t *)(pmd))

/* Every change is told, so that the TLB can remember what was there; see tlb.c */
void host_set_entry(u64 *entry, u64 val);
void arch_sync_kernel_mappings(unsigned long start, unsigned long end);

#define host_table_entry(table)	(__pa(table) | HOST_PRESENT)
#define set_pte_at(mm, addr, pte, entry) \
	((void)(mm), (void)(addr), host_set_entry(&(pte)->val, (entry).val))
#define set_pmd(pmd, entry)	host_set_entry(&(pmd)->val, (entry).val)
#define pte_clear(mm, addr, pte) ((void)(addr), host_set_entry(&(pte)->val, 0))
#define pmd_clear(pmd)		host_set_entry(&(pmd)->val, 0)
#define pud_clear(pud)		host_set_entry(&(pud)->val, 0)
#define p4d_clear(p4d)		host_set_entry(&(p4d)->val, 0)
#define pgd_populate(mm, pgd, table) host_set_entry(&(pgd)->val, host_table_entry(table))
#define p4d_populate(mm, p4d, table) host_set_entry(&(p4d)->val, host_table_entry(table))
#define pud_populate(mm, pud, table) host_set_entry(&(pud)->val, host_table_entry(table))
#define pmd_populate_kernel(mm, pmd, table) host_set_entry(&(pmd)->val, host_table_entry(table))

#define PGTBL_PGD_MODIFIED	1
#define PGTBL_P4D_MODIFIED	2
#ifndef ARCH_PAGE_TABLE_SYNC_MASK
#define ARCH_PAGE_TABLE_SYNC_MASK 0
#endif

/* Where the memmap of ia64 is follows from the page table's shape */
#ifdef CONFIG_IA64
#include <asm/vmemmap-range.h>
#ifndef VMALLOC_END
#define VMALLOC_END		(RGN_BASE(RGN_GATE) + (1UL << (4 * PAGE_SHIFT - 9)))
#endif
#endif

void flush_tlb_kernel_range(unsigned long start, unsigned long end);
void flush_tlb_all(void);
#define flush_cache_vmap(start, end)	do { } while (0)

#endif /* STANDIN_PGTABLE_H */
