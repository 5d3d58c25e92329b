/* A file as memory that two processes share: what a ring lies in. Whoever made the file holds a lock on it for as long
 * as the map is open, and loses it by dying: that lock, not a process number, tells a living writer from a dead one.
 * Touching the memory never raises SIGBUS: every block is on disk before the file is mapped. (Only a file that somebody
 * cuts short afterwards could; the folder is private, and we never do.) */
#pragma once

#include <stddef.h>

#include "base/status.h"

struct azm_map;

/* Makes the file (it must not exist: AZM_EXISTS), mode 0600, locks it, gives it size zeroed bytes and maps them with
 * all pages present. NULL: err->status is AZM_FULL when the disk, a quota or a file size limit has no room,
 * AZM_NOT_FOUND, AZM_DENIED, AZM_NO_MEMORY or AZM_IO otherwise; a half-made file is removed. Takes a
 * millisecond or two per MiB: not for the thread in the customer's path. A child forked without exec shares the lock,
 * so it must make a map of its own and close this one. */
struct azm_map *azm_map_create(const char *path, size_t size, struct azm_error *err);

/* Maps a file that another process made, whole. NULL: err->status is AZM_MORE while it is still empty (its maker has it
 * in hand, or died over it), AZM_TOO_BIG over max_size, AZM_UNSAFE when it is a link, not a regular file or not ours.
 */
struct azm_map *azm_map_open(const char *path, size_t max_size, struct azm_error *err);

/* Takes the maker's lock: AZM_OK when its holder is dead (or it is ours already), AZM_BUSY while it lives. It is held
 * until azm_map_close. */
enum azm_status azm_map_lock(struct azm_map *map, struct azm_error *err) AZM_MUST_CHECK;

void *azm_map_memory(const struct azm_map *map);
size_t azm_map_size(const struct azm_map *map);

/* Unmaps and gives up the lock; the file stays. NULL is fine. */
void azm_map_close(struct azm_map *map);
