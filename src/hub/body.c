#include "hub/state.h"

void azm_body_init(struct azm_body *body)
{
    *body = (struct azm_body){.held = 0};
    azm_buf_init(&body->bytes, AZM_BODY_MAX);
}

void azm_body_dispose(struct azm_body *body, struct azm_hub *hub)
{
    azm_buf_dispose(&body->bytes);
    atomic_fetch_sub(&hub->bodies, body->held);
    body->held = 0;
}

enum azm_status azm_body_add(struct azm_body *body, struct azm_hub *hub, azm_slice piece)
{
    if (body->bytes.len + piece.len > AZM_BODY_MAX)
        return AZM_TOO_BIG;
    if (atomic_fetch_add(&hub->bodies, piece.len) + piece.len > AZM_HUB_BODIES) {
        atomic_fetch_sub(&hub->bodies, piece.len);
        return AZM_NO_MEMORY;
    }
    body->held += piece.len;
    azm_buf_add(&body->bytes, piece);
    return AZM_OK;
}
