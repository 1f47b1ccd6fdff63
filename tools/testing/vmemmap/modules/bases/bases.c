// SPDX-License-Identifier: GPL-2.0
/*
 * Does a module convert between page frame numbers, struct pages and addresses with the bases that
 * boot has decided? It can only be loaded if so.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>

static int check(const char *what, const void *found, unsigned long expected)
{
	if ((unsigned long)found == expected)
		return 0;
	pr_info("%s: %#lx, %#lx expected\n", what, (unsigned long)found, expected);
	return -EINVAL;
}

static int __init bases_init(void)
{
	unsigned long pfn = page_to_pfn(ZERO_PAGE(0)), linear = page_offset_base + PFN_PHYS(pfn);
	unsigned long page = vmemmap_base + pfn * sizeof(struct page);
	int ret;

	ret = check("__va", __va(PFN_PHYS(pfn)), linear);
	ret = ret ?: check("virt_to_page", virt_to_page((void *)linear), (unsigned long)ZERO_PAGE(0));
	ret = ret ?: check("page_address", page_address(ZERO_PAGE(0)), linear);
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	ret = ret ?: check("pfn_to_page", pfn_to_page(pfn), page);
	ret = ret ?: check("virt_to_page", virt_to_page((void *)linear), page);
	ret = ret ?: check("page_to_virt", page_to_virt((struct page *)page), linear);
#endif
	return ret;
}
module_init(bases_init);

static void __exit bases_exit(void)
{
}
module_exit(bases_exit);

MODULE_DESCRIPTION("what a module makes of bases that boot has decided");
MODULE_LICENSE("GPL");
