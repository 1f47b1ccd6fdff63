/* SPDX-License-Identifier: LGPL-2.1 OR MIT */
/*
 * ia64 specific definitions for NOLIBC
 */

#ifndef _NOLIBC_ARCH_IA64_H
#define _NOLIBC_ARCH_IA64_H

#include <asm/unistd.h>

/* What ia64 takes from asm-generic/fcntl.h */
#define O_RDONLY	0
#define O_WRONLY	1
#define O_RDWR		2
#define O_CREAT		0x40
#define O_EXCL		0x80
#define O_NOCTTY	0x100
#define O_TRUNC		0x200
#define O_APPEND	0x400
#define O_NONBLOCK	0x800
#define O_DIRECTORY	0x10000

/* What stat() and newfstatat() fill in */
struct sys_stat_struct {
	unsigned long	st_dev;
	unsigned long	st_ino;
	unsigned long	st_nlink;
	unsigned int	st_mode;
	unsigned int	st_uid;
	unsigned int	st_gid;
	unsigned int	__pad0;
	unsigned long	st_rdev;
	long		st_size;
	unsigned long	st_atime;
	unsigned long	st_atime_nsec;
	unsigned long	st_mtime;
	unsigned long	st_mtime_nsec;
	unsigned long	st_ctime;
	unsigned long	st_ctime_nsec;
	long		st_blksize;
	long		st_blocks;
	unsigned long	__unused[3];
};

/*
 * System calls of ia64:
 *   - break 0x100000 enters the kernel;
 *   - r15 has the number, the caller's output registers have the arguments;
 *   - r10 says whether the call failed: 0 or -1; r8 has the result, or a positive errno;
 *   - the kernel may change all scratch registers but those that it returns nothing in, and the
 *     output registers.
 *
 * The arguments that a call does not have cost nothing worth a macro of its own.
 */
static inline __attribute__((unused, always_inline))
long _ia64_syscall(long num, long arg1, long arg2, long arg3, long arg4, long arg5, long arg6)
{
	register long _num __asm__ ("r15") = num;
	register long _arg1 __asm__ ("out0") = arg1;
	register long _arg2 __asm__ ("out1") = arg2;
	register long _arg3 __asm__ ("out2") = arg3;
	register long _arg4 __asm__ ("out3") = arg4;
	register long _arg5 __asm__ ("out4") = arg5;
	register long _arg6 __asm__ ("out5") = arg6;
	register long _ret __asm__ ("r8");
	register long _failed __asm__ ("r10");

	__asm__ volatile ("break 0x100000 ;;\n"
		: "=r" (_ret), "=r" (_failed), "+r" (_num), "+r" (_arg1), "+r" (_arg2),
		  "+r" (_arg3), "+r" (_arg4), "+r" (_arg5), "+r" (_arg6)
		:
		: "r2", "r3", "r9", "r11", "r14", "r16", "r17", "r18", "r19", "r20", "r21",
		  "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31",
		  "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15",
		  "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13", "f14", "f15",
		  "b6", "b7", "out6", "out7", "memory"
	);
	return _failed ? -_ret : _ret;
}

#define my_syscall6(num, arg1, arg2, arg3, arg4, arg5, arg6)		\
	_ia64_syscall(num, (long)(arg1), (long)(arg2), (long)(arg3),	\
		      (long)(arg4), (long)(arg5), (long)(arg6))
#define my_syscall5(num, arg1, arg2, arg3, arg4, arg5)			\
	my_syscall6(num, arg1, arg2, arg3, arg4, arg5, 0)
#define my_syscall4(num, arg1, arg2, arg3, arg4)			\
	my_syscall6(num, arg1, arg2, arg3, arg4, 0, 0)
#define my_syscall3(num, arg1, arg2, arg3)				\
	my_syscall6(num, arg1, arg2, arg3, 0, 0, 0)
#define my_syscall2(num, arg1, arg2)					\
	my_syscall6(num, arg1, arg2, 0, 0, 0, 0)
#define my_syscall1(num, arg1)						\
	my_syscall6(num, arg1, 0, 0, 0, 0, 0)
#define my_syscall0(num)						\
	my_syscall6(num, 0, 0, 0, 0, 0, 0)

/* mmap2() counts in pages here, whose size differs from kernel to kernel; mmap() in bytes */
#undef __NR_mmap2

/*
 * Startup code: above the 16 bytes that each function may scribble on, the kernel left argc,
 * argv[], NULL, envp[], NULL. The entry point is an address, not a descriptor: gp is ours to set.
 */
__asm__ (".section .text\n"
	".weak _start\n"
	".proc _start\n"
	"_start:\n"
	"alloc r2 = ar.pfs, 0, 0, 3, 0\n"
	"adds r14 = 16, sp ;;\n"
	"ld8 out0 = [r14], 8 ;;\n"		/* argc */
	"mov out1 = r14\n"			/* argv */
	"shladd r15 = out0, 3, r14 ;;\n"
	"adds out2 = 8, r15\n"			/* envp */
	"movl gp = __gp ;;\n"
	"br.call.sptk.many rp = main ;;\n"
	"mov out0 = r8\n"			/* main() returns the status */
	"mov r15 = 1025 ;;\n"			/* exit */
	"break 0x100000 ;;\n"
	".endp _start\n"
);

#endif /* _NOLIBC_ARCH_IA64_H */
