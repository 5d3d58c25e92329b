/* Whole files and folders by path (UTF-8). Every failure is a sentence that names the path; any thread. */
#pragma once

#include "base/buf.h"

enum azm_file_kind { AZM_FILE_REGULAR, AZM_FILE_FOLDER, AZM_FILE_OTHER };

struct azm_file_info {
    enum azm_file_kind kind;
    uint64_t size; /* bytes, of a regular file */
    unsigned mode; /* POSIX permission bits; on Windows 0644 */
    int64_t modified_us;
};

/* Appends the file's content. AZM_TOO_BIG when out's ceiling is too low; out then keeps what it had before the call.
 * Only regular files are read: a pipe or device would wait or never end (AZM_UNSUPPORTED). */
enum azm_status azm_file_read(const char *path, struct azm_buf *out, struct azm_error *err) AZM_MUST_CHECK;

/* Puts the content there in one step: whoever opens path sees the old file or the whole new one, also after a crash.
 * Written beside it as "<path>.<pid>-<n>.tmp", synced, then renamed. mode: POSIX permission bits, 0600 or 0644 say;
 * on Windows the folder's permissions rule. */
enum azm_status azm_file_write(const char *path, azm_slice content, unsigned mode,
                               struct azm_error *err) AZM_MUST_CHECK;

/* The same, but not synced: whole also when we are killed, not when the machine is. */
enum azm_status azm_file_put(const char *path, azm_slice content, unsigned mode, struct azm_error *err) AZM_MUST_CHECK;

/* Adds to the end of the file, which is made with mode when there is none; never through a link. Short content goes in
 * in one piece, also between processes. */
enum azm_status azm_file_append(const char *path, azm_slice content, unsigned mode,
                                struct azm_error *err) AZM_MUST_CHECK;

/* Makes an empty or short marker file that must not exist yet: AZM_EXISTS when somebody was faster. For "once per ..."
 * decisions between processes. */
enum azm_status azm_file_claim(const char *path, azm_slice content, unsigned mode,
                               struct azm_error *err) AZM_MUST_CHECK;

bool azm_file_exists(const char *path); /* of any kind; a link to nothing does not */
enum azm_status azm_file_info(const char *path, struct azm_file_info *out, struct azm_error *err) AZM_MUST_CHECK;
/* A file or link; AZM_NOT_FOUND when there is none, which many callers take for success. */
enum azm_status azm_file_remove(const char *path, struct azm_error *err);
/* Replaces `to` when it exists. Both on one file system. */
enum azm_status azm_file_rename(const char *from, const char *to, struct azm_error *err) AZM_MUST_CHECK;

/* Makes the folder and those above it, where missing; one that is there already is fine. For folders that must be
 * private see os/private_dir.h. */
enum azm_status azm_dir_make(const char *path, unsigned mode, struct azm_error *err) AZM_MUST_CHECK;
/* Could we make files in this folder? Makes none. AZM_NOT_FOUND, AZM_DENIED (also: the disk is read-only). */
enum azm_status azm_dir_writable(const char *path, struct azm_error *err) AZM_MUST_CHECK;
/* An empty folder. */
enum azm_status azm_dir_remove(const char *path, struct azm_error *err);
/* Calls each() with every name in it but "." and "..", in no order, until it returns false. Names are borrowed for the
 * call. each() may remove the file it is told of. */
enum azm_status azm_dir_list(const char *path, bool (*each)(void *self, azm_slice name), void *self,
                             struct azm_error *err) AZM_MUST_CHECK;
