/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VDE folder: where the control socket "ctl" and the data sockets of the
 * ports lie, and mostly those of the clients too.
 */
#ifndef UML_ROUTER_VDE_FOLDER_H
#define UML_ROUTER_VDE_FOLDER_H

#include <stdbool.h>
#include <sys/un.h>

#include "backend.h"
#include "common/err.h"
#include "common/unixsock.h"

/** Room for the path of a socket in the folder. */
#define VDE_PATH_LEN sizeof(((struct sockaddr_un *)0)->sun_path)

/**
 * struct vde_folder - A folder in use
 * @path:	absolute, malloc'ed
 * @fd:		the folder itself (O_PATH)
 * @made:	it was not there before
 * @perm:	mode and group of the sockets in it
 * @users:	who holds it
 */
struct vde_folder {
	char *path;
	int fd;
	bool made;
	struct unixsock_perm perm;
	unsigned int users;
};

/**
 * vde_folder_open() - Make a folder, or take one that is there
 * @spec:	its address is the path
 * @err:	filled on failure
 *
 * One that was made is the caller's alone until vde_folder_admit().
 *
 * Return: the folder with one user, or NULL with @err set and nothing made
 */
struct vde_folder *vde_folder_open(const struct port_spec *spec,
				   struct err *err);

/**
 * vde_folder_admit() - Let the clients in
 * @folder:	the folder
 * @ctl:	its control socket
 * @spec:	dirmode=, mode, group, and the user that the switch becomes
 * @err:	filled on failure
 *
 * A folder that was there before is left as it is, unless dirmode= is given.
 *
 * Return: 0, or -1 with @err set
 */
int vde_folder_admit(struct vde_folder *folder,
		     const struct unixsock_listener *ctl,
		     const struct port_spec *spec, struct err *err);

/**
 * vde_folder_bind() - Name a data socket in the folder
 * @folder:	the folder
 * @number:	of its port
 * @fd:		the socket
 * @data:	filled as by unixsock_bind()
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set; @fd is then still the caller's
 */
int vde_folder_bind(const struct vde_folder *folder, unsigned int number,
		    int fd, struct unixsock_listener *data, struct err *err);

/** vde_folder_hold() - One user more */
struct vde_folder *vde_folder_hold(struct vde_folder *folder);

/** vde_folder_put() - One user less; the last one removes what was made */
void vde_folder_put(struct vde_folder *folder);

#endif /* UML_ROUTER_VDE_FOLDER_H */
