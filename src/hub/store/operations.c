#include "hub/store/operations.h"

#include <stdlib.h>

const char azm_operations_sql[] = "SELECT kind, service, environment, name, type, function, faas_trigger, coldstart,"
                                  " from_host FROM operations WHERE id = ?1";

static enum azm_status make_room(struct azm_operations *operations, int64_t number, struct azm_error *err)
{
    if (number < operations->count)
        return AZM_OK;
    int64_t count = number + number / 2 + 64;
    struct azm_operation **items = realloc(operations->items, (size_t)count * sizeof(struct azm_operation *));
    if (!items)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the names of operations");
    for (int64_t i = operations->count; i < count; i++)
        items[i] = NULL;
    operations->items = items;
    operations->count = count;
    return AZM_OK;
}

static struct azm_operation *keep(struct azm_operations *operations, const struct azm_statement *s)
{
    struct azm_operation *out = azm_arena_new(&operations->arena, struct azm_operation);
    azm_slice *const texts[] = {&out->service, &out->environment, &out->name,
                                &out->type,    &out->function,    &out->trigger};
    out->kind = azm_column_int(s, 0);
    for (int i = 0; i < (int)AZM_COUNT(texts); i++)
        *texts[i] = azm_arena_copy(&operations->arena, azm_column_text(s, i + 1));
    out->coldstart = azm_column_int(s, 7) != 0;
    out->from_host = azm_column_int(s, 8) != 0;
    return out;
}

enum azm_status azm_operations_get(struct azm_operations *operations, struct azm_statement *find, int64_t number,
                                   const struct azm_operation **out, struct azm_error *err)
{
    enum azm_status status = number < 0 ? AZM_NOT_FOUND : make_room(operations, number, err);
    if (status != AZM_OK)
        return status;
    if (!operations->items[number]) {
        azm_bind_int(find, number);
        status = azm_statement_row(find, err);
        if (status == AZM_OK)
            operations->items[number] = keep(operations, find);
        azm_statement_reset(find);
    }
    *out = operations->items[number];
    return status == AZM_END ? AZM_NOT_FOUND : status;
}

void azm_operations_dispose(struct azm_operations *operations)
{
    free(operations->items);
    azm_arena_dispose(&operations->arena);
    *operations = (struct azm_operations){.count = 0};
}
