/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of virtual compound pages ask for.
 */
#ifndef _MM_VCOMPOUND_H
#define _MM_VCOMPOUND_H

#include <linux/vcompound.h>

struct page *vcompound_alloc_virtual(int nid, gfp_t gfp, size_t size, size_t align,
				     const void *caller);

#endif
