/* error.c: names of results, the error message, versions.
 * It must not decide what an error means: that is the caller's. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

enum dws_status dws_fail(struct dws_error *error, enum dws_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->status = status;
    return status;
}

const char *dws_status_name(enum dws_status status)
{
    switch (status) {
    case DWS_OK: return "ok";
    case DWS_PENDING: return "pending";
    case DWS_IDLE: return "idle";
    case DWS_ERR_ARGUMENT: return "argument";
    case DWS_ERR_MEMORY: return "memory";
    case DWS_ERR_CRYPTO: return "crypto";
    case DWS_ERR_RESOLVE: return "resolve";
    case DWS_ERR_CONNECT: return "connect";
    case DWS_ERR_HANDSHAKE: return "handshake";
    case DWS_ERR_CERTIFICATE: return "certificate";
    case DWS_ERR_TIMEOUT: return "timeout";
    case DWS_ERR_NETWORK: return "network";
    case DWS_ERR_TOO_LARGE: return "too_large";
    case DWS_ERR_CANCELLED: return "cancelled";
    case DWS_ERR_DECODE: return "decode";
    case DWS_ERR_DESCRIPTORS: return "descriptors";
    case DWS_ERR_PROXY: return "proxy";
    case DWS_ERR_REFUSED: return "refused";
    }
    return "unknown";
}

const char *dws_version(void)
{
    return DWS_VERSION;
}
