// SPDX-License-Identifier: GPL-2.0
/* The functions of libc.h. */
#include "libc.h"

#undef main

#define LINE	4096
#define AT_PAGESZ	6

int errno;
char **environ;

static const int out = 1, error_out = 2;
FILE *const stdout = &out;
FILE *const stderr = &error_out;

static long page_bytes;

/* Constructors, as the linker lists them */
typedef void (*constructor)(int argc, char **argv, char **envp);
extern const constructor __init_array_start[], __init_array_end[];

int main(int argc, char **argv, char **envp);

/* From _start() of nolibc. */
int main(int argc, char **argv, char **envp)
{
	const constructor *each;
	unsigned long *aux;

	environ = envp;
	while (*envp)
		envp++;
	for (aux = (unsigned long *)(envp + 1); *aux; aux += 2)
		if (*aux == AT_PAGESZ)
			page_bytes = aux[1];
	for (each = __init_array_start; each < __init_array_end; each++)
		(*each)(argc, argv, environ);
	exit(program_main(argc, argv));
}

/* Turns a kernel's answer into what a C library returns. */
static long answer(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

struct printed {
	char *text;
	size_t size;
	size_t length;
};

static void put(struct printed *to, char c)
{
	if (to->length + 1 < to->size)
		to->text[to->length] = c;
	to->length++;
}

static void put_padded(struct printed *to, const char *text, int length, int width, bool left)
{
	int i;

	for (i = length; !left && i < width; i++)
		put(to, ' ');
	for (i = 0; i < length; i++)
		put(to, text[i]);
	for (i = length; left && i < width; i++)
		put(to, ' ');
}

/* A number in digits, least last, with a sign, zeros up to precision or width. */
static void put_number(struct printed *to, unsigned long long value, bool negative, int base,
		       const char *digits, int width, int precision, bool left, bool zeros)
{
	char text[128];
	int at = sizeof(text), least = precision;

	if (precision < 0)
		least = zeros && !left ? width - negative : 1;
	if (least > 100)
		least = 100;
	while (value || (int)sizeof(text) - at < least) {
		text[--at] = digits[value % base];
		value /= base;
	}
	if (negative)
		text[--at] = '-';
	put_padded(to, text + at, sizeof(text) - at, width, left);
}

int vsnprintf(char *text, size_t size, const char *format, va_list args)
{
	struct printed to = { .text = text, .size = size };

	for (; *format; format++) {
		bool left = false, zeros = false, negative = false;
		int width = 0, precision = -1, longs = 0, length, base = 10;
		const char *digits = "0123456789abcdef", *string;
		unsigned long long value;
		char c;

		if (*format != '%') {
			put(&to, *format);
			continue;
		}
		for (format++; *format == '-' || *format == '0'; format++) {
			left |= *format == '-';
			zeros |= *format == '0';
		}
		if (*format == '*') {
			width = va_arg(args, int);
			format++;
		}
		for (; isdigit(*format); format++)
			width = width * 10 + *format - '0';
		if (width < 0) {
			left = true;
			width = -width;
		}
		if (*format == '.') {
			precision = 0;
			if (*++format == '*') {
				precision = va_arg(args, int);
				format++;
			}
			for (; isdigit(*format); format++)
				precision = precision * 10 + *format - '0';
		}
		/* Long, and whatever is as wide, is 64 bits here; short ones come as int */
		for (; *format && strchr("hlzjt", *format); format++)
			longs += *format != 'h';
		switch (*format) {
		case 'd':
		case 'i': {
			long long number = longs ? va_arg(args, long) : va_arg(args, int);

			negative = number < 0;
			value = negative ? -(unsigned long long)number : number;
			break;
		}
		case 'X':
			digits = "0123456789ABCDEF";
			/* fall through */
		case 'x':
		case 'o':
		case 'u':
			base = *format == 'o' ? 8 : *format == 'u' ? 10 : 16;
			value = longs ? va_arg(args, unsigned long) : va_arg(args, unsigned int);
			break;
		case 'p':
			put(&to, '0');
			put(&to, 'x');
			base = 16;
			value = (unsigned long)va_arg(args, void *);
			break;
		case 'c':
			c = va_arg(args, int);
			put_padded(&to, &c, 1, width, left);
			continue;
		case 's':
			string = va_arg(args, const char *) ?: "(null)";
			for (length = 0; length != precision && string[length]; length++)
				;
			put_padded(&to, string, length, width, left);
			continue;
		case '\0':
			format--;
			continue;
		default:
			put(&to, *format);
			continue;
		}
		put_number(&to, value, negative, base, digits, width, precision, left, zeros);
	}
	if (size)
		text[to.length < size ? to.length : size - 1] = '\0';
	return to.length;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, size, format, args);
	va_end(args);
	return length;
}

int vasprintf(char **text, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*text = malloc(length + 1);
	if (!*text)
		return -1;
	return vsnprintf(*text, length + 1, format, args);
}

int asprintf(char **text, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(text, format, args);
	va_end(args);
	return length;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	size_t length = size * count, done = 0;
	ssize_t wrote;

	while (done < length) {
		wrote = write(*stream, (const char *)data + done, length - done);
		if (wrote <= 0)
			return done / size;
		done += wrote;
	}
	return count;
}

/* Whole, in one go: what two processes print does not get mixed inside of a line. */
int vfprintf(FILE *stream, const char *format, va_list args)
{
	char text[LINE];
	int length = vsnprintf(text, sizeof(text), format, args);

	if (length >= LINE)
		length = LINE - 1;
	return fwrite(text, 1, length, stream) == (size_t)length ? length : -1;
}

int fprintf(FILE *stream, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vfprintf(stream, format, args);
	va_end(args);
	return length;
}

int vprintf(const char *format, va_list args)
{
	return vfprintf(stdout, format, args);
}

int printf(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vfprintf(stdout, format, args);
	va_end(args);
	return length;
}

int puts(const char *text)
{
	return printf("%s\n", text);
}

int fputc(int c, FILE *stream)
{
	char byte = c;

	return fwrite(&byte, 1, 1, stream) ? (unsigned char)c : -1;
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fflush(FILE *stream)
{
	(void)stream;
	return 0;
}

char *strerror(int error)
{
	static char text[24];

	snprintf(text, sizeof(text), "error %d", error);
	return text;
}

void perror(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
}

static int digit_of(char c)
{
	if (isdigit(c))
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	const char *start = text;
	unsigned long long value = 0;
	bool negative, any = false;

	while (isspace(*text))
		text++;
	negative = *text == '-';
	text += *text == '-' || *text == '+';
	if ((base == 0 || base == 16) && text[0] == '0' && (text[1] | 32) == 'x' &&
	    digit_of(text[2]) < 16) {
		base = 16;
		text += 2;
	} else if (!base) {
		base = *text == '0' ? 8 : 10;
	}
	for (; digit_of(*text) < base; text++, any = true)
		value = value * base + digit_of(*text);
	if (end)
		*end = (char *)(any ? text : start);
	return negative ? -value : value;
}

long long strtoll(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

long long atoll(const char *text)
{
	return strtoull(text, NULL, 10);
}

long strtol(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

unsigned long strtoul(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

int sscanf(const char *text, const char *format, ...)
{
	int found = 0, longs;
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		unsigned long long value;
		char *end;

		if (isspace(*format)) {
			while (isspace(*text))
				text++;
			continue;
		}
		if (*format != '%') {
			if (*text++ != *format)
				break;
			continue;
		}
		for (longs = 0; *++format == 'l';)
			longs++;
		value = strtoull(text, &end, *format == 'x' ? 16 : 10);
		if (end == text)
			break;
		text = end;
		if (longs)
			*va_arg(args, unsigned long long *) = value;
		else
			*va_arg(args, unsigned int *) = value;
		found++;
	}
	va_end(args);
	return found;
}

void *memmem(const void *area, size_t size, const void *part, size_t part_size)
{
	const char *at = area;

	for (; size >= part_size; at++, size--)
		if (!memcmp(at, part, part_size))
			return (void *)at;
	return NULL;
}

char *strstr(const char *text, const char *part)
{
	return memmem(text, strlen(text), part, strlen(part));
}

size_t strcspn(const char *text, const char *set)
{
	size_t length = 0;

	while (text[length] && !strchr(set, text[length]))
		length++;
	return length;
}

/* Never inlined: the compiler's own must not be in the function that called setjmp() */
__attribute__((noinline)) void longjmp(jmp_buf env, int value)
{
	(void)value;
	__builtin_longjmp(env, 1);
}

long syscall(long number, ...)
{
	long a, b, c, d, e, f;
	va_list args;

	va_start(args, number);
	a = va_arg(args, long);
	b = va_arg(args, long);
	c = va_arg(args, long);
	d = va_arg(args, long);
	e = va_arg(args, long);
	f = va_arg(args, long);
	va_end(args);
	return answer(my_syscall6(number, a, b, c, d, e, f));
}

int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	return answer(my_syscall4(__NR_rt_sigaction, number, new, old, sizeof(new->sa_mask)));
}

unsigned int alarm(unsigned int seconds)
{
	struct itimerval after = { .it_value.tv_sec = seconds }, before = { };

	my_syscall3(__NR_setitimer, ITIMER_REAL, &after, &before);
	return before.it_value.tv_sec + !!before.it_value.tv_usec;
}

int access(const char *path, int mode)
{
	return answer(my_syscall3(__NR_faccessat, AT_FDCWD, path, mode));
}

ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	return answer(my_syscall4(__NR_pread64, fd, to, size, offset));
}

int pipe(int ends[2])
{
	return answer(my_syscall2(__NR_pipe2, ends, 0));
}

int prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list args;

	va_start(args, option);
	a = va_arg(args, unsigned long);
	b = va_arg(args, unsigned long);
	c = va_arg(args, unsigned long);
	d = va_arg(args, unsigned long);
	va_end(args);
	return answer(my_syscall5(__NR_prctl, option, a, b, c, d));
}

int clock_gettime(int clock, struct timespec *time)
{
	return answer(my_syscall2(__NR_clock_gettime, clock, time));
}

int rename(const char *old, const char *new)
{
	return answer(my_syscall4(__NR_renameat, AT_FDCWD, old, AT_FDCWD, new));
}

int rmdir(const char *path)
{
	return answer(my_syscall3(__NR_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int ftruncate(int fd, off_t length)
{
	return answer(my_syscall2(__NR_ftruncate, fd, length));
}

int mprotect(void *address, size_t size, int protection)
{
	return answer(my_syscall3(__NR_mprotect, address, size, protection));
}

int socket(int family, int type, int protocol)
{
	return answer(my_syscall3(__NR_socket, family, type, protocol));
}

int socketpair(int family, int type, int protocol, int ends[2])
{
	return answer(my_syscall4(__NR_socketpair, family, type, protocol, ends));
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return answer(my_syscall3(__NR_bind, fd, address, length));
}

int listen(int fd, int backlog)
{
	return answer(my_syscall2(__NR_listen, fd, backlog));
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
	return answer(my_syscall3(__NR_accept, fd, address, length));
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return answer(my_syscall3(__NR_connect, fd, address, length));
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	return answer(my_syscall3(__NR_getsockname, fd, address, length));
}

int setpgrp(void)
{
	return setpgid(0, 0);
}

void sync(void)
{
	my_syscall0(__NR_sync);
}

void _exit(int status)
{
	exit(status);
}

long sysconf(int name)
{
	unsigned long mask[64] = { };
	long got, i, count = 0;

	if (name == _SC_PAGESIZE)
		return page_bytes;
	if (name != _SC_NPROCESSORS_ONLN)
		return answer(-EINVAL);
	got = my_syscall3(__NR_sched_getaffinity, 0, sizeof(mask), mask);
	for (i = 0; i < got / 8; i++)
		count += __builtin_popcountl(mask[i]);
	return count ?: 1;
}

static bool matches(const char *pattern, const char *name)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '*') {
			while (*name && !matches(pattern + 1, name))
				name++;
			return matches(pattern + 1, name);
		}
		if (!*name)
			return false;
		if (*pattern == '[') {
			bool in = false;

			for (pattern++; *pattern && *pattern != ']'; pattern++) {
				if (pattern[1] == '-' && pattern[2] != ']') {
					in |= *name >= pattern[0] && *name <= pattern[2];
					pattern += 2;
				} else {
					in |= *name == *pattern;
				}
			}
			if (!in)
				return false;
		} else if (*pattern != '?' && *pattern != *name) {
			return false;
		}
	}
	return !*name;
}

static int add_match(glob_t *found, const char *folder, int length, const char *name)
{
	char **grown = realloc(found->gl_pathv, (found->gl_pathc + 2) * sizeof(*grown));

	if (!grown)
		return -1;
	found->gl_pathv = grown;
	if (asprintf(&grown[found->gl_pathc], "%.*s%s", length, folder, name) < 0)
		return -1;
	grown[++found->gl_pathc] = NULL;
	return 0;
}

int glob(const char *pattern, int flags, int (*error)(const char *path, int number),
	 glob_t *found)
{
	const char *last = strrchr(pattern, '/');
	char folder[PATH_MAX], entries[4096];
	int length = last ? last + 1 - pattern : 0;
	int fd, at, got;

	(void)flags;
	(void)error;
	memset(found, 0, sizeof(*found));
	snprintf(folder, sizeof(folder), "%.*s", length, length ? pattern : "./");
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return GLOB_NOMATCH;
	while ((got = getdents64(fd, (struct linux_dirent64 *)entries, sizeof(entries))) > 0) {
		for (at = 0; at < got;) {
			struct linux_dirent64 *entry = (struct linux_dirent64 *)(entries + at);

			if (entry->d_name[0] != '.' && matches(pattern + length, entry->d_name) &&
			    add_match(found, pattern, length, entry->d_name))
				break;
			at += entry->d_reclen;
		}
	}
	close(fd);
	return found->gl_pathc ? 0 : GLOB_NOMATCH;
}

void globfree(glob_t *found)
{
	size_t i;

	for (i = 0; i < found->gl_pathc; i++)
		free(found->gl_pathv[i]);
	free(found->gl_pathv);
	memset(found, 0, sizeof(*found));
}

int tcgetattr(int fd, struct termios *settings)
{
	return ioctl(fd, TCGETS, settings);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
	return ioctl(fd, TCSETS + when, (void *)settings);
}

void cfmakeraw(struct termios *settings)
{
	settings->c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	settings->c_oflag &= ~OPOST;
	settings->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	settings->c_cflag = (settings->c_cflag & ~(CSIZE | PARENB)) | CS8;
}

int cfsetspeed(struct termios *settings, unsigned int speed)
{
	settings->c_cflag = (settings->c_cflag & ~CBAUD) | speed;
	return 0;
}
