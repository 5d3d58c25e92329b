/* What strict reading accepts, lenient reading accepts as the same document; and what was read can be written and read
 * again. */
#include <stdlib.h>

#include "json/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const json_t *root)
{
    json_t *again = NULL;
    char *text = json_dumps(root, JSON_ENCODE_ANY);
    if (!text)
        return; /* jansson cannot write a key that holds what it read as U+0000 */
    if (azm_json_parse(azm_slice_str(text), "again", &again, NULL) != AZM_OK || !json_equal(root, again))
        abort();
    json_decref(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice text = azm_slice_of(data, size);
    json_t *strict = NULL, *lenient = NULL;
    struct azm_error err;
    enum azm_status st = azm_json_parse(text, "fuzz", &strict, &err);
    enum azm_status config = azm_json_parse_config(text, "fuzz", &lenient, &err);
    if (st == AZM_OK && (config != AZM_OK || !json_equal(strict, lenient)))
        abort();
    if ((config == AZM_OK) != (lenient != NULL) || (st == AZM_OK) != (strict != NULL))
        abort();
    if (lenient) {
        azm_json_at(lenient, "extensions.http.routePrefix");
        check_again(lenient);
    }
    json_decref(strict);
    json_decref(lenient);
    return 0;
}
