// SPDX-License-Identifier: GPL-2.0
/* Jobs in which two processes talk: by pipes and sockets. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"

#define MESSAGES	60

static unsigned char message[BLOCK];

/* Reads a whole message: streams bring it in pieces. */
static bool receive(int fd)
{
	size_t got = 0;
	ssize_t more;

	while (got < BLOCK) {
		more = read(fd, message + got, BLOCK - got);
		if (more <= 0)
			return false;
		got += more;
	}
	return true;
}

/* The other one: sends back what it gets, with one byte changed, until there is nothing more. */
static void echo(int from, int to)
{
	while (receive(from)) {
		message[BLOCK - 1]++;
		if (write(to, message, BLOCK) != BLOCK)
			_exit(1);
	}
	_exit(0);
}

/* Talks to the other one and closes both ends; returns what a job has to return. */
static int talk(struct task *task, int to, int from, pid_t child)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < MESSAGES * task->scale && !ret && child > 0; i++) {
		memset(message, i, BLOCK);
		if (write(to, message, BLOCK) != BLOCK)
			ret = failed(task, "write");
		else if (!receive(from))
			ret = failed(task, "read");
		else if (message[0] != (unsigned char)i ||
			 message[BLOCK - 1] != (unsigned char)(i + 1))
			ret = wrong(task, "the answer");
	}
	/* a message without an end tells the one at a datagram socket that it was the last */
	if (write(to, message, 0) < 0 && !ret && child > 0)
		ret = failed(task, "write");
	close(to);
	if (from != to)
		close(from);
	if (ret) {
		/* the first failure is the one to tell */
		struct task other = *task;

		wait_for(&other, child);
		return ret;
	}
	return wait_for(task, child);
}

static int use_pipes(struct task *task)
{
	int there[2], back[2];
	pid_t child;

	if (pipe(there))
		return failed(task, "pipe");
	if (pipe(back)) {
		close(there[0]);
		close(there[1]);
		return failed(task, "pipe");
	}
	child = fork();
	if (!child) {
		close(there[1]);
		close(back[0]);
		echo(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	return talk(task, there[1], back[0], child);
}

static int use_fifos(struct task *task)
{
	const char *there = file_name(0), *back = file_name(1);
	int to, from, ret = 0;
	pid_t child;

	if (mknod(there, S_IFIFO | 0600, 0))
		return failed(task, "mknod");
	if (mknod(back, S_IFIFO | 0600, 0))
		ret = failed(task, "mknod");
	if (!ret) {
		child = fork();
		if (!child) {
			from = open(there, O_RDONLY);
			to = open(back, O_WRONLY);
			if (from < 0 || to < 0)
				_exit(1);
			echo(from, to);
		}
		/* without a child, nobody is there to open the other ends */
		if (child > 0) {
			to = open(there, O_WRONLY);
			from = open(back, O_RDONLY);
			ret = to < 0 || from < 0 ? failed(task, "open") :
						   talk(task, to, from, child);
		} else {
			ret = failed(task, "fork");
		}
		unlink(back);
	}
	if (unlink(there) && !ret)
		ret = failed(task, "unlink");
	return ret;
}

static int use_pair(struct task *task, int type)
{
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, type, 0, ends))
		return failed(task, "socketpair");
	child = fork();
	if (!child) {
		close(ends[0]);
		echo(ends[1], ends[1]);
	}
	close(ends[1]);
	return talk(task, ends[0], ends[0], child);
}

static int use_stream(struct task *task)
{
	return use_pair(task, SOCK_STREAM);
}

static int use_datagrams(struct task *task)
{
	return use_pair(task, SOCK_DGRAM);
}

/* Makes a socket at a free port of this machine; returns it, or -1. */
static int local_socket(struct task *task, int type, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		return failed(task, "socket");
	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!bind(fd, (struct sockaddr *)address, sizeof(*address)) &&
	    !getsockname(fd, (struct sockaddr *)address, &length))
		return fd;
	failed(task, "bind");
	close(fd);
	return -1;
}

static int connect_to(int fd, const struct sockaddr_in *address)
{
	return connect(fd, (const struct sockaddr *)address, sizeof(*address));
}

static int use_tcp(struct task *task)
{
	struct sockaddr_in address;
	int listener = local_socket(task, SOCK_STREAM, &address), fd;
	pid_t child;

	if (listener < 0)
		return -1;
	if (listen(listener, 1)) {
		failed(task, "listen");
		close(listener);
		return -1;
	}
	child = fork();
	if (!child) {
		fd = accept(listener, NULL, NULL);
		close(listener);
		if (fd < 0)
			_exit(1);
		echo(fd, fd);
	}
	close(listener);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd >= 0 && !connect_to(fd, &address))
		return talk(task, fd, fd, child);
	failed(task, "connect");
	if (fd >= 0)
		close(fd);
	/* it would wait for ever */
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return -1;
}

static int use_udp(struct task *task)
{
	struct sockaddr_in ours, theirs;
	int fd = local_socket(task, SOCK_DGRAM, &ours), other;
	pid_t child;

	if (fd < 0)
		return -1;
	other = local_socket(task, SOCK_DGRAM, &theirs);
	if (other < 0 || connect_to(fd, &theirs) || connect_to(other, &ours)) {
		if (other >= 0) {
			failed(task, "connect");
			close(other);
		}
		close(fd);
		return -1;
	}
	child = fork();
	if (!child) {
		close(fd);
		echo(other, other);
	}
	close(other);
	return talk(task, fd, fd, child);
}

const struct job channel_jobs[] = {
	{ "pipes", "sends messages through pipes and back", use_pipes },
	{ "fifos", "the same through pipes that have names", use_fifos },
	{ "stream", "the same through a pair of stream sockets", use_stream },
	{ "datagrams", "the same through a pair of datagram sockets", use_datagrams },
	{ "tcp", "the same through a TCP connection", use_tcp },
	{ "udp", "the same through UDP", use_udp },
	{ }
};
