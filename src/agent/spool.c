#include "agent/spool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/leftovers.h"
#include "base/log.h"
#include "export/gzip.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"
#include "ring/record.h"

#define BLOCK      4096u /* what a file takes at least */
#define KEY_MAX    65536u
#define PATH_BYTES 700u
#define SECOND_US  INT64_C(1000000)

const char *const azm_loss_names[AZM_LOSS_COUNT] = {"spool_full", "damaged", "poisoned"};

struct azm_spool_batch {
    struct azm_spool_batch *next; /* the next younger one of its line */
    uint64_t serial, bytes, events;
    char ring[64];
    bool in_hand;
    unsigned failures, strikes;
    uint64_t taken_then; /* of the line, when it failed last */
    int64_t aside_until_us;
};

struct azm_spool_line {
    struct azm_spool_line *next;
    struct azm_spool *spool;
    char format[AZM_SEGMENT_NAME_MAX + 1];
    struct azm_buf key;
    struct azm_spool_batch *first, *last; /* oldest first */
    uint64_t batches, events, taken;
};

struct azm_spool {
    char dir[600];
    azm_spool_lost *lost;
    void *self;
    struct azm_mutex mutex; /* guards the lists and what follows */
    struct azm_spool_line *lines;
    struct azm_spool_state state;
    uint64_t serial;      /* of the next */
    struct azm_mutex pen; /* guards these; taken before the other */
    struct azm_gzip *gzip;
    struct azm_buf packed, file;
};

static void path_of(const struct azm_spool *spool, uint64_t serial, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%020" PRIu64 ".batch", spool->dir, serial);
}

static uint64_t on_disk(uint64_t file_bytes)
{
    return (file_bytes + BLOCK - 1) / BLOCK * BLOCK;
}

/* --- lists, with the mutex held --- */

static void insert(struct azm_spool_line *line, struct azm_spool_batch *batch)
{
    struct azm_spool_batch **at = &line->first;
    if (line->last && line->last->serial < batch->serial)
        at = &line->last->next;
    while (*at && (*at)->serial < batch->serial)
        at = &(*at)->next;
    batch->next = *at;
    *at = batch;
    if (!batch->next)
        line->last = batch;
    line->batches++;
    line->events += batch->events;
    line->spool->state.batches++;
    line->spool->state.events += batch->events;
}

static void remove_batch(struct azm_spool_line *line, struct azm_spool_batch *batch)
{
    struct azm_spool_batch **at = &line->first, *before = NULL;
    while (*at != batch) {
        before = *at;
        at = &before->next;
    }
    *at = batch->next;
    if (line->last == batch)
        line->last = before;
    line->batches--;
    line->events -= batch->events;
    line->spool->state.batches--;
    line->spool->state.events -= batch->events;
    line->spool->state.bytes -= batch->bytes;
}

static struct azm_spool_line *find_line(struct azm_spool *spool, azm_slice key)
{
    struct azm_spool_line *line = spool->lines;
    while (line && !azm_slice_eq(azm_buf_slice(&line->key), key))
        line = line->next;
    return line;
}

/* Takes the key. */
static struct azm_spool_line *add_line(struct azm_spool *spool, const char *format, struct azm_buf *key)
{
    struct azm_spool_line *line = calloc(1, sizeof *line);
    if (!line)
        abort();
    line->spool = spool;
    line->key = *key;
    snprintf(line->format, sizeof line->format, "%s", format);
    line->next = spool->lines;
    spool->lines = line;
    azm_buf_init(key, KEY_MAX);
    return line;
}

/* The oldest of all that nobody has in hand. */
static struct azm_spool_batch *oldest(const struct azm_spool *spool, struct azm_spool_line **of)
{
    struct azm_spool_batch *found = NULL;
    for (struct azm_spool_line *line = spool->lines; line; line = line->next) {
        struct azm_spool_batch *batch = line->first;
        while (batch && batch->in_hand)
            batch = batch->next;
        if (batch && (!found || batch->serial < found->serial)) {
            found = batch;
            *of = line;
        }
    }
    return found;
}

/* --- files, without the mutex --- */

static void erase(const struct azm_spool *spool, uint64_t serial)
{
    char path[PATH_BYTES];
    struct azm_error err;
    path_of(spool, serial, path);
    enum azm_status status = azm_file_remove(path, &err);
    if (status != AZM_OK && status != AZM_NOT_FOUND)
        azm_log(ERROR, EXPORT, "doctor: a batch that is done with will be sent again: %s", err.text);
}

/* It is in no list any more. */
static void lose(const struct azm_spool *spool, struct azm_spool_batch *batch, enum azm_loss loss)
{
    erase(spool, batch->serial);
    azm_log(WARN, EXPORT, "doctor: %" PRIu64 " events of %s are lost: %s", batch->events, batch->ring,
            loss == AZM_LOSS_SPOOL_FULL ? "the spool is full, these were the oldest"
            : loss == AZM_LOSS_DAMAGED  ? "their batch in the spool is damaged"
                                        : "the server fails on their batch and takes others");
    spool->lost(spool->self, batch->ring, batch->events, loss);
    free(batch);
}

/* Room for so much, or AZM_FULL. */
static enum azm_status reserve(struct azm_spool *spool, uint64_t bytes, uint64_t *serial)
{
    struct azm_spool_batch *victims = NULL, **last = &victims, *victim;
    struct azm_spool_line *line = NULL;
    azm_mutex_lock(&spool->mutex);
    bool fits = bytes <= spool->state.max_bytes;
    while (fits && spool->state.bytes + bytes > spool->state.max_bytes) {
        victim = oldest(spool, &line);
        fits = victim != NULL;
        if (!victim)
            break;
        remove_batch(line, victim);
        victim->next = NULL;
        *last = victim;
        last = &victim->next;
    }
    if (fits)
        spool->state.bytes += bytes;
    *serial = spool->serial++;
    azm_mutex_unlock(&spool->mutex);
    while ((victim = victims)) {
        victims = victim->next;
        lose(spool, victim, AZM_LOSS_SPOOL_FULL);
    }
    return fits ? AZM_OK : AZM_FULL;
}

/* With the pen. */
static enum azm_status encode(struct azm_spool *spool, const char *format, const struct azm_spool_item *item)
{
    azm_buf_clear(&spool->packed);
    azm_buf_clear(&spool->file);
    if (item->body.len > AZM_SEGMENT_BODY)
        return AZM_TOO_BIG;
    enum azm_status status = azm_gzip_add(spool->gzip, item->body, &spool->packed);
    const struct azm_segment segment = {.format = azm_slice_str(format),
                                        .ring = azm_slice_take(item->ring, AZM_SEGMENT_NAME_MAX),
                                        .user_agent = azm_slice_take(item->user_agent, AZM_SEGMENT_AGENT),
                                        .source = item->source,
                                        .body = azm_buf_slice(&spool->packed),
                                        .plain_bytes = (uint32_t)item->body.len,
                                        .events = (uint32_t)item->events,
                                        .made_us = azm_clock_wall_us()};
    return status == AZM_OK ? azm_segment_write(&spool->file, &segment) : status;
}

static void note_writing(struct azm_spool *spool, enum azm_status status, const char *problem)
{
    azm_mutex_lock(&spool->mutex);
    bool news = spool->state.failing != (status != AZM_OK);
    spool->state.failing = status != AZM_OK;
    snprintf(spool->state.problem, sizeof spool->state.problem, "%.255s", status == AZM_OK ? "" : problem);
    azm_mutex_unlock(&spool->mutex);
    if (news && status != AZM_OK)
        azm_log(WARN, EXPORT, "doctor: nothing can be kept in the spool, events stay in the rings: %s", problem);
    else if (news)
        azm_log(INFO, EXPORT, "the spool keeps events again");
}

static enum azm_status write_file(struct azm_spool *spool, uint64_t serial, uint64_t bytes, struct azm_error *err)
{
    char path[PATH_BYTES];
    path_of(spool, serial, path);
    enum azm_status status = azm_file_put(path, azm_buf_slice(&spool->file), 0600, err);
    if (status == AZM_OK)
        return AZM_OK;
    azm_mutex_lock(&spool->mutex);
    spool->state.bytes -= bytes;
    azm_mutex_unlock(&spool->mutex);
    return status;
}

/* With the pen. */
static enum azm_status put(struct azm_spool *spool, const char *format, const struct azm_spool_item *item,
                           uint64_t *serial, uint64_t *bytes, struct azm_error *err)
{
    if (encode(spool, format, item) != AZM_OK)
        return azm_fail(err, AZM_TOO_BIG, "a batch of %zu bytes is too large to be kept", item->body.len);
    *bytes = on_disk(spool->file.len);
    if (reserve(spool, *bytes, serial) != AZM_OK)
        return azm_fail(err, AZM_FULL, "a batch of %" PRIu64 " bytes does not fit into the spool's %" PRIu64, *bytes,
                        spool->state.max_bytes);
    return write_file(spool, *serial, *bytes, err);
}

enum azm_status azm_spool_put(struct azm_spool_line *line, const struct azm_spool_item *item,
                              struct azm_spool_batch **in_hand, struct azm_error *err)
{
    struct azm_spool *spool = line->spool;
    struct azm_error why = {AZM_OK, ""};
    uint64_t serial = 0, bytes = 0;
    azm_mutex_lock(&spool->pen);
    enum azm_status status = put(spool, line->format, item, &serial, &bytes, &why);
    azm_mutex_unlock(&spool->pen);
    note_writing(spool, status, why.text);
    if (status != AZM_OK)
        return azm_fail(err, status, "%s", why.text);
    struct azm_spool_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        abort();
    *batch = (struct azm_spool_batch){
        .serial = serial, .bytes = bytes, .events = item->events, .failures = item->failures, .in_hand = in_hand};
    azm_slice_copy(item->ring, batch->ring, sizeof batch->ring);
    if (in_hand)
        *in_hand = batch;
    azm_mutex_lock(&spool->mutex);
    batch->taken_then = line->taken;
    insert(line, batch);
    azm_mutex_unlock(&spool->mutex);
    return AZM_OK;
}

/* --- taking --- */

bool azm_spool_has_backlog(struct azm_spool_line *line)
{
    azm_mutex_lock(&line->spool->mutex);
    struct azm_spool_batch *batch = line->first;
    while (batch && (batch->in_hand || batch->strikes))
        batch = batch->next;
    azm_mutex_unlock(&line->spool->mutex);
    return batch != NULL;
}

static struct azm_spool_batch *pick(struct azm_spool_line *line, int64_t now_us, int64_t *next_us)
{
    struct azm_spool_batch *found = NULL;
    for (struct azm_spool_batch *batch = line->first; batch; batch = batch->next) {
        if (batch->in_hand)
            continue;
        if (batch->aside_until_us > now_us)
            *next_us = batch->aside_until_us < *next_us ? batch->aside_until_us : *next_us;
        else if (!found || batch->failures < found->failures)
            found = batch;
    }
    if (found)
        found->in_hand = true;
    return found;
}

static enum azm_status load(const struct azm_spool *spool, struct azm_spool_letter *out)
{
    char path[PATH_BYTES];
    struct azm_segment segment;
    path_of(spool, out->batch->serial, path);
    azm_buf_init(&out->file, AZM_SEGMENT_FRONT + AZM_SEGMENT_BODY);
    azm_buf_init(&out->body, AZM_SEGMENT_BODY);
    enum azm_status status = azm_file_read(path, &out->file, NULL);
    if (status == AZM_OK)
        status = azm_segment_read(azm_buf_slice(&out->file), &segment);
    if (status == AZM_OK)
        status = azm_gunzip_add(segment.body, segment.plain_bytes, &out->body);
    if (status != AZM_OK)
        return status;
    azm_slice_copy(segment.ring, out->ring, sizeof out->ring);
    azm_slice_copy(segment.user_agent, out->user_agent, sizeof out->user_agent);
    out->source = segment.source;
    out->events = segment.events;
    return AZM_OK;
}

bool azm_spool_take(struct azm_spool_line *line, int64_t now_us, int64_t *next_us, struct azm_spool_letter *out)
{
    struct azm_spool *spool = line->spool;
    for (;;) {
        azm_mutex_lock(&spool->mutex);
        out->batch = pick(line, now_us, next_us);
        azm_mutex_unlock(&spool->mutex);
        if (!out->batch)
            return false;
        if (load(spool, out) == AZM_OK)
            return true;
        azm_buf_dispose(&out->file);
        azm_buf_dispose(&out->body);
        azm_mutex_lock(&spool->mutex);
        remove_batch(line, out->batch);
        azm_mutex_unlock(&spool->mutex);
        lose(spool, out->batch, AZM_LOSS_DAMAGED);
    }
}

void azm_spool_done(struct azm_spool_line *line, struct azm_spool_batch *batch)
{
    erase(line->spool, batch->serial);
    azm_mutex_lock(&line->spool->mutex);
    remove_batch(line, batch);
    azm_mutex_unlock(&line->spool->mutex);
    free(batch);
}

bool azm_spool_return(struct azm_spool_line *line, struct azm_spool_batch *batch, bool suspect, int64_t now_us)
{
    struct azm_spool *spool = line->spool;
    azm_mutex_lock(&spool->mutex);
    batch->failures++;
    batch->in_hand = false;
    if (suspect && batch->taken_then != line->taken && batch->failures > 1)
        batch->strikes++;
    else
        suspect = false;
    batch->taken_then = line->taken;
    bool lost = batch->strikes >= AZM_SPOOL_STRIKES;
    if (lost)
        remove_batch(line, batch);
    else if (suspect)
        batch->aside_until_us = now_us + SECOND_US * (batch->strikes < 6 ? batch->strikes * batch->strikes : 36);
    azm_mutex_unlock(&spool->mutex);
    if (lost)
        lose(spool, batch, AZM_LOSS_POISONED);
    return suspect;
}

uint64_t azm_spool_move(struct azm_spool_line *from, struct azm_spool_line *to)
{
    struct azm_spool *spool = from->spool;
    struct azm_spool_batch *next;
    uint64_t moved = 0;
    azm_mutex_lock(&spool->mutex);
    for (struct azm_spool_batch *batch = from->first; batch; batch = next) {
        next = batch->next;
        if (batch->in_hand)
            continue;
        remove_batch(from, batch);
        spool->state.bytes += batch->bytes; /* it only moves */
        batch->failures = batch->strikes = 0;
        batch->aside_until_us = 0;
        batch->taken_then = to->taken;
        insert(to, batch);
        moved++;
    }
    azm_mutex_unlock(&spool->mutex);
    return moved;
}

void azm_spool_taken(struct azm_spool_line *line)
{
    azm_mutex_lock(&line->spool->mutex);
    line->taken++;
    azm_mutex_unlock(&line->spool->mutex);
}

/* --- lines --- */

bool azm_spool_key(struct azm_buf *out, const char *format, const struct azm_destination *destination)
{
    const struct azm_source source = {.destination = *destination};
    azm_buf_init(out, KEY_MAX);
    azm_buf_add(out, azm_slice_of(format, strlen(format) + 1));
    azm_record_put_source(out, &source);
    return !out->failed && strlen(format) <= AZM_SEGMENT_NAME_MAX;
}

struct azm_spool_line *azm_spool_line(struct azm_spool *spool, const char *format,
                                      const struct azm_destination *destination)
{
    struct azm_buf key;
    struct azm_spool_line *line = NULL;
    if (azm_spool_key(&key, format, destination)) {
        azm_mutex_lock(&spool->mutex);
        line = find_line(spool, azm_buf_slice(&key));
        if (!line)
            line = add_line(spool, format, &key);
        azm_mutex_unlock(&spool->mutex);
    }
    azm_buf_dispose(&key);
    return line;
}

void azm_spool_each(struct azm_spool *spool, azm_spool_visit *each, void *self)
{
    struct azm_arena arena;
    struct azm_source source;
    azm_arena_init(&arena, 0);
    azm_mutex_lock(&spool->mutex);
    struct azm_spool_line *line = spool->lines; /* new ones come in front, none goes */
    azm_mutex_unlock(&spool->mutex);
    for (; line; line = line->next) {
        azm_slice record = azm_slice_drop(azm_buf_slice(&line->key), strlen(line->format) + 1);
        if (azm_spool_waiting(line).batches && azm_record_get_source(record, &arena, &source) == AZM_OK)
            each(self, line->format, &source.destination);
    }
    azm_arena_dispose(&arena);
}

struct azm_spool_state azm_spool_state(struct azm_spool *spool)
{
    azm_mutex_lock(&spool->mutex);
    struct azm_spool_state state = spool->state;
    azm_mutex_unlock(&spool->mutex);
    return state;
}

struct azm_spool_waiting azm_spool_waiting(struct azm_spool_line *line)
{
    azm_mutex_lock(&line->spool->mutex);
    struct azm_spool_waiting waiting = {line->batches, line->events};
    azm_mutex_unlock(&line->spool->mutex);
    return waiting;
}

uint64_t azm_spool_events_of(struct azm_spool *spool, const char *ring)
{
    uint64_t events = 0;
    azm_mutex_lock(&spool->mutex);
    for (struct azm_spool_line *line = spool->lines; line; line = line->next)
        for (struct azm_spool_batch *batch = line->first; batch; batch = batch->next)
            events += strcmp(batch->ring, ring) == 0 ? batch->events : 0;
    azm_mutex_unlock(&spool->mutex);
    return events;
}

/* --- life --- */

static void add_leftover(void *self, const struct azm_leftover *leftover)
{
    struct azm_spool *spool = self;
    char format[AZM_SEGMENT_NAME_MAX + 1];
    azm_slice_copy(leftover->segment.format, format, sizeof format);
    struct azm_spool_line *line = leftover->destination ? azm_spool_line(spool, format, leftover->destination) : NULL;
    struct azm_spool_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        abort();
    *batch = (struct azm_spool_batch){.serial = leftover->serial, .events = leftover->segment.events};
    batch->bytes = on_disk(leftover->file_bytes);
    azm_slice_copy(leftover->segment.ring, batch->ring, sizeof batch->ring);
    if (!line) {
        lose(spool, batch, AZM_LOSS_DAMAGED);
        return;
    }
    spool->state.bytes += batch->bytes;
    insert(line, batch);
}

struct azm_spool *azm_spool_open(const char *run_dir, uint64_t max_bytes, azm_spool_lost *lost, void *self,
                                 struct azm_error *err)
{
    struct azm_spool *spool = calloc(1, sizeof *spool);
    if (!spool)
        abort();
    snprintf(spool->dir, sizeof spool->dir, "%.590s/spool", run_dir);
    spool->lost = lost;
    spool->self = self;
    spool->state.max_bytes = max_bytes;
    spool->gzip = azm_gzip_new();
    azm_mutex_init(&spool->mutex);
    azm_mutex_init(&spool->pen);
    azm_buf_init(&spool->packed, AZM_SEGMENT_BODY);
    azm_buf_init(&spool->file, AZM_SEGMENT_FRONT + AZM_SEGMENT_BODY);
    enum azm_status status = spool->gzip ? azm_leftovers_read(spool->dir, &spool->serial, add_leftover, spool, err)
                                         : azm_fail(err, AZM_NO_MEMORY, "no memory");
    if (status == AZM_OK)
        return spool;
    azm_spool_close(spool);
    return NULL;
}

static void free_line(struct azm_spool_line *line)
{
    while (line->first) {
        struct azm_spool_batch *next = line->first->next;
        free(line->first);
        line->first = next;
    }
    azm_buf_dispose(&line->key);
    free(line);
}

void azm_spool_close(struct azm_spool *spool)
{
    if (!spool)
        return;
    while (spool->lines) {
        struct azm_spool_line *next = spool->lines->next;
        free_line(spool->lines);
        spool->lines = next;
    }
    azm_gzip_free(spool->gzip);
    azm_buf_dispose(&spool->packed);
    azm_buf_dispose(&spool->file);
    azm_mutex_dispose(&spool->pen);
    azm_mutex_dispose(&spool->mutex);
    free(spool);
}
