#include "tap/invocations.h"

#include <stdlib.h>

#include "base/hash.h"

#define BUCKETS 4096u

void azm_invocations_init(struct azm_invocations *invocations, uint64_t seed)
{
    *invocations = (struct azm_invocations){.seed = seed};
}

/* With the first invocation, not in the cold start; the pages come when they are touched. */
static bool make_pool(struct azm_invocations *invocations)
{
    if (invocations->pool)
        return true;
    invocations->pool = calloc(AZM_INVOCATIONS_MAX, sizeof(struct azm_invocation));
    invocations->buckets = calloc(BUCKETS, sizeof(uint32_t));
    if (invocations->pool && invocations->buckets)
        return true;
    azm_invocations_dispose(invocations);
    return false;
}

static void drop_owned(void *self, struct azm_invocation *invocation)
{
    (void)self;
    free(invocation->exception);
    free(invocation->body);
    invocation->exception = NULL;
    invocation->body = NULL;
}

void azm_invocations_dispose(struct azm_invocations *invocations)
{
    if (invocations->pool)
        azm_invocations_each(invocations, drop_owned, NULL);
    free(invocations->pool);
    free(invocations->buckets);
    azm_links_dispose(&invocations->links);
    *invocations = (struct azm_invocations){.seed = invocations->seed};
}

static uint32_t *bucket_of(const struct azm_invocations *invocations, azm_slice id)
{
    return &invocations->buckets[azm_hash(id, invocations->seed) & (BUCKETS - 1)];
}

static azm_slice id_of(const struct azm_invocation *invocation)
{
    return (azm_slice){invocation->id, invocation->id_len};
}

bool azm_invocations_full(const struct azm_invocations *invocations)
{
    return invocations->open == AZM_INVOCATIONS_MAX;
}

struct azm_invocation *azm_invocations_find(const struct azm_invocations *invocations, azm_slice id)
{
    if (!invocations->pool)
        return NULL;
    for (uint32_t at = *bucket_of(invocations, id); at; at = invocations->pool[at - 1].next)
        if (azm_slice_eq(id_of(&invocations->pool[at - 1]), id))
            return &invocations->pool[at - 1];
    return NULL;
}

static void unlink_entry(struct azm_invocations *invocations, struct azm_invocation *invocation)
{
    uint32_t index = (uint32_t)(invocation - invocations->pool) + 1;
    uint32_t *at = bucket_of(invocations, id_of(invocation));
    while (*at != index)
        at = &invocations->pool[*at - 1].next;
    *at = invocation->next;
}

struct azm_invocation *azm_invocations_open(struct azm_invocations *invocations, azm_slice id, bool *replaced)
{
    struct azm_invocation *old = azm_invocations_find(invocations, id);
    *replaced = old != NULL;
    if (!make_pool(invocations) || id.len == 0 || id.len > AZM_INVOCATION_ID_MAX)
        return NULL;
    if (old && old->answered) /* in a line somewhere */
        return NULL;
    if (old)
        azm_invocations_close(invocations, old);
    uint32_t index = invocations->free_list;
    if (index)
        invocations->free_list = invocations->pool[index - 1].next;
    else if (invocations->fresh < AZM_INVOCATIONS_MAX)
        index = ++invocations->fresh;
    else
        return NULL;
    struct azm_invocation *invocation = &invocations->pool[index - 1];
    memset(invocation, 0, offsetof(struct azm_invocation, text));
    memcpy(invocation->id, id.ptr, id.len);
    invocation->id_len = (uint8_t)id.len;
    uint32_t *bucket = bucket_of(invocations, id);
    invocation->next = *bucket;
    *bucket = index;
    invocations->open++;
    return invocation;
}

void azm_invocations_close(struct azm_invocations *invocations, struct azm_invocation *invocation)
{
    unlink_entry(invocations, invocation);
    azm_links_drop(&invocations->links, invocation->links);
    drop_owned(NULL, invocation);
    invocation->id_len = 0;
    invocation->next = invocations->free_list;
    invocations->free_list = (uint32_t)(invocation - invocations->pool) + 1;
    invocations->open--;
}

void azm_invocations_each(struct azm_invocations *invocations,
                          void (*visit)(void *self, struct azm_invocation *invocation), void *self)
{
    for (uint32_t i = 0; i < invocations->fresh && invocations->open; i++)
        if (invocations->pool[i].id_len)
            visit(self, &invocations->pool[i]);
}

azm_slice azm_invocation_keep(struct azm_invocation *invocation, azm_slice text)
{
    size_t room = AZM_INVOCATION_TEXT - invocation->text_used;
    char *at = invocation->text + invocation->text_used;
    invocation->clipped |= text.len > room;
    text = azm_slice_take(text, room);
    if (text.len)
        memcpy(at, text.ptr, text.len);
    invocation->text_used = (uint16_t)(invocation->text_used + text.len);
    return (azm_slice){at, text.len};
}

static azm_slice put_text(char **at, azm_slice text)
{
    azm_slice copy = {text.ptr ? *at : NULL, text.len};
    if (text.ptr && text.len)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

void azm_invocation_keep_exception(struct azm_invocation *invocation, const struct azm_rpc_message *response)
{
    azm_slice type = response->fields[AZM_RPC_EXCEPTION_TYPE], message = response->fields[AZM_RPC_EXCEPTION_MESSAGE];
    azm_slice stack = response->fields[AZM_RPC_EXCEPTION_STACK];
    if (!type.len && !message.len && !stack.len)
        return;
    struct azm_kept_exception *kept = malloc(sizeof *kept + type.len + message.len + stack.len);
    if (!kept)
        return;
    char *at = kept->text;
    kept->type = put_text(&at, type);
    kept->message = put_text(&at, message);
    kept->stack = put_text(&at, stack);
    free(invocation->exception);
    invocation->exception = kept;
}

bool azm_invocation_keep_header(struct azm_invocation *invocation, struct azm_kept_headers *headers, azm_slice key,
                                azm_slice value)
{
    uint16_t lengths[2] = {(uint16_t)key.len, (uint16_t)value.len};
    size_t size = sizeof lengths + key.len + value.len;
    if (key.len > UINT16_MAX || value.len > UINT16_MAX || size > AZM_INVOCATION_TEXT - (size_t)invocation->text_used) {
        invocation->clipped = true;
        return false;
    }
    if (headers->count == 0)
        headers->at = invocation->text_used;
    azm_invocation_keep(invocation, azm_slice_of(lengths, sizeof lengths));
    azm_invocation_keep(invocation, key);
    azm_invocation_keep(invocation, value);
    headers->size = (uint16_t)(headers->size + size);
    headers->count++;
    return true;
}

size_t azm_invocation_headers(const struct azm_invocation *invocation, const struct azm_kept_headers *headers,
                              struct azm_pair *out, size_t max)
{
    const char *at = invocation->text + headers->at;
    size_t n = headers->count < max ? headers->count : max;
    for (size_t i = 0; i < n; i++) {
        uint16_t lengths[2];
        memcpy(lengths, at, sizeof lengths);
        at += sizeof lengths;
        out[i] = (struct azm_pair){{at, lengths[0]}, {at + lengths[0], lengths[1]}};
        at += lengths[0] + lengths[1];
    }
    return n;
}
