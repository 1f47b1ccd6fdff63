/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The head of the loader as firmware wants it (PE32+, one section, at a fixed address), the
 * descriptor of its first function, and the step into the kernel.
 */
	.section .head, "a"
	.global	image
image:
	data2	0x5a4d			// "MZ"
	.skip	58
	data4	pe - image
pe:
	data4	0x4550			// "PE\0\0"
	data2	0x200			// ia64
	data2	1			// sections
	data4	0, 0, 0
	data2	section - optional
	data2	0x23			// no relocations, executable, beyond 2 GiB
optional:
	data2	0x20b			// PE32+
	data2	0
	data4	image_size - 0x1000	// code
	data4	0, 0
	data4	descriptor - image	// entry point: of a descriptor, on ia64
	data4	0x1000
	data8	image
	data4	0x1000, 0x200		// alignment in memory and in the file
	data2	0, 0, 0, 0, 0, 0
	data4	0
	data4	image_size
	data4	0x1000			// headers
	data4	0
	data2	10, 0			// an EFI application
	data8	0x100000, 0x1000, 0x100000, 0x1000
	data4	0
	data4	16			// directories, all empty
	.skip	16 * 8
section:
	stringz	".text"
	.skip	2
	data4	image_size - 0x1000, 0x1000	// in memory
	data4	image_size - 0x1000, 0x1000	// in the file
	data4	0, 0
	data2	0, 0
	data4	0xe0000060		// code and data, readable, writable, executable

	.section .descriptor, "a"
	.align	16
descriptor:
	data8	load_kernel#
	data8	__gp

/*
 * void enter_kernel(u64 entry, struct boot_parameters *parameters): as head.S asks, in physical
 * mode, interrupts off, the parameters' physical address in r28. EFI runs its applications in
 * physical mode, or with addresses that are the same in both.
 */
	.text
	.global	enter_kernel
	.proc	enter_kernel
enter_kernel:
	alloc	r2 = ar.pfs, 2, 0, 0, 0
	rsm	psr.i
	;;
	srlz.d
	mov	r28 = in1
	mov	b6 = in0
	// what is to be clear in the PSR: bits dt, rt and it turn translation on
	movl	r16 = 1 << 17 | 1 << 27 | 1 << 36
	mov	r17 = psr
	;;
	andcm	r17 = r17, r16
	movl	r18 = 1 << 44		// bn, as rfi is to leave it
	;;
	or	r17 = r17, r18
	rsm	psr.ic
	;;
	srlz.i
	;;
	mov	cr.ipsr = r17
	mov	cr.iip = in0
	mov	cr.ifs = r0
	;;
	rfi
	;;
	.endp	enter_kernel
