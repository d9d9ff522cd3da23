/* embed.c URL: libdws from a C program, without Lua: sign one request, send it, print status and body.
 * Keys come from HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, the CA file from DWSYNC_CA_FILE.
 * Build: cc embed.c $(pkg-config --cflags --libs dws) */
#include <dws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct dws_text text(const char *string)
{
    return (struct dws_text){string, string ? strlen(string) : 0};
}

static int fail(const struct dws_error *error)
{
    fprintf(stderr, "%s: %s\n", dws_status_name(error->status), error->message);
    return EXIT_FAILURE;
}

/* Waits for the one transfer and prints what came back. */
static int print_response(struct dws_pool *pool)
{
    struct dws_completion done;
    while (dws_pool_next(pool, 1000, &done) == DWS_PENDING)
        ;
    if (done.error.status != DWS_OK)
        return fail(&done.error);
    printf("HTTP %d\n%.*s\n", done.response.status, (int)done.response.body.length, done.response.body.data);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct dws_error error;
    struct dws_signature signature = {{0}, {0}};
    struct dws_pool *pool = NULL;
    char date[17];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", gmtime(&now));

    struct dws_credentials keys = {.ak = text(getenv("HUAWEICLOUD_SDK_AK")), .sk = text(getenv("HUAWEICLOUD_SDK_SK"))};
    struct dws_request request = {.url = text(argc > 1 ? argv[1] : "")};
    struct dws_transport transport = {.ca_file = getenv("DWSYNC_CA_FILE")};
    int result = EXIT_FAILURE;

    if (dws_sign(&request, &keys, (struct dws_signed_names){NULL, 0}, text(date), &signature, &error) != DWS_OK) {
        fail(&error);
        goto done;
    }
    struct dws_header headers[] = {
        {text("Host"), dws_buf_text(&signature.host)},
        {text("X-Sdk-Date"), text(date)},
        {text("Authorization"), dws_buf_text(&signature.authorization)},
    };
    request.headers = headers;
    request.header_count = sizeof headers / sizeof *headers;
    if (dws_pool_new(1, &pool, &error) != DWS_OK || dws_pool_submit(pool, 1, &request, &transport, &error) != DWS_OK) {
        fail(&error);
        goto done;
    }
    result = print_response(pool);
done:
    dws_pool_free(pool);
    dws_signature_free(&signature);
    return result;
}
