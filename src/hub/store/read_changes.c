#include "hub/store/reader_parts.h"

static const char last_change_sql[] = "SELECT max(change) FROM traces_N";
static const char changes_sql[] =
    "SELECT change, service FROM traces_N WHERE change > ?1 ORDER BY change DESC LIMIT ?2";

enum azm_status azm_sqlite_last_change(struct azm_reader *base, int64_t *change, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    *change = 0;
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    const struct azm_partition_list *all = &reader->partitions;
    for (size_t i = 0; i < all->count && i < 2 && status == AZM_OK; i++) { /* the newest may be empty */
        struct azm_statement *s;
        status = azm_reader_statement(reader, last_change_sql, all->items[i].id, &s, err);
        if (status != AZM_OK || (status = azm_statement_row(s, err)) != AZM_OK)
            break;
        *change = azm_column_int(s, 0) > *change ? azm_column_int(s, 0) : *change;
        azm_statement_reset(s);
    }
    azm_sqlite_end(&reader->base);
    return status;
}

static enum azm_status count_changes(struct azm_sqlite_reader *reader, int64_t partition, int64_t after,
                                     azm_slice service, int64_t keep, struct azm_changes *out, struct azm_error *err)
{
    struct azm_statement *s;
    enum azm_status status = azm_reader_statement(reader, changes_sql, partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, after);
    azm_bind_int(s, AZM_READ_AT_MOST - out->count);
    while ((status = azm_statement_row(s, err)) == AZM_OK) {
        int64_t change = azm_column_int(s, 0);
        out->last = change > out->last ? change : out->last;
        if (service.len && !azm_slice_eq(azm_column_text(s, 1), service))
            continue;
        if (out->count++ == keep)
            out->from = change;
    }
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_sqlite_changes(struct azm_reader *base, int64_t after, azm_slice service, int64_t keep,
                                   struct azm_changes *out, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    *out = (struct azm_changes){.from = after, .last = after};
    enum azm_status status = azm_sqlite_begin(&reader->base, err);
    for (size_t i = 0; i < reader->partitions.count && status == AZM_OK; i++)
        status = count_changes(reader, reader->partitions.items[i].id, after, service, keep, out, err);
    azm_sqlite_end(&reader->base);
    return status;
}
