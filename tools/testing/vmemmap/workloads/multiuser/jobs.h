/* SPDX-License-Identifier: GPL-2.0 */
/* What tasks do: jobs of many kinds, each a function that does the same work whenever it runs. */
#ifndef MULTIUSER_JOBS_H
#define MULTIUSER_JOBS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct task - who works through jobs, in a process and a folder of its own
 * @number: of the task, from 1
 * @scale: how often a job repeats its work
 * @file_bytes: size of the files that jobs use, a multiple of BLOCK
 * @random: state of the random numbers, from next_random() only
 * @failed: what a job could not do
 * @error: why: an errno, or 0 if a result was wrong
 */
struct task {
	unsigned int number;
	unsigned int scale;
	size_t file_bytes;
	uint64_t random;
	const char *failed;
	int error;
};

/**
 * struct job - a kind of job
 * @name: as mixes have it
 * @about: what it does, for people
 * @run: does it; returns 0, or -1 when failed() or wrong() has been called
 */
struct job {
	const char *name;
	const char *about;
	int (*run)(struct task *task);
};

/**
 * struct job_group - kinds of jobs that load the same part of a machine
 * @name: of the group
 * @jobs: ends with one that has no name
 */
struct job_group {
	const char *name;
	const struct job *jobs;
};

extern const struct job arithmetic_jobs[];
extern const struct job memory_jobs[];
extern const struct job process_jobs[];
extern const struct job file_jobs[];
extern const struct job channel_jobs[];

/* The unit in which files and channels are read and written */
#define BLOCK		1024
/* Files of a task are called f0, f1, …; no job makes more, so that they can be cleared away */
#define MAX_FILES	32

/**
 * failed() - note that a system call failed
 * @task: whose job
 * @what: the call's name; errno is the reason
 *
 * Return: -1.
 */
int failed(struct task *task, const char *what);

/**
 * wrong() - note that a result is not what it has to be
 * @task: whose job
 * @what: the result
 *
 * Return: -1.
 */
int wrong(struct task *task, const char *what);

/**
 * next_random() - a random number, the same in each run with the same seed
 * @state: changed; not 0
 */
uint64_t next_random(uint64_t *state);

/**
 * file_name() - the name of one of a task's files
 * @number: of the file, less than MAX_FILES
 *
 * Return: a text that the next call but three overwrites.
 */
const char *file_name(unsigned int number);

/**
 * wait_for() - wait for a child that exits with 0 if all went well
 * @task: whose job
 * @child: what fork() returned, -1 included
 *
 * Return: 0, or -1 when failed() or wrong() has been called.
 */
int wait_for(struct task *task, pid_t child);

/**
 * do_nothing() - the program's main() when a job executes it
 * @depth: how many generations of children it executes, one after the other
 *
 * Return: an exit status.
 */
int do_nothing(int depth);

#endif
