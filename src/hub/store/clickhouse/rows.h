/* Rows as ClickHouse answers them: TabSeparated. Columns apart by tabs, rows ended by line feeds, both and the
 * backslash escaped in text. Source: ClickHouse's reference, "TabSeparated". */
#pragma once

#include "base/buf.h"

enum { AZM_ROW_COLUMNS = 40 };

struct azm_rows {
    char *at, *end; /* text is unescaped in place */
    size_t columns; /* of every row */
};

/* answer is changed while rows are read. columns: at most AZM_ROW_COLUMNS. */
void azm_rows_begin(struct azm_rows *rows, struct azm_buf *answer, size_t columns);
/* AZM_END: no more. AZM_BAD_INPUT: a row has another number of columns, or its end is missing. */
enum azm_status azm_rows_next(struct azm_rows *rows, azm_slice columns[AZM_ROW_COLUMNS]) AZM_MUST_CHECK;

/* 0 for what is no number; what does not fit is cut to the nearest that does. */
int64_t azm_row_int(azm_slice column);
double azm_row_real(azm_slice column);
/* The next number of an array such as [1,2.5]; *array begins as the whole column. False: there is none. */
bool azm_row_element(azm_slice *array, double *out);
