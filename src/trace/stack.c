#include "trace/stack.h"

/* --- parts --- */

/* Takes ":<number>" off the end; 0: there is none. */
static uint64_t take_number(azm_slice *text)
{
    uint64_t number = 0;
    size_t colon = azm_slice_rfind(*text, ':');
    if (colon >= text->len || azm_slice_to_u64(azm_slice_drop(*text, colon + 1), &number) != AZM_OK || number == 0)
        return 0;
    *text = azm_slice_take(*text, colon);
    return number;
}

/* "a.b.c" is class a.b, function c. */
static void split_name(azm_slice name, struct azm_frame *frame)
{
    size_t dot = azm_slice_rfind(name, '.');
    if (dot > 0 && dot < name.len && name.ptr[dot - 1] == '.') /* ".ctor" */
        dot--;
    frame->function = name;
    if (dot == 0 || dot >= name.len)
        return;
    frame->classname = azm_slice_take(name, dot);
    frame->function = azm_slice_drop(name, dot + 1);
}

azm_slice azm_path_base(azm_slice path)
{
    size_t slash = azm_slice_rfind(path, '/'), back = azm_slice_rfind(path, '\\');
    if (slash < path.len && (back >= path.len || back < slash))
        back = slash;
    return back < path.len ? azm_slice_drop(path, back + 1) : path;
}

static bool starts_with_any(azm_slice text, const char *const *words)
{
    for (; *words; words++)
        if (azm_slice_starts(text, azm_slice_str(*words)))
            return true;
    return false;
}

static bool is_library(const struct azm_frame *frame)
{
    static const char *const classes[] = {
        "System.", "Microsoft.", "java.", "javax.", "jdk.", "sun.", "com.microsoft.azure.functions.", "Grpc.", NULL};
    static const char *const anywhere[] = {
        "/node_modules/", "\\node_modules\\",  "/site-packages/",          "/dist-packages/",  "\\site-packages\\",
        "/lib/python3",   "/azure_functions_", "\\azure_functions_worker", "worker-bundle.js", NULL};
    if (starts_with_any(frame->classname, classes) || azm_slice_starts(frame->path, AZM_S("node:")) ||
        azm_slice_eq(frame->path, AZM_S("<anonymous>")) || azm_slice_eq(frame->path, AZM_S("native")))
        return true;
    for (size_t i = 0; anywhere[i]; i++)
        if (azm_slice_search(frame->path, azm_slice_str(anywhere[i])) < frame->path.len)
            return true;
    return false;
}

/* --- a line of each kind --- */

/* File "/app/function_app.py", line 25, in boom */
static bool read_python(azm_slice line, struct azm_frame *out)
{
    if (!azm_slice_starts(line, AZM_S("File \"")))
        return false;
    azm_slice rest = azm_slice_drop(line, 6);
    size_t quote = azm_slice_find(rest, '"');
    azm_slice tail = azm_slice_drop(rest, quote);
    if (!azm_slice_starts(tail, AZM_S("\", line ")))
        return false;
    out->path = azm_slice_take(rest, quote);
    tail = azm_slice_drop(tail, 8);
    size_t end = 0;
    while (end < tail.len && tail.ptr[end] >= '0' && tail.ptr[end] <= '9')
        end++;
    if (azm_slice_to_u64(azm_slice_take(tail, end), &out->line) != AZM_OK)
        return false;
    tail = azm_slice_drop(tail, end);
    if (azm_slice_starts(tail, AZM_S(", in ")))
        out->function = azm_slice_trim(azm_slice_drop(tail, 5));
    return true;
}

/* Get-Order, /home/site/wwwroot/order/run.ps1: line 7 */
static bool read_powershell(azm_slice call, struct azm_frame *out)
{
    size_t comma = azm_slice_search(call, AZM_S(", ")), mark = azm_slice_search(call, AZM_S(": line "));
    if (comma >= mark || mark >= call.len || azm_slice_to_u64(azm_slice_drop(call, mark + 7), &out->line) != AZM_OK)
        return false;
    out->function = azm_slice_take(call, comma);
    out->path = azm_slice_drop(azm_slice_take(call, mark), comma + 2);
    return true;
}

/* Ns.Type.Method(String name) in /src/File.cs:line 12 */
static bool read_dotnet(azm_slice call, struct azm_frame *out)
{
    size_t open = azm_slice_find(call, '('), in = azm_slice_search(call, AZM_S(") in "));
    if (open >= call.len)
        return false;
    if (in < call.len) {
        azm_slice place = azm_slice_drop(call, in + 5);
        size_t mark = azm_slice_search(place, AZM_S(":line "));
        if (mark < place.len)
            (void)!azm_slice_to_u64(azm_slice_drop(place, mark + 6), &out->line);
        out->path = azm_slice_take(place, mark);
    } else if (!azm_slice_ends_nocase(call, AZM_S(")"))) {
        return false;
    }
    split_name(azm_slice_take(call, open), out);
    return true;
}

static bool is_java_source(azm_slice place)
{
    static const char *const kinds[] = {".java", ".kt", ".scala", ".groovy", NULL};
    size_t i = 0;
    while (kinds[i] && !azm_slice_ends_nocase(place, azm_slice_str(kinds[i])))
        i++;
    return kinds[i] != NULL;
}

/* java.base/java.util.ArrayList.get(ArrayList.java:427) */
static bool read_java(azm_slice name, azm_slice place, struct azm_frame *out)
{
    bool told = !azm_slice_eq(place, AZM_S("Native Method")) && !azm_slice_eq(place, AZM_S("Unknown Source"));
    uint64_t line = told ? take_number(&place) : 0;
    if (told && !is_java_source(place))
        return false;
    size_t slash = azm_slice_rfind(name, '/');
    if (slash + 1 < name.len && name.ptr[slash + 1] != '0') { /* "Bar$$Lambda$14/0x0000000800066840" has none */
        out->module = azm_slice_take(name, slash);
        name = azm_slice_drop(name, slash + 1);
    }
    out->line = line;
    if (told)
        out->path = place;
    split_name(name, out);
    return true;
}

/* handler (/app/all.js:19:91), /app/all.js:19:91, new Promise (<anonymous>) */
static bool read_javascript(azm_slice name, azm_slice place, struct azm_frame *out)
{
    azm_slice path = place;
    uint64_t last = take_number(&path), first = last ? take_number(&path) : 0;
    if (first) {
        out->line = first;
        out->column = last;
        out->path = path;
    } else if (azm_slice_eq(place, AZM_S("<anonymous>")) || azm_slice_eq(place, AZM_S("native")) ||
               azm_slice_starts(place, AZM_S("index "))) {
        out->path = place;
    } else {
        return false;
    }
    if (azm_slice_starts(name, AZM_S("async ")))
        name = azm_slice_drop(name, 6);
    out->function = name;
    return true;
}

static bool read_call(azm_slice call, struct azm_frame *out)
{
    struct azm_frame none = *out;
    size_t open = azm_slice_rfind(call, '(');
    if (call.len && call.ptr[call.len - 1] == ')' && open < call.len) {
        azm_slice name = azm_slice_trim(azm_slice_take(call, open));
        azm_slice place = azm_slice_drop(azm_slice_take(call, call.len - 1), open + 1);
        if (read_java(name, place, out))
            return true;
        *out = none;
        if (open > 0 && call.ptr[open - 1] == ' ' && read_javascript(name, place, out))
            return true;
        *out = none;
    } else if (read_javascript((azm_slice){NULL, 0}, call, out)) {
        return true;
    }
    *out = none;
    return read_powershell(call, out) || read_dotnet(call, out);
}

static bool read_line(azm_slice line, struct azm_frame *out, bool *python)
{
    *out = (struct azm_frame){.line = 0};
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    line = azm_slice_trim(line);
    *python = read_python(line, out);
    if (!*python && (!azm_slice_starts(line, AZM_S("at ")) || !read_call(azm_slice_trim(azm_slice_drop(line, 3)), out)))
        return false;
    out->library = is_library(out);
    return true;
}

/* --- the whole --- */

static void turn(struct azm_frame *frames, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct azm_frame swap = frames[i];
        frames[i] = frames[count - 1 - i];
        frames[count - 1 - i] = swap;
    }
}

size_t azm_stack_read(azm_slice text, struct azm_frame *frames, size_t max)
{
    size_t count = 0;
    bool python = false, turned = false;
    azm_slice line;
    while (max && text.len && azm_slice_split(&text, '\n', &line)) {
        struct azm_frame frame;
        if (azm_slice_starts(line, AZM_S("Caused by: "))) /* Java: what follows is another exception's */
            break;
        if (!read_line(line, &frame, &python))
            continue;
        turned |= python;
        if (count == max && !turned)
            break;
        if (count == max) { /* the outermost makes room: it stands first */
            memmove(frames, frames + 1, (max - 1) * sizeof *frames);
            count--;
        }
        frames[count++] = frame;
    }
    if (turned)
        turn(frames, count);
    return count;
}

/* "Name" or "Name: anything" at the front, where Name is what a type may be called. */
static azm_slice headline(azm_slice text)
{
    size_t end = 0;
    while (end < text.len) {
        char c = text.ptr[end];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$';
        if (!letter && (end == 0 || ((c < '0' || c > '9') && c != '.')))
            break;
        end++;
    }
    azm_slice name = azm_slice_take(text, end), rest = azm_slice_drop(text, end);
    bool whole = rest.len == 0 || rest.ptr[0] == '\n' || rest.ptr[0] == '\r' || azm_slice_starts(rest, AZM_S(": "));
    return name.len && whole ? name : (azm_slice){NULL, 0};
}

azm_slice azm_stack_type(azm_slice stack, azm_slice message)
{
    azm_slice line, rest = stack, type = headline(stack);
    struct azm_frame frame;
    bool python = false;
    if (type.ptr)
        return type;
    while (rest.len && !python && azm_slice_split(&rest, '\n', &line))
        (void)read_line(line, &frame, &python);
    return python ? headline(message) : (azm_slice){NULL, 0};
}
