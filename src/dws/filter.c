/* filter.c: which records a caller wants, asked of records one by one or of a whole page's text.
 * It must not change what a page means to a caller who reads it with the same filter. */
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one record ------------------------------------------------------------------------------- */

enum dws_status dws_filter_check(const struct dws_filter *filter, struct dws_error *error)
{
    for (size_t i = 0; i < filter->count; i++) {
        const struct dws_condition *condition = &filter->conditions[i];
        if ((unsigned)condition->field >= DWS_ALL_FIELDS)
            return dws_fail(error, DWS_ERR_ARGUMENT, "condition %zu is about a field that does not exist", i + 1);
        if (condition->values)
            continue;
        if (dws_field_is_text(condition->field) || dws_field_is_boolean(condition->field))
            return dws_fail(error, DWS_ERR_ARGUMENT, "%s is %s, which has no range",
                            dws_field_name(condition->field).data,
                            dws_field_is_text(condition->field) ? "text" : "true or false");
        if (isnan(condition->min) || isnan(condition->max))
            return dws_fail(error, DWS_ERR_ARGUMENT, "%s of a range must be a number, got NaN",
                            isnan(condition->min) ? "min" : "max");
    }
    return DWS_OK;
}

/* Most texts have no escapes, and most of those that differ differ in length. */
static inline bool is_text(struct dws_json_string string, struct dws_text text)
{
    if (string.escaped)
        return dws_json_equals(string, text);
    return string.raw.length == text.length &&
           (text.length == 0 || memcmp(string.raw.data, text.data, text.length) == 0);
}

static bool meets(const struct dws_condition *condition, const struct dws_record *record)
{
    enum dws_field field = condition->field;
    if (!(record->present & 1u << field))
        return false;
    if (!condition->values) {
        double number = (double)record->integer[field];
        return number >= condition->min && number <= condition->max;
    }
    for (size_t i = 0; i < condition->count; i++) {
        if (dws_field_is_text(field) ? is_text(record->text[field], condition->values[i].text)
                                     : record->integer[field] == condition->values[i].integer)
            return true;
    }
    return false;
}

bool dws_filter_fits(const struct dws_filter *filter, const struct dws_record *record)
{
    for (size_t i = 0; i < filter->count; i++) {
        if (!meets(&filter->conditions[i], record))
            return false;
    }
    return true;
}

/* ---- a whole page ----------------------------------------------------------------------------- */

/* A record that is not wanted. Without an id, it is known by all it says. */
static void append_trace(struct dws_buf *out, const struct dws_record *record)
{
    const struct dws_json_string id = record->text[DWS_ID];
    if (!(record->present & 1u << DWS_ID) || id.raw.length == 0) {
        dws_buf_append_text(out, record->source);
        return;
    }
    dws_buf_append_string(out, "{\"id\":\"");
    dws_buf_append_text(out, id.raw);
    dws_buf_append_string(out, "\"}");
}

/* False: it is not a page, or says something beside its records and their count. */
static bool append_records(struct dws_page *page, const struct dws_filter *filter, bool traces, struct dws_buf *out)
{
    struct dws_record record = {.present = 0}; /* compilers look at an absent text before they know that it is absent */
    struct dws_error error;
    enum dws_status status;
    const size_t start = out->length;
    while ((status = dws_page_next(page, &record, &error)) == DWS_OK) {
        const bool wanted = dws_filter_fits(filter, &record);
        if (!wanted && !traces)
            continue;
        if (out->length > start)
            dws_buf_append(out, ",", 1);
        if (wanted)
            dws_buf_append_text(out, record.source);
        else
            append_trace(out, &record);
    }
    return status == DWS_IDLE && page->records > 0 && page->members == (page->has_count ? 2 : 1);
}

enum dws_status dws_filter_page_of(enum dws_kind kind, const struct dws_filter *filter, struct dws_text body,
                                   bool traces, struct dws_buf *out, struct dws_error *error)
{
    struct dws_page page;
    if (dws_filter_check(filter, error) != DWS_OK)
        return error->status;
    if (filter->count == 0 || dws_page_start_of(&page, kind, body, error) != DWS_OK)
        return DWS_IDLE;
    dws_buf_append_string(out, "{\"");
    dws_buf_append_text(out, dws_kind_list(kind));
    dws_buf_append_string(out, "\":[");
    if (!append_records(&page, filter, traces, out))
        return DWS_IDLE;
    dws_buf_append_string(out, "]");
    if (page.has_count) {
        dws_buf_append_string(out, ",\"count\":");
        dws_buf_append_integer(out, page.count);
    }
    dws_buf_append_string(out, "}");
    return out->failed ? dws_fail(error, DWS_ERR_MEMORY, "out of memory") : DWS_OK;
}

enum dws_status dws_filter_page(const struct dws_filter *filter, struct dws_text body, bool traces, struct dws_buf *out,
                                struct dws_error *error)
{
    return dws_filter_page_of(DWS_RECORDS, filter, body, traces, out, error);
}
