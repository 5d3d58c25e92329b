#include "hub/store/reader_parts.h"

#include "hub/store/schema.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <zlib.h>

enum { BLOCK_MAX = 1 << 30 };

static const struct azm_reader_kind kind = {
    .close = azm_sqlite_close,
    .begin = azm_sqlite_begin,
    .end = azm_sqlite_end,
    .traces = azm_sqlite_traces,
    .trace = azm_sqlite_trace,
    .last_change = azm_sqlite_last_change,
    .changes = azm_sqlite_changes,
    .events = azm_sqlite_events,
    .processes = azm_sqlite_processes,
    .find_events = azm_sqlite_find_events,
    .sums = azm_sqlite_sums,
    .groups = azm_sqlite_groups,
    .process_rows = azm_sqlite_process_rows,
    .usage = azm_sqlite_usage,
    .calls = azm_sqlite_calls,
    .extent = azm_sqlite_extent,
};

enum azm_status azm_reader_open(const char *path, struct azm_reader **out, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a reader");
    reader->base.kind = &kind;
    azm_arena_init(&reader->operations.arena, 0);
    azm_buf_init(&reader->block, BLOCK_MAX);
    enum azm_status status = azm_schema_open_reader(path, &reader->db, err);
    if (status == AZM_OK)
        *out = &reader->base;
    else
        free(reader);
    return status;
}

static void forget_statements(struct azm_sqlite_reader *reader)
{
    while (reader->kept_count) {
        struct azm_kept_statement *kept = reader->kept[--reader->kept_count];
        azm_statement_dispose(&kept->statement);
        free(kept);
    }
}

void azm_sqlite_close(struct azm_reader *base)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    forget_statements(reader);
    free(reader->kept);
    azm_partitions_dispose(&reader->partitions);
    azm_operations_dispose(&reader->operations);
    azm_buf_dispose(&reader->block);
    azm_schema_close(reader->db);
    free(reader);
}

enum azm_status azm_sqlite_begin(struct azm_reader *base, struct azm_error *err)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    if (reader->depth++ > 0)
        return AZM_OK;
    reader->block_id = 0;
    enum azm_status status = azm_statement_exec(reader->db, "BEGIN", err);
    if (status == AZM_OK)
        status = azm_partitions_read(reader->db, &reader->partitions, err);
    return status;
}

void azm_sqlite_end(struct azm_reader *base)
{
    struct azm_sqlite_reader *reader = azm_sqlite_reader(base);
    if (--reader->depth > 0)
        return;
    azm_partitions_dispose(&reader->partitions);
    if (reader->kept_count > AZM_READER_STATEMENTS)
        forget_statements(reader);
    if (!sqlite3_get_autocommit(reader->db))
        sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL);
}

static bool make_room(struct azm_sqlite_reader *reader)
{
    if (reader->kept_count < reader->kept_cap)
        return true;
    size_t cap = reader->kept_cap ? reader->kept_cap * 2 : 64;
    struct azm_kept_statement **kept = realloc(reader->kept, cap * sizeof(struct azm_kept_statement *));
    if (!kept)
        return false;
    reader->kept = kept;
    reader->kept_cap = cap;
    return true;
}

static enum azm_status keep_statement(struct azm_sqlite_reader *reader, const char *sql, int64_t partition,
                                      struct azm_statement **out, struct azm_error *err)
{
    struct azm_kept_statement *kept = make_room(reader) ? calloc(1, sizeof *kept) : NULL;
    if (!kept)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a statement");
    *kept = (struct azm_kept_statement){.sql = sql, .partition = partition};
    enum azm_status status = azm_partition_statement(&kept->statement, reader->db, sql, partition, err);
    if (status != AZM_OK) {
        free(kept);
        return status;
    }
    reader->kept[reader->kept_count++] = kept;
    *out = &kept->statement;
    return AZM_OK;
}

enum azm_status azm_reader_statement(struct azm_sqlite_reader *reader, const char *sql, int64_t partition,
                                     struct azm_statement **out, struct azm_error *err)
{
    for (size_t i = 0; i < reader->kept_count; i++) {
        if (reader->kept[i]->sql == sql && reader->kept[i]->partition == partition) {
            *out = &reader->kept[i]->statement;
            return AZM_OK;
        }
    }
    return keep_statement(reader, sql, partition, out, err);
}

static enum azm_status unpack(struct azm_sqlite_reader *reader, azm_slice data, size_t size, struct azm_error *err)
{
    azm_buf_clear(&reader->block);
    if (data.len == size) {
        azm_buf_add(&reader->block, data);
        return AZM_OK;
    }
    char *room = azm_buf_reserve(&reader->block, size);
    uLongf got = (uLongf)size;
    if (!room)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a block of %zu bytes", size);
    if (uncompress((Bytef *)room, &got, (const Bytef *)data.ptr, (uLong)data.len) != Z_OK || got != size)
        return azm_fail(err, AZM_BAD_INPUT, "a block of events is damaged");
    reader->block.len = size;
    return AZM_OK;
}

static enum azm_status read_block(struct azm_sqlite_reader *reader, int64_t partition, int64_t id,
                                  struct azm_error *err)
{
    struct azm_statement *s = NULL;
    if (reader->block_id == id && reader->block_partition == partition)
        return AZM_OK;
    reader->block_id = 0;
    enum azm_status status =
        azm_reader_statement(reader, "SELECT size, data FROM blocks_N WHERE block = ?", partition, &s, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(s, id);
    status = azm_statement_row(s, err);
    if (status == AZM_END)
        return azm_fail(err, AZM_BAD_INPUT, "a block of events is missing");
    if (status == AZM_OK)
        status = unpack(reader, azm_column_bytes(s, 1), (size_t)azm_column_int(s, 0), err);
    azm_statement_reset(s);
    if (status != AZM_OK)
        return status;
    reader->block_id = id;
    reader->block_partition = partition;
    return AZM_OK;
}

static enum azm_status read_raw(struct azm_sqlite_reader *reader, const struct azm_statement *s, int64_t partition,
                                azm_slice *raw, struct azm_error *err)
{
    enum azm_status status = read_block(reader, partition, azm_column_int(s, 24), err);
    uint64_t at = (uint64_t)azm_column_int(s, 25), size = (uint64_t)azm_column_int(s, 26);
    if (status != AZM_OK)
        return status;
    if (at > reader->block.len || size > reader->block.len - at)
        return azm_fail(err, AZM_BAD_INPUT, "a block of events is shorter than its events");
    *raw = azm_slice_of(reader->block.ptr + at, (size_t)size);
    return AZM_OK;
}

enum azm_status azm_reader_row_of(struct azm_sqlite_reader *reader, const struct azm_statement *s, int64_t partition,
                                  bool with_raw, struct azm_event_ids *ids, struct azm_event_row *row,
                                  struct azm_error *err)
{
    *row = (struct azm_event_row){.seq = azm_column_int(s, 0),
                                  .process = azm_column_int(s, 6),
                                  .event = {.kind = (enum azm_event_kind)azm_column_int(s, 1),
                                            .trace_id = azm_column_id(s, 2, ids->trace),
                                            .id = azm_column_id(s, 3, ids->id),
                                            .parent_id = azm_column_id(s, 4, ids->parent),
                                            .transaction_id = azm_column_id(s, 5, ids->transaction),
                                            .start_us = azm_column_int(s, 7),
                                            .duration_us = azm_column_int(s, 8),
                                            .service = azm_column_text(s, 9),
                                            .name = azm_column_text(s, 10),
                                            .type = azm_column_text(s, 11),
                                            .subtype = azm_column_text(s, 12),
                                            .result = azm_column_text(s, 13),
                                            .message = azm_column_text(s, 14),
                                            .trigger = azm_column_text(s, 15),
                                            .function = azm_column_text(s, 16),
                                            .target = azm_column_text(s, 17),
                                            .culprit = azm_column_text(s, 18),
                                            .operation = azm_column_text(s, 19),
                                            .outcome = (enum azm_outcome)azm_column_int(s, 20),
                                            .coldstart = azm_column_int(s, 21) != 0,
                                            .status = (unsigned)azm_column_int(s, 22),
                                            .group = (uint64_t)azm_column_int(s, 23)}};
    return with_raw ? read_raw(reader, s, partition, &row->event.raw, err) : AZM_OK;
}
