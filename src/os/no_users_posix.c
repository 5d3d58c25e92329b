/* For static programs only. libuv brings uv_os_homedir(), which nobody here calls, and with it glibc's user database,
 * which would load shared libraries into a program that has none. */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>

int getpwuid_r(uid_t uid, struct passwd *entry, char *text, size_t size, struct passwd **found)
{
    (void)uid;
    (void)entry;
    (void)text;
    (void)size;
    *found = NULL;
    return ENOSYS;
}
