/* internal.h: what the files of libdws share and callers do not see.
 * It must not be installed. */
#ifndef DWS_INTERNAL_H
#define DWS_INTERNAL_H

#include "dws.h"

/* Formats the message (cut to fit) and returns `status`, so that a failing function ends in one line. */
__attribute__((format(printf, 3, 4))) enum dws_status dws_fail(struct dws_error *error, enum dws_status status,
                                                               const char *format, ...);

/* Overwrites the content and keeps the memory: what dws_buf_clear is to dws_buf_free, for secrets. */
void dws_buf_erase(struct dws_buf *buf);
void dws_buf_swap(struct dws_buf *a, struct dws_buf *b);
/* A NUL-terminated string as borrowed bytes. */
struct dws_text dws_text_of(const char *string);
/* Comparison by byte value, and the same with A-Z read as a-z in every locale. <0, 0, >0. */
int dws_text_compare(struct dws_text a, struct dws_text b);
int dws_text_compare_nocase(struct dws_text a, struct dws_text b);
/* Without the spaces and tabs at both ends. */
struct dws_text dws_text_trim(struct dws_text text);
/* A-Z to a-z in place, and back. */
void dws_lower(char *bytes, size_t length);
void dws_upper(char *bytes, size_t length);
/* Whether the text holds CR, LF, NUL or any other control character but tab. */
bool dws_text_holds_control(struct dws_text text);
/* Whether the text is an HTTP token (RFC 9110, 5.6.2), as methods and header names are. */
bool dws_text_is_token(struct dws_text text);
/* Length of the well-formed UTF-8 sequence that starts with a byte of 0x80 or more; 0 when it is malformed. */
size_t dws_utf8_sequence(const unsigned char *bytes, size_t left);

/* Sets the error and returns true when hardly any file descriptor is free, so that what failed failed for want of one.
 * The message begins with `whose`. */
bool dws_descriptors_fail(struct dws_error *error, const char *whose);

#endif
