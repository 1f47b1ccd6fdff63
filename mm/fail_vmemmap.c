// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection for the memory behind the virtually mapped memmap.
 *
 * fail_vmemmap=<interval>,<probability>,<space>,<times> fails any allocation of
 * backing or page tables, fail_vmemmap_leaf= only blocks larger than a base
 * page, so that base pages are used, fail_vmemmap_backing= what comes from the
 * node's memory, but no page tables. They work from the first section on, and
 * later through debugfs. Every allocation counts 1 against <space>.
 * See Documentation/fault-injection/fault-injection.rst.
 */
#include <linux/fault-inject.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/vmemmap.h>

/* A stack trace for each of thousands of failures helps nobody */
#define FAIL_VMEMMAP_ATTR {				\
	.interval = 1,					\
	.times = ATOMIC_INIT(1),			\
	.require_end = ULONG_MAX,			\
	.stacktrace_depth = 32,				\
	.ratelimit_state = RATELIMIT_STATE_INIT_DISABLED,	\
}

static struct fault_attr fail_any = FAIL_VMEMMAP_ATTR;
static struct fault_attr fail_leaf = FAIL_VMEMMAP_ATTR;
static struct fault_attr fail_backing = FAIL_VMEMMAP_ATTR;

/**
 * should_fail_vmemmap() - is this allocation to fail?
 * @size: its bytes
 *
 * Return: true if so.
 */
bool should_fail_vmemmap(unsigned long size)
{
	if (should_fail_ex(&fail_any, 1, FAULT_NOWARN))
		return true;
	return size > PAGE_SIZE && should_fail_ex(&fail_leaf, 1, FAULT_NOWARN);
}

/**
 * should_fail_vmemmap_backing() - is there to be no memory for struct pages?
 *
 * Return: true if so, but the added range may still hold them.
 */
bool should_fail_vmemmap_backing(void)
{
	return should_fail_ex(&fail_backing, 1, FAULT_NOWARN);
}

static int __init setup_fail_vmemmap(char *str)
{
	return setup_fault_attr(&fail_any, str) ? 0 : -EINVAL;
}
early_param("fail_vmemmap", setup_fail_vmemmap);

static int __init setup_fail_vmemmap_leaf(char *str)
{
	return setup_fault_attr(&fail_leaf, str) ? 0 : -EINVAL;
}
early_param("fail_vmemmap_leaf", setup_fail_vmemmap_leaf);

static int __init setup_fail_vmemmap_backing(char *str)
{
	return setup_fault_attr(&fail_backing, str) ? 0 : -EINVAL;
}
early_param("fail_vmemmap_backing", setup_fail_vmemmap_backing);

static int __init fail_vmemmap_debugfs(void)
{
	fault_create_debugfs_attr("fail_vmemmap", NULL, &fail_any);
	fault_create_debugfs_attr("fail_vmemmap_leaf", NULL, &fail_leaf);
	fault_create_debugfs_attr("fail_vmemmap_backing", NULL, &fail_backing);
	return 0;
}
late_initcall(fail_vmemmap_debugfs);
