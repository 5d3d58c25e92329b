#include "tap/header_names.h"

#include "base/hash.h"
#include "trace/redact.h"

void azm_header_names_init(struct azm_header_names *names, azm_slice patterns)
{
    memset(names, 0, sizeof *names);
    names->patterns = patterns;
}

bool azm_header_is_secret(struct azm_header_names *names, azm_slice name)
{
    if (name.len == 0 || name.len > AZM_HEADER_NAME)
        return azm_redact_is_secret(name, names->patterns);
    size_t at = (size_t)azm_hash(name, 0) % AZM_HEADER_NAMES;
    if (names->slots[at].len != name.len || memcmp(names->slots[at].name, name.ptr, name.len) != 0) {
        names->slots[at].secret = azm_redact_is_secret(name, names->patterns);
        names->slots[at].len = (uint8_t)name.len;
        memcpy(names->slots[at].name, name.ptr, name.len);
    }
    return names->slots[at].secret;
}
