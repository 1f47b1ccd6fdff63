// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to have several pages, to be counted. A program writes one of these to /dev/vcompounds, and
 * reads the answer; WAY is "none", "pages", "vmalloc", "kvmalloc" or "vcompound".
 *
 *	alloc WAY BYTES COUNT	has that and frees it so often; how often there was memory
 *	hold WAY BYTES		has that until the next one; 1 if there was memory
 *	convert COUNT		what is held: address to page to address, so often; 1 if it is the same
 *	entries			what is held: how many bytes, how many entries of page tables map them
 *	fragment EACH		takes free memory, of which it keeps one page of so many; the bytes kept
 *	share BYTES COUNT	has so many vcompounds; how many there are, how many physical ones
 *	release			gives back what "fragment" has kept
 */
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vcompound.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/pgtable_types.h>
#endif

#define MAX_LINE	64
#define MAX_SHARE	4096

/* What calling costs */
static noinline void *get_none(size_t bytes)
{
	return ZERO_SIZE_PTR;
}

static noinline void put_none(const void *addr)
{
}

static void *get_pages(size_t bytes)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, get_order(bytes));

	return page ? page_address(page) : NULL;
}

static void put_pages(const void *addr)
{
	struct page *page = virt_to_page(addr);

	__free_pages(page, compound_order(page));
}

static void *get_kvmalloc(size_t bytes)
{
	return kvmalloc(bytes, GFP_KERNEL);
}

static void *get_vcompound_way(size_t bytes)
{
	return get_vcompound_size(GFP_KERNEL, bytes);
}

static const struct way {
	const char *name;
	void *(*get)(size_t bytes);
	void (*put)(const void *addr);
} ways[] = {
	{ "none", get_none, put_none },
	{ "pages", get_pages, put_pages },
	{ "vmalloc", vmalloc, vfree },
	{ "kvmalloc", get_kvmalloc, kvfree },
	{ "vcompound", get_vcompound_way, free_vcompound_address },
};

static const struct way *held_by;
static void *held;
static size_t held_bytes;
static LIST_HEAD(kept);
static char answer[MAX_LINE];

static const struct way *way_of(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

static unsigned long alloc(const struct way *way, size_t bytes, unsigned long count)
{
	unsigned long done = 0;

	while (count--) {
		void *addr = way->get(bytes);

		done += addr != NULL;
		if (addr)
			way->put(addr);
		cond_resched();
	}
	/* Virtual compounds are freed by a worker */
	schedule_timeout_uninterruptible(2);
	return done;
}

static bool hold(const struct way *way, size_t bytes)
{
	if (held)
		held_by->put(held);
	held_by = way;
	held = way->get(bytes);
	held_bytes = held ? bytes : 0;
	return held;
}

static bool convert(unsigned long count)
{
	bool same = true;

	while (count--) {
		/* Each word of it would do: read again, as after a call */
		char *addr = READ_ONCE(held);

		same &= page_address(virt_to_page(addr)) == addr;
	}
	return same;
}

/* How many entries of page tables map it, none where that is not known */
static unsigned long entries(void)
{
	unsigned long count = 0;
#ifdef CONFIG_X86
	unsigned long at = (unsigned long)held, size;
	unsigned int level;

	for (; at < (unsigned long)held + held_bytes; at = (at & ~(size - 1)) + size, count++) {
		if (!lookup_address(at, &level))
			return 0;
		size = page_level_size(level);
	}
#endif
	return count;
}

static unsigned long release(void)
{
	struct page *page, *next;
	unsigned long bytes = 0;

	list_for_each_entry_safe(page, next, &kept, lru) {
		list_del(&page->lru);
		__free_page(page);
		bytes += PAGE_SIZE;
	}
	return bytes;
}

static unsigned long fragment(unsigned long each)
{
	struct page *page, *next;
	unsigned long bytes = 0;

	while ((page = alloc_page(GFP_NOWAIT | __GFP_NOWARN)))
		list_add(&page->lru, &kept);
	list_for_each_entry_safe(page, next, &kept, lru) {
		if (hash_long(page_to_pfn(page), 32) % each) {
			list_del(&page->lru);
			__free_page(page);
		} else {
			bytes += PAGE_SIZE;
		}
		cond_resched();
	}
	return bytes;
}

static void share(size_t bytes, unsigned long count, unsigned long *got, unsigned long *physical)
{
	void **addrs = kvcalloc(count, sizeof(*addrs), GFP_KERNEL);
	unsigned long i;

	*got = *physical = 0;
	for (i = 0; addrs && i < count; i++) {
		addrs[i] = get_vcompound_size(GFP_KERNEL | __GFP_NOWARN, bytes);
		if (!addrs[i])
			break;
		++*got;
		*physical += !is_vmalloc_addr(addrs[i]);
	}
	while (i--)
		free_vcompound_address(addrs[i]);
	kvfree(addrs);
	/* Virtual ones are freed by a worker */
	schedule_timeout_uninterruptible(HZ / 10);
}

static ssize_t vcompounds_write(struct file *file, const char __user *from, size_t size,
				loff_t *pos)
{
	unsigned long bytes = 0, count = 0, number, other;
	char line[MAX_LINE], verb[16], name[16];
	const struct way *way = NULL;

	if (size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, size))
		return -EFAULT;
	line[size] = '\0';
	if (sscanf(line, "%15s %15s %lu %lu", verb, name, &bytes, &count) >= 3)
		way = way_of(name);
	if (way && !strcmp(verb, "alloc"))
		snprintf(answer, sizeof(answer), "%lu\n", alloc(way, bytes, count));
	else if (way && !strcmp(verb, "hold"))
		snprintf(answer, sizeof(answer), "%d\n", hold(way, bytes));
	else if (held && sscanf(line, "convert %lu", &count) == 1)
		snprintf(answer, sizeof(answer), "%d\n", convert(count));
	else if (held && !strcmp(verb, "entries"))
		snprintf(answer, sizeof(answer), "%zu %lu\n", held_bytes, entries());
	else if (sscanf(line, "fragment %lu", &count) == 1 && count)
		snprintf(answer, sizeof(answer), "%lu\n", fragment(count));
	else if (!strcmp(verb, "release"))
		snprintf(answer, sizeof(answer), "%lu\n", release());
	else if (sscanf(line, "share %lu %lu", &bytes, &count) == 2 && count <= MAX_SHARE) {
		share(bytes, count, &number, &other);
		snprintf(answer, sizeof(answer), "%lu %lu\n", number, other);
	} else {
		return -EINVAL;
	}
	*pos = 0;
	return size;
}

static ssize_t vcompounds_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	return simple_read_from_buffer(to, size, pos, answer, strlen(answer));
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.write = vcompounds_write,
	.read = vcompounds_read,
	.llseek = default_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vcompounds",
	.fops = &operations,
};
module_misc_device(device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Ways to have several pages, to be counted");
