/* The scanner tells the same whole and cut in two, keeps its containers balanced, and takes what the reader takes. */
#include <stdlib.h>

#include "base/hash.h"
#include "json/read.h"
#include "json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t hash;
    size_t depth;
};

static void on_part(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    struct seen *seen = self;
    if (text.len > AZM_JSON_SCAN_TEXT || (!whole && text.len < AZM_JSON_SCAN_TEXT - 3))
        abort();
    seen->hash = azm_hash(text, seen->hash + part);
    if (part == AZM_JSON_OBJECT || part == AZM_JSON_ARRAY)
        seen->depth++;
    else if ((part == AZM_JSON_OBJECT_END || part == AZM_JSON_ARRAY_END) && seen->depth-- == 0)
        abort();
}

static enum azm_status run(azm_slice text, size_t cut, struct seen *seen)
{
    struct azm_json_scan scan;
    enum azm_status st;
    *seen = (struct seen){0, 0};
    azm_json_scan_begin(&scan, on_part, seen);
    st = azm_json_scan_feed(&scan, azm_slice_take(text, cut));
    if (st == AZM_OK)
        st = azm_json_scan_feed(&scan, azm_slice_drop(text, cut));
    return st == AZM_OK ? azm_json_scan_end(&scan) : st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice text = azm_slice_of(data, size);
    struct seen whole, cut;
    json_t *root = NULL;
    enum azm_status st = run(text, size, &whole);
    if (run(text, size ? data[0] % size : 0, &cut) != st || cut.hash != whole.hash)
        abort();
    if (st == AZM_OK && whole.depth)
        abort();
    bool lenient =
        azm_slice_starts(text, AZM_S("\xef\xbb\xbf")) || (size && memchr(data, 0, size)); /* is the reader there */
    if (!lenient && st == AZM_BAD_INPUT && azm_json_parse(text, "text", &root, NULL) == AZM_OK)
        abort();
    json_decref(root);
    return 0;
}
