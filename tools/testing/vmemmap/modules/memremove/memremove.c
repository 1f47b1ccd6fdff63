// SPDX-License-Identifier: GPL-2.0
/*
 * Takes memory offline and away again that was added by /sys/devices/system/memory/probe, which has
 * no counterpart: "START SIZE" is written to this module's parameter range.
 */
#include <linux/kernel.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>

static int remove_range(const char *text, const struct kernel_param *param)
{
	u64 start, size;

	if (sscanf(text, "%llx %llx", &start, &size) != 2)
		return -EINVAL;
	return offline_and_remove_memory(start, size);
}

static const struct kernel_param_ops range_ops = {
	.set = remove_range,
};

module_param_cb(range, &range_ops, NULL, 0200);
MODULE_PARM_DESC(range, "START SIZE of memory to remove, in hexadecimal");

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Removes memory that was probed");
