// SPDX-License-Identifier: GPL-2.0
/*
 * The guests' init where there is no shell: does in the same order what the script ./init does,
 * prints the same, and takes the same settings from what the kernel command line has after "--".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#define DEBUG		"/sys/kernel/debug"
#define REPORT_MODULE	"/lib/vmemmap-report.ko"
#define DIMMS_MODULE	"/lib/dimms.ko"
#define MAX_LINE	900
#define LOG_LEVELS	'4'

static int kmsg = -1;

/* All lines go through the kernel's log, so that no message of the kernel tears them. */
static void say(const char *mark, const char *text)
{
	char line[1024];
	int length;

	length = snprintf(line, sizeof(line), "guest%s %.*s\n", mark, MAX_LINE, text);
	if (kmsg < 0 || write(kmsg, line, length) != length)
		printf("%s", line);
}

static void off(void)
{
	say(":", "done");
	sync();
	reboot(LINUX_REBOOT_CMD_POWER_OFF);
	for (;;)
		sleep(1);
}

static void mount_or_say(const char *type, const char *where)
{
	char text[128];

	if (!mount(type, where, type, 0, NULL))
		return;
	snprintf(text, sizeof(text), "cannot mount %s on %s: %s", type, where, strerror(errno));
	say(":", text);
}

/* Calls take() with each line of a file or a pipe; returns 0 or -errno. */
static int each_line(int fd, void (*take)(char *line))
{
	static char text[65536];
	size_t used = 0;
	ssize_t got;
	char *line, *end;

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		text[used + got] = '\0';
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			take(line);
		}
		used = strlen(line);
		memmove(text, line, used + 1);
		/* A line longer than all the room comes in pieces */
		if (used == sizeof(text) - 1) {
			take(text);
			used = 0;
		}
	}
	if (used)
		take(text);
	return got < 0 ? -errno : 0;
}

static void say_line(char *line)
{
	say("|", line);
}

static int show(const char *path)
{
	int fd = open(path, O_RDONLY), ret;

	if (fd < 0) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	ret = each_line(fd, say_line);
	close(fd);
	if (ret)
		printf("%s: %s\n", path, strerror(-ret));
	return !!ret;
}

/* What the kernel's log has of messages that are warnings or worse. */
static int loud(const char *unused)
{
	int size = syscall(SYS_syslog, 10L, NULL, 0L), got;
	char *text, *line, *next;

	(void)unused;
	text = size > 0 ? malloc(size + 1) : NULL;
	if (!text)
		return 1;
	got = syscall(SYS_syslog, 3L, text, (long)size);
	if (got < 0)
		return 1;
	text[got] = '\0';
	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (line[0] == '<' && line[1] <= LOG_LEVELS && line[2] == '>')
			say("|", line);
	}
	return 0;
}

static int run_test(const char *name)
{
	char path[128];
	char *argv[] = { path, NULL };

	snprintf(path, sizeof(path), "/tests/%s", name);
	execve(path, argv, environ);
	printf("%s: %s\n", path, strerror(errno));
	return 127;
}

/* Runs a function in a process of its own, its output as a section of ours. */
static void section(const char *name, int (*run)(const char *), const char *argument)
{
	char text[160];
	int ends[2], status = 0, null;
	pid_t child;

	snprintf(text, sizeof(text), "begin %s", name);
	say(":", text);
	if (pipe(ends)) {
		say("|", "no pipe");
		status = 255 << 8;
		goto end;
	}
	child = fork();
	if (!child) {
		close(ends[0]);
		null = open("/dev/null", O_RDONLY);
		dup2(null, STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		_exit(run(argument));
	}
	close(ends[1]);
	if (each_line(ends[0], say_line))
		say("|", "its output cannot be read");
	close(ends[0]);
	/* Orphans of a test are ours to wait for, too */
	if (child < 0 || waitpid(child, &status, 0) != child)
		status = 255 << 8;
end:
	/* As a shell tells of a signal */
	snprintf(text, sizeof(text), "end %s %d", name,
		 WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	say(":", text);
}

static char parameter[64];

static void find_init_mm(char *line)
{
	char *name = strrchr(line, ' ');

	if (name && !strcmp(name + 1, "init_mm"))
		snprintf(parameter, sizeof(parameter), "init_mm=0x%.*s",
			 (int)strcspn(line, " "), line);
}

static void load(const char *module, const char *parameters)
{
	int fd = open(module, O_RDONLY);
	char text[128];

	if (fd < 0 || syscall(SYS_finit_module, (long)fd, parameters, 0L)) {
		snprintf(text, sizeof(text), "%s: %s", module, strerror(errno));
		say(":", text);
	}
	close(fd);
}

/* The two trees without a report of their own get it as a module. */
static void load_report(void)
{
	int fd;

	if (!access(DEBUG "/vmemmap", F_OK) || access(REPORT_MODULE, F_OK))
		return;
	fd = open("/proc/kallsyms", O_RDONLY);
	if (fd >= 0) {
		each_line(fd, find_init_mm);
		close(fd);
	}
	load(REPORT_MODULE, parameter);
}

/* PLACES says what DIMMs there are, if the machine cannot plug any. */
static void load_dimms(void)
{
	const char *places = getenv("PLACES");
	char parameters[512];

	if (!places)
		return;
	snprintf(parameters, sizeof(parameters), "places=%s", places);
	load(DIMMS_MODULE, parameters);
}

/* For workloads; not every kernel has networks. */
static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &request)) {
		request.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &request))
			say(":", "cannot raise the network of this machine itself");
	}
	close(fd);
}

static void prepare(void)
{
	mount_or_say("proc", "/proc");
	mount_or_say("sysfs", "/sys");
	mount_or_say("devtmpfs", "/dev");
	mount_or_say("tmpfs", "/tmp");
	mount_or_say("debugfs", DEBUG);
	raise_loopback();
	load_report();
	load_dimms();
}

static char release[128];

static void take_release(char *line)
{
	snprintf(release, sizeof(release), "hello %s", line);
}

int main(int argc, char **argv)
{
	static char *settings[64];
	const char *tests, *check;
	char name[64];
	int i, count = 0, fd;

	kmsg = open("/dev/kmsg", O_WRONLY);
	for (i = 1; i < argc && count < 60; i++)
		if (strchr(argv[i], '='))
			settings[count++] = argv[i];
	settings[count++] = "HOME=/tmp";
	environ = settings;

	prepare();
	fd = open("/proc/sys/kernel/osrelease", O_RDONLY);
	if (fd >= 0) {
		each_line(fd, take_release);
		close(fd);
	}
	say(":", release[0] ? release : "hello, but no /proc");

	for (tests = getenv("TESTS"); tests && *tests; tests += strcspn(tests, ",")) {
		tests += *tests == ',';
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(tests, ","), tests);
		if (name[0])
			section(name, run_test, name);
	}
	if (!access(DEBUG "/vmemmap", F_OK)) {
		section("report", show, DEBUG "/vmemmap/report");
		check = getenv("CHECK");
		if (!check || strcmp(check, "no"))
			section("check", show, DEBUG "/vmemmap/check");
	}
	section("log", loud, NULL);
	off();
	return 0;
}
