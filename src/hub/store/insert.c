#include "hub/store/insert.h"

#include "base/hex.h"
#include "hub/store/id.h"
#include "hub/store/stable_hash.h"
#include "hub/store/words.h"

#include <sqlite3.h>

/* ROW_BYTES: about what an event takes beside its body. CROSSING_US: for so long a trace may have begun in the
 * partition before, even when what comes first of it now has no parent. */
enum { ROW_BYTES = 250, CROSSING_US = 600 * 1000000, WORDS_BYTES = 6000 };

static const char process_sql[] =
    "INSERT INTO processes (metadata, service, environment, node, agent, from_host, first_us, last_us, events,"
    " coldstarts, memory_bytes, memory_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, 0, 0)"
    " ON CONFLICT (metadata) DO UPDATE SET last_us = max(last_us, excluded.last_us), events = events + excluded.events,"
    " coldstarts = coldstarts + excluded.coldstarts RETURNING id";

static const char event_sql[] =
    "INSERT INTO events_N (seq, kind, trace, id, parent, transaction_id, resource, start_us, duration_us,"
    " service, name, type, subtype, result, message, faas_trigger, function, target, culprit, operation, outcome, "
    "coldstart,"
    " status, grp, block, at, size)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (trace, id, resource) DO NOTHING";

static const char block_sql[] = "INSERT INTO blocks_N (block, size, data) VALUES (?, ?, ?)";
static const char words_sql[] = "INSERT INTO words_N (rowid, words) VALUES (?, ?)";

static const char count_sql[] =
    "INSERT INTO traces_N (trace, continues, change, start_us, root, coldstart, transactions, spans, errors, logs,"
    " failed) VALUES (?, ?, 0, ?, -1, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace) DO UPDATE SET"
    " coldstart = max(coldstart, excluded.coldstart), transactions = transactions + excluded.transactions,"
    " spans = spans + excluded.spans, errors = errors + excluded.errors, logs = logs + excluded.logs,"
    " failed = failed + excluded.failed";

/* The trace goes by its first transaction: one without a parent, else the earliest. */
static const char first_sql[] = "UPDATE traces_N SET transaction_id = ?1, change = ?2, start_us = ?3, root = ?4, "
                                "service = ?5, name = ?6, type = ?7,"
                                " duration_us = ?8, outcome = ?9, result = ?10, faas_trigger = ?11, function = ?12"
                                " WHERE trace = ?13 AND (root < ?4 OR root = ?4 AND start_us > ?3)";

static const char event_before_sql[] = "SELECT 1 FROM events_N WHERE trace = ? AND id = ? AND resource = ?";
static const char trace_before_sql[] = "SELECT 1 FROM traces_N WHERE trace = ?";

static const char group_sql[] =
    "INSERT INTO groups (grp, service, type, message, culprit, first_us, last_us, count, trace, id, seq, received_us)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, ?7, ?8, ?9, ?10) ON CONFLICT (grp) DO UPDATE SET count = count + 1,"
    " service = excluded.service, message = excluded.message, culprit = excluded.culprit,"
    " first_us = min(first_us, excluded.first_us), last_us = max(last_us, excluded.last_us), trace = excluded.trace,"
    " id = excluded.id, seq = excluded.seq, received_us = excluded.received_us";

static const char usage_sql[] =
    "INSERT INTO usage (day, service, transactions, spans, errors, logs, samples, bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (day, service) DO UPDATE SET"
    " transactions = transactions + ?3, spans = spans + ?4, errors = errors + ?5, logs = logs + ?6,"
    " samples = samples + ?7, bytes = bytes + ?8";

static const char usage_process_sql[] =
    "INSERT INTO usage_processes (day, service, process, memory_bytes) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (day, service, process) DO UPDATE SET memory_bytes = max(memory_bytes, excluded.memory_bytes)";

static const char memory_sql[] = "UPDATE processes SET memory_bytes = ?, memory_us = ? WHERE id = ?";
static const char series_sql[] =
    "INSERT INTO series (process, service, name, unit, labels) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (process, service, name, labels) DO UPDATE SET unit = excluded.unit RETURNING id";
static const char point_sql[] = "INSERT OR REPLACE INTO points_N (series, time_us, value) VALUES (?, ?, ?)";

struct prepared {
    struct azm_statement *statement;
    const char *sql;
};

static enum azm_status prepare(struct azm_insert *insert, const struct prepared *all, size_t count, int64_t partition,
                               struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < count && status == AZM_OK; i++) {
        azm_statement_dispose(all[i].statement);
        status = azm_partition_statement(all[i].statement, insert->db, all[i].sql, partition, err);
    }
    return status;
}

static enum azm_status prepare_partition(struct azm_insert *insert, struct azm_error *err)
{
    const struct prepared here[] = {{&insert->event, event_sql}, {&insert->block, block_sql},
                                    {&insert->words, words_sql}, {&insert->count, count_sql},
                                    {&insert->first, first_sql}, {&insert->point, point_sql}};
    const struct prepared before[] = {{&insert->event_before, event_before_sql},
                                      {&insert->trace_before, trace_before_sql}};
    enum azm_status status = prepare(insert, here, AZM_COUNT(here), insert->partition.id, err);
    if (status == AZM_OK)
        status = azm_marks_prepare(&insert->marks, insert->db, insert->partition.id, err);
    return status == AZM_OK && insert->before.id ? prepare(insert, before, AZM_COUNT(before), insert->before.id, err)
                                                 : status;
}

static enum azm_status ask(sqlite3 *db, const char *sql, int64_t partition, int64_t *out, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_partition_statement(&s, db, sql, partition, err);
    if (status == AZM_OK && (status = azm_statement_row(&s, err)) == AZM_OK)
        *out = azm_column_int(&s, 0);
    azm_statement_dispose(&s);
    return status;
}

static enum azm_status begin_partition(struct azm_insert *insert, int64_t id, int64_t now_us, struct azm_error *err)
{
    enum azm_status status = azm_partition_create(insert->db, id, now_us, err);
    insert->before = insert->partition;
    insert->partition = (struct azm_partition){.id = id, .opened_us = now_us};
    return status == AZM_OK ? prepare_partition(insert, err) : status;
}

/* Goes on where the database stands. */
static enum azm_status find_place(struct azm_insert *insert, int64_t now_us, struct azm_error *err)
{
    struct azm_partition_list list;
    enum azm_status status = azm_partitions_read(insert->db, &list, err);
    if (status != AZM_OK)
        return status;
    insert->partition = list.count > 0 ? list.items[0] : (struct azm_partition){.id = 0};
    insert->before = list.count > 1 ? list.items[1] : (struct azm_partition){.id = 0};
    for (size_t i = 0; i < list.count && i < 2 && status == AZM_OK; i++) { /* the newest may be empty */
        int64_t change = 0, seq = 0;
        status = ask(insert->db, "SELECT max(change) FROM traces_N", list.items[i].id, &change, err);
        if (status == AZM_OK)
            status = ask(insert->db, "SELECT max(seq) FROM events_N", list.items[i].id, &seq, err);
        insert->change = change > insert->change ? change : insert->change;
        insert->seq = seq > insert->seq ? seq : insert->seq;
    }
    azm_partitions_dispose(&list);
    if (status != AZM_OK)
        return status;
    return insert->partition.id ? prepare_partition(insert, err) : begin_partition(insert, 1, now_us, err);
}

static enum azm_status read_version(struct azm_insert *insert, int64_t *version, struct azm_error *err)
{
    enum azm_status status = azm_statement_row(&insert->data_version, err);
    if (status == AZM_OK)
        *version = azm_column_int(&insert->data_version, 0);
    azm_statement_reset(&insert->data_version);
    return status;
}

enum azm_status azm_insert_init(struct azm_insert *insert, sqlite3 *db, struct azm_partition_limits limits,
                                int64_t now_us, struct azm_error *err)
{
    *insert = (struct azm_insert){.db = db, .limits = limits, .change = now_us};
    const struct prepared all[] = {{&insert->process, process_sql},
                                   {&insert->group, group_sql},
                                   {&insert->usage, usage_sql},
                                   {&insert->usage_process, usage_process_sql},
                                   {&insert->memory, memory_sql},
                                   {&insert->series, series_sql},
                                   {&insert->data_version, "PRAGMA data_version"}};
    enum azm_status status = prepare(insert, all, AZM_COUNT(all), 0, err);
    if (status == AZM_OK)
        status = azm_rollup_new(db, &insert->rollup, err);
    if (status == AZM_OK)
        status = read_version(insert, &insert->version, err);
    if (status == AZM_OK)
        status = find_place(insert, now_us, err);
    if (status != AZM_OK)
        azm_insert_dispose(insert);
    return status;
}

void azm_insert_dispose(struct azm_insert *insert)
{
    struct azm_statement *const all[] = {
        &insert->process,       &insert->event,  &insert->block,        &insert->count,        &insert->first,
        &insert->words,         &insert->point,  &insert->series,       &insert->group,        &insert->usage,
        &insert->usage_process, &insert->memory, &insert->event_before, &insert->trace_before, &insert->data_version};
    for (size_t i = 0; i < AZM_COUNT(all); i++)
        azm_statement_dispose(all[i]);
    azm_marks_dispose(&insert->marks);
    azm_rollup_free(insert->rollup);
    insert->rollup = NULL;
}

enum azm_status azm_insert_rolled_back(struct azm_insert *insert, struct azm_error *err)
{
    azm_rollup_reset(insert->rollup);
    return find_place(insert, insert->change, err);
}

enum azm_status azm_insert_begin(struct azm_insert *insert, struct azm_error *err)
{
    int64_t version = 0;
    enum azm_status status = read_version(insert, &version, err);
    if (status != AZM_OK || version == insert->version)
        return status;
    insert->version = version;
    return azm_insert_rolled_back(insert, err);
}

enum azm_status azm_insert_turn(struct azm_insert *insert, int64_t now_us, struct azm_error *err)
{
    return insert->partition.events ? begin_partition(insert, insert->partition.id + 1, now_us, err) : AZM_OK;
}

static bool partition_is_done(const struct azm_insert *insert, int64_t now_us)
{
    const struct azm_partition *now = &insert->partition;
    const struct azm_partition_limits *limits = &insert->limits;
    return now->events > 0 && ((limits->bytes && now->bytes >= limits->bytes) ||
                               (limits->age_us && now_us - now->opened_us >= limits->age_us));
}

static bool is_there(struct azm_statement *s)
{
    bool there = azm_statement_row(s, NULL) == AZM_OK;
    azm_statement_reset(s);
    return there;
}

static bool trace_began_before(struct azm_insert *insert, const struct azm_trace_counts *run, int64_t received_us)
{
    bool young = received_us - insert->partition.opened_us < CROSSING_US;
    if (!insert->before.id || (run->rooted && !young))
        return false;
    azm_bind_id_key(&insert->trace_before, run->trace_id);
    return is_there(&insert->trace_before);
}

static enum azm_status flush_run(struct azm_insert *insert, int64_t received_us, struct azm_error *err)
{
    struct azm_trace_counts run = insert->run;
    insert->run = (struct azm_trace_counts){.start_us = 0};
    if (run.trace_id.len == 0)
        return AZM_OK;
    bool continues = trace_began_before(insert, &run, received_us);
    struct azm_statement *s = &insert->count;
    azm_bind_id_key(s, run.trace_id);
    azm_bind_int(s, continues);
    azm_bind_int(s, run.start_us);
    azm_bind_int(s, run.coldstart);
    azm_bind_int(s, run.transactions);
    azm_bind_int(s, run.spans);
    azm_bind_int(s, run.errors);
    azm_bind_int(s, run.logs);
    azm_bind_int(s, run.failed);
    return azm_statement_run(s, err);
}

static void count(struct azm_trace_counts *run, const struct azm_event *event)
{
    run->transactions += event->kind == AZM_EVENT_TRANSACTION;
    run->spans += event->kind == AZM_EVENT_SPAN;
    run->errors += event->kind == AZM_EVENT_ERROR;
    run->logs += event->kind == AZM_EVENT_LOG;
    run->failed += event->outcome == AZM_OUTCOME_FAILURE;
    run->coldstart = run->coldstart || event->coldstart;
    if (event->start_us < run->start_us)
        run->start_us = event->start_us;
}

static void widen(struct azm_partition *partition, int64_t start_us)
{
    if (partition->min_start_us == 0 || start_us < partition->min_start_us)
        partition->min_start_us = start_us;
    if (start_us > partition->max_start_us)
        partition->max_start_us = start_us;
}

static enum azm_status update_first(struct azm_insert *insert, const struct azm_event *event, struct azm_error *err)
{
    struct azm_statement *s = &insert->first;
    azm_bind_id_key(s, event->id);
    azm_bind_int(s, ++insert->change);
    azm_bind_int(s, event->start_us);
    azm_bind_int(s, event->parent_id.len == 0);
    azm_bind_key(s, event->service);
    azm_bind_text(s, event->name);
    azm_bind_text(s, event->type);
    azm_bind_int(s, event->duration_us);
    azm_bind_int(s, (int64_t)event->outcome);
    azm_bind_text(s, event->result);
    azm_bind_text(s, event->trigger);
    azm_bind_text(s, event->function);
    azm_bind_id_key(s, event->trace_id);
    return azm_statement_run(s, err);
}

static enum azm_status add_to_trace(struct azm_insert *insert, const struct azm_event *event, int64_t received_us,
                                    struct azm_error *err)
{
    if (event->trace_id.len == 0)
        return AZM_OK;
    enum azm_status status = AZM_OK;
    widen(&insert->partition, event->start_us);
    if (!azm_slice_eq(insert->run.trace_id, event->trace_id)) {
        status = flush_run(insert, received_us, err);
        insert->run = (struct azm_trace_counts){
            .trace_id = event->trace_id, .start_us = event->start_us, .rooted = event->parent_id.len == 0};
    }
    count(&insert->run, event);
    if (status != AZM_OK || event->kind != AZM_EVENT_TRANSACTION)
        return status;
    status = flush_run(insert, received_us, err); /* so that there is a row */
    return status == AZM_OK ? update_first(insert, event, err) : status;
}

static void bind_event(struct azm_statement *s, const struct azm_event *event, azm_slice id, int64_t process)
{
    azm_bind_int(s, (int64_t)event->kind);
    azm_bind_id_key(s, event->trace_id);
    azm_bind_id_key(s, id);
    azm_bind_id(s, event->parent_id);
    azm_bind_id(s, event->transaction_id);
    azm_bind_int(s, process);
    azm_bind_int(s, event->start_us);
    azm_bind_int(s, event->duration_us);
    azm_bind_key(s, event->service);
    const azm_slice texts[] = {event->name,    event->type,     event->subtype, event->result,  event->message,
                               event->trigger, event->function, event->target,  event->culprit, event->operation};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        azm_bind_text(s, texts[i]);
    azm_bind_int(s, (int64_t)event->outcome);
    azm_bind_int(s, event->coldstart);
    azm_bind_int(s, event->status);
    azm_bind_int(s, (int64_t)event->group);
}

static enum azm_status add_words(struct azm_insert *insert, const struct azm_event *event, azm_slice environment,
                                 struct azm_error *err)
{
    char storage[WORDS_BYTES];
    struct azm_buf text;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    azm_words_document(event, environment, &text);
    azm_bind_int(&insert->words, insert->seq);
    azm_bind_key(&insert->words, azm_buf_slice(&text));
    return azm_statement_run(&insert->words, err);
}

static enum azm_status add_to_group(struct azm_insert *insert, const struct azm_event *event, int64_t received_us,
                                    struct azm_error *err)
{
    if (event->kind != AZM_EVENT_ERROR || event->group == 0)
        return AZM_OK;
    struct azm_statement *s = &insert->group;
    azm_bind_int(s, (int64_t)event->group);
    azm_bind_key(s, event->service);
    azm_bind_text(s, event->name);
    azm_bind_text(s, event->message);
    azm_bind_text(s, event->culprit);
    azm_bind_int(s, event->start_us);
    azm_bind_id(s, event->trace_id);
    azm_bind_id(s, event->id);
    azm_bind_int(s, insert->seq);
    azm_bind_int(s, received_us);
    return azm_statement_run(s, err);
}

/* What one batch adds, on its way. */
struct adding {
    struct azm_insert *insert;
    const struct azm_batch *batch;
    int64_t process, block; /* block 0: not written yet */
    bool look_before;       /* events may be in the partition before */
    int64_t counts[4];      /* by kind */
    int64_t coldstarts;
};

static enum azm_status write_block(struct adding *adding, struct azm_error *err)
{
    struct azm_insert *insert = adding->insert;
    const struct azm_batch *batch = adding->batch;
    adding->block = insert->seq; /* of the first event in it: no other block has that */
    azm_bind_int(&insert->block, adding->block);
    azm_bind_int(&insert->block, (int64_t)batch->block_size);
    azm_bind_bytes(&insert->block, azm_buf_slice(&batch->block));
    insert->partition.bytes += (int64_t)batch->block.len;
    return azm_statement_run(&insert->block, err);
}

static bool was_before(struct adding *adding, const struct azm_event *event, azm_slice id)
{
    struct azm_statement *s = &adding->insert->event_before;
    if (!adding->look_before)
        return false;
    azm_bind_id_key(s, event->trace_id);
    azm_bind_id_key(s, id);
    azm_bind_int(s, adding->process);
    return is_there(s);
}

/* AZM_END: it is known. */
static enum azm_status write_event(struct adding *adding, const struct azm_event *event, struct azm_error *err)
{
    struct azm_insert *insert = adding->insert;
    struct azm_statement *s = &insert->event;
    char hash[16];
    azm_slice id = event->kind == AZM_EVENT_LOG ? azm_event_log_id(event, hash) : event->id;
    if (was_before(adding, event, id))
        return AZM_END;
    azm_bind_int(s, insert->seq + 1);
    bind_event(s, event, id, adding->process);
    azm_bind_int(s, adding->block ? adding->block : insert->seq + 1);
    azm_bind_int(s, (int64_t)event->at);
    azm_bind_int(s, (int64_t)event->raw.len);
    enum azm_status status = azm_statement_run(s, err);
    if (status != AZM_OK)
        return status;
    if (sqlite3_changes(insert->db) == 0)
        return AZM_END;
    insert->seq++;
    return adding->block ? AZM_OK : write_block(adding, err);
}

static enum azm_status add(struct adding *adding, const struct azm_event *event, struct azm_error *err)
{
    struct azm_insert *insert = adding->insert;
    enum azm_status status = write_event(adding, event, err);
    if (status == AZM_END)
        insert->known++;
    if (status != AZM_OK)
        return status == AZM_END ? AZM_OK : status;
    insert->added++;
    adding->counts[event->kind]++;
    adding->coldstarts += event->coldstart;
    insert->partition.events++;
    insert->partition.bytes += ROW_BYTES + (int64_t)(event->name.len + event->message.len);
    azm_rollup_add(insert->rollup, event, adding->batch);
    status = azm_marks_add(&insert->marks, event->start_us, insert->seq, err);
    if (status == AZM_OK)
        status = add_words(insert, event, adding->batch->environment, err);
    if (status == AZM_OK)
        status = add_to_group(insert, event, adding->batch->received_us, err);
    return status == AZM_OK ? add_to_trace(insert, event, adding->batch->received_us, err) : status;
}

static enum azm_status find_process(struct azm_insert *insert, const struct azm_batch *batch,
                                    const struct adding *added, int64_t *id, struct azm_error *err)
{
    struct azm_statement *s = &insert->process;
    int64_t events = 0;
    for (size_t i = 0; i < AZM_COUNT(added->counts); i++)
        events += added->counts[i];
    azm_bind_key(s, batch->metadata);
    azm_bind_key(s, batch->service);
    azm_bind_key(s, batch->environment);
    azm_bind_key(s, batch->node);
    azm_bind_key(s, batch->agent);
    azm_bind_int(s, batch->from_host);
    azm_bind_int(s, batch->received_us);
    azm_bind_int(s, events);
    azm_bind_int(s, added->coldstarts);
    enum azm_status status = azm_statement_row(s, err);
    if (status != AZM_OK)
        return status;
    *id = azm_column_int(s, 0);
    azm_statement_reset(s);
    return AZM_OK;
}

static enum azm_status add_sample(struct adding *adding, const struct azm_sample *sample, struct azm_error *err)
{
    struct azm_insert *insert = adding->insert;
    azm_bind_int(&insert->series, adding->process);
    azm_bind_key(&insert->series, sample->service);
    azm_bind_key(&insert->series, sample->name);
    azm_bind_key(&insert->series, sample->unit);
    azm_bind_key(&insert->series, sample->labels);
    enum azm_status status = azm_statement_row(&insert->series, err);
    if (status != AZM_OK)
        return status;
    azm_bind_int(&insert->point, azm_column_int(&insert->series, 0));
    azm_statement_reset(&insert->series);
    azm_bind_int(&insert->point, sample->time_us);
    azm_bind_real(&insert->point, sample->value);
    insert->partition.bytes += 30;
    return azm_statement_run(&insert->point, err);
}

static enum azm_status add_memory(struct adding *adding, double most, int64_t time_us, struct azm_error *err)
{
    struct azm_statement *s = &adding->insert->memory;
    if (most <= 0)
        return AZM_OK;
    azm_bind_int(s, (int64_t)most);
    azm_bind_int(s, time_us);
    azm_bind_int(s, adding->process);
    return azm_statement_run(s, err);
}

static enum azm_status add_samples(struct adding *adding, double *memory, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    int64_t time_us = 0;
    for (size_t i = 0; i < adding->batch->sample_count && status == AZM_OK; i++) {
        const struct azm_sample *sample = &adding->batch->samples[i];
        status = add_sample(adding, sample, err);
        if (!azm_sample_is_memory(sample->name))
            continue;
        *memory = sample->value > *memory ? sample->value : *memory;
        time_us = sample->time_us;
    }
    return status == AZM_OK ? add_memory(adding, *memory, time_us, err) : status;
}

static enum azm_status add_usage(struct adding *adding, double memory, struct azm_error *err)
{
    const struct azm_batch *batch = adding->batch;
    struct azm_statement *s = &adding->insert->usage, *p = &adding->insert->usage_process;
    int64_t day = batch->received_us / 86400000000;
    const int64_t values[] = {adding->counts[AZM_EVENT_TRANSACTION], adding->counts[AZM_EVENT_SPAN],
                              adding->counts[AZM_EVENT_ERROR],       adding->counts[AZM_EVENT_LOG],
                              (int64_t)batch->sample_count,          (int64_t)batch->bytes};
    azm_bind_int(s, day);
    azm_bind_key(s, batch->service);
    for (size_t i = 0; i < AZM_COUNT(values); i++)
        azm_bind_int(s, values[i]);
    enum azm_status status = azm_statement_run(s, err);
    azm_bind_int(p, day);
    azm_bind_key(p, batch->service);
    azm_bind_int(p, adding->process);
    azm_bind_int(p, (int64_t)memory);
    return status == AZM_OK ? azm_statement_run(p, err) : status;
}

static enum azm_status add_all(struct adding *adding, struct azm_error *err)
{
    const struct azm_batch *batch = adding->batch;
    struct azm_insert *insert = adding->insert;
    enum azm_status status = AZM_OK;
    double memory = 0;
    /* What is sent again comes as the same batches, so the first event tells about all. */
    adding->look_before = insert->before.id && batch->count;
    for (size_t i = 0; i < batch->count && status == AZM_OK; i++) {
        uint64_t known = insert->known;
        status = add(adding, &batch->events[i], err);
        if (i == 0)
            adding->look_before = adding->look_before && insert->known > known;
    }
    if (status == AZM_OK)
        status = flush_run(insert, batch->received_us, err);
    if (status == AZM_OK)
        status = azm_marks_flush(&insert->marks, err);
    if (status == AZM_OK)
        status = add_samples(adding, &memory, err);
    if (status == AZM_OK)
        status = find_process(insert, batch, adding, &adding->process, err); /* once more, now with the counts */
    return status == AZM_OK ? add_usage(adding, memory, err) : status;
}

enum azm_status azm_insert_batch(struct azm_insert *insert, const struct azm_batch *batch, struct azm_error *err)
{
    struct adding adding = {.insert = insert, .batch = batch};
    enum azm_status status = AZM_OK;
    if (batch->count == 0 && batch->sample_count == 0)
        return AZM_OK;
    insert->run = (struct azm_trace_counts){.start_us = 0};
    insert->marks.last = 0;
    if (partition_is_done(insert, batch->received_us))
        status = begin_partition(insert, insert->partition.id + 1, batch->received_us, err);
    if (status == AZM_OK)
        status = find_process(insert, batch, &adding, &adding.process, err);
    if (status == AZM_OK)
        status = add_all(&adding, err);
    if (batch->received_us > insert->partition.last_us)
        insert->partition.last_us = batch->received_us;
    return status;
}

enum azm_status azm_insert_end(struct azm_insert *insert, struct azm_error *err)
{
    enum azm_status status = azm_rollup_flush(insert->rollup, err);
    return status == AZM_OK ? azm_partition_save(insert->db, &insert->partition, err) : status;
}
