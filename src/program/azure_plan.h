/* The app settings that put the tap into a function app on Azure, by its language, plan and operating system. From
 * values to values. Sources: azure-functions-host (RpcWorkerConfigFactory, WebHostRpcWorkerChannelManager, HttpWorker),
 * azure-functions-dotnet-worker (its FunctionMetadataLoader overrules the setting). None of it was seen on Azure yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum azm_azure_language {
    AZM_AZURE_NODE,
    AZM_AZURE_PYTHON,
    AZM_AZURE_JAVA,
    AZM_AZURE_POWERSHELL,
    AZM_AZURE_DOTNET_ISOLATED,
    AZM_AZURE_CUSTOM,
};
enum azm_azure_plan { AZM_AZURE_DEDICATED, AZM_AZURE_PREMIUM, AZM_AZURE_CONSUMPTION, AZM_AZURE_FLEX };
enum azm_azure_os { AZM_AZURE_LINUX, AZM_AZURE_WINDOWS };

struct azm_azure_app {
    enum azm_azure_language language;
    enum azm_azure_plan plan;
    enum azm_azure_os os;
    bool otlp;          /* send as OTLP, else to an Elastic APM server */
    const char *tap;    /* path of azimuth-tap on the app's machine; NULL: in the app's folder */
    const char *worker; /* what the app's own defaultExecutablePath said so far; NULL: it had none */
};

/* By the words of the command line; plan, os and to may be NULL: dedicated, linux, elastic. AZM_BAD_USAGE: a word that
 * is not known, or something that Azure or Azimuth does not have; err says what there is. */
enum azm_status azm_azure_app_read(struct azm_azure_app *out, const char *language, const char *plan, const char *os,
                                   const char *to, struct azm_error *err) AZM_MUST_CHECK;

#define AZM_AZURE_SETTINGS_MAX 8u
#define AZM_AZURE_NOTES_MAX    10u

struct azm_azure_setting {
    const char *name, *value;
    const char *parameter; /* the value is yours to fill in: its name in Bicep; then value is NULL */
    bool secret;
    const char *why;
};

/* What borrows from app, or is constant. */
struct azm_azure_plan_result {
    struct azm_azure_setting settings[AZM_AZURE_SETTINGS_MAX];
    size_t setting_count;
    const char *notes[AZM_AZURE_NOTES_MAX]; /* whole sentences: what else is to be done, and what is not certain */
    size_t note_count;
};
void azm_azure_plan(const struct azm_azure_app *app, struct azm_azure_plan_result *out);
