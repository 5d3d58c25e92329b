#include "tap/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct azm_span_link items[2 * AZM_LINKS_ONE];
static const struct azm_span_link none;

static void fill(void)
{
    for (size_t i = 0; i < AZM_COUNT(items); i++) {
        items[i] = (struct azm_span_link){{{1, (uint8_t)i, (uint8_t)(i >> 8)}}, {{2, (uint8_t)i, (uint8_t)(i >> 8)}}};
    }
}

static const struct {
    size_t given, kept;
} sizes[] = {{1, 1}, {31, 31}, {32, 32}, {33, 33}, {1000, 1000}, {1001, 1000}, {2000, 1000}};

static void what_is_kept_comes_back(void **state)
{
    (void)state;
    struct azm_links links;
    size_t count;
    azm_links_init(&links);
    assert_int_equal(azm_links_keep(&links, items, 0), 0);
    azm_links_drop(&links, 0);
    for (size_t i = 0; i < AZM_COUNT(sizes); i++) {
        uint32_t kept = azm_links_keep(&links, items, sizes[i].given);
        const struct azm_span_link *out = azm_links_get(&links, kept, none, &count);
        assert_int_equal(count, sizes[i].kept);
        assert_memory_equal(out, items, count * sizeof *items);
        out = azm_links_get(&links, kept, items[7], &count);
        assert_int_equal(count, sizes[i].kept + 1);
        assert_memory_equal(out, &items[7], sizeof *items);
        assert_memory_equal(out + 1, items, sizes[i].kept * sizeof *items);
        if (i % 2)
            azm_links_drop(&links, kept);
    }
    azm_links_dispose(&links);
}

static void a_full_pool_drops_and_recovers(void **state)
{
    (void)state;
    struct azm_links links;
    uint32_t kept[AZM_LINKS_POOL / 1000 + 2];
    size_t count, sum = 0;
    azm_links_init(&links);
    for (size_t i = 0; i < AZM_COUNT(kept); i++) {
        kept[i] = azm_links_keep(&links, items, 1000);
        azm_links_get(&links, kept[i], none, &count);
        sum += count;
    }
    assert_in_range(sum, AZM_LINKS_POOL - AZM_COUNT(kept) * 32, AZM_LINKS_POOL);
    assert_int_equal(azm_links_keep(&links, items, 1), 0);
    for (size_t i = 0; i < AZM_COUNT(kept); i++)
        azm_links_drop(&links, kept[i]);
    assert_int_not_equal(azm_links_keep(&links, items, 1), 0);
    azm_links_dispose(&links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_kept_comes_back),
                                       cmocka_unit_test(a_full_pool_drops_and_recovers)};
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
