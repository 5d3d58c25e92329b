#include "export/http.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void public_urls(void **state)
{
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"http://user:word@apm.example:8200/base?key=secret#x", "http://apm.example:8200/base"},
        {"https://[::1]:9", "https://[::1]:9"},
        {"https://apm.example/", "https://apm.example/"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_http_public_url(azm_slice_str(rows[i].url), &out);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, rows[i].shown);
        azm_buf_dispose(&out);
    }
}

static void user_agents(void **state)
{
    static const struct {
        const char *service, *version, *text;
    } rows[] = {
        {"myService", NULL, "apm-agent-azimuth/1.2 (myService)"},
        {"myService", "v42", "apm-agent-azimuth/1.2 (myService v42)"},
        {"myService", "123(:\\;)456", "apm-agent-azimuth/1.2 (myService 123_:_;_456)"},
        {"my\nService/()<>@", NULL, "apm-agent-azimuth/1.2 (my_Service/__<>@)"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_source source = {.service_name = azm_slice_str(rows[i].service),
                                    .service_version = azm_slice_str(rows[i].version),
                                    .agent_name = AZM_S("azimuth"),
                                    .agent_version = AZM_S("1.2")};
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_http_user_agent(&out, &source);
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, rows[i].text);
        azm_buf_dispose(&out);
    }
}

static void addresses_that_cannot_be_used(void **state)
{
    static const char *const urls[] = {"", "apm.example:8200", "ftp://apm.example", "http://", "file:///etc/passwd"};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(urls); i++) {
        struct azm_destination destination = {.kind = AZM_DESTINATION_ELASTIC, .url = azm_slice_str(urls[i])};
        struct azm_error err = {AZM_OK, ""};
        assert_null(azm_http_open(&azm_exporter_elastic, &destination, &err));
        assert_int_equal(err.status, AZM_BAD_CONFIG);
        assert_non_null(strstr(err.text, "expected http://HOST"));
    }
}

static void secrets_that_would_be_headers(void **state)
{
    struct azm_destination destination = {.url = AZM_S("http://apm.example"), .api_key = AZM_S("a\r\nX: y")};
    struct azm_error err = {AZM_OK, ""};
    (void)state;
    assert_null(azm_http_open(&azm_exporter_elastic, &destination, &err));
    assert_int_equal(err.status, AZM_BAD_CONFIG);
    destination.api_key = AZM_S("");
    destination.secret_token = AZM_S("b\n");
    assert_null(azm_http_open(&azm_exporter_elastic, &destination, &err));
}

static void otlp_destinations(void **state)
{
    static char long_url[70000];
    memset(long_url, 'x', sizeof long_url - 1);
    memcpy(long_url, "http://", 7);
    const struct {
        struct azm_destination destination;
        bool loopback;
        const char *says; /* NULL: it can be used */
    } rows[] = {
        {{.url = AZM_S("http://localhost:4318"), .headers = AZM_S("a=b%20c,d=e")}, true, NULL},
        {{.url = AZM_S("https://otlp.example"), .gzip = true}, false, NULL},
        {{.full_url = AZM_S("127.0.0.1:4318/x"), .insecure = true}, true, NULL},
        {{.url = AZM_S("http://o"), .full_url = AZM_S("http://localhost")}, true, NULL},
        {{.url = AZM_S("http://o"), .headers = AZM_S("a=b%0d%0aX: y")}, false, "list of headers"},
        {{.url = AZM_S("http://o"), .headers = AZM_S("secret")}, false, "list of headers"},
        {{.url = AZM_S("unix://o")}, false, "expected http://HOST"},
        {{.url = AZM_S("http://u:secret@/")}, false, "expected http://HOST"},
        {{.url = azm_slice_str(long_url)}, false, "longer than"},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_destination destination = rows[i].destination;
        struct azm_error err = {AZM_OK, ""};
        destination.kind = AZM_DESTINATION_OTLP;
        struct azm_sender *sender =
            azm_http_open(azm_exporter_for(&destination, AZM_SIGNAL_TRACES), &destination, &err);
        assert_int_equal(sender != NULL, rows[i].says == NULL);
        if (sender) {
            assert_int_equal(sender->loopback, rows[i].loopback);
            sender->close(sender);
        } else {
            assert_non_null(strstr(err.text, rows[i].says));
            assert_null(strstr(err.text, "secret"));
        }
    }
}

static void exporters_of_destinations(void **state)
{
    static const struct {
        struct azm_destination destination;
        const struct azm_exporter_kind *kind;
    } rows[] = {
        {{.kind = AZM_DESTINATION_NONE}, NULL},
        {{.kind = AZM_DESTINATION_ELASTIC, .protocol = AZM_OTLP_JSON}, &azm_exporter_elastic},
        {{.kind = AZM_DESTINATION_OTLP}, &azm_exporter_otlp},
        {{.kind = AZM_DESTINATION_OTLP, .protocol = AZM_OTLP_JSON}, &azm_exporter_otlp_json},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_ptr_equal(azm_exporter_for(&rows[i].destination, AZM_SIGNAL_TRACES), rows[i].kind);
    for (size_t i = 1; i < AZM_COUNT(rows); i++) /* a body on disk finds its way back */
        assert_ptr_equal(azm_exporter_named(rows[i].kind->name), rows[i].kind);
    assert_null(azm_exporter_named("morse"));
}

static void a_stopped_sender_gives_up_at_once(void **state)
{
    struct azm_destination destination = {.kind = AZM_DESTINATION_ELASTIC, .url = AZM_S("https://apm.example/")};
    const struct azm_sending sending = {AZM_S("{}\n"), 1, "test"};
    struct azm_sent sent;
    (void)state;
    struct azm_sender *sender = azm_http_open(&azm_exporter_elastic, &destination, NULL);
    assert_non_null(sender);
    assert_false(sender->loopback);
    sender->stop(sender);
    sender->send(sender, &sending, &sent);
    assert_int_equal(sent.reply.verdict, AZM_VERDICT_RETRY);
    assert_int_equal(sent.http_status, 0);
    sender->close(sender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_urls),
        cmocka_unit_test(user_agents),
        cmocka_unit_test(addresses_that_cannot_be_used),
        cmocka_unit_test(secrets_that_would_be_headers),
        cmocka_unit_test(otlp_destinations),
        cmocka_unit_test(exporters_of_destinations),
        cmocka_unit_test(a_stopped_sender_gives_up_at_once),
    };
    if (azm_http_setup(NULL) != AZM_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
