#include "tap/keep_field.h"

#include "trace/redact.h"

/* Behind App Service's front end the request's URL, its function key included, stands in header fields as well. */
static void keep_with_query(struct azm_invocation *invocation, struct azm_kept_headers *kept,
                            const struct azm_pair *field)
{
    char text[4096];
    struct azm_buf redacted;
    azm_buf_init_fixed(&redacted, text, sizeof text);
    azm_redact_url(&redacted, field->value);
    azm_invocation_keep_header(invocation, kept, field->key, azm_buf_slice(&redacted));
}

void azm_keep_fields(struct azm_header_names *names, struct azm_invocation *invocation, struct azm_kept_headers *kept,
                     struct azm_pairs fields)
{
    for (size_t i = 0; i < fields.count; i++) {
        const struct azm_pair *field = &fields.items[i];
        if (azm_header_is_secret(names, field->key))
            azm_invocation_keep_header(invocation, kept, field->key, AZM_REDACTED);
        else if (azm_redact_has_query(field->value))
            keep_with_query(invocation, kept, field);
        else
            azm_invocation_keep_header(invocation, kept, field->key, field->value);
    }
}

azm_slice azm_keep_url(struct azm_invocation *invocation, azm_slice url)
{
    char text[4096];
    struct azm_buf redacted;
    azm_buf_init_fixed(&redacted, text, sizeof text);
    azm_redact_url(&redacted, url);
    return azm_invocation_keep(invocation, azm_buf_slice(&redacted));
}
