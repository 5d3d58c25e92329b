#include "hub/receive/error_group.h"

#include "hub/store/stable_hash.h"

/* Parts are told apart by an end that no text has. */
static void add(struct azm_error_group *group, azm_slice text)
{
    group->hash = azm_stable_hash(AZM_S("\xff"), azm_stable_hash(text, group->hash));
}

void azm_error_group_begin(struct azm_error_group *group, azm_slice service)
{
    *group = (struct azm_error_group){.hash = AZM_STABLE_HASH};
    add(group, service);
}

void azm_error_group_type(struct azm_error_group *group, azm_slice type)
{
    if (type.len == 0)
        return;
    add(group, type);
    group->any = true;
}

void azm_error_group_frame(struct azm_error_group *group, azm_slice module, azm_slice filename, azm_slice classname,
                           azm_slice function)
{
    azm_slice place = module.len ? module : filename.len ? filename : classname;
    if (place.len == 0 && function.len == 0)
        return;
    add(group, place);
    add(group, function);
    group->any = true;
}

uint64_t azm_error_group_end(const struct azm_error_group *group, azm_slice message)
{
    struct azm_error_group end = *group;
    if (!group->any)
        add(&end, message);
    return end.hash ? end.hash : 1;
}
