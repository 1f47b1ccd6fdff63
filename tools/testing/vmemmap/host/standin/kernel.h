/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for what kernel code takes for granted: types, arithmetic, bitmaps,
 * messages. Only what the files under test need.
 */
#ifndef STANDIN_KERNEL_H
#define STANDIN_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef u64 phys_addr_t;
typedef unsigned int gfp_t;
typedef unsigned long cycles_t;

#define __init
#define __initdata
#define __meminit
#define __meminitdata
#define __ref
#define __ro_after_init
#define __weak			__attribute__((__weak__))
#define noinline		__attribute__((__noinline__))
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define likely(x)		(x)
#define unlikely(x)		(x)

#define BUILD_BUG_ON(condition)	_Static_assert(!(condition), "BUILD_BUG_ON")
/* Kernels have it removed as dead code, which takes an optimizer */
#define BUILD_BUG()		host_bug("BUILD_BUG")
#define IS_ENABLED(option)	HOST_IS_ONE(option)
#define HOST_IS_ONE(option)	HOST_ARGUMENT(HOST_COMMA_##option)
#define HOST_ARGUMENT(comma)	HOST_SECOND(comma 1, 0)
#define HOST_SECOND(a, b, ...)	b
#define HOST_COMMA_1		0,

#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	((void)(*(volatile typeof(x) *)&(x) = (v)))
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)

#define BIT(n)			(1UL << (n))
#define ALIGN(x, a)		(((x) + ((typeof(x))(a) - 1)) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define PTR_ALIGN_DOWN(p, a)	((typeof(p))ALIGN_DOWN((unsigned long)(p), (a)))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define roundup(x, y)		(DIV_ROUND_UP(x, y) * (y))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define ilog2(n)		(63 - __builtin_clzl(n))
#define const_ilog2(n)		ilog2(n)
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))

#define SZ_1G			0x40000000
#define SMP_CACHE_BYTES		64
#define INTERNODE_CACHE_SHIFT	6
#define array_size(a, b)	((a) * (b))

/* Bitmaps: bit by bit, as they are defined */
#define BITS_PER_BYTE		8
#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

static inline bool test_bit(unsigned long n, const unsigned long *map)
{
	return map[n / BITS_PER_LONG] >> n % BITS_PER_LONG & 1;
}

static inline void set_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] |= BIT(n % BITS_PER_LONG);
}

static inline void clear_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] &= ~BIT(n % BITS_PER_LONG);
}

static inline void bitmap_set(unsigned long *map, unsigned int first, unsigned int nr)
{
	for (; nr; nr--)
		set_bit(first++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int first, unsigned int nr)
{
	for (; nr; nr--)
		clear_bit(first++, map);
}

static inline unsigned long find_next_bit(const unsigned long *map, unsigned long end,
					  unsigned long from)
{
	while (from < end && !test_bit(from, map))
		from++;
	return min(from, end);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map, unsigned long end,
					       unsigned long from)
{
	while (from < end && test_bit(from, map))
		from++;
	return min(from, end);
}

static inline bool bitmap_empty(const unsigned long *map, unsigned int bits)
{
	return find_next_bit(map, bits, 0) == bits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned int bits)
{
	return find_next_zero_bit(map, bits, 0) == bits;
}

static inline const void *memchr_inv(const void *from, int byte, size_t size)
{
	const u8 *at = from;

	for (; size; size--, at++)
		if (*at != (u8)byte)
			return at;
	return NULL;
}

/* Errors in pointers */
#define ERR_PTR(error)		((void *)(long)(error))
#define PTR_ERR(p)		((long)(p))
#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-4095)

/* Messages go where -v sends them; a warning that is not expected ends the run */
#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
void host_print(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
bool host_warn(const char *file, int line);
void host_bug(const char *what) __attribute__((__noreturn__));

#define pr_info(fmt, ...)	host_print(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err			pr_info
#define pr_warn			pr_info
#define panic(fmt, ...)		host_bug("panic: " fmt)
#define BUG_ON(condition)	((condition) ? host_bug(#condition) : (void)0)
#define VM_BUG_ON		BUG_ON
#define VM_WARN_ON		WARN_ON
#define WARN_ON(condition)	((condition) && host_warn(__FILE__, __LINE__))
#define WARN_ON_ONCE		WARN_ON
#define WARN(condition, fmt, ...) \
	((condition) && (host_print(fmt, ##__VA_ARGS__), host_warn(__FILE__, __LINE__)))
#define WARN_ONCE		WARN

#define early_param(name, function) \
	int host_param_##function(char *arg); \
	int host_param_##function(char *arg) { return function(arg); }
#define module_param(name, type, mode) \
	type *host_module_param_##name(void); \
	type *host_module_param_##name(void) { return &name; }
#define MODULE_PARM_DESC(name, text)
unsigned long long memparse(const char *text, char **end);

static inline cycles_t get_cycles(void)
{
	return 0;
}

#endif /* STANDIN_KERNEL_H */
