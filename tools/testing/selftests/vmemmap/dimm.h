/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DIMMs that the guest's data describes:
 *
 *	DIMMS=a,b	names; the machine knows the actions "plug a" and "unplug a"
 *	BOOT_DIMMS=a,b	names of those that were there at boot
 *	DIMM_SIZE=256M	the size of each
 *	SLACK_KB=n	how far free memory may be from where it was, once all is unplugged
 *	ROUNDS=n	how often to plug and unplug
 *	GROWTH_KB=n	how much less memory may be free by then, see another_batch()
 *
 * The guest must bring new memory online by itself, as movable memory.
 */
#ifndef DIMM_H
#define DIMM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysmem.h"

#define MAX_DIMMS	8
#define PLUG_SECONDS	20

struct dimms {
	int count;
	long long size_kb;
	char name[MAX_DIMMS][32];
};

/* Fills in what the environment says under a name; returns how many there are. */
static inline int find_dimms_of(struct dimms *dimms, const char *name)
{
	const char *text = getenv(name);

	memset(dimms, 0, sizeof(*dimms));
	dimms->size_kb = env_number("DIMM_SIZE", 0) >> 10;
	while (text && *text && dimms->count < MAX_DIMMS) {
		size_t length = strcspn(text, ",");

		snprintf(dimms->name[dimms->count++], sizeof(dimms->name[0]), "%.*s",
			 (int)length, text);
		text += length + (text[length] == ',');
	}
	return dimms->size_kb ? dimms->count : 0;
}

static inline int find_dimms(struct dimms *dimms)
{
	return find_dimms_of(dimms, "DIMMS");
}

/* Asks for "plug NAME" or "unplug NAME"; returns as ask_machine() does. */
static inline int ask_dimm(const char *verb, const char *name, char *answer, size_t size)
{
	char request[64];

	snprintf(request, sizeof(request), "%s %s", verb, name);
	return ask_machine(request, answer, size);
}

#endif
