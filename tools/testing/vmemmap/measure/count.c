// SPDX-License-Identifier: GPL-2.0
/*
 * A TCG plugin that counts what a guest executes between the marks of ../workloads/mark.h.
 *
 * For kernel and user mode: instructions, loads, stores. For the kernel: loads from named objects,
 * executions of named functions or vectors. Instructions are told apart by their address, which is
 * what a plugin sees of the mode that they run in.
 *
 * Every instruction is counted when it begins, by a callback of its own: one that faults and is
 * executed again counts twice, as it does for the processor; the rest of its block does not.
 *
 * A kernel that boots sets no marks; there, parts are calls of functions, also one in another. Of
 * each call (the first 256 of a part), the kernel's instructions or the time are told.
 *
 * Arguments:
 *
 *	out=FILE		the result, as JSON
 *	mark=ADDR		where marks are stored to; without it, user mode is not counted
 *	user=START:END		user mode is in here, everything else is the kernel
 *	once=1			an instruction that follows itself at once is a string instruction's
 *				repetition, and not counted again, but as one of "repeats"
 *	range=NAME:START:END	count the kernel's loads from here
 *	exec=NAME:ADDR		count executions of an instruction
 *	call=PART:FROM:TO	a part, a decimal number, begins with the call at FROM and ends
 *				before the instruction at TO, to which the call returns
 *	clock=1			count nothing: tell what processor time the emulator took for
 *				these calls
 *
 * Addresses are hexadecimal, END is the last one. One CPU only: another one is an error that the
 * result has, as marks are that do not match.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin.h"

#define NAME_BYTES	48
#define MAX_NAMES	64
#define MAX_PARTS	256
#define MAX_CALLS	32
#define MAX_EACH	256
#define NO_PART		-1

/* What is counted for each mode, then for each range, then for each execution */
enum { INSTRUCTIONS, REPEATS, LOADS, STORES, PER_MODE };
enum { KERNEL, USER, MODES };

#define RANGES		(MODES * PER_MODE)
#define EXECS		(RANGES + MAX_NAMES)
#define COUNTERS	(EXECS + MAX_NAMES)

struct name {
	char name[NAME_BYTES];
	uint64_t start, end;
};

struct part {
	bool open;
	unsigned int times;
	uint64_t began, each[MAX_EACH];	/* nanoseconds; or the kernel's instructions */
	uint64_t at_begin[COUNTERS], counts[COUNTERS];
};

struct call {
	unsigned int part;
	uint64_t from, to;
};

static const char *const mode_names[MODES] = { "kernel", "user" };
static const char *const count_names[PER_MODE] = { "instructions", "repeats", "loads", "stores" };

static uint64_t counts[COUNTERS];
static struct part parts[MAX_PARTS];
static struct call calls[MAX_CALLS];
static unsigned int call_count;
static int marked_part = NO_PART;
static struct name ranges[MAX_NAMES], execs[MAX_NAMES];
static unsigned int range_count, exec_count;
static uint64_t lowest_range = UINT64_MAX, highest_range;
static uint64_t mark_address, user_start, user_end, last_address;
static bool once, marks, clock_only;
static const char *wrong;
static char out[256] = "count.json";

/* Of this thread, which is the guest's processor */
static uint64_t processor_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void begin(struct part *part)
{
	if (part->open)
		wrong = "a part begins again before it has ended";
	part->open = true;
	memcpy(part->at_begin, counts, sizeof(counts));
	if (clock_only)
		part->began = processor_time();
}

static void end(struct part *part)
{
	const unsigned int executed = KERNEL * PER_MODE + INSTRUCTIONS;
	uint64_t took;
	unsigned int i;

	if (!part->open)
		return;
	took = clock_only ? processor_time() - part->began :
			    counts[executed] - part->at_begin[executed];
	if (part->times < MAX_EACH)
		part->each[part->times] = took;
	part->open = false;
	part->times++;
	for (i = 0; i < COUNTERS; i++)
		part->counts[i] += counts[i] - part->at_begin[i];
}

static void take_mark(uint64_t offset)
{
	int part = offset / 16;
	bool ends = offset / 8 % 2;

	if (!ends) {
		if (marked_part != NO_PART)
			wrong = "a part begins before the last one has ended";
		marked_part = part;
		begin(&parts[part]);
		return;
	}
	/* the store by which a program touches the page for the first time is such an end */
	if (marked_part == NO_PART)
		return;
	if (marked_part != part)
		wrong = "a part ends that has not begun";
	marked_part = NO_PART;
	end(&parts[part]);
}

static void call_begins(unsigned int cpu, void *data)
{
	(void)cpu;
	begin(data);
}

/* The instruction is executed without the call too, if something jumps there */
static void call_ends(unsigned int cpu, void *data)
{
	(void)cpu;
	end(data);
}

static void count_instruction(unsigned int cpu, uint64_t address, int mode)
{
	bool again = once && address == last_address;

	if (cpu)
		wrong = "the guest has more than one CPU";
	counts[mode * PER_MODE + (again ? REPEATS : INSTRUCTIONS)]++;
	last_address = address;
}

static void count_kernel(unsigned int cpu, void *data)
{
	count_instruction(cpu, (uintptr_t)data, KERNEL);
}

static void count_user(unsigned int cpu, void *data)
{
	count_instruction(cpu, (uintptr_t)data, USER);
}

static void count_exec(unsigned int cpu, void *data)
{
	(void)cpu;
	counts[EXECS + (uintptr_t)data]++;
}

static void access_by_kernel(unsigned int cpu, mem_info info, uint64_t address, void *data)
{
	unsigned int i;

	(void)cpu;
	(void)data;
	if (qemu_plugin_mem_is_store(info)) {
		counts[KERNEL * PER_MODE + STORES]++;
		return;
	}
	counts[KERNEL * PER_MODE + LOADS]++;
	if (address < lowest_range || address > highest_range)
		return;
	for (i = 0; i < range_count; i++)
		if (address >= ranges[i].start && address <= ranges[i].end)
			counts[RANGES + i]++;
}

static void access_by_user(unsigned int cpu, mem_info info, uint64_t address, void *data)
{
	bool store = qemu_plugin_mem_is_store(info);

	(void)cpu;
	(void)data;
	counts[USER * PER_MODE + (store ? STORES : LOADS)]++;
	if (store && address - mark_address < MAX_PARTS * 16)
		take_mark(address - mark_address);
}

static void watch_calls(struct qemu_plugin_insn *insn, uint64_t address, bool ends)
{
	unsigned int i;

	for (i = 0; i < call_count; i++)
		if (address == (ends ? calls[i].to : calls[i].from))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, ends ? call_ends : call_begins,
							       NO_REGS, &parts[calls[i].part]);
}

static void count_insn(struct qemu_plugin_insn *insn, uint64_t address)
{
	bool user = address >= user_start && address <= user_end;
	uintptr_t k;

	/* firmware and what unpacks a kernel are down there too, and take their time */
	if (user && !marks)
		return;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, user ? count_user : count_kernel, NO_REGS,
					       (void *)(uintptr_t)address);
	for (k = 0; k < exec_count; k++)
		if (address == execs[k].start)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, count_exec, NO_REGS,
							       (void *)k);
	qemu_plugin_register_vcpu_mem_cb(insn, user ? access_by_user : access_by_kernel, NO_REGS,
					 MEM_READ_WRITE, NULL);
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	for (i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		/* callbacks come in this order: the call counts, what follows it does not */
		watch_calls(insn, address, true);
		watch_calls(insn, address, false);
		if (!clock_only)
			count_insn(insn, address);
	}
}

static void tell_names(FILE *file, const char *what, const struct name *names,
		       unsigned int name_count, const uint64_t *numbers)
{
	unsigned int i;

	fprintf(file, ", \"%s\": {", what);
	for (i = 0; i < name_count; i++)
		fprintf(file, "%s\"%s\": %" PRIu64, i ? ", " : "", names[i].name, numbers[i]);
	fprintf(file, "}");
}

static void tell_each(FILE *file, const struct part *part)
{
	unsigned int i;

	fprintf(file, ", \"each\": [");
	for (i = 0; i < part->times && i < MAX_EACH; i++)
		fprintf(file, "%s%" PRIu64, i ? ", " : "", part->each[i]);
	fprintf(file, "]");
}

static void tell_part(FILE *file, int number, const struct part *part)
{
	int mode, i;

	fprintf(file, "{\"part\": %d, \"times\": %u", number, part->times);
	if (call_count)
		tell_each(file, part);
	if (clock_only) {
		fprintf(file, "}");
		return;
	}
	for (mode = 0; mode < MODES; mode++) {
		fprintf(file, ", \"%s\": {", mode_names[mode]);
		for (i = 0; i < PER_MODE; i++)
			fprintf(file, "%s\"%s\": %" PRIu64, i ? ", " : "", count_names[i],
				part->counts[mode * PER_MODE + i]);
		fprintf(file, "}");
	}
	tell_names(file, "loads", ranges, range_count, &part->counts[RANGES]);
	tell_names(file, "executions", execs, exec_count, &part->counts[EXECS]);
	fprintf(file, "}");
}

static void tell(plugin_id id, void *data)
{
	FILE *file = fopen(out, "w");
	bool first = true;
	int i;

	(void)id;
	(void)data;
	if (!file) {
		perror(out);
		return;
	}
	for (i = 0; i < MAX_PARTS; i++)
		if (parts[i].open && !wrong)
			wrong = "a part has not ended";
	fprintf(file, "{\"wrong\": \"%s\", \"parts\": [", wrong ? wrong : "");
	for (i = 0; i < MAX_PARTS; i++)
		if (parts[i].times) {
			fprintf(file, "%s\n", first ? "" : ",");
			tell_part(file, i, &parts[i]);
			first = false;
		}
	fprintf(file, "\n]}\n");
	if (fclose(file))
		perror(out);
}

static bool take_name(const char *text, struct name *name)
{
	return sscanf(text, "%47[A-Za-z0-9_.]:%" SCNx64 ":%" SCNx64, name->name, &name->start,
		      &name->end) == 3 && name->start <= name->end;
}

static bool take_range(const char *text)
{
	struct name *range = &ranges[range_count];

	if (range_count == MAX_NAMES || !take_name(text, range))
		return false;
	range_count++;
	if (range->start < lowest_range)
		lowest_range = range->start;
	if (range->end > highest_range)
		highest_range = range->end;
	return true;
}

static bool take_exec(const char *text)
{
	struct name *exec = &execs[exec_count];

	return exec_count < MAX_NAMES &&
	       sscanf(text, "%47[A-Za-z0-9_.]:%" SCNx64, exec->name, &exec->start) == 2 &&
	       ++exec_count;
}

static bool take_call(const char *text)
{
	struct call *call = &calls[call_count];

	return call_count < MAX_CALLS &&
	       sscanf(text, "%u:%" SCNx64 ":%" SCNx64, &call->part, &call->from, &call->to) == 3 &&
	       call->part < MAX_PARTS && ++call_count;
}

static bool take(const char *argument)
{
	const char *value = strchr(argument, '=');

	if (!value++)
		return false;
	if (!strncmp(argument, "out=", 4))
		return snprintf(out, sizeof(out), "%s", value) < (int)sizeof(out);
	if (!strncmp(argument, "mark=", 5))
		return (marks = sscanf(value, "%" SCNx64, &mark_address) == 1);
	if (!strncmp(argument, "user=", 5))
		return sscanf(value, "%" SCNx64 ":%" SCNx64, &user_start, &user_end) == 2;
	if (!strncmp(argument, "range=", 6))
		return take_range(value);
	if (!strncmp(argument, "exec=", 5))
		return take_exec(value);
	if (!strncmp(argument, "call=", 5))
		return take_call(value);
	if (!strcmp(argument, "clock=1")) {
		clock_only = true;
		return true;
	}
	once = !strcmp(argument, "once=1");
	return once;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!take(argv[i])) {
			fprintf(stderr, "count: cannot take %s\n", argv[i]);
			return -1;
		}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, tell, NULL);
	return 0;
}
