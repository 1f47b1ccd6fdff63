// SPDX-License-Identifier: GPL-2.0
/*
 * A load of many tasks, each of which works through the same mix of jobs in an order of its own, in
 * sub-runs with more and more tasks: how much gets done as a machine gets crowded. --help tells how
 * it is used, and what is measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mark.h"
#include "jobs.h"

#define PREFIX		"MULTIUSER_"
#define MAX_KINDS	96
#define MAX_TASKS	10000
#define MAX_JOBS	100000
#define MIX_BYTES	16384
#define NANO		1000000000ULL

static const char usage[] =
"usage: multiuser [--NAME=VALUE]...\n"
"\n"
"Tasks are forked, each works through a set of jobs in an order of its own, drawn\n"
"from a weighted mix; sub-runs have more and more tasks. For each sub-run:\n"
"\n"
"  Tasks          how many\n"
"  Jobs/Min       jobs that all of them did per minute of real time\n"
"  JTI            job timing index: 100 if all tasks took the same time, less if\n"
"                 some took longer (100 - standard deviation in % of the mean)\n"
"  Real, CPU      seconds: of the sub-run; of processors, all tasks together\n"
"  Jobs/sec/task  jobs of one task per second of real time\n"
"\n"
"The method is that of AIM Suite VII; this is not AIM's program, and its figures\n"
"must not be compared with those of AIM's.\n"
"\n"
"  --start=N       tasks of the first sub-run (1)\n"
"  --end=N         tasks of the last one at most (5)\n"
"  --increment=N   how many more each time (1)\n"
"  --crossover=1   do not stop before the tasks outnumber the jobs per minute\n"
"  --jobs=N        jobs of a task (100)\n"
"  --mix=FILE      weights, a line \"WEIGHT KIND\" each (built in: shared.mix)\n"
"  --list=1        only tell the kinds of jobs\n"
"  --missing=skip  leave out kinds that this kernel has nothing for (fail)\n"
"  --scale=N       how often a job repeats its work (1); 10 for a fast machine\n"
"  --seed=N        of the random numbers; the same seed gives the same work (1)\n"
"  --dir=FOLDER    where files are made, and removed again (/tmp)\n"
"  --file=KIB      KiB of a file (10), and of all tasks' files together that are\n"
"  --pool=KIB      shared out among them (1024): a file has file + pool / tasks\n"
"  --tap=1         print what test programs print\n"
"\n"
"An option can also be a variable of the environment, MULTIUSER_NAME=VALUE.\n"
"Exit status: 0; 1 if a job failed; 2 for bad usage.\n";

struct option {
	const char *name;
	const char *value;
};

enum { START, END, INCREMENT, CROSSOVER, JOBS, MIX, LIST, MISSING, SCALE, SEED, DIR, FILE_KIB,
	POOL, TAP, OPTIONS };

static struct option options[OPTIONS] = {
	[START] = { "start", "1" }, [END] = { "end", "5" }, [INCREMENT] = { "increment", "1" },
	[CROSSOVER] = { "crossover", "0" }, [JOBS] = { "jobs", "100" }, [MIX] = { "mix", "" },
	[LIST] = { "list", "0" }, [MISSING] = { "missing", "fail" }, [SCALE] = { "scale", "1" },
	[SEED] = { "seed", "1" }, [DIR] = { "dir", "/tmp" }, [FILE_KIB] = { "file", "10" },
	[POOL] = { "pool", "1024" }, [TAP] = { "tap", "0" },
};

static const struct job_group groups[] = {
	{ "arithmetic", arithmetic_jobs },
	{ "memory", memory_jobs },
	{ "processes", process_jobs },
	{ "files", file_jobs },
	{ "channels", channel_jobs },
};

/* What a task leaves for its parent, in shared memory. */
struct result {
	uint64_t nanoseconds;
	int kind;		/* of the job that is being done or failed, or -1 */
	int error;
	char failed[48];
};

struct kind {
	const struct job *job;
	unsigned int weight;
	unsigned int quota;	/* how often each task does it */
};

struct row {
	unsigned int tasks;
	uint64_t real, cpu;	/* nanoseconds */
	uint64_t per_minute;	/* jobs, in tenths */
	unsigned int jti;
};

static struct kind kinds[MAX_KINDS];
static unsigned int kind_count;
static unsigned int start, end, increment, jobs_per_task, scale, file_kib, pool_kib;
static uint64_t seed;
static bool cross, skip, tap;
static char folder[256];
static struct result *results;
static unsigned short *order;

/* The mix that is built in, from the file itself */
extern const char shared_mix[], shared_mix_end[];
__asm__(".section .rodata\n"
	".globl shared_mix, shared_mix_end\n"
	"shared_mix:\n"
	".incbin \"shared.mix\"\n"
	"shared_mix_end:\n"
	".previous\n");

__attribute__((noreturn, format(printf, 2, 3)))
static void stop(int status, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fflush(stdout);
	fprintf(stderr, "%smultiuser: %s\n", tap ? "Bail out! " : "", text);
	exit(status);
}

int failed(struct task *task, const char *what)
{
	task->failed = what;
	task->error = errno;
	return -1;
}

int wrong(struct task *task, const char *what)
{
	task->failed = what;
	task->error = 0;
	return -1;
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A state that has little to do with that of the task's neighbours. */
static uint64_t random_of(unsigned int task)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ULL + task * 0xd1b54a32d192ed03ULL;
	unsigned int i;

	state = state ?: 1;
	for (i = 0; i < 8; i++)
		next_random(&state);
	return state;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NANO + time.tv_nsec;
}

static unsigned long number(int option, unsigned long least, unsigned long most)
{
	const char *text = options[option].value;
	unsigned long value;
	char *rest;

	value = strtoul(text, &rest, 10);
	if (*text < '0' || *text > '9' || *rest || value < least || value > most)
		stop(2, "--%s=%s: not a number from %lu to %lu", options[option].name, text, least,
		     most);
	return value;
}

static void take_option(const char *text)
{
	size_t length = strcspn(text, "=");
	int i;

	for (i = 0; i < OPTIONS; i++)
		if (text[length] && strlen(options[i].name) == length &&
		    !strncmp(text, options[i].name, length)) {
			options[i].value = text + length + 1;
			return;
		}
	stop(2, "there is no option --%s; see --help", text);
}

static void take_environment(void)
{
	char name[64];
	int i, k;

	for (i = 0; i < OPTIONS; i++) {
		const char *value;

		snprintf(name, sizeof(name), PREFIX "%s", options[i].name);
		for (k = strlen(PREFIX); name[k]; k++)
			name[k] -= 'a' - 'A';
		value = getenv(name);
		if (value)
			options[i].value = value;
	}
}

static void list_kinds(void)
{
	const struct job *job;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (job = groups[i].jobs; job->name; job++)
			printf("%-10s  %-18s %s\n", groups[i].name, job->name, job->about);
}

static const struct job *find_job(const char *name, size_t length)
{
	const struct job *job;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (job = groups[i].jobs; job->name; job++)
			if (strlen(job->name) == length && !strncmp(job->name, name, length))
				return job;
	return NULL;
}

/* Takes a mix apart; the text ends with a 0. */
static void take_mix(const char *text, const char *source)
{
	unsigned int line = 0, i;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const struct job *job;
		unsigned long weight;
		size_t length;
		char *name;

		line++;
		if (*text == '#' || *text == '\n')
			continue;
		weight = strtoul(text, &name, 10);
		if (name == text || *name != ' ' || weight > 1000000)
			stop(2, "%s:%u: not a weight and a kind of job", source, line);
		name++;
		length = strcspn(name, "\n");
		job = find_job(name, length);
		if (!job)
			stop(2, "%s:%u: there is no kind \"%.*s\"; see --list=1", source, line,
			     (int)length, name);
		for (i = 0; i < kind_count; i++)
			if (kinds[i].job == job)
				stop(2, "%s:%u: \"%s\" is there twice", source, line, job->name);
		if (weight && kind_count < MAX_KINDS)
			kinds[kind_count++] = (struct kind){ .job = job, .weight = weight };
	}
	if (!kind_count)
		stop(2, "%s: there is no job in it", source);
}

static void read_mix(void)
{
	static char text[MIX_BYTES];
	const char *path = options[MIX].value;
	size_t used = 0;
	ssize_t got;
	int fd;

	if (!*path) {
		memcpy(text, shared_mix, shared_mix_end - shared_mix);
		take_mix(text, "shared.mix");
		return;
	}
	fd = open(path, O_RDONLY);
	if (fd < 0)
		stop(2, "%s: %s", path, strerror(errno));
	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += got;
	if (got < 0 || used == sizeof(text) - 1)
		stop(2, "%s: %s", path, got < 0 ? strerror(errno) : "too long for a mix");
	close(fd);
	take_mix(text, path);
}

/* Shares the jobs of a task out by weight; what is left over goes to the largest remainders. */
static void share_out(void)
{
	uint64_t total = 0, share, most;
	unsigned int i, given = 0, best;

	for (i = 0; i < kind_count; i++)
		total += kinds[i].weight;
	for (i = 0; i < kind_count; i++) {
		kinds[i].quota = (uint64_t)kinds[i].weight * jobs_per_task / total;
		given += kinds[i].quota;
	}
	for (; given < jobs_per_task; given++) {
		for (best = 0, most = 0, i = 0; i < kind_count; i++) {
			share = (uint64_t)kinds[i].weight * jobs_per_task;
			/* who has got one of what was left over is below 0 */
			if (share <= kinds[i].quota * total)
				continue;
			share -= kinds[i].quota * total;
			if (share > most) {
				most = share;
				best = i;
			}
		}
		kinds[best].quota++;
	}
}

/* The kinds of a task's jobs, shuffled. */
static void shuffle(uint64_t *state)
{
	unsigned int i, k, count = 0;

	for (i = 0; i < kind_count; i++)
		for (k = 0; k < kinds[i].quota; k++)
			order[count++] = i;
	for (i = count; i-- > 1;) {
		unsigned short kept = order[i];

		k = next_random(state) % (i + 1);
		order[i] = order[k];
		order[k] = kept;
	}
}

/* A task's first job, as it were: makes its folder and works there.  Returns 0 or -1. */
static int enter_folder(struct task *task)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%u", folder, task->number);
	return mkdir(path, 0700) || chdir(path) ? failed(task, "its folder") : 0;
}

/* Removes what a task may have left; most of it is not there. */
static void clear_folder(unsigned int task)
{
	char path[320];
	unsigned int i;

	for (i = 0; i < MAX_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%u/%s", folder, task, file_name(i));
		if (unlink(path) && errno != ENOENT)
			rmdir(path);
	}
	snprintf(path, sizeof(path), "%s/%u", folder, task);
	rmdir(path);
}

static void note(struct result *result, const struct task *task)
{
	result->error = task->error;
	snprintf(result->failed, sizeof(result->failed), "%s", task->failed ?: "its start");
}

static struct task new_task(unsigned int number, unsigned int tasks)
{
	struct task task = { .number = number, .scale = scale };

	task.file_bytes = (size_t)(file_kib + pool_kib / tasks) * 1024 / BLOCK * BLOCK;
	task.random = random_of(number);
	return task;
}

/* A task: waits at the gate until all are there, does its jobs, and never returns. */
static void work(unsigned int number, unsigned int tasks, int gate)
{
	struct task task = new_task(number, tasks);
	struct result *result = &results[number - 1];
	unsigned int i;
	uint64_t begin;
	char word;

	/* nothing of us goes on when our parent is gone */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
	shuffle(&task.random);
	if (enter_folder(&task) || read(gate, &word, 1) < 0) {
		note(result, &task);
		_exit(1);
	}
	begin = now();
	for (i = 0; i < jobs_per_task; i++) {
		result->kind = order[i];
		if (kinds[order[i]].job->run(&task)) {
			note(result, &task);
			_exit(1);
		}
	}
	result->nanoseconds = now() - begin;
	_exit(0);
}

static const char *reason(const struct result *result)
{
	static char text[160];
	const char *what = result->failed, *why = "";

	if (!result->failed[0])
		what = "it was killed";
	else if (result->error)
		why = strerror(result->error);
	else
		why = "is wrong";
	snprintf(text, sizeof(text), "%s%s: %s%s%s", result->kind < 0 ? "" : "job ",
		 result->kind < 0 ? "at its start" : kinds[result->kind].job->name, what,
		 !*why ? "" : result->error ? ": " : " ", why);
	return text;
}

static uint64_t of_timeval(struct timeval time)
{
	return time.tv_sec * NANO + time.tv_usec * 1000;
}

/* 100 less the standard deviation of the tasks' times in percent of their mean. */
static unsigned int timing_index(unsigned int tasks)
{
	double mean = 0, square = 0, root;
	unsigned int i;

	for (i = 0; i < tasks; i++)
		mean += results[i].nanoseconds / (double)tasks;
	if (mean <= 0)
		return 100;
	for (i = 0; i < tasks; i++) {
		double distance = results[i].nanoseconds / mean - 1;

		square += distance * distance / tasks;
	}
	/* no mathematical library is linked: Newton's method, from above */
	for (root = square + 1, i = 0; i < 64; i++)
		root = (root + square / root) / 2;
	return root >= 1 ? 0 : (unsigned int)((1 - root) * 100);
}

static void start_tasks(pid_t *children, unsigned int tasks, int gate[2])
{
	unsigned int i;

	/* or children would have it, too, and print it */
	fflush(stdout);
	if (pipe(gate))
		stop(1, "pipe: %s", strerror(errno));
	for (i = 0; i < tasks; i++) {
		results[i] = (struct result){ .kind = -1 };
		children[i] = fork();
		if (!children[i]) {
			close(gate[1]);
			work(i + 1, tasks, gate[0]);
		}
		if (children[i] < 0) {
			int error = errno;

			while (i--) {
				kill(children[i], SIGKILL);
				waitpid(children[i], NULL, 0);
				clear_folder(i + 1);
			}
			rmdir(folder);
			stop(1, "%u tasks: fork: %s", tasks, strerror(error));
		}
	}
	close(gate[0]);
}

/* Waits for all tasks; returns the number of the first that failed, or 0. */
static unsigned int wait_for_tasks(pid_t *children, unsigned int tasks, uint64_t *cpu)
{
	unsigned int left = tasks, bad = 0, i;
	struct rusage used;
	int status;
	pid_t child;

	while (left) {
		child = wait4(-1, &status, 0, &used);
		if (child < 0 && errno == EINTR)
			continue;
		if (child < 0)
			break;
		*cpu += of_timeval(used.ru_utime) + of_timeval(used.ru_stime);
		for (i = 0; i < tasks && children[i] != child; i++)
			;
		if (i == tasks)
			continue;
		children[i] = 0;
		left--;
		if (!status || bad)
			continue;
		bad = i + 1;
		for (i = 0; i < tasks; i++)
			if (children[i])
				kill(children[i], SIGKILL);
	}
	return bad;
}

/* One sub-run; part: its number for who counts.  Stops the program if a job fails. */
static struct row run(unsigned int tasks, unsigned int part)
{
	static pid_t children[MAX_TASKS];
	struct row row = { .tasks = tasks };
	unsigned int bad, i;
	uint64_t begin;
	int gate[2];

	start_tasks(children, tasks, gate);
	mark_begin(part);
	begin = now();
	close(gate[1]);
	bad = wait_for_tasks(children, tasks, &row.cpu);
	row.real = now() - begin;
	mark_end(part);
	for (i = 1; i <= tasks; i++)
		clear_folder(i);
	if (bad) {
		rmdir(folder);
		stop(1, "%u tasks: task %u: %s", tasks, bad, reason(&results[bad - 1]));
	}
	row.real = row.real ?: 1;
	row.per_minute = (double)tasks * jobs_per_task * 600 * NANO / row.real;
	row.jti = timing_index(tasks);
	return row;
}

/* Whether a failure means that this kernel, or its network, has nothing for a job. */
static bool is_missing(const struct result *result)
{
	return result->error == ENOSYS || result->error == EAFNOSUPPORT ||
	       result->error == EPROTONOSUPPORT || result->error == EOPNOTSUPP ||
	       result->error == ENETUNREACH;
}

/*
 * Does each kind of job once: what happens only the first time is not to be measured, and what this
 * kernel cannot do is known before anything is.
 */
static void try_kinds(void)
{
	unsigned int i, kept = 0;
	int status;

	for (i = 0; i < kind_count; i++) {
		pid_t child;

		results[0] = (struct result){ .kind = i };
		child = fork();
		if (!child) {
			struct task task = new_task(1, 1);

			prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
			task.scale = 1;
			if (!enter_folder(&task) && !kinds[i].job->run(&task))
				_exit(0);
			note(&results[0], &task);
			_exit(1);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			status = 1;
		clear_folder(1);
		if (!status) {
			kinds[kept++] = kinds[i];
			continue;
		}
		if (!skip || !is_missing(&results[0])) {
			rmdir(folder);
			stop(1, "%s", reason(&results[0]));
		}
		printf("%sleft out: %s\n", tap ? "# " : "", reason(&results[0]));
	}
	kind_count = kept;
	if (!kind_count) {
		rmdir(folder);
		stop(1, "no job of the mix can be done here");
	}
}

/* A fraction with digits after the point; of: what 1 is. */
static const char *decimal(uint64_t value, uint64_t of, int digits)
{
	static char texts[4][40];
	static unsigned int next;
	char *text = texts[next++ % 4];
	uint64_t power = 1;
	int i;

	for (i = 0; i < digits; i++)
		power *= 10;
	value = (value + of / power / 2) / (of / power);
	snprintf(text, sizeof(texts[0]), "%llu.%0*llu", (unsigned long long)(value / power),
		 digits, (unsigned long long)(value % power));
	return text;
}

/* part: of the run, from 0 */
static void print_row(const struct row *row, unsigned int part)
{
	uint64_t per_task = (double)jobs_per_task * NANO * 10000 / row->real;

	printf("%s%-7u %-10s %-4u %-10s %-10s %s\n", tap ? "# " : "", row->tasks,
	       decimal(row->per_minute, 10, 1), row->jti, decimal(row->real, NANO, 3),
	       decimal(row->cpu, NANO, 3), decimal(per_task, 10000, 4));
	if (tap)
		printf("ok %u %u tasks\n", part + 1, row->tasks);
	fflush(stdout);
}

/* Tasks outnumber the jobs per minute. */
static bool crossed(const struct row *row)
{
	return row->tasks * 10ULL >= row->per_minute;
}

/* How many tasks there are where as many jobs are done in a minute, in tenths. */
static uint64_t crossover_between(const struct row *before, const struct row *after)
{
	double less = before->per_minute - before->tasks * 10.0;
	double more = after->tasks * 10.0 - after->per_minute;

	return before->tasks * 10 + (after->tasks - before->tasks) * 10 * less / (less + more);
}

static void run_all(void)
{
	const char *mark = tap ? "# " : "";
	struct row row, peak = { }, before = { };
	unsigned int tasks, part = 0;
	uint64_t crossover = 0;

	if (tap)
		printf("TAP version 13\n1..%u\n", (end - start) / increment + 1);
	try_kinds();
	share_out();
	printf("%sAfter the method of AIM Suite VII, not its program: %u kinds of jobs, %u a task\n",
	       mark, kind_count, jobs_per_task);
	printf("%sTasks   Jobs/Min   JTI  Real       CPU        Jobs/sec/task\n", mark);
	for (tasks = start; cross ? tasks <= MAX_TASKS : tasks <= end; tasks += increment) {
		row = run(tasks, part);
		print_row(&row, part++);
		if (row.per_minute > peak.per_minute)
			peak = row;
		if (!crossover && crossed(&row))
			crossover = before.tasks ? crossover_between(&before, &row) : tasks * 10;
		before = row;
		if (cross && crossover && tasks >= end)
			break;
	}
	printf("%speak: %s jobs per minute with %u tasks\n", mark, decimal(peak.per_minute, 10, 1),
	       peak.tasks);
	if (crossover)
		printf("%scrossover: %s tasks\n", mark, decimal(crossover, 10, 1));
	else
		printf("%scrossover: beyond %u tasks\n", mark, before.tasks);
}

static void prepare(void)
{
	size_t bytes = MAX_TASKS * sizeof(*results);
	struct sigaction ignore = { };

	start = number(START, 1, MAX_TASKS);
	end = number(END, start, MAX_TASKS);
	increment = number(INCREMENT, 1, MAX_TASKS);
	cross = number(CROSSOVER, 0, 1);
	jobs_per_task = number(JOBS, 1, MAX_JOBS);
	scale = number(SCALE, 1, 10000);
	seed = number(SEED, 0, ~0UL >> 1);
	file_kib = number(FILE_KIB, 2, 1 << 20);
	pool_kib = number(POOL, 0, 1 << 20);
	if (cross && tap)
		stop(2, "--tap=1 and --crossover=1: how many sub-runs there are has to be known");
	skip = !strcmp(options[MISSING].value, "skip");
	if (!skip && strcmp(options[MISSING].value, "fail"))
		stop(2, "--missing=%s: neither skip nor fail", options[MISSING].value);
	read_mix();
	order = malloc(jobs_per_task * sizeof(*order));
	results = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!order || results == MAP_FAILED)
		stop(1, "no memory");
	/* a channel's other end may be gone: that is an error to tell, not to die of */
	ignore.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &ignore, NULL);
	snprintf(folder, sizeof(folder), "%s/multiuser.%d", options[DIR].value, (int)getpid());
	if (mkdir(folder, 0700))
		stop(1, "%s: %s", folder, strerror(errno));
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 3 && !strcmp(argv[1], "--nothing"))
		return do_nothing(strtol(argv[2], NULL, 10));
	take_environment();
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			printf("%s", usage);
			return 0;
		}
		if (strncmp(argv[i], "--", 2))
			stop(2, "%s: not an option; see --help", argv[i]);
		take_option(argv[i] + 2);
	}
	tap = number(TAP, 0, 1);
	if (number(LIST, 0, 1)) {
		list_kinds();
		return 0;
	}
	prepare();
	mark_prepare();
	run_all();
	rmdir(folder);
	return 0;
}
