#include "tap/body.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "trace/redact.h"

/* Without a character at its end that was cut. */
static azm_slice without_cut_end(azm_slice text)
{
    for (size_t i = 0; i < 4 && i < text.len; i++)
        if (((uint8_t)text.ptr[text.len - 1 - i] & 0xc0) != 0x80)
            return azm_utf8_char(azm_slice_drop(text, text.len - 1 - i)) ? text
                                                                         : azm_slice_take(text, text.len - 1 - i);
    return text;
}

static bool is_form(azm_slice content_type)
{
    azm_slice type = azm_slice_trim(azm_slice_take(content_type, azm_slice_find(content_type, ';')));
    return azm_slice_eq_nocase(type, AZM_S("application/x-www-form-urlencoded"));
}

static void add_form(struct azm_buf *out, struct azm_header_names *names, azm_slice form)
{
    azm_slice field;
    bool more = false;
    while (azm_slice_split(&form, '&', &field)) {
        azm_slice name = azm_slice_take(field, azm_slice_find(field, '='));
        if (more)
            azm_buf_add_byte(out, '&');
        more = true;
        if (name.len < field.len && azm_header_is_secret(names, name))
            azm_buf_addf(out, "%.*s=%.*s", AZM_FMT(name), AZM_FMT(AZM_REDACTED));
        else
            azm_buf_add(out, field);
    }
}

static void keep(struct azm_invocation *invocation, azm_slice text)
{
    struct azm_kept_body *kept = malloc(sizeof *kept + text.len);
    if (!kept)
        return;
    kept->len = text.len;
    memcpy(kept->text, text.ptr, text.len);
    free(invocation->body);
    invocation->body = kept;
}

void azm_body_keep(struct azm_header_names *names, struct azm_invocation *invocation, azm_slice content_type,
                   azm_slice body)
{
    struct azm_buf form;
    body = without_cut_end(body);
    if (!body.len || azm_slice_find(body, '\0') < body.len || !azm_utf8_is_valid(body))
        return;
    if (!is_form(content_type)) {
        keep(invocation, body);
        return;
    }
    azm_buf_init(&form, 4 * AZM_BODY_MAX);
    add_form(&form, names, body);
    if (!form.failed)
        keep(invocation, azm_slice_take(azm_buf_slice(&form), AZM_BODY_MAX));
    azm_buf_dispose(&form);
}

void azm_body_tell(const struct azm_invocation *invocation, enum azm_capture_body wanted, bool message,
                   struct azm_transaction *transaction)
{
    if (AZM_LIKELY(!invocation->body))
        return;
    azm_slice body = {invocation->body->text, invocation->body->len};
    bool always = wanted == AZM_BODY_ALL || wanted == AZM_BODY_TRANSACTIONS;
    bool failed = transaction->outcome == AZM_OUTCOME_FAILURE;
    if (invocation->has_http && (always || (wanted == AZM_BODY_ERRORS && failed)))
        transaction->http.request_body = body;
    else if (message && always)
        transaction->message.body = body;
}
