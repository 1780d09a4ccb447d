// What Swift cannot import of Linux: a function with a variable number of arguments, and GNU functions.

#pragma once

#include <spawn.h>
#include <sys/prctl.h>

/// Makes this process the parent of descendants whose own parent ends.
static inline int trawl_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

/// POSIX_SPAWN_SETSID
static const short trawl_spawn_setsid = 0x80;
