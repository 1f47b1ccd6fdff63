// SPDX-License-Identifier: GPL-2.0
/* Jobs with files and folders, in the task's folder. What a job makes, it takes away. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jobs.h"

static unsigned char block[BLOCK];

const char *file_name(unsigned int number)
{
	static char names[4][16];
	static unsigned int next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "f%u", number);
	return name;
}

static int write_block(struct task *task, int fd, unsigned int number)
{
	memset(block, number, BLOCK);
	if (write(fd, block, BLOCK) == BLOCK)
		return 0;
	return failed(task, "write");
}

static int read_block(struct task *task, int fd, unsigned int number)
{
	if (read(fd, block, BLOCK) != BLOCK)
		return failed(task, "read");
	if (block[0] != (unsigned char)number || block[BLOCK - 1] != (unsigned char)number)
		return wrong(task, "what was read");
	return 0;
}

/* Makes a file that has its blocks' numbers in it; returns it, open for both, or -1. */
static int new_file(struct task *task, unsigned int number)
{
	unsigned int i;
	int fd = open(file_name(number), O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		return failed(task, "open");
	for (i = 0; i < task->file_bytes / BLOCK; i++)
		if (write_block(task, fd, i)) {
			close(fd);
			return -1;
		}
	return fd;
}

/* Ends with a file: returns what a job has to return. */
static int end_file(struct task *task, int fd, unsigned int number, int ret)
{
	if (fd >= 0)
		close(fd);
	if (unlink(file_name(number)) && !ret)
		return failed(task, "unlink");
	return ret;
}

static int seek_to(struct task *task, int fd, unsigned int number)
{
	if (lseek(fd, (off_t)number * BLOCK, SEEK_SET) == (off_t)number * BLOCK)
		return 0;
	return failed(task, "lseek");
}

static int create_files(struct task *task)
{
	unsigned int round, i;
	int fd;

	for (round = 0; round < 4 * task->scale; round++) {
		for (i = 0; i < MAX_FILES; i++) {
			fd = open(file_name(i), O_RDWR | O_CREAT | O_EXCL, 0600);
			if (fd < 0)
				return failed(task, "open");
			close(fd);
		}
		for (i = 0; i < MAX_FILES; i++)
			if (unlink(file_name(i)))
				return failed(task, "unlink");
	}
	return 0;
}

static int link_files(struct task *task)
{
	unsigned int i;
	int fd = open(file_name(0), O_RDWR | O_CREAT, 0600), ret = 0;

	if (fd < 0)
		return failed(task, "open");
	for (i = 0; i < 60 * task->scale && !ret; i++)
		if (link(file_name(0), file_name(1)))
			ret = failed(task, "link");
		else if (rename(file_name(1), file_name(2)))
			ret = failed(task, "rename");
		else if (unlink(file_name(2)))
			ret = failed(task, "unlink");
	return end_file(task, fd, 0, ret);
}

static int make_folders(struct task *task)
{
	unsigned int round, i;

	for (round = 0; round < 4 * task->scale; round++) {
		for (i = 0; i < 16; i++)
			if (mkdir(file_name(i), 0700))
				return failed(task, "mkdir");
		for (i = 0; i < 16; i++)
			if (rmdir(file_name(i)))
				return failed(task, "rmdir");
	}
	return 0;
}

static int look_up(struct task *task)
{
	unsigned int i;
	struct stat found;
	int fd = open(file_name(0), O_RDWR | O_CREAT, 0600), ret = 0;

	if (fd < 0)
		return failed(task, "open");
	for (i = 0; i < 300 * task->scale && !ret; i++)
		if (stat(file_name(0), &found))
			ret = failed(task, "stat");
		else if (found.st_size)
			ret = wrong(task, "the size");
		else if (!stat(file_name(1), &found))
			ret = wrong(task, "a file that is not there");
	return end_file(task, fd, 0, ret);
}

/* Writes a file; with sync, each block to the device. */
static int write_whole(struct task *task, bool sync)
{
	unsigned int round, i;
	int fd, ret = 0;

	fd = open(file_name(0), O_RDWR | O_CREAT | O_TRUNC | (sync ? O_SYNC : 0), 0600);
	if (fd < 0)
		return failed(task, "open");
	for (round = 0; round < (sync ? 1 : 2) * task->scale && !ret; round++) {
		ret = seek_to(task, fd, 0);
		for (i = 0; i < task->file_bytes / BLOCK && !ret; i++)
			ret = write_block(task, fd, i);
	}
	return end_file(task, fd, 0, ret);
}

static int write_file(struct task *task)
{
	return write_whole(task, false);
}

static int sync_write(struct task *task)
{
	return write_whole(task, true);
}

static int read_file(struct task *task)
{
	int fd = new_file(task, 0), ret = fd < 0 ? -1 : 0;
	unsigned int round, i;

	for (round = 0; round < 4 * task->scale && !ret; round++) {
		ret = seek_to(task, fd, 0);
		for (i = 0; i < task->file_bytes / BLOCK && !ret; i++)
			ret = read_block(task, fd, i);
	}
	return end_file(task, fd, 0, ret);
}

static int read_randomly(struct task *task)
{
	int fd = new_file(task, 0), ret = fd < 0 ? -1 : 0;
	unsigned int i, number;

	for (i = 0; i < 200 * task->scale && !ret; i++) {
		number = next_random(&task->random) % (task->file_bytes / BLOCK);
		ret = seek_to(task, fd, number);
		if (!ret)
			ret = read_block(task, fd, number);
	}
	return end_file(task, fd, 0, ret);
}

static int rewrite_randomly(struct task *task, bool sync)
{
	int fd = new_file(task, 0), ret = fd < 0 ? -1 : 0;
	unsigned int i, number;

	for (i = 0; i < 200 * task->scale && !ret; i++) {
		number = next_random(&task->random) % (task->file_bytes / BLOCK);
		ret = seek_to(task, fd, number);
		if (!ret)
			ret = write_block(task, fd, number);
		/* a sync for each would be another load: that of the device */
		if (!ret && sync && i % 16 == 15 && fsync(fd))
			ret = failed(task, "fsync");
	}
	return end_file(task, fd, 0, ret);
}

static int write_randomly(struct task *task)
{
	return rewrite_randomly(task, false);
}

static int sync_write_randomly(struct task *task)
{
	return rewrite_randomly(task, true);
}

static int copy(struct task *task, bool sync)
{
	int from = new_file(task, 0), to, ret = from < 0 ? -1 : 0;
	unsigned int round, i;

	for (round = 0; round < 2 * task->scale && !ret; round++) {
		to = open(file_name(1), O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (to < 0) {
			ret = failed(task, "open");
			break;
		}
		ret = seek_to(task, from, 0);
		for (i = 0; i < task->file_bytes / BLOCK && !ret; i++) {
			ret = read_block(task, from, i);
			if (!ret && write(to, block, BLOCK) != BLOCK)
				ret = failed(task, "write");
		}
		if (!ret && sync && fsync(to))
			ret = failed(task, "fsync");
		ret = end_file(task, to, 1, ret);
	}
	return end_file(task, from, 0, ret);
}

static int copy_file(struct task *task)
{
	return copy(task, false);
}

static int sync_copy(struct task *task)
{
	return copy(task, true);
}

static int cut_file(struct task *task)
{
	int fd = new_file(task, 0), ret = fd < 0 ? -1 : 0;
	unsigned int i;

	for (i = 0; i < 40 * task->scale && !ret; i++)
		if (ftruncate(fd, i % 2 ? task->file_bytes : BLOCK))
			ret = failed(task, "ftruncate");
		else if (i % 2 && (seek_to(task, fd, 1) || read_block(task, fd, 0)))
			ret = -1;
	return end_file(task, fd, 0, ret);
}

const struct job file_jobs[] = {
	{ "create", "creates files and removes them", create_files },
	{ "links", "links and renames a file", link_files },
	{ "folders", "makes folders and removes them", make_folders },
	{ "look-up", "looks for files that are there, and that are not", look_up },
	{ "write", "writes a file", write_file },
	{ "read", "reads a file", read_file },
	{ "random-read", "reads blocks of a file here and there", read_randomly },
	{ "random-write", "writes blocks of a file here and there", write_randomly },
	{ "copy", "copies a file", copy_file },
	{ "cut", "shortens a file and lengthens it", cut_file },
	{ "sync-write", "writes a file, each block to the device", sync_write },
	{ "sync-random-write", "writes blocks and has them on the device", sync_write_randomly },
	{ "sync-copy", "copies a file and has it on the device", sync_copy },
	{ }
};
