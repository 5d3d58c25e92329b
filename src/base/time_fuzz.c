/* What is parsed is within reach of the format, and reads the same when it is written. */
#include <stdlib.h>

#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[AZM_TIME_TEXT];
    int64_t us, again;
    if (azm_time_parse(azm_slice_of(data, size), &us) != AZM_OK)
        return 0;
    if (azm_time_format(us, text) != AZM_TIME_TEXT - 1 || azm_time_parse(azm_slice_str(text), &again) != AZM_OK)
        abort();
    const int64_t day = (int64_t)86400 * 1000000;
    if (again != us && (us > -62135596800 * 1000000 && us < 253402300800 * 1000000))
        abort();
    if (us < -62135596800 * 1000000 - day || us > 253402300800 * 1000000 + day) /* an offset moves it a day at most */
        abort();
    return 0;
}
