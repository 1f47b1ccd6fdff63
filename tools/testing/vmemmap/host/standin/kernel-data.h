/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before each kernel file: its variables go where fuzz.c finds them, to have
 * them as at boot for each input.
 */
#pragma clang section bss = "kernel_bss" data = "kernel_data"
