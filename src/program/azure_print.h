/* The settings of azure_plan.h in the forms they are used in. */
#pragma once

#include "base/buf.h"
#include "program/azure_plan.h"

typedef void azm_azure_print(struct azm_buf *out, const struct azm_azure_plan_result *plan);

azm_azure_print azm_azure_print_table;
/* For a POSIX shell: one command, which takes what is yours from variables of the shell. */
azm_azure_print azm_azure_print_az;
/* Parameters and a list for siteConfig.appSettings. */
azm_azure_print azm_azure_print_bicep;
azm_azure_print azm_azure_print_json;

/* One word of a POSIX shell. */
void azm_shell_quote(struct azm_buf *out, const char *text);
/* A string of Bicep, quotes included. */
void azm_bicep_quote(struct azm_buf *out, const char *text);
