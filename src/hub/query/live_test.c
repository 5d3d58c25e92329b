#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/query/live.h"
#include "hub/store/store.h"
#include "../tests/temp_dir_fixture.h"

#include <stdio.h>
#include <string.h>

enum { SECOND = 1000000, HELPING = 64 * 1024 };

static struct azm_store *store;
static struct azm_reader *reader;

static int open_store(void **state)
{
    make_dir(state);
    const struct azm_store_options options = {.dir = dir.path};
    return azm_store_open(&options, &store, NULL) != AZM_OK ||
           azm_reader_open(azm_store_path(store), &reader, NULL) != AZM_OK;
}

static int close_store(void **state)
{
    azm_reader_close(reader);
    azm_store_close(store);
    return remove_dir(state);
}

/* Transactions from..to, each the first of a trace of its own. */
static void add(int from, int to, const char *service, const char *parent)
{
    struct azm_batch batch;
    azm_batch_init(&batch);
    azm_batch_set_process(&batch, &(struct azm_process){.metadata = AZM_S("{}"), .service = AZM_S("svc")});
    for (int i = from; i <= to; i++) {
        struct azm_event *event = azm_batch_add(&batch);
        *event = (struct azm_event){.kind = AZM_EVENT_TRANSACTION,
                                    .trace_id = azm_slice_str(azm_arena_printf(&batch.arena, "trace-%d", i)),
                                    .id = azm_slice_str(azm_arena_printf(&batch.arena, "%s-%d", service, i)),
                                    .parent_id = azm_slice_str(parent),
                                    .service = azm_slice_str(service),
                                    .start_us = 1000000 + i,
                                    .raw = AZM_S("{}")};
    }
    assert_int_equal(azm_store_add_wait(store, &batch), AZM_OK);
    azm_batch_dispose(&batch);
}

static struct azm_live_place place_now(const char *service)
{
    struct azm_live_place place = {.service = azm_slice_str(service)};
    assert_int_equal(azm_reader_last_change(reader, &place.cursor, NULL), AZM_OK);
    return place;
}

static void summarise(azm_slice line, struct azm_buf *told)
{
    azm_slice trace = AZM_S("data: {\"trace_id\":\"trace-"), skipped = AZM_S("data: {\"count\":");
    if (azm_slice_starts(line, trace)) {
        azm_slice number = azm_slice_drop(line, trace.len);
        azm_buf_addf(told, "%.*s ", AZM_FMT(azm_slice_take(number, azm_slice_find(number, '"'))));
    } else if (azm_slice_starts(line, skipped)) {
        azm_slice count = azm_slice_drop(line, skipped.len);
        azm_buf_addf(told, "skipped %.*s ", AZM_FMT(azm_slice_take(count, azm_slice_find(count, '}'))));
    } else if (azm_slice_eq(line, AZM_S(":"))) {
        azm_buf_add_str(told, "comment ");
    }
}

/* The traces' numbers, what was skipped, and comments. */
static void tells(struct azm_live_place *place, int64_t now_us, const char *expected)
{
    struct azm_buf out, told;
    int64_t last;
    azm_buf_init(&out, HELPING);
    azm_buf_init(&told, HELPING);
    assert_int_equal(azm_reader_last_change(reader, &last, NULL), AZM_OK);
    assert_int_equal(azm_live_tell(reader, place, last, now_us, &out, NULL), AZM_OK);
    azm_slice rest = azm_buf_slice(&out), line;
    while (azm_slice_split(&rest, '\n', &line))
        summarise(line, &told);
    azm_buf_add_byte(&told, 0);
    assert_string_equal(told.ptr, expected);
    azm_buf_dispose(&told);
    azm_buf_dispose(&out);
}

static void from_where_it_stands(void **state)
{
    (void)state;
    add(1, 2, "shop", "");
    struct azm_live_place place = place_now("");
    tells(&place, SECOND, "");
    add(3, 4, "shop", "");
    struct azm_live_place other = place;
    tells(&place, SECOND, "3 4 ");
    tells(&place, SECOND, "");
    add(5, 5, "shop", "");
    tells(&place, SECOND, "5 ");
    tells(&other, SECOND, "3 4 5 ");
}

static void from_the_beginning_of_an_empty_store(void **state)
{
    (void)state;
    struct azm_live_place place = place_now("");
    assert_int_equal(place.cursor, 0);
    add(1, 1, "shop", "");
    tells(&place, SECOND, "1 ");
}

static void of_one_service(void **state)
{
    (void)state;
    struct azm_live_place place = place_now("orders");
    add(1, 3, "shop", "");
    int64_t before = place.cursor;
    tells(&place, SECOND, "");
    assert_true(place.cursor > before); /* or the others' would be read again and again */
    add(4, 4, "orders", "");
    add(5, 5, "shop", "");
    tells(&place, SECOND, "4 ");
}

static void a_trace_is_told_once(void **state)
{
    (void)state;
    struct azm_live_place place = place_now("");
    add(1, 1, "orders", "span-of-shop");
    tells(&place, SECOND, "1 ");
    add(1, 1, "shop", ""); /* goes by this one now */
    add(2, 2, "shop", "");
    tells(&place, SECOND, "2 ");
}

static void fifty_in_a_second(void **state)
{
    (void)state;
    struct azm_live_place place = place_now("");
    add(1, 48, "shop", "");
    char expected[1024] = "";
    for (int i = 1; i <= 48; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%d ", i);
    tells(&place, 5 * SECOND, expected);
    add(101, 110, "shop", "");
    tells(&place, 5 * SECOND + 1, "skipped 8 109 110 ");
    add(201, 202, "shop", "");
    tells(&place, 6 * SECOND - 1, "");
    tells(&place, 6 * SECOND, "201 202 ");
}

static void silence(void **state)
{
    (void)state;
    struct azm_live_place place = place_now("");
    place.told_us = SECOND;
    tells(&place, 16 * SECOND - 1, "");
    tells(&place, 16 * SECOND, "comment ");
    tells(&place, 30 * SECOND, "");
    add(1, 1, "shop", "");
    tells(&place, 31 * SECOND, "1 ");
    tells(&place, 45 * SECOND, "");
    tells(&place, 46 * SECOND, "comment ");
}

static bool count_rows(void *self, const struct azm_trace_row *row)
{
    (void)row;
    ++*(int *)self;
    return true;
}

/* Its first transaction lies in an older partition, with an older change: who goes on from that would get it again. */
static void a_trace_across_partitions(void **state)
{
    (void)state;
    int64_t last;
    int rows = 0;
    add(1, 1, "shop", "");
    azm_store_turn(store);
    add(2, 2, "shop", "");
    struct azm_live_place place = place_now("");
    struct azm_trace_filter filter = {.after = place.cursor, .limit = 10};
    struct azm_trace_list list;
    add(1, 1, "orders", "span-of-shop");
    tells(&place, SECOND, "1 ");
    assert_int_equal(azm_reader_last_change(reader, &last, NULL), AZM_OK);
    assert_int_equal(place.cursor, last);
    azm_event_filter_init(&filter.event);
    assert_int_equal(azm_reader_traces(reader, &filter, count_rows, &rows, &list, NULL), AZM_OK);
    assert_int_equal(rows, 1);
    assert_int_equal(list.change, last);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(from_where_it_stands),     WITH_STORE(from_the_beginning_of_an_empty_store),
        WITH_STORE(of_one_service),           WITH_STORE(a_trace_is_told_once),
        WITH_STORE(fifty_in_a_second),        WITH_STORE(silence),
        WITH_STORE(a_trace_across_partitions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
