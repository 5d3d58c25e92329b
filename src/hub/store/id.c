#include "hub/store/id.h"

#include "base/hex.h"

#include <sqlite3.h>

enum { BYTES_MAX = AZM_ID_TEXT / 2 };

static void bind_blob(struct azm_statement *s, const uint8_t *bytes, size_t len)
{
    sqlite3_bind_blob(s->stmt, s->next++, bytes, (int)len, SQLITE_TRANSIENT);
}

void azm_bind_id_key(struct azm_statement *s, azm_slice id)
{
    uint8_t bytes[BYTES_MAX];
    id = azm_slice_take(id, AZM_ID_TEXT);
    if (id.len && id.len % 2 == 0 && azm_hex_decode(id, bytes, id.len / 2))
        bind_blob(s, bytes, id.len / 2);
    else
        azm_bind_key(s, id);
}

void azm_bind_id(struct azm_statement *s, azm_slice id)
{
    if (id.len)
        azm_bind_id_key(s, id);
    else
        azm_bind_null(s);
}

azm_slice azm_column_id(const struct azm_statement *s, int column, char text[AZM_ID_TEXT])
{
    const void *bytes = sqlite3_column_blob(s->stmt, column);
    size_t len = bytes ? (size_t)sqlite3_column_bytes(s->stmt, column) : 0;
    if (sqlite3_column_type(s->stmt, column) != SQLITE_BLOB)
        return azm_slice_of(text, azm_slice_copy(azm_slice_of(bytes, len), text, AZM_ID_TEXT));
    len = len < BYTES_MAX ? len : BYTES_MAX;
    azm_hex_encode(bytes, len, text);
    return azm_slice_of(text, 2 * len);
}

void azm_bind_id_range(struct azm_statement *s, azm_slice prefix)
{
    enum { MOST = 64 };
    uint8_t low[MOST + 1], high[MOST + 1];
    char padded[2 * MOST];
    prefix = azm_slice_take(prefix, sizeof padded - 1);
    size_t len = prefix.len + prefix.len % 2, n = len / 2;
    memcpy(padded, prefix.ptr, prefix.len);
    if (prefix.len % 2)
        padded[prefix.len] = '0';
    bool hex = azm_hex_decode(azm_slice_of(padded, len), low, n);
    if (prefix.len % 2)
        padded[prefix.len] = 'f';
    if (hex && azm_hex_decode(azm_slice_of(padded, len), high, n)) {
        memset(high + n, 0xff, MOST + 1 - n);
        bind_blob(s, low, n);
        bind_blob(s, high, MOST + 1);
    } else {
        azm_bind_key(s, prefix);
        sqlite3_bind_text(s->stmt, s->next++, sqlite3_mprintf("%.*s\x7f", AZM_FMT(prefix)), -1, sqlite3_free);
    }
}
