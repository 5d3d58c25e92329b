#include "agent/news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void the_last_lines_are_kept_each_once(void **state)
{
    (void)state;
    struct azm_news news = {.note_count = 0};
    char longer[300];
    const char *lines[] = {"one", "two", "one", "three", "four", "five"};
    const char *left[AZM_NEWS_NOTES] = {"two", "three", "four", "five"};
    for (size_t i = 0; i < AZM_COUNT(lines); i++)
        azm_news_note(&news, azm_slice_str(lines[i]));
    assert_int_equal(news.note_count, AZM_NEWS_NOTES);
    for (size_t i = 0; i < AZM_NEWS_NOTES; i++)
        assert_string_equal(news.notes[i], left[i]);
    memset(longer, 'x', sizeof longer);
    azm_news_note(&news, azm_slice_of(longer, sizeof longer));
    assert_int_equal(strlen(news.notes[AZM_NEWS_NOTES - 1]), sizeof news.notes[0] - 1);
}

static void a_report_outlives_its_record(void **state)
{
    (void)state;
    struct azm_news news = {.has_report = false};
    struct azm_report report = {.worker_pid = 7, .mode = AZM_S("grpc")};
    char text[2048];
    struct azm_buf record;
    azm_buf_init_fixed(&record, text, sizeof text);
    azm_record_put_report(&record, &report);
    assert_int_equal(azm_news_report(&news, azm_buf_slice(&record)), AZM_OK);
    memset(text, 0xff, sizeof text);
    assert_true(news.has_report);
    assert_int_equal(news.report.worker_pid, 7);
    assert_true(azm_slice_eq(news.report.mode, AZM_S("grpc")));
    assert_int_equal(azm_news_report(&news, azm_slice_of(text, 20)), AZM_BAD_INPUT);          /* no record */
    assert_int_equal(azm_news_report(&news, azm_slice_of(text, sizeof text)), AZM_BAD_INPUT); /* too long to be kept */
    assert_true(azm_slice_eq(news.report.mode, AZM_S("grpc")));                               /* what was known stays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_lines_are_kept_each_once),
                                       cmocka_unit_test(a_report_outlives_its_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
