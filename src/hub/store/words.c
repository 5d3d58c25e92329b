#include "hub/store/words.h"

#include "hub/store/stable_hash.h"

#include <inttypes.h>

#define MADE_UP "\xee\x80\x80" /* U+E000 */

enum { WORDS_MAX = 32, OCTAVES = 42, NO_OCTAVE = OCTAVES };

void azm_event_filter_init(struct azm_event_filter *filter)
{
    *filter = (struct azm_event_filter){.kind = -1, .outcome = -1};
}

static unsigned octave_of(int64_t duration_us)
{
    unsigned n = 0;
    for (uint64_t v = duration_us > 0 ? (uint64_t)duration_us : 0; v && n < OCTAVES - 1; v >>= 1)
        n++;
    return n;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80);
}

/* Cuts the next word off the front of *text. False: there is none. */
static bool next_word(azm_slice *text, azm_slice *word)
{
    size_t begin = 0, end;
    while (begin < text->len && !is_word_byte(text->ptr[begin]))
        begin++;
    for (end = begin; end < text->len && is_word_byte(text->ptr[end]);)
        end++;
    *word = azm_slice_take(azm_slice_drop(*text, begin), end - begin);
    *text = azm_slice_drop(*text, end);
    return word->len > 0;
}

static bool is_made_up(azm_slice word)
{
    return azm_slice_search(word, AZM_S(MADE_UP)) < word.len;
}

static void add_words(struct azm_buf *out, azm_slice text)
{
    azm_slice word;
    while (next_word(&text, &word)) {
        if (word.len > AZM_WORD_MAX || is_made_up(word) || out->len + word.len + 1 > out->max)
            continue;
        azm_buf_add_byte(out, ' ');
        azm_buf_add(out, word);
    }
}

/* The made-up words, the same in documents and conditions. */
struct makers {
    struct azm_buf *out;
    const char *before, *after; /* each word */
};

static void add_made_up(const struct makers *to, char what, uint64_t value)
{
    azm_buf_add_str(to->out, to->before);
    azm_buf_addf(to->out, MADE_UP "%c%" PRIx64, what, value);
    azm_buf_add_str(to->out, to->after);
}

static void add_equal(const struct makers *to, char what, azm_slice text)
{
    if (text.len)
        add_made_up(to, what, azm_stable_hash(text, AZM_STABLE_HASH));
}

uint64_t azm_attribute_hash(const struct azm_pair *pair)
{
    uint64_t hash = azm_stable_hash(pair->key, AZM_STABLE_HASH);
    return azm_stable_hash(pair->value, azm_stable_hash(AZM_S("="), hash));
}

static void add_attribute(const struct makers *to, const struct azm_pair *pair)
{
    add_made_up(to, 'a', azm_attribute_hash(pair));
}

static bool has_outcome(const struct azm_event *event)
{
    return event->kind == AZM_EVENT_TRANSACTION || event->kind == AZM_EVENT_SPAN;
}

static void add_values(const struct makers *to, const struct azm_event *event, azm_slice environment)
{
    add_made_up(to, 'k', (uint64_t)event->kind);
    add_equal(to, 's', event->service);
    add_equal(to, 'v', environment);
    add_equal(to, 'n', event->name);
    add_equal(to, 'y', event->type);
    add_equal(to, 'f', event->function);
    add_equal(to, 't', event->trigger);
    add_equal(to, 'p', event->operation);
    if (has_outcome(event)) {
        add_made_up(to, 'o', (uint64_t)event->outcome);
        add_made_up(to, 'd', octave_of(event->duration_us));
    } else {
        add_equal(to, 'l', event->result);
        add_made_up(to, 'd', NO_OCTAVE);
    }
    if (event->coldstart)
        add_made_up(to, 'c', 1);
    if (event->status) {
        add_made_up(to, 'h', event->status);
        add_made_up(to, 'x', event->status / 100);
    }
    if (event->group)
        add_made_up(to, 'g', event->group);
    for (size_t i = 0; i < event->attribute_count; i++)
        add_attribute(to, &event->attributes[i]);
}

void azm_words_text(const struct azm_event *event, struct azm_buf *out)
{
    const azm_slice texts[] = {event->name,   event->message, event->function, event->target,    event->culprit,
                               event->result, event->words,   event->subtype,  event->invocation};
    for (size_t i = 0; i < AZM_COUNT(texts); i++)
        add_words(out, texts[i]);
    for (size_t i = 0; i < event->attribute_count; i++)
        add_words(out, event->attributes[i].value);
}

void azm_words_document(const struct azm_event *event, azm_slice environment, struct azm_buf *out)
{
    const struct makers to = {out, " ", ""};
    add_values(&to, event, environment);
    azm_words_text(event, out);
}

size_t azm_word_fold(azm_slice word, char out[AZM_WORD_MAX])
{
    size_t n = word.len < AZM_WORD_MAX ? word.len : AZM_WORD_MAX;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? word.ptr[i] | 0x20 : word.ptr[i]);
    return n;
}

static bool is_class(azm_slice status)
{
    return status.len == 3 && azm_slice_eq_nocase(azm_slice_drop(status, 1), AZM_S("xx"));
}

enum azm_status azm_words_status(azm_slice status, unsigned *least, unsigned *most, struct azm_error *err)
{
    uint64_t number;
    azm_slice digits = is_class(status) ? azm_slice_take(status, 1) : status;
    if (azm_slice_to_u64(digits, &number) != AZM_OK || number > 999)
        return azm_fail(err, AZM_BAD_INPUT, "status=%.*s: expected a number such as 404, or a class such as 5xx",
                        AZM_FMT(azm_slice_take(status, 20)));
    *least = (unsigned)number * (is_class(status) ? 100 : 1);
    *most = *least + (is_class(status) ? 99 : 0);
    return AZM_OK;
}

static enum azm_status match_status(const struct makers *to, azm_slice text, struct azm_error *err)
{
    unsigned least = 0, most = 0;
    enum azm_status status = azm_words_status(text, &least, &most, err);
    if (status == AZM_OK)
        add_made_up(to, is_class(text) ? 'x' : 'h', is_class(text) ? least / 100 : least);
    return status;
}

static void match_duration(struct azm_buf *out, const struct azm_event_filter *filter)
{
    unsigned from = octave_of(filter->min_us), to = filter->max_us ? octave_of(filter->max_us) : OCTAVES - 1;
    const struct makers either = {out, "\"", "\" OR "};
    azm_buf_add_str(out, "(");
    for (unsigned i = from; i <= to; i++)
        add_made_up(&either, 'd', i);
    if (filter->or_none)
        add_made_up(&either, 'd', NO_OCTAVE);
    azm_buf_add_str(out, "\"" MADE_UP "none\") AND ");
}

enum azm_status azm_words_asked(azm_slice *text, unsigned *found, azm_slice *word, bool *beginning,
                                struct azm_error *err)
{
    if (!next_word(text, word))
        return *found ? AZM_END : azm_fail(err, AZM_BAD_INPUT, "q: there is no letter and no digit in it to look for");
    if (word->len > AZM_WORD_MAX || is_made_up(*word) || ++*found > WORDS_MAX)
        return azm_fail(err, AZM_BAD_INPUT, "q: \"%.*s\": at most %d words of at most %d bytes can be looked for",
                        AZM_FMT(azm_slice_take(*word, 30)), WORDS_MAX, AZM_WORD_MAX);
    *beginning = text->len && text->ptr[0] == '*';
    return AZM_OK;
}

static enum azm_status match_words(struct azm_buf *out, azm_slice text, struct azm_error *err)
{
    azm_slice word;
    unsigned found = 0;
    bool beginning = false;
    enum azm_status status;
    while ((status = azm_words_asked(&text, &found, &word, &beginning, err)) == AZM_OK)
        azm_buf_addf(out, "\"%.*s\"%s AND ", AZM_FMT(word), beginning ? " *" : "");
    return status == AZM_END ? AZM_OK : status;
}

static void match_values(const struct makers *to, const struct azm_event_filter *filter)
{
    if (filter->kind >= 0)
        add_made_up(to, 'k', (uint64_t)filter->kind);
    add_equal(to, 's', filter->service);
    add_equal(to, 'v', filter->environment);
    add_equal(to, 'n', filter->name);
    add_equal(to, 'y', filter->type);
    add_equal(to, 'f', filter->function);
    add_equal(to, 't', filter->trigger);
    add_equal(to, 'l', filter->level);
    add_equal(to, 'p', filter->operation);
    if (filter->outcome >= 0)
        add_made_up(to, 'o', (uint64_t)filter->outcome);
    if (filter->coldstart)
        add_made_up(to, 'c', 1);
    if (filter->group)
        add_made_up(to, 'g', filter->group);
    for (size_t i = 0; i < filter->attribute_count; i++)
        add_attribute(to, &filter->attributes[i]);
}

static bool asks_words_or_duration(const struct azm_event_filter *filter)
{
    return filter->words.len || filter->status.len || filter->min_us > 0 || filter->max_us > 0;
}

bool azm_event_filter_is_empty(const struct azm_event_filter *filter)
{
    char storage[64];
    struct azm_buf none;
    azm_buf_init_fixed(&none, storage, sizeof storage);
    match_values(&(struct makers){&none, "", ""}, filter);
    return none.len == 0 && !none.failed && !asks_words_or_duration(filter);
}

enum azm_status azm_words_match(const struct azm_event_filter *filter, struct azm_buf *out, struct azm_error *err)
{
    const struct makers to = {out, "\"", "\" AND "};
    size_t before = out->len;
    enum azm_status status = filter->words.len ? match_words(out, filter->words, err) : AZM_OK;
    if (status == AZM_OK && filter->status.len)
        status = match_status(&to, filter->status, err);
    match_values(&to, filter);
    if (filter->min_us > 0 || filter->max_us > 0)
        match_duration(out, filter);
    if (status == AZM_OK && !out->failed && out->len > before)
        azm_buf_truncate(out, out->len - strlen(" AND "));
    return status;
}
