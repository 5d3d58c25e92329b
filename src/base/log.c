#include "base/log.h"

#include "base/time.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {
#define LEVEL(name, text) text,
    AZM_LOG_LEVEL_MAP(LEVEL)
#undef LEVEL
};
static const char *const area_names[] = {
#define AREA(name, text) text,
    AZM_LOG_AREA_MAP(AREA)
#undef AREA
};

static void to_stderr(void *self, enum azm_log_level level, const char *line)
{
    (void)self;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static struct {
    _Atomic int level;
    azm_log_sink *sink;
    void *self;
    atomic_flag busy;
} out = {AZM_LOG_WARN, to_stderr, NULL, ATOMIC_FLAG_INIT};

void azm_log_setup(enum azm_log_level level, azm_log_sink *sink, void *self)
{
    out.level = (int)level;
    out.sink = sink ? sink : to_stderr;
    out.self = self;
}

bool azm_log_level_parse(const char *text, enum azm_log_level *level)
{
    for (size_t i = 0; i < AZM_COUNT(level_names); i++)
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum azm_log_level)i;
            return true;
        }
    if (strcmp(text, "critical") == 0 || strcmp(text, "off") == 0) {
        *level = text[0] == 'o' ? AZM_LOG_OFF : AZM_LOG_ERROR;
        return true;
    }
    return false;
}

bool azm_log_on(enum azm_log_level level, enum azm_log_area area)
{
    (void)area;
    return (int)level <= out.level;
}

void azm_log_write(enum azm_log_level level, enum azm_log_area area, const char *fmt, ...)
{
    char line[1024];
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    size_t n = azm_time_format((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, line);
    n += (size_t)snprintf(line + n, sizeof line - n, " %s %s: ", level_names[level], area_names[area]);
    va_list args;
    va_start(args, fmt);
    vsnprintf(line + n, sizeof line - n, fmt, args);
    va_end(args);
    for (char *c = line; *c; c++) /* foreign text must not forge lines */
        if ((unsigned char)*c < ' ' && *c != '\t')
            *c = '?';
    while (atomic_flag_test_and_set_explicit(&out.busy, memory_order_acquire))
        ;
    out.sink(out.self, level, line);
    atomic_flag_clear_explicit(&out.busy, memory_order_release);
}
