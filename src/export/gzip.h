/* Request bodies made small: gzip at its fastest, as Elastic's specification wants it. One per thread; its memory
 * (256 KiB) is kept from body to body. */
#pragma once

#include "base/buf.h"

struct azm_gzip;

struct azm_gzip *azm_gzip_new(void); /* NULL: out of memory */
void azm_gzip_free(struct azm_gzip *gzip);
/* Appends one whole gzip member. AZM_TOO_BIG: out's ceiling is too low. */
enum azm_status azm_gzip_add(struct azm_gzip *gzip, azm_slice bytes, struct azm_buf *out) AZM_MUST_CHECK;
/* Appends what one gzip member holds, which must be `plain` bytes. AZM_BAD_INPUT: it is damaged, or of another size;
 * AZM_TOO_BIG: out's ceiling is too low. */
enum azm_status azm_gunzip_add(azm_slice packed, size_t plain, struct azm_buf *out) AZM_MUST_CHECK;
