#include "trace/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static const char node[] = "Error: boom on purpose\n"
                           "    at handler (/app/src/functions/all.js:19:91)\n"
                           "    at InvocationModel.<anonymous> (/app/node_modules/@azure/functions/dist/f.js:220:46)\n"
                           "    at Generator.next (<anonymous>)\n"
                           "    at /app/src/later.js:121:71\n"
                           "    at async Promise.all (index 0)\n"
                           "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
                           "    at file:///app/index.mjs:3:9\n"
                           "    at new Thing (C:\\app\\thing.js:1:2)";
static const char dotnet[] = "   at Shop.Orders.Run(String item, Int32 count) in /src/Orders.cs:line 42\n"
                             "   at Shop.Item..ctor()\n"
                             "   at System.Threading.Tasks.Task`1.GetResultCore(Boolean waitCompletionNotification)\n"
                             "--- End of stack trace from previous location ---\n"
                             "   at Shop.Orders.<>c.<Run>b__6_0(Task`1 t) in C:\\src\\Orders.cs:line 7\r\n";
static const char java[] = "com.example.ShopException: sold out\n"
                           "\tat com.example.Shop.sell(Shop.java:17)\n"
                           "\tat java.base/java.util.ArrayList.get(ArrayList.java:427)\n"
                           "\tat java.base/jdk.internal.reflect.Native.invoke0(Native Method)\n"
                           "\tat com.example.Shop$$Lambda$14/0x0000000800066840.run(Unknown Source)\n"
                           "\tat com.example.Kotlin.go(Kotlin.kt)\n"
                           "Caused by: java.lang.IllegalStateException\n"
                           "\tat com.example.Other.cause(Other.java:1)\n\t... 12 more\n";
static const char python[] =
    "  File \"/azure_functions_worker/dispatcher.py\", line 669, in _handle__invocation_request\n"
    "    await self._run_async_func(fi_context, fi.func, args)\n"
    "          ^^^^^^^^^^^^^^^^^^^^\n"
    "  File \"/usr/lib/python3.11/concurrent/futures/thread.py\", line 58, in run\n"
    "    result = self.fn(*self.args, **self.kwargs)\n"
    "  File \"/home/site/wwwroot/function_app.py\", line 25, in boom\n"
    "    raise ValueError(\"it broke\")\n";
static const char powershell[] = "at Get-Order, /home/site/wwwroot/order/run.ps1: line 7\n"
                                 "at <ScriptBlock>, C:\\home\\site\\wwwroot\\order\\run.ps1: line 12";

static const struct {
    const char *what, *text, *expected, *type, *message;
} rows[] = {
    {"JavaScript", node,
     "|handler|/app/src/functions/all.js|19:91\n"
     "|InvocationModel.<anonymous>|/app/node_modules/@azure/functions/dist/f.js|220:46 library\n"
     "|Generator.next|<anonymous>|0:0 library\n"
     "||/app/src/later.js|121:71\n"
     "|Promise.all|index 0|0:0\n"
     "|process.processTicksAndRejections|node:internal/process/task_queues|95:5 library\n"
     "||file:///app/index.mjs|3:9\n"
     "|new Thing|C:\\app\\thing.js|1:2\n",
     "Error", "boom on purpose"},
    {".NET", dotnet,
     "Shop.Orders|Run|/src/Orders.cs|42:0\n"
     "Shop.Item|.ctor||0:0\n"
     "System.Threading.Tasks.Task`1|GetResultCore||0:0 library\n"
     "Shop.Orders.<>c|<Run>b__6_0|C:\\src\\Orders.cs|7:0\n",
     NULL, "sold out"},
    {"Java", java,
     "com.example.Shop|sell|Shop.java|17:0\n"
     "java.util.ArrayList|get|ArrayList.java|427:0 library of java.base\n"
     "jdk.internal.reflect.Native|invoke0||0:0 library of java.base\n"
     "com.example.Shop$$Lambda$14/0x0000000800066840|run||0:0\n"
     "com.example.Kotlin|go|Kotlin.kt|0:0\n",
     "com.example.ShopException", "sold out"},
    {"Python", python,
     "|boom|/home/site/wwwroot/function_app.py|25:0\n"
     "|run|/usr/lib/python3.11/concurrent/futures/thread.py|58:0 library\n"
     "|_handle__invocation_request|/azure_functions_worker/dispatcher.py|669:0 library\n",
     "ValueError", "ValueError: it broke"},
    {"PowerShell", powershell,
     "|Get-Order|/home/site/wwwroot/order/run.ps1|7:0\n"
     "|<ScriptBlock>|C:\\home\\site\\wwwroot\\order\\run.ps1|12:0\n",
     NULL, "The term 'x' is not recognized"},
    {"a type without a message", "TypeError\n    at f (a.js:1:1)", "|f|a.js|1:1\n", "TypeError", ""},
    {"nothing", "", "", NULL, ""},
    {"prose", "It broke.\nat noon, in the rain\nFile \"a\n", "", NULL, "Error: of prose"},
    {"half lines",
     "at \nat (\nat )\nat x(\nFile \"a\", line x\nFile \"a\", line 99999999999999999999\nat f, g: line z\n", "", NULL,
     ""},
};

static void frames_of_every_language(void **state)
{
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_frame frames[AZM_FRAMES_MAX];
        size_t count = azm_stack_read(azm_slice_str(rows[i].text), frames, AZM_FRAMES_MAX);
        azm_buf_clear(&out);
        for (size_t k = 0; k < count; k++) {
            const struct azm_frame *f = &frames[k];
            azm_buf_addf(&out, "%.*s|%.*s|%.*s|%u:%u%s%s%.*s\n", AZM_FMT(f->classname), AZM_FMT(f->function),
                         AZM_FMT(f->path), (unsigned)f->line, (unsigned)f->column, f->library ? " library" : "",
                         f->module.len ? " of " : "", AZM_FMT(f->module));
        }
        azm_buf_add_byte(&out, 0);
        print_message("%s\n", rows[i].what);
        assert_string_equal(out.ptr, rows[i].expected);
        azm_slice type = azm_stack_type(azm_slice_str(rows[i].text), azm_slice_str(rows[i].message));
        if (rows[i].type)
            assert_true(azm_slice_eq(type, azm_slice_str(rows[i].type)));
        else
            assert_null(type.ptr);
    }
    azm_buf_dispose(&out);
}

/* The innermost calls are the ones that tell. */
static void of_too_many_the_innermost_stay(void **state)
{
    struct azm_frame frames[3];
    (void)state;
    assert_int_equal(azm_stack_read(azm_slice_str(dotnet), frames, 2), 2);
    assert_true(azm_slice_eq(frames[0].function, AZM_S("Run")));
    assert_int_equal(azm_stack_read(azm_slice_str(python), frames, 2), 2);
    assert_true(azm_slice_eq(frames[0].function, AZM_S("boom")));
    assert_true(azm_slice_eq(frames[1].function, AZM_S("run")));
    assert_int_equal(azm_stack_read(azm_slice_str(python), frames, 0), 0);
}

static void the_last_part_of_a_path(void **state)
{
    static const struct {
        const char *path, *base;
    } paths[] = {{"/a/b.js", "b.js"},
                 {"C:\\a\\b.cs", "b.cs"},
                 {"C:\\a/b.cs", "b.cs"},
                 {"/a\\b", "b"},
                 {"b", "b"},
                 {"/a/", ""},
                 {"", ""}};
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(paths); i++)
        assert_true(azm_slice_eq(azm_path_base(azm_slice_str(paths[i].path)), azm_slice_str(paths[i].base)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_every_language),
        cmocka_unit_test(of_too_many_the_innermost_stay),
        cmocka_unit_test(the_last_part_of_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
