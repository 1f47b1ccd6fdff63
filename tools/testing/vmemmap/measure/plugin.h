/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What plugins for QEMU take from it. Debian's QEMU has no header for plugins, so that the few
 * functions which are used are declared here: they are the same in all versions of the interface
 * since 1, and QEMU's documentation says what they do.
 */
#ifndef VMEMMAP_PLUGIN_H
#define VMEMMAP_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version that the emulator takes; ../plugin.py knows which */
#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION	2
#endif
#define EXPORT		__attribute__((visibility("default")))

typedef uint64_t plugin_id;
typedef uint32_t mem_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*insn_callback)(unsigned int cpu, void *data);
typedef void (*mem_callback)(unsigned int cpu, mem_info info, uint64_t address, void *data);

enum { NO_REGS = 0, MEM_READ_WRITE = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*call)(plugin_id id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, insn_callback call,
					    int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_callback call,
				      int flags, int kind, void *data);
bool qemu_plugin_mem_is_store(mem_info info);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id id, void *data),
				    void *data);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

#endif
