/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's configuration, as far as all geometries share it */
#define CONFIG_64BIT			1
#define CONFIG_CRASH_CORE		1
#define CONFIG_MEMORY_HOTPLUG		1
#define CONFIG_MEMORY_HOTREMOVE		1
#define CONFIG_NUMA			1
#define CONFIG_SPARSEMEM		1
#define CONFIG_SPARSEMEM_EXTREME	1
#define CONFIG_SPARSEMEM_VMEMMAP	1
#define CONFIG_VMEMMAP_FAULT_INJECTION	1
#define CONFIG_VMEMMAP_HOST		1
#define CONFIG_ZONE_DEVICE		1
