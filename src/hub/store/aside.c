#include "hub/store/aside.h"

#include "base/log.h"
#include "base/time.h"
#include "hub/store/statement.h"
#include "os/clock.h"
#include "os/file.h"

#include <sqlite3.h>
#include <stdio.h>

/* "2026-11-23T08:12:57", as a part of a file's name: without what Windows does not allow there. */
static void time_text(char out[16])
{
    char text[AZM_TIME_TEXT];
    size_t n = 0;
    azm_time_format(azm_clock_wall_us(), text);
    for (const char *c = text; *c && *c != '.' && n < 15; c++)
        if (*c != '-' && *c != ':')
            out[n++] = *c;
    out[n] = '\0';
}

enum azm_status azm_aside_put(const char *path, const char *why, struct azm_error *err)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char from[4200], to[4300], when[16];
    time_text(when);
    for (size_t i = 0; i < AZM_COUNT(ends); i++) {
        snprintf(from, sizeof from, "%s%s", path, ends[i]);
        snprintf(to, sizeof to, "%s.damaged-%s%s", path, when, ends[i]);
        if (azm_file_rename(from, to, NULL) != AZM_OK && i == 0)
            return azm_fail(err, AZM_IO, "%s is damaged (%s), and cannot be renamed to %s", from, why, to);
    }
    azm_log(ERROR, HUB, "%s is damaged (%s): it is kept as %s.damaged-%s, and a new one is begun", path, why, path,
            when);
    return AZM_OK;
}

static bool was_open(sqlite3 *db)
{
    struct azm_statement s;
    bool open = azm_statement_init(&s, db, "SELECT 1 FROM flags WHERE name = 'open' AND value = 1", NULL) == AZM_OK &&
                azm_statement_row(&s, NULL) == AZM_OK;
    azm_statement_dispose(&s);
    return open;
}

static enum azm_status look(sqlite3 *db, const char *path, struct azm_error *err)
{
    struct azm_statement s;
    azm_log(INFO, HUB, "%s was not closed the last time: checking it", path);
    enum azm_status status = azm_statement_init(&s, db, "PRAGMA quick_check(1)", err);
    if (status == AZM_OK)
        status = azm_statement_row(&s, err);
    azm_slice said = status == AZM_OK ? azm_column_text(&s, 0) : AZM_S("");
    if (status == AZM_OK && !azm_slice_eq(said, AZM_S("ok")))
        status = azm_fail(err, AZM_BAD_INPUT, "%.*s", AZM_FMT(azm_slice_take(said, 200)));
    azm_statement_dispose(&s);
    return status;
}

enum azm_status azm_aside_check(sqlite3 *db, const char *path, struct azm_error *err)
{
    enum azm_status status = was_open(db) ? look(db, path, err) : AZM_OK;
    return status == AZM_OK ? azm_statement_exec(db, "INSERT OR REPLACE INTO flags VALUES ('open', 1)", err) : status;
}

void azm_aside_closed(sqlite3 *db)
{
    if (azm_statement_exec(db, "INSERT OR REPLACE INTO flags VALUES ('open', 0)", NULL) != AZM_OK)
        azm_log(INFO, HUB, "the next start will check the database");
}
