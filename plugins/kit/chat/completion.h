/* completion.h: the text in what an endpoint answers. */
#ifndef RHO_KIT_CHAT_COMPLETION_H
#define RHO_KIT_CHAT_COMPLETION_H

#include <jansson.h>

#include "../text.h"

/* choices[0].message.content of a completion, into answer (cleared first); or false with why. */
bool chat_completion(struct rho_str json, struct rho_text *answer, char why[400]);

/* A beginning of what came, in one line of printable characters. */
void chat_excerpt(struct rho_str, char out[120]);

#endif
