#include "os/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"
#include "os/failure_posix.h"
#include "os/lock_posix.h"
#include "os/size_limit_posix.h"

struct azm_map {
    int fd;
    void *memory;
    size_t size;
    char path[]; /* for sentences */
};

static struct azm_map *map_new(int fd, const char *path, struct azm_error *err)
{
    size_t len = strlen(path) + 1;
    struct azm_map *map = malloc(sizeof *map + len);
    if (!map) {
        azm_fail(err, AZM_NO_MEMORY, "no memory to map %s", path);
        close(fd);
        return NULL;
    }
    *map = (struct azm_map){.fd = fd};
    memcpy(map->path, path, len);
    return map;
}

static enum azm_status allocate(const struct azm_map *map, size_t size, struct azm_error *err)
{
    int code = EFBIG;
    if (size <= INT64_MAX && !azm_os_over_size_limit(size)) {
        do {
            code = posix_fallocate(map->fd, 0, (off_t)size);
        } while (code == EINTR);
    }
    return code ? azm_os_fail(err, code, "no room for the %zu bytes of %s", size, map->path) : AZM_OK;
}

static enum azm_status map_memory(struct azm_map *map, size_t size, struct azm_error *err)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, map->fd, 0);
    if (memory == MAP_FAILED)
        return azm_os_fail(err, errno, "cannot map the %zu bytes of %s", size, map->path);
    map->memory = memory;
    map->size = size;
    return AZM_OK;
}

/* MAP_POPULATE makes a shared file's pages readable only: the first store into each would still be a fault. Where the
 * kernel is too old (before 5.14) that is what happens. */
static void make_writable(const struct azm_map *map)
{
#ifdef MADV_POPULATE_WRITE
    madvise(map->memory, map->size, MADV_POPULATE_WRITE);
#else
    (void)map;
#endif
}

struct azm_map *azm_map_create(const char *path, size_t size, struct azm_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        azm_os_fail(err, errno, "cannot make %s", path);
        return NULL;
    }
    struct azm_map *map = map_new(fd, path, err);
    /* Locked while it is still empty, when azm_map_open refuses it: so nobody can take the lock before its maker. */
    enum azm_status status = map ? azm_os_lock(fd, path, err) : AZM_NO_MEMORY;
    if (status == AZM_OK)
        status = allocate(map, size, err);
    if (status == AZM_OK)
        status = map_memory(map, size, err);
    if (status == AZM_OK) {
        make_writable(map);
        return map;
    }
    unlink(path);
    azm_map_close(map);
    return NULL;
}

static enum azm_status check(const struct azm_map *map, const struct stat *st, size_t max_size, struct azm_error *err)
{
    if (!S_ISREG(st->st_mode))
        return azm_fail(err, AZM_UNSAFE, "%s is not a regular file", map->path);
    if (st->st_uid != geteuid())
        return azm_fail(err, AZM_UNSAFE, "%s belongs to user %lu; expected it to be ours, user %lu", map->path,
                        (unsigned long)st->st_uid, (unsigned long)geteuid());
    if (st->st_size == 0)
        return azm_fail(err, AZM_MORE, "%s is empty: not made yet", map->path);
    if ((uint64_t)st->st_size > max_size)
        return azm_fail(err, AZM_TOO_BIG, "%s has %lld bytes; expected at most %zu", map->path, (long long)st->st_size,
                        max_size);
    return AZM_OK;
}

struct azm_map *azm_map_open(const char *path, size_t max_size, struct azm_error *err)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        azm_os_fail(err, errno, "cannot open %s", path);
        return NULL;
    }
    struct azm_map *map = map_new(fd, path, err);
    enum azm_status status = AZM_NO_MEMORY;
    if (map)
        status =
            fstat(fd, &st) == 0 ? check(map, &st, max_size, err) : azm_os_fail(err, errno, "cannot examine %s", path);
    if (status == AZM_OK)
        status = map_memory(map, (size_t)st.st_size, err);
    if (status == AZM_OK)
        return map;
    azm_map_close(map);
    return NULL;
}

enum azm_status azm_map_lock(struct azm_map *map, struct azm_error *err)
{
    return azm_os_lock(map->fd, map->path, err);
}

void *azm_map_memory(const struct azm_map *map)
{
    return map->memory;
}

size_t azm_map_size(const struct azm_map *map)
{
    return map->size;
}

void azm_map_close(struct azm_map *map)
{
    if (!map)
        return;
    if (map->memory)
        munmap(map->memory, map->size);
    close(map->fd);
    free(map);
}
