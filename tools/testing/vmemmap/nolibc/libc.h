/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kselftests and the guests' init take from a C library, for an architecture that has
 * none to link with: the kernel's nolibc, and here what it lacks. Every standard header that they
 * include is this file under another name (../nolibc.py makes the names). Functions behave as in
 * the C library's manual pages as far as is said here.
 */
#ifndef VMEMMAP_LIBC_H
#define VMEMMAP_LIBC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Trees without this series have nolibc, but not for ia64 */
#ifdef __ia64__
#define _NOLIBC_ARCH_H
#include "arch-ia64.h"
#endif

/* nolibc's errno is another one in each file */
#define _NOLIBC_ERRNO_H
#include <asm/errno.h>
#define MAX_ERRNO	4095
extern int errno;
#define SET_ERRNO(v)	(errno = (v))

/* nolibc's formats have no width, and nothing prints to memory */
#define _NOLIBC_STDIO_H

#include <nolibc.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <asm/termbits.h>

typedef __INTMAX_TYPE__ intmax_t;
typedef __UINTMAX_TYPE__ uintmax_t;

#define UINT64_MAX	(~0ULL)

/* stdio.h: a stream is its file descriptor, and nothing is buffered */
typedef const int FILE;

extern FILE *const stdout;
extern FILE *const stderr;

/*
 * Formats: flags - and 0, width, precision; h, l, ll, z, t and j; d i u x X o c s p %.
 */
int vsnprintf(char *text, size_t size, const char *format, va_list args);
int snprintf(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vasprintf(char **text, const char *format, va_list args);
int asprintf(char **text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int vfprintf(FILE *stream, const char *format, va_list args);
int fprintf(FILE *stream, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int vprintf(const char *format, va_list args);
int printf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Formats: white space, characters that have to be there, d u x with ll, l or nothing */
int sscanf(const char *text, const char *format, ...)
	__attribute__((format(scanf, 2, 3)));
/* The compiler makes these of formats without anything to format */
int puts(const char *text);
int putchar(int c);
int fputc(int c, FILE *stream);
size_t fwrite(const void *data, size_t size, size_t count, FILE *stream);
int fflush(FILE *stream);
void perror(const char *what);

/* stdlib.h, string.h */
extern char **environ;
long long atoll(const char *text);
long long strtoll(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
long strtol(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
char *strstr(const char *text, const char *part);
size_t strcspn(const char *text, const char *set);
void *memmem(const void *area, size_t size, const void *part, size_t part_size);
char *strerror(int error);

/* setjmp.h: a value of 1 only, which is what the harness uses */
typedef void *jmp_buf[16];
#define setjmp(env)	__builtin_setjmp(env)
void longjmp(jmp_buf env, int value) __attribute__((noreturn));

/* signal.h: what the kernel takes; no restorer is needed on ia64 */
struct sigaction {
	union {
		void (*sa_handler)(int number);
		void (*sa_sigaction)(int number, siginfo_t *info, void *context);
	};
	unsigned long sa_flags;
	unsigned long sa_mask;
};

#ifndef SIG_DFL
#define SIG_DFL	((void (*)(int number))0)
#define SIG_IGN	((void (*)(int number))1)
#endif

int sigaction(int number, const struct sigaction *new, struct sigaction *old);

/* sys/wait.h */
#ifndef WTERMSIG
#define WTERMSIG(status)	((status) & 0x7f)
#endif
#ifndef WIFSIGNALED
#define WIFSIGNALED(status)	(((status) & 0x7f) && ((status) & 0x7f) != 0x7f)
#endif

/* unistd.h, fcntl.h, sys/mman.h */
#define F_OK		0
#define W_OK		2
#define R_OK		4
#define STDIN_FILENO	0
#define STDOUT_FILENO	1
#define STDERR_FILENO	2
#define _SC_PAGESIZE	30
#define _SC_NPROCESSORS_ONLN	84

/* sys/syscall.h: those that are called by number */
#define SYS_finit_module	__NR_finit_module
#define SYS_sysinfo		__NR_sysinfo
#define SYS_syslog		__NR_syslog

/* Arguments are longs or pointers */
long syscall(long number, ...);

/* sys/resource.h, sys/prctl.h, time.h: clocks of the kernel's */
int prctl(int option, ...);
int clock_gettime(int clock, struct timespec *time);

/* stdio.h, unistd.h, sys/mman.h: of files and memory */
int rename(const char *old, const char *new);
int rmdir(const char *path);
int ftruncate(int fd, off_t length);
int mprotect(void *address, size_t size, int protection);

/* sys/socket.h, netinet/in.h */
#define AF_UNIX		1
#define AF_INET		2
#define SOCK_STREAM	1
#define SOCK_DGRAM	2

typedef unsigned int socklen_t;

struct sockaddr {
	unsigned short sa_family;
	char sa_data[14];
};

#include <linux/if.h>
#include <linux/sockios.h>

int socket(int family, int type, int protocol);
int socketpair(int family, int type, int protocol, int ends[2]);
int bind(int fd, const struct sockaddr *address, socklen_t length);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *address, socklen_t *length);
int connect(int fd, const struct sockaddr *address, socklen_t length);
int getsockname(int fd, struct sockaddr *address, socklen_t *length);

static inline unsigned int htonl(unsigned int number)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? number : __builtin_bswap32(number);
}

unsigned int alarm(unsigned int seconds);
int access(const char *path, int mode);
ssize_t pread(int fd, void *to, size_t size, off_t offset);
int pipe(int ends[2]);
int setpgrp(void);
long sysconf(int name);
void sync(void);
void _exit(int status) __attribute__((noreturn));

/* glob.h: patterns in the last part of the path only, made of * ? and [a-z0-9] */
typedef struct {
	size_t gl_pathc;
	char **gl_pathv;
} glob_t;

#define GLOB_NOMATCH	3

int glob(const char *pattern, int flags, int (*error)(const char *path, int number),
	 glob_t *found);
void globfree(glob_t *found);

/* termios.h */
int tcgetattr(int fd, struct termios *settings);
int tcsetattr(int fd, int when, const struct termios *settings);
void cfmakeraw(struct termios *settings);
int cfsetspeed(struct termios *settings, unsigned int speed);

/* A program's main() is called when its constructors have run */
#define main	program_main
int program_main(int argc, char **argv);

#endif
