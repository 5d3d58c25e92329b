#include "tap/early.h"

#include "tap/request.h"
#include "tap/session_state.h"

struct head {
    uint32_t kind, len;
};

void azm_early_dispose(struct azm_early *early)
{
    azm_buf_dispose(&early->records);
}

bool azm_early_add(struct azm_early *early, enum azm_record_kind kind, azm_slice record)
{
    struct azm_buf *records = &early->records;
    struct head head = {(uint32_t)kind, (uint32_t)record.len};
    size_t before = records->len;
    if (before == 0)
        azm_buf_init(records, AZM_EARLY_MAX);
    if (records->failed || before + sizeof head + record.len > AZM_EARLY_MAX)
        return false;
    azm_buf_add(records, azm_slice_of(&head, sizeof head));
    azm_buf_add(records, record);
    return !records->failed;
}

void azm_early_put(struct azm_session *session)
{
    struct azm_buf *records = &session->early.records;
    azm_slice rest = records->failed ? (azm_slice){NULL, 0} : azm_buf_slice(records);
    if (rest.len)
        azm_request_source(session);
    while (rest.len) {
        struct head head;
        memcpy(&head, rest.ptr, sizeof head);
        rest = azm_slice_drop(rest, sizeof head);
        azm_channel_put_record(&session->channel, (enum azm_record_kind)head.kind, azm_slice_take(rest, head.len));
        rest = azm_slice_drop(rest, head.len);
    }
    azm_buf_dispose(records);
}
