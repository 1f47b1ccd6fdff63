/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for book3e, 64 bits */
#ifndef STANDIN_BOOK3E_H
#define STANDIN_BOOK3E_H

#define CONFIG_PPC_BOOK3E_64	1

#define PTE_BITS		9
#define PMD_BITS		7
#define PUD_BITS		9
#define PGD_BITS		9

#define SECTION_SIZE_BITS	24
#define MAX_PHYSMEM_BITS	44
#define VMEMMAP_START		0xc000140000000000
#define VMEMMAP_END		0xc000180000000000
#define vmemmap			((struct page *)VMEMMAP_START)

#endif /* STANDIN_BOOK3E_H */
