/* Every part lies inside the text. */
#include "export/url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(azm_slice part, azm_slice text)
{
    if (part.len && (part.ptr < text.ptr || part.ptr + part.len > text.ptr + text.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    azm_slice text = azm_slice_of(data, size);
    struct azm_url url;
    azm_url_split(text, &url);
    const azm_slice parts[] = {url.scheme, url.userinfo, url.host, url.port, url.path, url.query, url.rest};
    for (size_t i = 0; i < AZM_COUNT(parts); i++)
        inside(parts[i], text);
    return 0;
}
