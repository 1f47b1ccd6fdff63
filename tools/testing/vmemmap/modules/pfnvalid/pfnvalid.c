// SPDX-License-Identifier: GPL-2.0
/*
 * Ways for ia64 to answer pfn_valid(), to be counted: by the section, by the bitmap, which is the
 * kernel's own, and by a look at the struct page that does not fault. A program writes
 * "WAY FIRST COUNT STRIDE" to /dev/pfnvalid, WAY being "none", "section", "bitmap" or "probe", and
 * reads how many of the COUNT pages were valid.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MAX_LINE	64

/* What calling costs */
static noinline bool none(unsigned long pfn)
{
	return true;
}

static noinline bool section(unsigned long pfn)
{
	return sparse_pfn_valid(pfn);
}

static noinline bool bitmap(unsigned long pfn)
{
	return pfn_valid(pfn);
}

/* A speculative load of what cannot be read is deferred: its target is no number (NaT) */
static noinline bool probe(unsigned long pfn)
{
	unsigned long valid;

	asm volatile("ld8.s %0 = [%1]\n\t;;\n\t"
		     "tnat.z p6, p7 = %0\n\t;;\n\t"
		     "(p6) mov %0 = 1\n\t"
		     "(p7) mov %0 = 0"
		     : "=&r" (valid) : "r" (pfn_to_page(pfn)) : "p6", "p7");
	return valid;
}

static const struct {
	const char *name;
	bool (*ask)(unsigned long pfn);
} ways[] = {
	{ "none", none }, { "section", section }, { "bitmap", bitmap }, { "probe", probe },
};

static unsigned long found;

static ssize_t pfnvalid_write(struct file *file, const char __user *from, size_t size,
			      loff_t *pos)
{
	unsigned long pfn, count, stride;
	char line[MAX_LINE], name[16];
	int i;

	if (size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, size))
		return -EFAULT;
	line[size] = '\0';
	if (sscanf(line, "%15s %lu %lu %lu", name, &pfn, &count, &stride) != 4)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name))
			break;
	if (i == ARRAY_SIZE(ways))
		return -EINVAL;
	for (found = 0; count; count--, pfn += stride)
		found += ways[i].ask(pfn);
	*pos = 0;
	return size;
}

static ssize_t pfnvalid_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	char line[MAX_LINE];

	return simple_read_from_buffer(to, size, pos, line,
				       scnprintf(line, sizeof(line), "%lu\n", found));
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.write = pfnvalid_write,
	.read = pfnvalid_read,
	.llseek = default_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pfnvalid",
	.fops = &operations,
};
module_misc_device(device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Two ways to answer pfn_valid(), to be counted");
