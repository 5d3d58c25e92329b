/* Operations by their numbers, as they were read once: they never change. Inside src/hub/store only. */
#pragma once

#include "base/arena.h"
#include "hub/store/statement.h"

struct azm_operation {
    int64_t kind;
    azm_slice service, environment, name, type, function, trigger;
    bool coldstart, from_host;
};

struct azm_operations {
    struct azm_arena arena;
    struct azm_operation **items; /* by number; NULL: not read yet */
    int64_t count;
};

/* find: azm_operations_sql, prepared. The operation lives as long as the table; AZM_NOT_FOUND: there is none. */
extern const char azm_operations_sql[];
enum azm_status azm_operations_get(struct azm_operations *operations, struct azm_statement *find, int64_t number,
                                   const struct azm_operation **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_operations_dispose(struct azm_operations *operations);
