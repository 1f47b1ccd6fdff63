// SPDX-License-Identifier: GPL-2.0
/*
 * Network cards whose rings are virtual compounds, and hash tables of network namespaces.
 *
 * NICS names interfaces, with commas.  Interface number N gets the address 10.0.(2+N).15 and has an
 * echo server at 10.0.(2+N).100, port 7.  MEGABYTES go there and back through each, and come back
 * as they were.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "fail.h"
#include "vmstat.h"

#define PART		65536
#define SMALL_RING	80
#define LARGE_RING	4096
#define NAMESPACES	20
#define BUCKETS		"65536"
#define ECHO_SECONDS	3000

struct stream {
	int fd;
	uint64_t bytes;
	uint64_t wrong;
	uint64_t got;
};

/* The next 8 bytes of a stream that does not repeat itself (xorshift64, Marsaglia 2003). */
static uint64_t next_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill(uint64_t *words, uint64_t *state)
{
	size_t i;

	for (i = 0; i < PART / sizeof(*words); i++)
		words[i] = next_word(state);
}

static void *sender(void *arg)
{
	static uint64_t words[PART / sizeof(uint64_t)];
	struct stream *stream = arg;
	uint64_t state = 88172645463325252ull, done;

	for (done = 0; done < stream->bytes; done += PART) {
		size_t part = 0;

		fill(words, &state);
		while (part < PART) {
			ssize_t ret = write(stream->fd, (char *)words + part, PART - part);

			if (ret <= 0)
				return NULL;
			part += ret;
		}
	}
	return NULL;
}

static void receive(struct stream *stream)
{
	static uint64_t expected[PART / sizeof(uint64_t)], words[PART / sizeof(uint64_t)];
	uint64_t state = 88172645463325252ull;

	while (stream->got < stream->bytes) {
		size_t part = 0;

		fill(expected, &state);
		while (part < PART) {
			ssize_t ret = read(stream->fd, (char *)words + part, PART - part);

			if (ret <= 0)
				return;
			part += ret;
		}
		stream->wrong += memcmp(expected, words, PART) != 0;
		stream->got += PART;
	}
}

static int set_up(const char *name, int number)
{
	struct sockaddr_in *addr;
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	addr = (struct sockaddr_in *)&ifr.ifr_addr;
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(0x0a00020f + (number << 8));
	ret = ioctl(fd, SIOCSIFADDR, &ifr);
	addr->sin_addr.s_addr = htonl(0xffffff00);
	ret = ret ?: ioctl(fd, SIOCSIFNETMASK, &ifr);
	ret = ret ?: ioctl(fd, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
	ret = ret ?: ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

/* Sets how many descriptors the rings have, which allocates them anew. */
static int set_rings(const char *name, unsigned int descriptors)
{
	struct ethtool_ringparam rings = { .cmd = ETHTOOL_GRINGPARAM };
	struct ifreq ifr = { .ifr_data = (void *)&rings };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ret = ioctl(fd, SIOCETHTOOL, &ifr);
	rings.cmd = ETHTOOL_SRINGPARAM;
	rings.rx_pending = descriptors;
	rings.tx_pending = descriptors;
	ret = ret ?: ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return ret;
}

/* Returns a connection, once the link is there, or -1. */
static int connect_to(uint32_t address, int port, int tries)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address),
	};
	int fd, try;

	for (try = 0; try < tries; try++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
			return fd;
		close(fd);
		usleep(100000);
	}
	return -1;
}

static void echo(struct __test_metadata *_metadata, int number, uint64_t megabytes)
{
	struct stream stream = { .bytes = megabytes << 20 };
	pthread_t thread;

	stream.fd = connect_to(0x0a000264 + (number << 8), 7, 100);
	ASSERT_LE(0, stream.fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, sender, &stream));
	receive(&stream);
	EXPECT_EQ(stream.bytes, stream.got);
	EXPECT_EQ(0, stream.wrong);
	shutdown(stream.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(stream.fd);
}

FIXTURE(network)
{
};

FIXTURE_SETUP(network)
{
}

FIXTURE_TEARDOWN(network)
{
}

TEST_F(network, counters_are_there)
{
	ASSERT_LE(0, vm_counter("vcompound_alloc"));
	ASSERT_LE(0, vm_counter("vcompound_fallback"));
	ASSERT_LE(0, vm_counter("nr_vcompound"));
	if (setting("FALLBACK_ALWAYS", 0))
		EXPECT_LT(0, vm_counter("vcompound_fallback"));
}

TEST_F_TIMEOUT(network, what_goes_through_rings_comes_back, ECHO_SECONDS)
{
	uint64_t megabytes = setting("MEGABYTES", 16);
	char *name, *names = getenv("NICS");
	int number = 0;

	if (!names)
		SKIP(return, "no interfaces in NICS");
	signal(SIGPIPE, SIG_IGN);
	names = strdup(names);
	for (name = strtok(names, ","); name; name = strtok(NULL, ","), number++) {
		long long before, during;

		ASSERT_EQ(0, set_up(name, number)) {
			TH_LOG("%s: %s", name, strerror(errno));
		}
		ASSERT_EQ(0, set_rings(name, SMALL_RING));
		before = virtual_pages();
		ASSERT_EQ(0, set_rings(name, LARGE_RING));
		during = virtual_pages();
		if (setting("FALLBACK_ALWAYS", 0))
			EXPECT_LT(before, during);
		echo(_metadata, number, megabytes);
		ASSERT_EQ(0, set_rings(name, SMALL_RING));
		EXPECT_GE(before + (during - before) / 2,
			  settled(virtual_pages, before + (during - before) / 2));
		echo(_metadata, number, 1);
		TH_LOG("%s: %llu MiB there and back", name, (unsigned long long)megabytes);
	}
	free(names);
}

static int large_rings(void *name)
{
	return set_rings(name, LARGE_RING);
}

static int small_rings(void *name)
{
	return set_rings(name, SMALL_RING);
}

TEST_F_TIMEOUT(network, rings_stay_when_an_allocation_fails, 600)
{
	/* After the first ones come thousands of buffers */
	struct operation resize = { large_rings, small_rings, .each = 60 };
	char *names = getenv("NICS") ? strdup(getenv("NICS")) : NULL;
	struct tried tried;
	char *name;
	int number;

	if (!names)
		SKIP(return, "no interfaces in NICS");
	if (!can_fail())
		SKIP(return, "no fault injection");
	name = strtok(names, ",");
	for (number = 0; name; name = strtok(NULL, ","), number++) {
		resize.data = name;
		ASSERT_EQ(0, large_rings(name));
		ASSERT_EQ(0, small_rings(name));
		tried = fail_each(&resize);
		EXPECT_EQ(0, tried.stuck);
		EXPECT_LT(0, tried.refused);
		TH_LOG("%s: %u allocations or fewer, %u times refused", name, tried.allocations,
		       tried.refused);
		echo(_metadata, number, 1);
	}
	free(names);
}

static void serve(int fd)
{
	char byte;
	int peer = accept(fd, NULL, NULL);

	if (peer >= 0 && read(peer, &byte, 1) == 1 && write(peer, &byte, 1) == 1)
		_exit(0);
	_exit(1);
}

/* A namespace, and a connection in it. */
static int in_a_namespace(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, status;
	char byte = 0x5a;

	if (unshare(CLONE_NEWNET))
		return 1;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) || bind(fd, (struct sockaddr *)&here, sizeof(here)) ||
	    listen(fd, 1))
		return 2;
	if (!fork())
		serve(fd);
	fd = connect_to(INADDR_LOOPBACK, 7, 20);
	if (fd < 0 || write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1 || byte != 0x5a)
		return 3;
	wait(&status);
	return status ? 4 : 0;
}

TEST_F_TIMEOUT(network, namespaces_have_hash_tables_of_their_own, 300)
{
	FILE *file = fopen("/proc/sys/net/ipv4/tcp_child_ehash_entries", "w");
	long long before, most;
	int i, status;

	if (!file)
		SKIP(return, "no hash tables of namespaces");
	fputs(BUCKETS, file);
	fclose(file);
	before = virtual_pages();
	for (i = 0; i < NAMESPACES; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(in_a_namespace());
		waitpid(pid, &status, 0);
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
	/* Namespaces are taken down later: fewer pages than one table has may be of others */
	most = before + strtoll(BUCKETS, NULL, 0) * sizeof(long) / getpagesize() / 2 + 16;
	EXPECT_GE(most, settled(virtual_pages, most));
}

TEST_HARNESS_MAIN
