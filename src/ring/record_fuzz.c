#include "ring/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood must be writable again, and then mean the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[1 << 20], second[1 << 20];
    struct azm_arena arena;
    struct azm_transaction transaction;
    struct azm_source source;
    struct azm_buf a, b;
    azm_slice record = azm_slice_of(data, size), line;
    azm_buf_init_fixed(&a, first, sizeof first);
    azm_buf_init_fixed(&b, second, sizeof second);
    azm_arena_init(&arena, 64u << 20);
    if (azm_record_get_transaction(record, &arena, &transaction) == AZM_OK) {
        azm_record_put_transaction(&a, &transaction);
        if (!a.failed && azm_record_get_transaction(azm_buf_slice(&a), &arena, &transaction) == AZM_OK)
            azm_record_put_transaction(&b, &transaction);
    }
    if (!a.failed && !azm_slice_eq(azm_buf_slice(&a), azm_buf_slice(&b)))
        __builtin_trap();
    azm_buf_clear(&a);
    if (azm_record_get_source(record, &arena, &source) == AZM_OK)
        azm_record_put_source(&a, &source);
    if (azm_record_get_note(record, &line) == AZM_OK && line.len > size)
        __builtin_trap();
    struct azm_report report;
    struct azm_error_event error;
    azm_buf_clear(&a);
    if (azm_record_get_error(record, &arena, &error) == AZM_OK)
        azm_record_put_error(&a, &error);
    struct azm_log_event log;
    azm_buf_clear(&a);
    if (azm_record_get_log(record, &arena, &log) == AZM_OK)
        azm_record_put_log(&a, &log);
    azm_buf_clear(&a);
    if (azm_record_get_report(record, &report) == AZM_OK)
        azm_record_put_report(&a, &report);
    azm_arena_dispose(&arena);
    return 0;
}
