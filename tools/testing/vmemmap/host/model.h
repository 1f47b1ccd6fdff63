/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plain model: which sub-sections there are, and what follows from that.
 */
#ifndef HOST_MODEL_H
#define HOST_MODEL_H

#include "machine.h"

#define MAX_REGIONS		64

/* What was added by one call and can be removed with the same arguments */
struct region {
	bool live;
	bool lent;			/* the backing is from altmap */
	bool compound;			/* in compound pages of pgmap's size */
	bool blocks;			/* memory blocks, which may hold struct pages ... */
	bool hosts;			/* ... of their own unless that is switched off */
	bool first;			/* before the node is asked */
	bool off;			/* host_memmap=off */
	bool scarce;			/* the node has little memory */
	unsigned long taken;		/* pages of its own when it was added */
	bool no_blocks;			/* adding the memory blocks fails */
	unsigned long pfn;
	unsigned long nr_pages;
	int nid;
	struct vmem_altmap altmap;
	struct dev_pagemap pgmap;
};

extern struct region region[MAX_REGIONS];

void model_reset(unsigned int early, unsigned long last_pages);
void model_booted(void);
bool model_is_early(unsigned long section);
void model_remove_early(unsigned long section);
bool model_present(unsigned long pfn, unsigned long nr_pages);
bool model_absent(unsigned long pfn, unsigned long nr_pages);
void model_add(struct region *r);
void model_remove(struct region *r, unsigned long pfn, unsigned long nr_pages);
bool model_can_host(const struct region *r);
bool model_owns(const struct region *r, unsigned long pfn, unsigned long nr_pages);

/* Before an operation, and after it: did it fail without a trace? */
void model_save(void);
void model_unchanged(void);
void model_verify(const struct region *added);

#endif /* HOST_MODEL_H */
