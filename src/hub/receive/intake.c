#include "hub/receive/intake.h"

#include "base/utf8.h"
#include "hub/receive/decode.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { WINDOW = 32 * 1024, DOCUMENT_CHARS = 1024, EVENT_COST = 512 };

struct rejected {
    char message[512];
    struct azm_buf document;
};

struct azm_intake {
    struct azm_batch batch;
    struct azm_buf line; /* the part of a line that has come so far */
    bool skipping;       /* the rest of a line that was too long */
    bool has_metadata;
    bool ended; /* nothing more is wanted: no metadata, broken encoding, or the store failed */
    bool stored_none;
    uint64_t accepted, waiting, rejections; /* waiting: lines whose events are in the batch */
    struct rejected errors[AZM_INTAKE_ERRORS];
    bool compressed, in_member, pending;
    z_stream zlib;
    size_t at, len; /* of window */
    char window[WINDOW];
};

enum azm_status azm_intake_new(azm_slice encoding, int64_t received_us, struct azm_intake **out, struct azm_error *err)
{
    bool plain = encoding.len == 0 || azm_slice_eq_nocase(encoding, AZM_S("identity"));
    if (!plain && !azm_slice_eq_nocase(encoding, AZM_S("gzip")) && !azm_slice_eq_nocase(encoding, AZM_S("deflate")))
        return azm_fail(err, AZM_UNSUPPORTED, "Content-Encoding \"%.*s\" is not one of gzip, deflate, identity",
                        AZM_FMT(azm_slice_take(encoding, 40)));
    struct azm_intake *intake = calloc(1, sizeof *intake);
    if (!intake)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the request");
    azm_batch_init(&intake->batch);
    intake->batch.received_us = received_us;
    azm_buf_init(&intake->line, AZM_LINE_MAX);
    intake->compressed = !plain;
    /* 15 + 32: zlib or gzip, whatever its head says; some senders mix the names up */
    if (intake->compressed && inflateInit2(&intake->zlib, 15 + 32) != Z_OK) {
        free(intake);
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the request");
    }
    *out = intake;
    return AZM_OK;
}

void azm_intake_free(struct azm_intake *intake)
{
    if (!intake)
        return;
    if (intake->compressed)
        inflateEnd(&intake->zlib);
    azm_batch_dispose(&intake->batch);
    azm_buf_dispose(&intake->line);
    for (size_t i = 0; i < AZM_COUNT(intake->errors); i++)
        azm_buf_dispose(&intake->errors[i].document);
    free(intake);
}

struct azm_batch *azm_intake_batch(struct azm_intake *intake)
{
    return &intake->batch;
}

bool azm_intake_waits(const struct azm_intake *intake)
{
    return intake->waiting > 0;
}

void azm_intake_committed(struct azm_intake *intake, enum azm_status status)
{
    if (status == AZM_OK)
        intake->accepted += intake->waiting;
    else
        intake->stored_none = intake->ended = true;
    intake->waiting = 0;
    azm_batch_clear(&intake->batch);
}

static void reject(struct azm_intake *intake, const char *message, azm_slice document)
{
    if (intake->rejections++ >= AZM_INTAKE_ERRORS)
        return;
    struct rejected *error = &intake->errors[intake->rejections - 1];
    snprintf(error->message, sizeof error->message, "%s", message);
    azm_buf_init(&error->document, DOCUMENT_CHARS * 4 + 4);
    azm_utf8_add(&error->document, document, DOCUMENT_CHARS);
}

static void stop(struct azm_intake *intake, const char *message, azm_slice document)
{
    reject(intake, message, document);
    intake->ended = true;
}

static bool is_blank(azm_slice line)
{
    if (azm_slice_ends(line, AZM_S("\r")))
        line.len--;
    return azm_slice_trim(line).len == 0;
}

static void take_line(struct azm_intake *intake, azm_slice line)
{
    struct azm_error err = {.status = AZM_OK};
    if (is_blank(line))
        return;
    if (!intake->has_metadata) {
        if (azm_decode_metadata(line, &intake->batch, &err) != AZM_OK)
            stop(intake, err.text, line);
        intake->has_metadata = true;
        return;
    }
    if (azm_decode_event(line, &intake->batch, &err) != AZM_OK)
        reject(intake, err.text, line);
    else
        intake->waiting++;
}

static void too_long(struct azm_intake *intake, azm_slice begin)
{
    char message[96];
    snprintf(message, sizeof message, "the line is longer than %d bytes", AZM_LINE_MAX);
    if (intake->has_metadata)
        reject(intake, message, begin);
    else
        stop(intake, message, begin);
}

/* Takes what is there of one line, up to and with its end. */
static void take_piece(struct azm_intake *intake, azm_slice piece, bool whole)
{
    struct azm_buf *line = &intake->line;
    if (!intake->skipping && line->len + piece.len > AZM_LINE_MAX) {
        too_long(intake, line->len ? azm_buf_slice(line) : piece);
        intake->skipping = true;
    }
    if (!intake->skipping && whole && line->len == 0) {
        take_line(intake, piece);
        return;
    }
    if (!intake->skipping)
        azm_buf_add(line, piece);
    if (!whole)
        return;
    if (!intake->skipping)
        take_line(intake, azm_buf_slice(line));
    azm_buf_clear(line);
    intake->skipping = false;
}

static bool batch_is_full(const struct azm_intake *intake)
{
    return intake->batch.bytes + (intake->batch.count + intake->batch.sample_count) * EVENT_COST >= AZM_INTAKE_BATCH;
}

/* Takes lines until *text is used up or the batch is full. */
static enum azm_status take_text(struct azm_intake *intake, azm_slice *text)
{
    while (text->len && !intake->ended) {
        if (batch_is_full(intake))
            return AZM_FULL;
        size_t end = azm_slice_find(*text, '\n');
        take_piece(intake, azm_slice_take(*text, end), end < text->len);
        *text = azm_slice_drop(*text, end + 1);
    }
    return batch_is_full(intake) && !intake->ended ? AZM_FULL : AZM_OK;
}

/* Fills the window. False: it stays empty, more input is needed. */
static bool unpack_some(struct azm_intake *intake, azm_slice *body)
{
    z_stream *z = &intake->zlib;
    if (body->len == 0 && !intake->pending)
        return false;
    z->next_in = (Bytef *)body->ptr;
    z->avail_in = (uInt)azm_slice_take(*body, 1u << 30).len;
    z->next_out = (Bytef *)intake->window;
    z->avail_out = WINDOW;
    if (!intake->in_member && body->len)
        inflateReset(z); /* gzip streams may follow each other */
    intake->in_member = true;
    uInt before = z->avail_in;
    int rc = inflate(z, Z_NO_FLUSH);
    *body = azm_slice_drop(*body, before - z->avail_in);
    intake->at = 0;
    intake->len = WINDOW - z->avail_out;
    intake->pending = z->avail_out == 0 && rc == Z_OK;
    if (rc == Z_STREAM_END)
        intake->in_member = false;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        stop(intake, "the compressed body is broken", AZM_S(""));
    return intake->len > 0 || body->len > 0;
}

static enum azm_status feed_compressed(struct azm_intake *intake, azm_slice *body)
{
    while (!intake->ended) {
        azm_slice text = azm_slice_of(intake->window + intake->at, intake->len - intake->at);
        enum azm_status status = take_text(intake, &text);
        intake->at = intake->len - text.len;
        if (status != AZM_OK)
            return status;
        if (!unpack_some(intake, body))
            return AZM_OK;
    }
    return AZM_OK;
}

enum azm_status azm_intake_feed(struct azm_intake *intake, azm_slice *body)
{
    enum azm_status status = intake->compressed ? feed_compressed(intake, body) : take_text(intake, body);
    if (intake->ended)
        *body = azm_slice_drop(*body, body->len);
    return status;
}

enum azm_status azm_intake_end(struct azm_intake *intake)
{
    azm_slice none = AZM_S("");
    enum azm_status status = azm_intake_feed(intake, &none);
    if (status != AZM_OK || intake->ended)
        return status;
    if (intake->in_member) {
        stop(intake, "the compressed body ends too early", AZM_S(""));
        return AZM_OK;
    }
    if (intake->line.len || intake->skipping)
        take_piece(intake, none, true);
    return AZM_OK;
}

static void add_error(struct azm_json_writer *json, azm_slice message, azm_slice document)
{
    azm_json_open_object(json);
    azm_json_string(azm_json_key(json, AZM_S("message")), message);
    if (document.len)
        azm_json_string(azm_json_key(json, AZM_S("document")), document);
    azm_json_close_object(json);
}

static void add_errors(const struct azm_intake *intake, struct azm_json_writer *json)
{
    azm_json_open_array(azm_json_key(json, AZM_S("errors")));
    for (size_t i = 0; i < AZM_COUNT(intake->errors) && i < intake->rejections; i++)
        add_error(json, azm_slice_str(intake->errors[i].message), azm_buf_slice(&intake->errors[i].document));
    if (intake->stored_none)
        add_error(json, AZM_S("the events could not be stored; send them again"), AZM_S(""));
    azm_json_close_array(json);
}

unsigned azm_intake_answer(const struct azm_intake *intake, bool verbose, struct azm_buf *body)
{
    unsigned status = intake->stored_none ? 503 : intake->rejections ? 400 : 202;
    if (status == 202 && !verbose)
        return status;
    struct azm_json_writer json = azm_json_writer(body);
    azm_json_open_object(&json);
    azm_json_uint(azm_json_key(&json, AZM_S("accepted")), intake->accepted);
    if (status != 202)
        add_errors(intake, &json);
    azm_json_close_object(&json);
    return status;
}

void azm_intake_answer_error(const char *text, struct azm_buf *body)
{
    struct azm_json_writer json = azm_json_writer(body);
    azm_json_open_object(&json);
    azm_json_uint(azm_json_key(&json, AZM_S("accepted")), 0);
    azm_json_open_array(azm_json_key(&json, AZM_S("errors")));
    add_error(&json, azm_slice_str(text), AZM_S(""));
    azm_json_close_array(&json);
    azm_json_close_object(&json);
}
