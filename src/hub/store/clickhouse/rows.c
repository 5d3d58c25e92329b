#include "hub/store/clickhouse/rows.h"

#include <stdlib.h>

void azm_rows_begin(struct azm_rows *rows, struct azm_buf *answer, size_t columns)
{
    *rows =
        (struct azm_rows){.at = answer->ptr, .end = answer->ptr ? answer->ptr + answer->len : NULL, .columns = columns};
}

static char unescaped(char c)
{
    switch (c) {
    case '0': return 0;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

/* *ended_by: the tab or line feed behind it; 0: the answer ended. */
static azm_slice next_column(struct azm_rows *rows, char *ended_by)
{
    char *begin = rows->at, *to = begin;
    while (rows->at < rows->end && *rows->at != '\t' && *rows->at != '\n') {
        char c = *rows->at++;
        if (c == '\\' && rows->at < rows->end)
            c = unescaped(*rows->at++);
        *to++ = c;
    }
    *ended_by = rows->at < rows->end ? *rows->at++ : 0;
    return azm_slice_of(begin, (size_t)(to - begin));
}

enum azm_status azm_rows_next(struct azm_rows *rows, azm_slice columns[AZM_ROW_COLUMNS])
{
    char ended_by = '\t';
    if (rows->at == rows->end)
        return AZM_END;
    for (size_t i = 0; i < rows->columns; i++) {
        if (ended_by != '\t')
            return AZM_BAD_INPUT;
        columns[i] = next_column(rows, &ended_by);
    }
    return ended_by == '\n' ? AZM_OK : AZM_BAD_INPUT;
}

/* Numbers are not followed by a NUL. */
static const char *number_text(azm_slice column, char out[40])
{
    azm_slice_copy(column, out, 40);
    return out;
}

int64_t azm_row_int(azm_slice column)
{
    char text[40];
    return strtoll(number_text(column, text), NULL, 10);
}

double azm_row_real(azm_slice column)
{
    char text[40];
    return strtod(number_text(column, text), NULL);
}

bool azm_row_element(azm_slice *array, double *out)
{
    size_t begin = 0, end;
    while (begin < array->len && (array->ptr[begin] == '[' || array->ptr[begin] == ','))
        begin++;
    for (end = begin; end < array->len && array->ptr[end] != ',' && array->ptr[end] != ']';)
        end++;
    if (end == begin)
        return false;
    *out = azm_row_real(azm_slice_of(array->ptr + begin, end - begin));
    *array = azm_slice_drop(*array, end);
    return true;
}
