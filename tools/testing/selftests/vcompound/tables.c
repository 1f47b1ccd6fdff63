// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of netfilter with RULES rules, which are virtual compounds: packets meet the last rule,
 * the kernel tells the rules as it was given them, and a table stays if there is no memory for
 * another.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
/* The kernel's come after the C library's */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "../kselftest_harness.h"
#include "fail.h"
#include "vmstat.h"

#define TABLE		"filter"
#define HERE		0x7f000001u
#define DROPPED		0x7f000002u
#define PORT		9
#define WAIT_US		200000

struct rule {
	struct ipt_entry entry;
	struct xt_standard_target target;
};

/* The rules of the filter that were there, and what the kernel is told to have others */
struct filter {
	int fd;
	struct ipt_getinfo info;
	struct ipt_replace *old;
	struct ipt_replace *more;
	unsigned int rules;
};

static struct ipt_get_entries *told(int fd, struct ipt_getinfo *info)
{
	struct ipt_get_entries *entries;
	socklen_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	strcpy(info->name, TABLE);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, info, &size))
		return NULL;
	size = sizeof(*entries) + info->size;
	entries = calloc(1, size);
	if (!entries)
		return NULL;
	strcpy(entries->name, TABLE);
	entries->size = info->size;
	if (!getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &size))
		return entries;
	free(entries);
	return NULL;
}

/* What replaces a table by itself with room for some more bytes in front */
static struct ipt_replace *replacement(const struct ipt_getinfo *info,
				       const struct ipt_get_entries *entries, unsigned int rules)
{
	unsigned int shift = rules * sizeof(struct rule), i;
	struct ipt_replace *new = calloc(1, sizeof(*new) + info->size + shift);

	if (!new)
		return NULL;
	strcpy(new->name, TABLE);
	new->valid_hooks = info->valid_hooks;
	new->num_entries = info->num_entries + rules;
	new->size = info->size + shift;
	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		new->hook_entry[i] = info->hook_entry[i] + shift;
		new->underflow[i] = info->underflow[i] + shift;
	}
	/* What arrives meets the new ones first */
	new->hook_entry[NF_INET_LOCAL_IN] = 0;
	memcpy((char *)new->entries + shift, entries->entrytable, info->size);
	return new;
}

/* Each is for one source that there is not; the last is for one destination */
static void make_rules(struct rule *rules, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct rule *rule = &rules[i];

		rule->entry.ip.src.s_addr = htonl(0x0b000000 + i);
		rule->entry.ip.smsk.s_addr = INADDR_NONE;
		rule->entry.target_offset = offsetof(struct rule, target);
		rule->entry.next_offset = sizeof(*rule);
		rule->target.target.u.user.target_size = sizeof(rule->target);
		rule->target.verdict = -NF_DROP - 1;
	}
	rules[count - 1].entry.ip = (struct ipt_ip) {
		.dst.s_addr = htonl(DROPPED), .dmsk.s_addr = INADDR_NONE,
	};
}

/* Has the kernel take other rules */
static int replace(int fd, struct ipt_replace *new)
{
	unsigned int counters;
	struct ipt_getinfo info = { .name = TABLE };
	socklen_t size = sizeof(info);
	int ret;

	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size))
		return -1;
	counters = info.num_entries;
	new->num_counters = counters;
	new->counters = calloc(counters, sizeof(*new->counters));
	ret = setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, new, sizeof(*new) + new->size);
	free(new->counters);
	return ret;
}

static int have_more(void *data)
{
	struct filter *filter = data;

	return replace(filter->fd, filter->more);
}

static int have_old(void *data)
{
	struct filter *filter = data;

	return replace(filter->fd, filter->old);
}

/* Returns whether a packet to an address of this machine arrives there */
static bool arrives(uint32_t address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct timeval wait = { .tv_usec = WAIT_US };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char byte = 0x5a;
	bool came;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	to.sin_addr.s_addr = htonl(address);
	came = !bind(fd, (struct sockaddr *)&to, sizeof(to)) &&
	       sendto(fd, &byte, 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1 &&
	       read(fd, &byte, 1) == 1;
	close(fd);
	return came;
}

FIXTURE(tables)
{
	struct filter filter;
};

FIXTURE_SETUP(tables)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct filter *filter = &self->filter;
	struct ipt_get_entries *entries;

	memset(filter, 0, sizeof(*filter));
	filter->rules = setting("RULES", 2000);
	filter->fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	entries = told(filter->fd, &filter->info);
	if (!entries)
		SKIP(return, "no table " TABLE);
	filter->old = replacement(&filter->info, entries, 0);
	filter->more = replacement(&filter->info, entries, filter->rules);
	free(entries);
	ASSERT_NE(NULL, filter->old);
	ASSERT_NE(NULL, filter->more);
	make_rules((struct rule *)filter->more->entries, filter->rules);
	ASSERT_EQ(0, ioctl(filter->fd, SIOCSIFFLAGS, &lo));
}

FIXTURE_TEARDOWN(tables)
{
	free(self->filter.old);
	free(self->filter.more);
	close(self->filter.fd);
}

TEST_F_TIMEOUT(tables, packets_meet_all_rules, 300)
{
	struct filter *filter = &self->filter;
	const struct rule *given = (const struct rule *)filter->more->entries, *got;
	struct ipt_get_entries *entries;
	unsigned int i, different = 0;
	long long before, during;
	struct ipt_getinfo info;

	before = virtual_pages();
	EXPECT_TRUE(arrives(HERE));
	EXPECT_TRUE(arrives(DROPPED));
	ASSERT_EQ(0, have_more(filter));
	during = virtual_pages();
	EXPECT_TRUE(arrives(HERE));
	EXPECT_FALSE(arrives(DROPPED));
	entries = told(filter->fd, &info);
	ASSERT_NE(NULL, entries);
	EXPECT_EQ(filter->more->num_entries, info.num_entries);
	got = (const struct rule *)entries->entrytable;
	for (i = 0; i < filter->rules; i++)
		different += given[i].target.verdict != got[i].target.verdict ||
			     memcmp(&given[i].entry.ip, &got[i].entry.ip, sizeof(got->entry.ip));
	EXPECT_EQ(0, different);
	EXPECT_EQ(1, got[filter->rules - 1].entry.counters.pcnt);
	free(entries);
	ASSERT_EQ(0, have_old(filter));
	EXPECT_TRUE(arrives(DROPPED));
	if (setting("FALLBACK_ALWAYS", 0))
		EXPECT_LT(before + filter->rules * sizeof(struct rule) / getpagesize(), during);
	EXPECT_GE(before, settled(virtual_pages, before));
}

TEST_F_TIMEOUT(tables, a_table_stays_when_an_allocation_fails, 300)
{
	struct operation replacing = { have_more, have_old, &self->filter, .each = 100 };
	struct tried tried;

	if (!can_fail())
		SKIP(return, "no fault injection");
	tried = fail_each(&replacing);
	EXPECT_EQ(0, tried.stuck);
	EXPECT_LT(0, tried.refused);
	TH_LOG("%u allocations or fewer, %u times refused", tried.allocations, tried.refused);
	EXPECT_TRUE(arrives(DROPPED));
}

TEST_HARNESS_MAIN
