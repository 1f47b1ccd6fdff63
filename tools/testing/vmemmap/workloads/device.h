/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device of a module of ../modules that a workload brings along.
 */
#ifndef VMEMMAP_DEVICE_H
#define VMEMMAP_DEVICE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * device_of_module() - load a module and open its device
 * @module: path of the module
 * @device: path of the device
 *
 * Return: the descriptor, or -1 after TAP's line that all ends here.
 */
static inline int device_of_module(const char *module, const char *device)
{
	int fd = open(module, O_RDONLY);

	if (fd < 0 || syscall(SYS_finit_module, (long)fd, "", 0L)) {
		printf("Bail out! %s cannot be loaded\n", module);
		return -1;
	}
	close(fd);
	fd = open(device, O_RDWR);
	if (fd < 0)
		printf("Bail out! %s is not there\n", device);
	return fd;
}

#endif
