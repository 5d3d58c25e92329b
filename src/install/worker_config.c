#include "install/worker_config.h"

#include "json/lenient.h"
#include "json/locate.h"
#include "json/read.h"
#include "json/write.h"

#define EXECUTABLE "description.defaultExecutablePath"
#define KEPT_NAME  "azimuthWorkerExecutable"
#define KEPT       "description." KEPT_NAME

/* A text, parsed, and where things stand in it. */
struct document {
    azm_slice text;
    const char *what;
    struct azm_buf plain; /* of the same length, without comments */
    json_t *root;
};

static void close_document(struct document *document)
{
    json_decref(document->root);
    azm_buf_dispose(&document->plain);
}

static enum azm_status open_document(struct document *document, azm_slice text, const char *what, struct azm_error *err)
{
    struct azm_json_place place;
    *document = (struct document){.text = text, .what = what};
    azm_buf_init(&document->plain, AZM_WORKER_CONFIG_MAX * 2);
    enum azm_status st = azm_json_parse_config(text, what, &document->root, err);
    if (st == AZM_OK && azm_json_blank_comments(&document->plain, text, &place) != AZM_OK)
        st = azm_fail(err, AZM_TOO_BIG, "%s: longer than %zu bytes", what, AZM_WORKER_CONFIG_MAX);
    if (st != AZM_OK)
        close_document(document);
    return st;
}

static bool locate(const struct document *document, const char *path, struct azm_json_member *out)
{
    return azm_json_locate(azm_buf_slice(&document->plain), path, out) == AZM_OK;
}

static azm_slice part(azm_slice text, size_t from, size_t to)
{
    return azm_slice_of(text.ptr + from, to - from);
}

/* --- reading --- */

static enum azm_status wrong(const struct document *document, size_t at, struct azm_error *err, const char *sentence)
{
    struct azm_json_place place = azm_json_place_of(document->text, at);
    return azm_fail(err, AZM_BAD_INPUT, "%s:%zu:%zu: %s", document->what, place.line, place.column, sentence);
}

/* The sentence for a description without an executable, at the place where one is expected. */
static enum azm_status no_executable(const struct document *document, struct azm_error *err)
{
    struct azm_json_member at;
    if (!json_is_object(document->root))
        return wrong(document, 0, err, "expected an object with a \"description\"");
    if (!locate(document, "description", &at))
        return wrong(document, 0, err, "no \"description\"; expected one with a \"defaultExecutablePath\"");
    if (!json_is_object(azm_json_at(document->root, "description")))
        return wrong(document, at.value, err, "\"description\" is no object");
    if (!locate(document, EXECUTABLE, &at))
        return wrong(document, at.value, err, "no \"defaultExecutablePath\" in it; expected a name like \"dotnet\"");
    return wrong(document, at.value, err, "expected the name of an executable, like \"dotnet\"");
}

static enum azm_status check_language(const struct document *document, struct azm_error *err)
{
    azm_slice language = azm_json_slice(azm_json_at(document->root, "description.language"));
    if (language.len == 0 || azm_slice_eq_nocase(language, AZM_S("dotnet-isolated")))
        return AZM_OK;
    language = azm_slice_take(language, 40);
    return azm_fail(err, AZM_UNSUPPORTED,
                    "%s: the language is %.*s, expected dotnet-isolated; for others set "
                    "languageWorkers__%.*s__defaultExecutablePath to azimuth-tap",
                    document->what, AZM_FMT(language), AZM_FMT(language));
}

static bool is_tap(azm_slice executable)
{
    size_t slash = azm_slice_rfind(executable, '/'), back = azm_slice_rfind(executable, '\\');
    size_t brace = azm_slice_rfind(executable, '}');
    size_t start = 0;
    const size_t ends[] = {slash, back, brace};
    for (size_t i = 0; i < AZM_COUNT(ends); i++)
        if (ends[i] < executable.len && ends[i] + 1 > start)
            start = ends[i] + 1;
    azm_slice name = azm_slice_drop(executable, start);
    return azm_slice_eq_nocase(name, AZM_S("azimuth-tap")) || azm_slice_eq_nocase(name, AZM_S("azimuth-tap.exe"));
}

static enum azm_status read(const struct document *document, struct azm_worker_config *out, struct azm_error *err)
{
    azm_slice kept = azm_json_slice(azm_json_at(document->root, KEPT));
    out->executable = azm_json_slice(azm_json_at(document->root, EXECUTABLE));
    out->worker_path = azm_json_slice(azm_json_at(document->root, "description.defaultWorkerPath"));
    if (out->executable.len == 0)
        return no_executable(document, err);
    /* Somebody may have named another executable since, and left our member: then that is what was meant. */
    out->tapped = is_tap(out->executable);
    out->original = out->tapped ? kept : out->executable;
    if (out->original.len > 0)
        return AZM_OK;
    return azm_fail(err, AZM_BAD_CONFIG,
                    "%s: names azimuth-tap already and does not say what for; put the app's own executable "
                    "(\"dotnet\", mostly) back into " EXECUTABLE " first",
                    document->what);
}

enum azm_status azm_worker_config_read(azm_slice text, const char *what, struct azm_arena *arena,
                                       struct azm_worker_config *out, struct azm_error *err)
{
    struct document document;
    *out = (struct azm_worker_config){0};
    enum azm_status st = open_document(&document, text, what, err);
    if (st != AZM_OK)
        return st;
    st = check_language(&document, err);
    if (st == AZM_OK)
        st = read(&document, out, err);
    out->executable = azm_arena_copy(arena, out->executable);
    out->original = azm_arena_copy(arena, out->original);
    out->worker_path = azm_arena_copy(arena, out->worker_path);
    close_document(&document);
    return st;
}

/* --- writing --- */

static void add_json_string(struct azm_buf *out, azm_slice text)
{
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_string(&json, text);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The white space in front of a key, so that ours stands as it does. */
static azm_slice indentation(azm_slice text, size_t key)
{
    size_t start = key;
    while (start > 0 && is_space(text.ptr[start - 1]))
        start--;
    return part(text, start, key);
}

/* The colon with the space around it; a plain one where a comment stands there. */
static azm_slice colon(azm_slice text, const struct azm_json_member *member)
{
    azm_slice written = part(text, member->key_end, member->value);
    for (size_t i = 0; i < written.len; i++)
        if (written.ptr[i] != ':' && !is_space(written.ptr[i]))
            return AZM_S(": ");
    return written;
}

static void add_kept(const struct document *document, const struct azm_json_member *executable, struct azm_buf *out)
{
    azm_buf_add_byte(out, ',');
    azm_buf_add(out, indentation(document->text, executable->key));
    azm_buf_add_str(out, "\"" KEPT_NAME "\"");
    azm_buf_add(out, colon(document->text, executable));
    azm_buf_add(out, part(document->text, executable->value, executable->value_end));
}

static enum azm_status odd(const struct document *document, struct azm_error *err)
{
    return azm_fail(err, AZM_UNSUPPORTED,
                    "%s: " EXECUTABLE " is written in a way that cannot be changed safely; expected it once, in an "
                    "object \"description\" that is there once, without escapes in these names",
                    document->what);
}

/* Whether a parser reads the new text as it was meant; kept NULL: no such member. */
static enum azm_status verify(const struct document *document, azm_slice text, azm_slice executable, azm_slice kept,
                              struct azm_error *err)
{
    json_t *root;
    if (azm_json_parse_config(text, document->what, &root, NULL) != AZM_OK)
        return odd(document, err);
    const json_t *found = azm_json_at(root, KEPT);
    bool good = azm_slice_eq(azm_json_slice(azm_json_at(root, EXECUTABLE)), executable) &&
                (kept.ptr ? azm_slice_eq(azm_json_slice(found), kept) : !found);
    json_decref(root);
    return good ? AZM_OK : odd(document, err);
}

/* Without our member: directly behind the executable's it goes with its comma and white space, as it came. Anywhere
 * else (somebody has sorted the file) the comma before or behind it goes, and what stands around it stays. */
static bool cut_kept(const struct document *document, const struct azm_json_member *executable,
                     const struct azm_json_member *kept, azm_slice value, struct azm_buf *out)
{
    azm_slice text = document->text, plain = azm_buf_slice(&document->plain);
    size_t before = kept->key, behind = kept->value_end;
    while (before > 0 && is_space(plain.ptr[before - 1]))
        before--;
    while (behind < plain.len && is_space(plain.ptr[behind]))
        behind++;
    bool comma_before = before > 0 && plain.ptr[before - 1] == ',';
    bool comma_behind = behind < plain.len && plain.ptr[behind] == ',';
    size_t from = kept->key, to = kept->value_end;
    if (comma_before)
        from = before - 1;
    else if (comma_behind)
        to = behind + 1;
    if (executable->value_end <= from) {
        azm_buf_add(out, part(text, 0, executable->value));
        azm_buf_add(out, value);
        azm_buf_add(out, part(text, executable->value_end, from));
        azm_buf_add(out, part(text, to, text.len));
        return true;
    }
    if (to > executable->key)
        return false;
    azm_buf_add(out, part(text, 0, from));
    azm_buf_add(out, part(text, to, executable->value));
    azm_buf_add(out, value);
    azm_buf_add(out, part(text, executable->value_end, text.len));
    return true;
}

static enum azm_status untap(const struct document *document, bool tapped, struct azm_buf *out, struct azm_error *err)
{
    struct azm_json_member executable, kept;
    size_t before = out->len;
    json_t *now = azm_json_at(document->root, tapped ? KEPT : EXECUTABLE);
    if (!locate(document, KEPT, &kept) || !locate(document, EXECUTABLE, &executable))
        return odd(document, err);
    const struct azm_json_member *value = tapped ? &kept : &executable;
    if (!cut_kept(document, &executable, &kept, part(document->text, value->value, value->value_end), out))
        return odd(document, err);
    if (out->failed)
        return azm_fail(err, AZM_TOO_BIG, "%s: too long", document->what);
    azm_slice text = azm_slice_of(out->ptr + before, out->len - before);
    return verify(document, text, azm_json_slice(now), azm_slice_of(NULL, 0), err);
}

enum azm_status azm_worker_config_untap(azm_slice text, const char *what, struct azm_buf *out, struct azm_error *err)
{
    struct document document;
    struct azm_worker_config config;
    size_t before = out->len;
    enum azm_status st = open_document(&document, text, what, err);
    if (st != AZM_OK)
        return st;
    bool ours = azm_json_at(document.root, KEPT) != NULL;
    if (ours || is_tap(azm_json_slice(azm_json_at(document.root, EXECUTABLE))))
        st = read(&document, &config, err);
    if (st == AZM_OK)
        st = ours ? untap(&document, config.tapped, out, err)
                  : azm_fail(err, AZM_NOT_FOUND, "%s: azimuth-tap is not in it", what);
    if (st != AZM_OK)
        azm_buf_truncate(out, before);
    close_document(&document);
    return st;
}

/* What a tapped text was, else the text itself. */
static enum azm_status plain_text(azm_slice text, const char *what, struct azm_buf *out, struct azm_error *err)
{
    enum azm_status st = azm_worker_config_untap(text, what, out, err);
    if (st != AZM_NOT_FOUND)
        return st;
    azm_buf_add(out, text);
    return out->failed ? azm_fail(err, AZM_TOO_BIG, "%s: longer than %zu bytes", what, AZM_WORKER_CONFIG_MAX) : AZM_OK;
}

static enum azm_status tap_plain(const struct document *document, azm_slice tap, struct azm_buf *out,
                                 struct azm_error *err)
{
    struct azm_worker_config config;
    struct azm_json_member executable;
    size_t before = out->len;
    enum azm_status st = check_language(document, err);
    if (st == AZM_OK)
        st = read(document, &config, err);
    if (st != AZM_OK)
        return st;
    if (!locate(document, EXECUTABLE, &executable))
        return odd(document, err);
    azm_buf_add(out, part(document->text, 0, executable.value));
    add_json_string(out, tap);
    add_kept(document, &executable, out);
    azm_buf_add(out, part(document->text, executable.value_end, document->text.len));
    if (out->failed)
        return azm_fail(err, AZM_TOO_BIG, "%s: too long", document->what);
    return verify(document, azm_slice_of(out->ptr + before, out->len - before), tap, config.original, err);
}

enum azm_status azm_worker_config_tap(azm_slice text, const char *what, azm_slice tap, struct azm_buf *out,
                                      struct azm_error *err)
{
    struct document document;
    struct azm_buf original;
    size_t before = out->len;
    if (!is_tap(tap)) /* it could not be told from an executable of the app's afterwards */
        return azm_fail(err, AZM_BAD_USAGE, "%.*s: expected a path that ends in azimuth-tap",
                        AZM_FMT(azm_slice_take(tap, 200)));
    azm_buf_init(&original, AZM_WORKER_CONFIG_MAX);
    enum azm_status st = plain_text(text, what, &original, err);
    if (st == AZM_OK)
        st = open_document(&document, azm_buf_slice(&original), what, err);
    if (st == AZM_OK) {
        st = tap_plain(&document, tap, out, err);
        close_document(&document);
    }
    azm_buf_dispose(&original);
    if (st != AZM_OK)
        azm_buf_truncate(out, before);
    return st;
}
