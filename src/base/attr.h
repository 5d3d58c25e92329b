/* What the compiler can check for us beyond C17. The only place with compiler attributes. */
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#if defined(_WIN32) && !defined(__clang__)
#define AZM_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#else
#define AZM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif
#define AZM_MUST_CHECK    __attribute__((warn_unused_result))
#define AZM_NORETURN      __attribute__((noreturn))
#define AZM_LIKELY(x)     __builtin_expect(!!(x), 1)
#define AZM_UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define azm_unreachable() __builtin_unreachable()
#else
#define AZM_PRINTF(fmt, args)
#define AZM_MUST_CHECK
#define AZM_NORETURN
#define AZM_LIKELY(x)     (x)
#define AZM_UNLIKELY(x)   (x)
#define azm_unreachable() ((void)0)
#endif

#define AZM_COUNT(array) (sizeof(array) / sizeof((array)[0]))
