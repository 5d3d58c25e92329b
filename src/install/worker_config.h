/* The worker.config.json of a .NET isolated app, changed so that the Functions host starts the tap. Only
 * description.defaultExecutablePath gets another value, and a member of ours behind it keeps the value as it was
 * written: `"azimuthWorkerExecutable": "dotnet"`. There the tap reads what it stands for (tap/executable.h), and from
 * there it is put back. So the file alone knows how it was: comments, order, unknown members, indentation, line ends
 * and byte order mark keep their bytes, and one write makes or undoes it. From values to values, no I/O.
 * Source: azure-functions-dotnet-worker, FunctionMetadataLoaderExtension/Startup.cs: what the host takes of this file;
 * members that it does not know are passed over. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#define AZM_WORKER_CONFIG_MAX ((size_t)1 << 20)

struct azm_worker_config {
    azm_slice executable;  /* that the host starts */
    azm_slice original;    /* that the tap stands for; without the tap: executable */
    azm_slice worker_path; /* defaultWorkerPath, empty when it is not there */
    bool tapped;
};

/* What the text says, in the arena. what: the file's name, for sentences. AZM_BAD_INPUT, AZM_TOO_BIG, with line and
 * column: no JSON, or a member missing or of another type. AZM_UNSUPPORTED: another language's file; the sentence says
 * what to do for that. AZM_BAD_CONFIG: it names a tap and does not say what for. */
enum azm_status azm_worker_config_read(azm_slice text, const char *what, struct azm_arena *arena,
                                       struct azm_worker_config *out, struct azm_error *err) AZM_MUST_CHECK;

/* Appends the text with `tap` as the executable. A text that is tapped already gets the new tap and keeps its original.
 * Fails as read does; AZM_UNSUPPORTED also when the text is written so oddly that a change would not be what a parser
 * reads; AZM_BAD_USAGE: tap is no path of an azimuth-tap. */
enum azm_status azm_worker_config_tap(azm_slice text, const char *what, azm_slice tap, struct azm_buf *out,
                                      struct azm_error *err) AZM_MUST_CHECK;

/* Appends the text as it was. AZM_NOT_FOUND: nothing of ours is in it, nothing was appended. The language is not looked
 * at. */
enum azm_status azm_worker_config_untap(azm_slice text, const char *what, struct azm_buf *out,
                                        struct azm_error *err) AZM_MUST_CHECK;
