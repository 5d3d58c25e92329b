#include "tap/patch.h"

void azm_patch_add(struct azm_patch *patch, azm_slice piece)
{
    if (patch->given_up)
        return;
    if (!patch->open)
        patch->len = 0;
    patch->open = true;
    for (size_t i = 0; i < piece.len && patch->len < AZM_PATCH_MAX; i++)
        patch->at[patch->len++] = (char *)(uintptr_t)(piece.ptr + i);
}

void azm_patch_give_up(struct azm_patch *patch)
{
    patch->given_up = patch->open || patch->given_up;
    patch->open = false;
}

azm_slice azm_patch_end(struct azm_patch *patch, char text[AZM_PATCH_MAX])
{
    for (size_t i = 0; i < patch->len; i++)
        text[i] = *patch->at[i];
    azm_slice value = {text, patch->open ? patch->len : 0};
    patch->open = patch->given_up = false;
    return value;
}

void azm_patch_write(struct azm_patch *patch, size_t at, azm_slice bytes)
{
    for (size_t i = 0; i < bytes.len && at + i < patch->len; i++)
        *patch->at[at + i] = bytes.ptr[i];
}

/* Takes one of the three names of this machine off the front. */
static bool take_host(azm_slice *rest, char out[16])
{
    static const struct {
        const char *written, *meant;
    } hosts[] = {{"localhost:", "localhost"}, {"127.0.0.1:", "127.0.0.1"}, {"[::1]:", "::1"}};
    for (size_t i = 0; i < AZM_COUNT(hosts); i++) {
        azm_slice written = azm_slice_str(hosts[i].written);
        if (!azm_slice_starts_nocase(*rest, written))
            continue;
        *rest = azm_slice_drop(*rest, written.len);
        azm_slice_copy(azm_slice_str(hosts[i].meant), out, 16);
        return true;
    }
    return false;
}

enum azm_status azm_http_uri_read(azm_slice text, struct azm_http_uri *out)
{
    uint64_t port;
    azm_slice rest = azm_slice_drop(text, 7);
    if (!azm_slice_starts_nocase(text, AZM_S("http://")) || !take_host(&rest, out->host))
        return AZM_BAD_INPUT;
    azm_slice digits = azm_slice_take(rest, azm_slice_find(rest, '/'));
    if (azm_slice_to_u64(digits, &port) != AZM_OK || port == 0 || port > UINT16_MAX || digits.ptr[0] == '0')
        return AZM_BAD_INPUT;
    out->port = (uint16_t)port;
    out->port_at = (size_t)(digits.ptr - text.ptr);
    out->port_digits = (unsigned)digits.len;
    return AZM_OK;
}
