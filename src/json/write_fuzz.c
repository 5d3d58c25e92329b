/* Whatever text is written as a key and as a value, a strict parser reads back what base/utf8 makes of it. First byte:
 * the limit in characters. */
#include <jansson.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "json/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf out, expected;
    if (size == 0)
        return 0;
    azm_slice text = azm_slice_of(data + 1, size - 1);
    size_t max = data[0] == 255 ? SIZE_MAX : data[0];
    azm_buf_init(&out, 64 + 16 * size);
    azm_buf_init(&expected, 64 + 4 * size);
    struct azm_json_writer json = azm_json_writer(&out);
    azm_json_open_array(&json);
    azm_json_open_object(&json);
    azm_json_null(azm_json_foreign_key(&json, text, max));
    azm_json_close_object(&json);
    azm_json_text(&json, text, max);
    azm_json_close_array(&json);
    azm_utf8_add(&expected, text, max);
    if (out.failed || expected.failed)
        abort();
    json_error_t err;
    json_t *root = json_loadb(out.ptr, out.len, JSON_ALLOW_NUL, &err);
    if (!root && json_error_code(&err) != json_error_null_byte_in_key)
        abort();
    const char *key = json_object_iter_key(json_object_iter(json_array_get(root, 0)));
    json_t *value = json_array_get(root, 1);
    if (root &&
        (!azm_slice_eq(azm_buf_slice(&expected), azm_slice_str(key)) ||
         !azm_slice_eq(azm_buf_slice(&expected), azm_slice_of(json_string_value(value), json_string_length(value)))))
        abort();
    json_decref(root);
    azm_buf_dispose(&out);
    azm_buf_dispose(&expected);
    return 0;
}
