// SPDX-License-Identifier: GPL-2.0
/*
 * Where the bitmap for pfn_valid() is, and how the hash table translates it, see
 * include/linux/pfn_bitmap.h.
 */
#include <linux/mm.h>
#include <linux/pfn_bitmap.h>

#include <asm/mmu.h>

/**
 * arch_pfn_bitmap_init() - keep vmalloc() away
 *
 * Context: sparse_init(), before anybody allocates addresses.
 */
void __init arch_pfn_bitmap_init(void)
{
	if (!radix_enabled())
		__vmalloc_end = PFN_BITMAP_START;
}

#ifdef CONFIG_PPC_64S_HASH_MMU
/**
 * arch_pfn_bitmap_bolt() - translate a page that is not translated
 * @addr: its address
 * @pfn: where it is
 * @prot: as of its PTE
 *
 * Context: sparse_init(), or mem_hotplug_lock held for writing; may sleep then.
 *
 * Return: 0, or -ENOMEM where the hash table is full.
 */
int arch_pfn_bitmap_bolt(unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	return htab_bolt_mapping(addr, addr + PAGE_SIZE, PFN_PHYS(pfn), pgprot_val(prot),
				 mmu_vmalloc_psize, mmu_kernel_ssize) ? -ENOMEM : 0;
}

/**
 * arch_pfn_bitmap_unbolt() - translate a page no more
 * @addr: its address
 *
 * No TLB knows its translation afterwards.
 *
 * Context: As arch_pfn_bitmap_bolt().
 *
 * Return: 0, also for what is not translated, or an error where it stays.
 */
int arch_pfn_bitmap_unbolt(unsigned long addr)
{
	int err = htab_remove_mapping(addr, addr + PAGE_SIZE, mmu_vmalloc_psize, mmu_kernel_ssize);

	return err == -ENOENT ? 0 : err;
}
#endif
