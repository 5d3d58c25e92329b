/* A file of anybody's. What is taken of it can be exported, in both forms, and every line of that is taken again. */
#include "hub/exchange/export_parts.h"
#include "hub/exchange/import.h"
#include "json/read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 8 * 1024 * 1024 };

static void add_events(const struct azm_export_kind *kind, struct azm_exported *process, const struct azm_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct azm_event_row row = {.event = batch->events[i]};
        json_t *raw = NULL;
        if (azm_json_parse(row.event.raw, "event", &raw, NULL) == AZM_OK && json_is_object(raw))
            kind->add(process, &row, raw);
        json_decref(raw);
    }
}

static void check_file(azm_slice file)
{
    struct azm_import *import = azm_import_new(1);
    struct azm_buf answer;
    azm_buf_init(&answer, FILE_MAX);
    if (!import)
        abort();
    azm_import_read(import, file);
    if (azm_import_answer(import, true, &answer) != 200)
        abort();
    azm_buf_dispose(&answer);
    azm_import_free(import);
}

static void check_batch(const struct azm_export_kind *kind, const struct azm_batch *batch)
{
    struct azm_exported process = {.metadata = batch->metadata};
    struct azm_buf file;
    azm_buf_init(&process.first, FILE_MAX);
    azm_buf_init(&process.second, FILE_MAX);
    azm_buf_init(&file, FILE_MAX);
    add_events(kind, &process, batch);
    kind->write(&process, 1, &file);
    if (file.len && !file.failed)
        check_file(azm_buf_slice(&file));
    azm_buf_dispose(&process.first);
    azm_buf_dispose(&process.second);
    azm_buf_dispose(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_import *import = azm_import_new(1);
    struct azm_batch **batches;
    struct azm_buf answer;
    json_t *root = NULL;
    azm_buf_init(&answer, FILE_MAX);
    if (!import)
        abort();
    azm_import_read(import, azm_slice_of(data, size));
    size_t count = azm_import_batches(import, &batches);
    for (size_t i = 0; i < count; i++) {
        check_batch(&azm_export_intake, batches[i]);
        check_batch(&azm_export_otlp, batches[i]);
    }
    azm_import_answer(import, true, &answer);
    if (answer.failed || azm_json_parse(azm_buf_slice(&answer), "answer", &root, NULL) != AZM_OK)
        abort();
    json_decref(root);
    azm_buf_dispose(&answer);
    azm_import_free(import);
    return 0;
}
