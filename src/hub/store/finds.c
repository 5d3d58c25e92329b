#include "hub/store/search.h"

#include <stdlib.h>

enum azm_status azm_finds_init(struct azm_finds *finds, int64_t max, bool rising, struct azm_error *err)
{
    *finds = (struct azm_finds){.max = (size_t)max, .rising = rising};
    azm_arena_init(&finds->arena, 0);
    finds->items = calloc(finds->max ? finds->max : 1, sizeof *finds->items);
    return finds->items ? AZM_OK : azm_fail(err, AZM_NO_MEMORY, "no memory for a list of %zu traces", finds->max);
}

void azm_finds_dispose(struct azm_finds *finds)
{
    free(finds->items);
    azm_arena_dispose(&finds->arena);
}

bool azm_finds_before(const struct azm_finds *finds, struct azm_cursor a, struct azm_cursor b)
{
    if (a.value != b.value)
        return finds->rising ? a.value < b.value : a.value > b.value;
    return finds->rising ? a.rank < b.rank : a.rank > b.rank;
}

bool azm_finds_are_full(const struct azm_finds *finds)
{
    return finds->count == finds->max;
}

static void keep(struct azm_arena *arena, azm_slice *text)
{
    if (text->len)
        *text = azm_arena_copy(arena, *text);
}

static void keep_row(struct azm_finds *finds, struct azm_trace_row *row)
{
    azm_slice *const texts[] = {&row->trace_id, &row->transaction_id, &row->service, &row->name,
                                &row->type,     &row->result,         &row->trigger, &row->function};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        keep(&finds->arena, texts[i]);
}

void azm_finds_add(struct azm_finds *finds, struct azm_cursor at, const struct azm_trace_row *row)
{
    if (finds->max == 0)
        return;
    size_t i = finds->count;
    if (azm_finds_are_full(finds)) {
        if (!azm_finds_before(finds, at, finds->items[finds->count - 1].at))
            return;
        i--;
    } else {
        finds->count++;
    }
    for (; i > 0 && azm_finds_before(finds, at, finds->items[i - 1].at); i--)
        finds->items[i] = finds->items[i - 1];
    at.used = true;
    finds->items[i] = (struct azm_found){at, *row};
    keep_row(finds, &finds->items[i].row);
}
