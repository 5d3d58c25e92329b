/* Rings that earlier versions wrote, kept for ever: every later reader reads them to the last byte.
 * frozen_test --write FILE makes one with this version; a new version gets a new file, the old ones stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ring/ring.h"
#include "ring/sample.h"

static _Alignas(64) char memory[AZM_RING_SIZE_MIN];
static char storage[AZM_RECORD_MAX];

enum { FUTURE_KIND = 200 };

static azm_slice sample_transaction(void)
{
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, storage, sizeof storage);
    azm_record_put_transaction(&buf, &azm_sample_transaction);
    azm_buf_add(&buf, AZM_S("\xa2\x06\x0a"
                            "the future")); /* field 100, which nobody knows yet */
    return azm_buf_slice(&buf);
}

static azm_slice sample_source(void)
{
    struct azm_source source = azm_sample_source;
    source.resource = source.platform =
        (struct azm_pairs){NULL, 0}; /* what came after the file was frozen: fields that are left out */
    source.destination = (struct azm_destination){.kind = azm_sample_source.destination.kind,
                                                  .url = azm_sample_source.destination.url,
                                                  .api_key = azm_sample_source.destination.api_key,
                                                  .secret_token = azm_sample_source.destination.secret_token,
                                                  .ca_file = azm_sample_source.destination.ca_file,
                                                  .verify_server_cert = true,
                                                  .timeout_ms = azm_sample_source.destination.timeout_ms};
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, storage, sizeof storage);
    azm_record_put_source(&buf, &source);
    return azm_buf_slice(&buf);
}

static azm_slice sample_note(void)
{
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, storage, sizeof storage);
    azm_record_put_note(&buf, AZM_S("a line"));
    return azm_buf_slice(&buf);
}

/* A source, transactions into the second lap, a record that was begun and never finished, more after it. The source and
 * the first transactions are released, the source is kept. */
static bool fill(void)
{
    struct azm_ring_writer writer;
    struct azm_ring_reader reader;
    struct azm_ring_record record;
    bool ok = azm_ring_format(memory, sizeof memory, 4711, 1234567, 1795422896000000) == AZM_OK &&
              azm_ring_writer_init(&writer, memory, sizeof memory) == AZM_OK &&
              azm_ring_reader_init(&reader, memory, sizeof memory) == AZM_OK &&
              azm_ring_put_shared(&writer, AZM_RECORD_SOURCE, sample_source());
    for (int i = 0; i < 8; i++) {
        ok = ok && azm_ring_next(&reader, &record) == AZM_OK;
        if (record.kind == AZM_RECORD_SOURCE)
            ok = ok && azm_ring_keep(&reader, record.bytes) == AZM_OK;
        azm_ring_release(&reader, record.end);
        if (i < 7)
            ok = ok && azm_ring_put_shared(&writer, AZM_RECORD_TRANSACTION, sample_transaction());
    }
    ok = ok && record.end % 4096 + 500 > 4096; /* the next one lies at the begin of the second lap */
    ok = ok && azm_ring_put_shared(&writer, AZM_RECORD_TRANSACTION, sample_transaction());
    ok = ok && azm_ring_put_shared(&writer, AZM_RECORD_NOTE, sample_note());
    ok = ok && azm_ring_put_shared(&writer, AZM_RECORD_NOTE, AZM_S("lost"));
    char *lost = memory + AZM_RING_FRONT;
    for (; ok && memcmp(lost + 8, "lost", 4) != 0; lost += 8)
        ok = lost < memory + sizeof memory - 16;
    lost[2] = (char)((lost[2] & 0x0f) | 0x10); /* state: begun */
    ok = ok && azm_ring_put_shared(&writer, FUTURE_KIND, AZM_S("a kind of the future"));
    ok = ok && azm_ring_put_shared(&writer, AZM_RECORD_TRANSACTION, sample_transaction());
    azm_ring_count_drop(&writer, AZM_RING_DROP_POOL, 3);
    azm_ring_beat(&reader);
    azm_ring_set_control(&reader, true, 2500);
    return ok;
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(memory, 1, sizeof memory, file), sizeof memory);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
}

static void expect_transaction(struct azm_ring_reader *reader)
{
    struct azm_ring_record record;
    struct azm_transaction transaction;
    struct azm_arena arena;
    struct azm_buf buf;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_ring_next(reader, &record), AZM_OK);
    assert_int_equal(record.kind, AZM_RECORD_TRANSACTION);
    assert_int_equal(azm_record_get_transaction(record.bytes, &arena, &transaction), AZM_OK);
    assert_int_equal(transaction.timestamp_us, azm_sample_transaction.timestamp_us);
    assert_true(azm_slice_eq(transaction.faas.execution, azm_sample_transaction.faas.execution));
    azm_buf_init_fixed(&buf, storage, sizeof storage);
    azm_record_put_transaction(&buf, &transaction); /* all that was understood, but for the unknown field at the end */
    assert_false(buf.failed);
    assert_in_range(record.bytes.len, buf.len + 1, sizeof storage);
    assert_memory_equal(record.bytes.ptr, buf.ptr, buf.len);
    azm_arena_dispose(&arena);
}

static void version_1_is_read(void **state)
{
    (void)state;
    struct azm_ring_reader reader;
    struct azm_ring_record record;
    struct azm_arena arena;
    struct azm_source source;
    azm_slice line;
    azm_arena_init(&arena, 0);
    load("frozen/ring-v1.bin");
    assert_int_equal(azm_ring_reader_init(&reader, memory, sizeof memory), AZM_OK);

    struct azm_ring_stats stats = azm_ring_stats(&reader);
    assert_int_equal(stats.version, 1);
    assert_int_equal(stats.pid, 4711);
    assert_int_equal(stats.process_start, 1234567);
    assert_int_equal(stats.created_us, 1795422896000000);
    assert_int_equal(stats.capacity, 4096);
    assert_int_equal(stats.written, 13);
    assert_int_equal(stats.dropped[AZM_RING_DROP_POOL], 3);

    assert_int_equal(azm_record_get_source(azm_ring_kept(&reader), &arena, &source), AZM_OK);
    assert_true(azm_slice_eq(source.service_name, azm_sample_source.service_name));
    assert_true(azm_slice_eq(source.destination.url, azm_sample_source.destination.url));
    assert_true(source.destination.verify_server_cert);

    expect_transaction(&reader);
    assert_int_equal(azm_ring_next(&reader, &record), AZM_OK);
    assert_int_equal(record.kind, AZM_RECORD_NOTE);
    assert_int_equal(azm_record_get_note(record.bytes, &line), AZM_OK);
    assert_true(azm_slice_eq(line, AZM_S("a line")));
    assert_int_equal(azm_ring_next(&reader, &record), AZM_MORE);
    assert_int_equal(azm_ring_skip(&reader), 16);
    assert_int_equal(azm_ring_next(&reader, &record), AZM_OK);
    assert_int_equal(record.kind, FUTURE_KIND);
    expect_transaction(&reader);
    assert_int_equal(azm_ring_next(&reader, &record), AZM_MORE);
    assert_int_equal(azm_ring_skip(&reader), 0);
    azm_ring_release(&reader, record.end);
    azm_arena_dispose(&arena);
}

/* What this version writes is what it wrote when the file was frozen: a change needs a new version and a new file. */
static void version_1_is_still_written(void **state)
{
    (void)state;
    static char now[sizeof memory];
    memset(memory, 0, sizeof memory);
    assert_true(fill());
    memcpy(now, memory, sizeof memory);
    load("frozen/ring-v1.bin");
    assert_memory_equal(memory, now, sizeof memory);
}

static int write_file(const char *path)
{
    FILE *file = fill() ? fopen(path, "wb") : NULL;
    if (!file)
        return 1;
    size_t put = fwrite(memory, 1, sizeof memory, file);
    return fclose(file) == 0 && put == sizeof memory ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(version_1_is_read),
                                       cmocka_unit_test(version_1_is_still_written)};
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_file(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
