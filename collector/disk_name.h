/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * disk_name - which block device is which, from sysfs (Documentation/ABI/
 * stable/sysfs-block): whole disks, what a disk is made of.
 *
 * Names are the kernel's ("sda", "dm-0", "cciss/c0d0"); sysfs spells '/' as '!'.
 */

#include "graph/base/err.h"

#define RCA_DISK_NAME 32

/** rca_disk_whole() - name of the whole disk that device @major:@minor is or is
 * a part of. 0; -ENOENT: sysfs @sys does not have it; -ENAMETOOLONG */
RCA_MUST_CHECK int rca_disk_whole(const char *sys, unsigned major,
                                  unsigned minor, char ret_name[RCA_DISK_NAME]);

/** rca_disk_name() - the same, but of a partition its own name */
RCA_MUST_CHECK int rca_disk_name(const char *sys, unsigned major,
                                 unsigned minor, char ret_name[RCA_DISK_NAME]);

/** rca_disk_of_node() - the same for the block device node @path ("/dev/sda1");
 * -ENOTBLK if it is none */
RCA_MUST_CHECK int rca_disk_of_node(const char *sys, const char *path,
                                    char ret_name[RCA_DISK_NAME]);

/** rca_disk_is_whole() - whether @name is in sysfs' list of whole disks; true
 * where there is no such list */
_Bool rca_disk_is_whole(const char *sys, const char *name);

/** rca_disk_found - @on: a whole disk on which the asked one lies */
typedef void rca_disk_found(void *arg, const char *on);

/** rca_disk_below() - the whole disks that disk @name lies on: those of a
 * device mapper or RAID disk, and the one that holds the file of a loop device;
 * none for a disk of its own. A file of sysfs or two each. */
void rca_disk_below(const char *sys, const char *name, rca_disk_found *found,
                    void *arg);
