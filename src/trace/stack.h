/* Stack traces as .NET, Java, JavaScript, Python and PowerShell write them. Each line is recognised by its own shape,
 * so nobody has to say which language it is; a line that is none is passed over. Pure. */
#pragma once

#include "base/slice.h"

#define AZM_FRAMES_MAX 50u /* Elastic's stack_trace_limit */

struct azm_frame {
    azm_slice module;      /* Java's module, Python's none */
    azm_slice classname;   /* "System.Threading.Tasks.Task`1" */
    azm_slice function;    /* "GetResultCore" */
    azm_slice path;        /* as written; ptr NULL: not told */
    uint64_t line, column; /* 0: not told */
    bool library;          /* of a runtime, a package or the worker, as far as its name tells */
};

/* Fills frames, the innermost call first (Python writes it last). Borrowed from text. Returns how many; of more than
 * max the innermost are kept. */
size_t azm_stack_read(azm_slice text, struct azm_frame *frames, size_t max);
/* The exception's type where the worker did not name it: the headline of the stack ("TypeError: x is not a function"),
 * or that of a Python message ("ValueError: it broke"). ptr NULL: none is told. */
azm_slice azm_stack_type(azm_slice stack, azm_slice message);
/* The part of a path behind its last slash or backslash. */
azm_slice azm_path_base(azm_slice path);
