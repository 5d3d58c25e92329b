#include "trace/ignore.h"

#include "base/wildcard.h"

/* "/api/hello" of "https://app.example:443/api/hello?name=x". */
static azm_slice path_of(azm_slice url)
{
    azm_slice path = azm_slice_take(url, azm_slice_find(url, '?'));
    path = azm_slice_take(path, azm_slice_find(path, '#'));
    size_t scheme = azm_slice_search(path, AZM_S("://"));
    if (scheme == path.len || azm_slice_starts(path, AZM_S("/")))
        return path;
    path = azm_slice_drop(path, scheme + 3);
    path = azm_slice_drop(path, azm_slice_find(path, '/'));
    return path.len ? path : AZM_S("/");
}

static azm_slice field(struct azm_pairs headers, azm_slice name)
{
    for (size_t i = 0; i < headers.count; i++)
        if (azm_slice_eq_nocase(headers.items[i].key, name))
            return headers.items[i].value;
    return (azm_slice){NULL, 0};
}

bool azm_ignore_http(const struct azm_settings *settings, azm_slice url, struct azm_pairs headers)
{
    if (settings->transaction_ignore_urls.len && url.len &&
        azm_wildcard_match_any(settings->transaction_ignore_urls, path_of(url)))
        return true;
    if (!settings->transaction_ignore_user_agents.len)
        return false;
    azm_slice agent = field(headers, AZM_S("user-agent"));
    return agent.len && azm_wildcard_match_any(settings->transaction_ignore_user_agents, agent);
}

bool azm_ignore_message(const struct azm_settings *settings, azm_slice queue)
{
    return settings->ignore_message_queues.len && queue.len &&
           azm_wildcard_match_any(settings->ignore_message_queues, queue);
}

azm_slice azm_name_group(const struct azm_settings *settings, azm_slice name)
{
    const azm_slice exact = AZM_S("(?-i)");
    if (!settings->transaction_name_groups.len || !name.len)
        return name;
    azm_slice group = azm_wildcard_first(settings->transaction_name_groups, name);
    if (azm_slice_starts(group, exact))
        group = azm_slice_drop(group, exact.len);
    return group.len ? group : name;
}
