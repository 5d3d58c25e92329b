#include "hub/store/clickhouse/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how many columns; every byte of every column is looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf answer;
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    if (size == 0)
        return 0;
    size_t columns = data[0] % AZM_ROW_COLUMNS + 1, bytes = 0;
    azm_buf_init(&answer, size);
    azm_buf_add(&answer, azm_slice_of(data + 1, size - 1));
    azm_rows_begin(&rows, &answer, columns);
    while (azm_rows_next(&rows, c) == AZM_OK)
        for (size_t i = 0; i < columns; i++) {
            double value;
            azm_slice array = c[i];
            bytes += c[i].len + (azm_row_int(c[i]) == 7) + (azm_row_real(c[i]) > 7);
            while (azm_row_element(&array, &value))
                bytes += value > 7;
        }
    if (bytes > size * 8)
        __builtin_trap();
    azm_buf_dispose(&answer);
    return 0;
}
