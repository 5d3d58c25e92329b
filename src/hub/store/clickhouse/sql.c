#include "hub/store/clickhouse/sql.h"

#include "hub/store/clickhouse/tables.h"

#include <inttypes.h>

void azm_sql_text(struct azm_buf *sql, azm_slice text)
{
    azm_buf_add_byte(sql, '\'');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\'' || c == '\\')
            azm_buf_add_byte(sql, '\\');
        if (c < ' ' || c == 0x7f)
            azm_buf_addf(sql, "\\x%02X", c);
        else
            azm_buf_add_byte(sql, c);
    }
    azm_buf_add_byte(sql, '\'');
}

void azm_sql_equal(struct azm_buf *sql, const char *column, azm_slice text)
{
    if (text.len == 0)
        return;
    azm_buf_addf(sql, " AND %s = ", column);
    azm_sql_text(sql, text);
}

void azm_sql_times(struct azm_buf *sql, int64_t since_us, int64_t until_us)
{
    if (since_us > 0)
        azm_buf_addf(sql, " AND slot >= %" PRId64 " AND start_us >= %" PRId64, azm_slot_of(since_us), since_us);
    if (until_us > 0)
        azm_buf_addf(sql, " AND slot <= %" PRId64 " AND start_us <= %" PRId64, azm_slot_of(until_us), until_us);
}

static void add_word(struct azm_buf *sql, azm_slice word, bool beginning)
{
    char room[AZM_WORD_MAX];
    size_t n = azm_word_fold(word, room);
    azm_buf_add_str(sql, beginning ? " AND arrayExists(w -> startsWith(w, " : " AND has(words, ");
    azm_sql_text(sql, azm_slice_of(room, n));
    azm_buf_add_str(sql, beginning ? "), words)" : ")");
}

static enum azm_status add_words(struct azm_buf *sql, azm_slice text, struct azm_error *err)
{
    azm_slice word;
    bool beginning;
    enum azm_status status;
    unsigned found = 0;
    while ((status = azm_words_asked(&text, &found, &word, &beginning, err)) == AZM_OK)
        add_word(sql, word, beginning);
    return status == AZM_END ? AZM_OK : status;
}

static enum azm_status add_status(struct azm_buf *sql, azm_slice text, struct azm_error *err)
{
    unsigned least, most;
    enum azm_status status = azm_words_status(text, &least, &most, err);
    if (status == AZM_OK)
        azm_buf_addf(sql, " AND status >= %u AND status <= %u AND status > 0", least, most);
    return status;
}

static void add_numbers(struct azm_buf *sql, const struct azm_event_filter *filter)
{
    if (filter->kind >= 0)
        azm_buf_addf(sql, " AND kind = %d", filter->kind);
    if (filter->outcome >= 0)
        azm_buf_addf(sql, " AND kind < 2 AND outcome = %d", filter->outcome);
    if (filter->coldstart)
        azm_buf_add_str(sql, " AND coldstart = 1");
    if (filter->group)
        azm_buf_addf(sql, " AND grp = %" PRId64, (int64_t)filter->group);
    if (filter->min_us > 0 || filter->max_us > 0)
        azm_buf_addf(sql, " AND kind < 2 AND duration_us >= %" PRId64, filter->min_us);
    if (filter->max_us > 0)
        azm_buf_addf(sql, " AND duration_us <= %" PRId64, filter->max_us);
}

enum azm_status azm_sql_event(struct azm_buf *sql, const struct azm_event_filter *filter, struct azm_error *err)
{
    enum azm_status status = filter->words.len ? add_words(sql, filter->words, err) : AZM_OK;
    if (status == AZM_OK && filter->status.len)
        status = add_status(sql, filter->status, err);
    azm_sql_equal(sql, "service", filter->service);
    azm_sql_equal(sql, "environment", filter->environment);
    azm_sql_equal(sql, "name", filter->name);
    azm_sql_equal(sql, "type", filter->type);
    azm_sql_equal(sql, "func", filter->function);
    azm_sql_equal(sql, "faas_trigger", filter->trigger);
    azm_sql_equal(sql, "operation", filter->operation);
    azm_sql_equal(sql, "if(kind < 2, '', result)", filter->level);
    add_numbers(sql, filter);
    for (size_t i = 0; i < filter->attribute_count; i++)
        azm_buf_addf(sql, " AND has(attributes, %" PRIu64 ")", azm_attribute_hash(&filter->attributes[i]));
    return status;
}
