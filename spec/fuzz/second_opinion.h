/* second_opinion.h: whether bytes are JSON, judged again, slowly and by other means.
 * It must not share a line with the reader it judges. */
#ifndef SECOND_OPINION_H
#define SECOND_OPINION_H

#include "dws.h"

/* Whether the text is one JSON value, nested `depth` levels at most, no number beyond a double or 1024 characters. */
bool second_opinion_of_text(struct dws_text text, int depth);
/* Whether `plain` is the content of a string that was written as `raw`. */
bool second_opinion_of_string(struct dws_text raw, struct dws_text plain);

#endif
