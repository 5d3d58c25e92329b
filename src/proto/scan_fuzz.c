/* Any bytes as a protobuf message, in two pieces cut where the first byte says; both ways must tell the same. */
#include "proto/scan.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"

static const struct azm_scan_message node;
static const struct azm_scan_rule rules[] = {
    {1, AZM_SCAN_TAKE, 1, NULL},   {2, AZM_SCAN_ENTER, 2, &node}, {3, AZM_SCAN_NUMBER, 3, NULL},
    {4, AZM_SCAN_ENTER, 4, &node}, {5, AZM_SCAN_TAKE, 5, NULL},
};
static const struct azm_scan_message node = {rules, AZM_COUNT(rules)};

struct told {
    uint64_t hash;
    char text[24];
};

static void tell(struct told *told, uint64_t what, uint64_t value)
{
    uint64_t words[] = {what, value};
    told->hash = azm_hash(azm_slice_of(words, sizeof words), told->hash);
}

static struct azm_scan_target want(void *self, unsigned slot, uint64_t len)
{
    struct told *told = self;
    tell(told, slot, len);
    return (struct azm_scan_target){slot == 5 ? NULL : told->text, sizeof told->text, slot == 3};
}

static void took(void *self, unsigned slot, size_t copied, uint64_t len)
{
    struct told *told = self;
    tell(told, slot, azm_hash((azm_slice){told->text, copied}, len));
}

static void number(void *self, unsigned slot, uint64_t value)
{
    tell(self, 100 + slot, value);
}

static void enter(void *self, unsigned slot)
{
    tell(self, 200 + slot, 0);
}

static void leave(void *self, unsigned slot)
{
    tell(self, 300 + slot, 0);
}

/* Byte by byte: the same for every cut. */
static void piece(void *self, unsigned slot, azm_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        tell(self, 400 + slot, (uint8_t)bytes.ptr[i]);
}

static const struct azm_scan_handler handler = {want, took, number, enter, leave, piece};

static enum azm_status scan(azm_slice bytes, size_t cut, struct told *told)
{
    struct azm_scan scan;
    azm_scan_begin(&scan, &node, bytes.len, &handler, told);
    enum azm_status st = azm_scan_feed(&scan, azm_slice_take(bytes, cut));
    if (st == AZM_OK && cut < bytes.len)
        st = azm_scan_feed(&scan, azm_slice_drop(bytes, cut));
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole = {0}, pieces = {0};
    if (size < 2)
        return 0;
    azm_slice bytes = azm_slice_of(data + 1, size - 1);
    enum azm_status a = scan(bytes, bytes.len, &whole), b = scan(bytes, data[0] % bytes.len + 1, &pieces);
    if (a != b || (a == AZM_END && whole.hash != pieces.hash))
        abort();
    return 0;
}
