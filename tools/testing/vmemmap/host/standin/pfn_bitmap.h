/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the load of a word of the bitmap; the rest of <asm/pfn_bitmap.h> is the kernel's */
#ifndef STANDIN_PFN_BITMAP_H
#define STANDIN_PFN_BITMAP_H

unsigned long host_load_bitmap(const unsigned long *word);
#define arch_pfn_bitmap_load(word)	host_load_bitmap(word)

#endif /* STANDIN_PFN_BITMAP_H */
