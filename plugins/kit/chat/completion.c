/* completion.c: what an endpoint answers, as JSON, to the text in it. */
#include <stdio.h>
#include <string.h>

#include "completion.h"

void chat_excerpt(struct rho_str s, char out[120])
{
	struct rho_str head = rho_str_head(rho_str_trim(s), 100);
	memcpy(out, head.at, head.len);
	out[head.len] = 0;
	for (size_t i = 0; i < head.len; i++)
		if ((unsigned char)out[i] < ' ')
			out[i] = ' ';
}

bool chat_completion(struct rho_str json, struct rho_text *answer, char why[400])
{
	json_error_t error;
	json_t *all = json_loadb(json.at ? json.at : "", json.len, 0, &error), *content;
	char text[120];
	rho_text_clear(answer);
	chat_excerpt(json, text);
	if (!all) {
		snprintf(why, 400, "what it answers is not JSON (%s): %s", error.text, text);
		return false;
	}
	content = json_object_get(
		json_object_get(json_array_get(json_object_get(all, "choices"), 0), "message"), "content");
	bool good = json_is_string(content) &&
	            rho_text_add(answer, (struct rho_str){ json_string_value(content), json_string_length(content) });
	if (!good)
		snprintf(why, 400, "what it answers has no text at choices[0].message.content: %s", text);
	json_decref(all);
	return good;
}
