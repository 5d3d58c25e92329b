#include "hub/state.h"

static bool begin(struct azm_hub *hub, struct azm_request *request, size_t count)
{
    uv_mutex_lock(&hub->mutex);
    bool ok = !hub->stopping;
    hub->commits += ok;
    request->waiting = (unsigned)count;
    uv_mutex_unlock(&hub->mutex);
    return ok;
}

/* On the writer's thread. The request may be gone as soon as its connection is resumed. */
static void committed(void *self, enum azm_status status)
{
    struct azm_request *request = self;
    struct azm_hub *hub = request->hub;
    uv_mutex_lock(&hub->mutex);
    if (status != AZM_OK)
        request->committed = status;
    bool last = --request->waiting == 0;
    uv_mutex_unlock(&hub->mutex);
    if (!last)
        return;
    MHD_resume_connection(request->connection);
    uv_mutex_lock(&hub->mutex);
    if (--hub->commits == 0)
        uv_cond_signal(&hub->settled);
    uv_mutex_unlock(&hub->mutex);
}

bool azm_commit(struct azm_request *request, struct azm_batch **batches, size_t count)
{
    request->committed = AZM_OK;
    if (!begin(request->hub, request, count))
        return false;
    request->committing = true;
    MHD_suspend_connection(request->connection);
    for (size_t i = 0; i < count; i++)
        azm_store_add(request->hub->store, batches[i], committed, request);
    return true;
}
