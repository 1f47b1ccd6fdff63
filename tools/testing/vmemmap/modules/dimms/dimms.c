// SPDX-License-Identifier: GPL-2.0
/*
 * DIMMs for a machine that cannot plug any: memory that is there, but that the kernel was not told
 * of, is given to it and taken back. Tests ask for it at /dev/dimms, as they would ask the machine
 * on the control line: they write "plug NAME" or "unplug NAME", and read "ok" or "error ...".
 *
 * places=NAME:START:SIZE:NODE:BOOT,... says what there is, in hexadecimal but for the node. BOOT is
 * 1 for memory that the kernel knows from the start.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/memory_hotplug.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* The trees to compare with cannot do it */
#ifndef MHP_HOSTS_MEMMAP
#define MHP_HOSTS_MEMMAP MHP_NONE
#endif

#define MAX_DIMMS	16
#define MAX_NAME	16
#define MAX_LINE	64

struct dimm {
	char name[MAX_NAME];
	u64 start;
	u64 size;
	int nid;
	bool plugged;
	/* The kernel may refuse what is plugged; it can be unplugged then, as from a machine */
	bool added;
	/* It was there before this module, and stays */
	bool at_boot;
};

static char *places;
module_param(places, charp, 0444);
MODULE_PARM_DESC(places, "NAME:START:SIZE:NODE:BOOT,...");

static struct dimm dimms[MAX_DIMMS];
static int count;
static DEFINE_MUTEX(lock);

static int plug(struct dimm *dimm)
{
	int ret;

	if (dimm->plugged)
		return -EEXIST;
	dimm->plugged = true;
	ret = add_memory(dimm->nid, dimm->start, dimm->size, MHP_HOSTS_MEMMAP);
	dimm->added = !ret;
	if (ret)
		pr_info("%s: the kernel does not take it: %pe\n", dimm->name, ERR_PTR(ret));
	return 0;
}

static int unplug(struct dimm *dimm)
{
	int ret;

	if (!dimm->plugged)
		return -ENODEV;
	ret = dimm->added ? offline_and_remove_memory(dimm->start, dimm->size) : 0;
	if (ret)
		return ret;
	dimm->added = false;
	dimm->plugged = false;
	return 0;
}

static int serve(const char *request)
{
	int (*serve_dimm)(struct dimm *dimm), i, ret = -EINVAL;
	const char *name;

	name = strchr(request, ' ');
	if (!name)
		return ret;
	if (!strncmp(request, "plug ", 5))
		serve_dimm = plug;
	else if (!strncmp(request, "unplug ", 7))
		serve_dimm = unplug;
	else
		return ret;
	mutex_lock(&lock);
	for (i = 0; i < count; i++)
		if (!strcmp(dimms[i].name, name + 1))
			ret = serve_dimm(&dimms[i]);
	mutex_unlock(&lock);
	return ret;
}

static int dimms_open(struct inode *inode, struct file *file)
{
	file->private_data = kzalloc(MAX_LINE, GFP_KERNEL);
	return file->private_data ? 0 : -ENOMEM;
}

static int dimms_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t dimms_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char line[MAX_LINE];
	int ret;

	if (size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, size))
		return -EFAULT;
	line[size] = '\0';
	ret = serve(strim(line));
	if (ret)
		snprintf(file->private_data, MAX_LINE, "error %pe\n", ERR_PTR(ret));
	else
		strscpy(file->private_data, "ok\n", MAX_LINE);
	*pos = 0;
	return size;
}

static ssize_t dimms_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	const char *answer = file->private_data;

	return simple_read_from_buffer(to, size, pos, answer, strlen(answer));
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = dimms_open,
	.release = dimms_release,
	.read = dimms_read,
	.write = dimms_write,
	.llseek = no_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dimms",
	.fops = &operations,
};

static int __init dimms_init(void)
{
	char *place, *rest = places;

	while ((place = strsep(&rest, ",")) && *place) {
		struct dimm *dimm = &dimms[count];
		int at_boot;

		if (count == MAX_DIMMS ||
		    sscanf(place, "%15[^:]:%llx:%llx:%d:%d", dimm->name, &dimm->start, &dimm->size,
			   &dimm->nid, &at_boot) != 5) {
			pr_err("%s: not NAME:START:SIZE:NODE:BOOT, or too many\n", place);
			return -EINVAL;
		}
		dimm->plugged = at_boot;
		dimm->added = at_boot;
		dimm->at_boot = at_boot;
		count++;
	}
	return misc_register(&device);
}
module_init(dimms_init);

static void __exit dimms_exit(void)
{
	int i;

	misc_deregister(&device);
	for (i = 0; i < count; i++)
		if (dimms[i].plugged && !dimms[i].at_boot && unplug(&dimms[i]))
			pr_err("%s: stays plugged\n", dimms[i].name);
}
module_exit(dimms_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("DIMMs for a machine that cannot plug any");
