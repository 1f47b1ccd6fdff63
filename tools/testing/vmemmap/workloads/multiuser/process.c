// SPDX-License-Identifier: GPL-2.0
/* Jobs that make processes, and send them signals. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"

#define OURSELVES	"/proc/self/exe"

int wait_for(struct task *task, pid_t child)
{
	int status;

	if (child < 0)
		return failed(task, "fork");
	if (waitpid(child, &status, 0) != child)
		return failed(task, "waitpid");
	if (status)
		return wrong(task, "a child's exit status");
	return 0;
}

static pid_t execute(int depth)
{
	char number[16];
	char *argv[] = { "multiuser", "--nothing", number, NULL };
	char *envp[] = { NULL };
	pid_t child = fork();

	if (!child) {
		snprintf(number, sizeof(number), "%d", depth);
		execve(OURSELVES, argv, envp);
		_exit(127);
	}
	return child;
}

int do_nothing(int depth)
{
	struct task nobody = { };

	return depth > 0 && wait_for(&nobody, execute(depth - 1)) ? 1 : 0;
}

static int make_children(struct task *task)
{
	unsigned int i;

	for (i = 0; i < 20 * task->scale; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (wait_for(task, child))
			return -1;
	}
	return 0;
}

static int execute_programs(struct task *task)
{
	unsigned int i;

	for (i = 0; i < 6 * task->scale; i++)
		if (wait_for(task, execute(0)))
			return -1;
	return 0;
}

/* As a shell does: a program that executes a program, and so on. */
static int execute_generations(struct task *task)
{
	unsigned int i;

	for (i = 0; i < 2 * task->scale; i++)
		if (wait_for(task, execute(2)))
			return -1;
	return 0;
}

static volatile unsigned int signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static int take_signals(struct task *task)
{
	struct sigaction ours, before;
	unsigned int i;
	int ret = 0;

	memset(&ours, 0, sizeof(ours));
	ours.sa_handler = count_signal;
	if (sigaction(SIGUSR1, &ours, &before))
		return failed(task, "sigaction");
	for (i = 0; i < 300 * task->scale && !ret; i++) {
		signals = 0;
		if (kill(getpid(), SIGUSR1))
			ret = failed(task, "kill");
		else if (signals != 1)
			ret = wrong(task, "the number of signals");
	}
	sigaction(SIGUSR1, &before, NULL);
	return ret;
}

const struct job process_jobs[] = {
	{ "fork", "makes children", make_children },
	{ "exec", "executes a program", execute_programs },
	{ "generations", "executes a program that executes a program", execute_generations },
	{ "signals", "sends itself signals", take_signals },
	{ }
};
