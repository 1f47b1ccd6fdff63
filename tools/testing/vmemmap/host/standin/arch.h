/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for an architecture: the geometry, which the command line includes, says which */
#ifndef STANDIN_ARCH_H
#define STANDIN_ARCH_H

#include <standin/kernel.h>

#include ARCH_HEADER

#endif /* STANDIN_ARCH_H */
