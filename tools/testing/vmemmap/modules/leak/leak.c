// SPDX-License-Identifier: GPL-2.0
/* Loses some bytes of slab each time that memory comes online. */
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/slab.h>

static unsigned int bytes = 192;
module_param(bytes, uint, 0400);
MODULE_PARM_DESC(bytes, "to lose each time");

static unsigned int times;
module_param(times, uint, 0400);
MODULE_PARM_DESC(times, "it has done so");

static int lose(struct notifier_block *block, unsigned long action, void *data)
{
	/* What kmalloc() returns is looked at, as it would be left out otherwise */
	if (action == MEM_ONLINE && kmalloc(bytes, GFP_KERNEL))
		times++;
	return NOTIFY_OK;
}

static struct notifier_block loser = {
	.notifier_call = lose,
};

static int __init leak_init(void)
{
	return register_memory_notifier(&loser);
}

static void __exit leak_exit(void)
{
	unregister_memory_notifier(&loser);
}

module_init(leak_init);
module_exit(leak_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Loses memory as memory comes");
