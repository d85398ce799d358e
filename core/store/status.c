/* status.c: how a cell stands: status.json. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "results.h"

static const char *const state_name[] = {
	[RHO_CELL_MISSING] = "missing",
	[RHO_CELL_STOPPED] = "stopped",
	[RHO_CELL_DONE] = "done",
	[RHO_CELL_FAILED] = "failed",
};

int rho_status_write(const char *cell_dir, uint32_t state, uint64_t step, double seconds,
                     const char *why_failed, struct rho_buf *why)
{
	char *path = rho_xprintf("%s/status.json", cell_dir), *text;
	json_t *root = json_pack("{s:s, s:I, s:f}", "state", state_name[state], "step", (json_int_t)step,
	                         "seconds", isfinite(seconds) && seconds > 0 ? seconds : 0.0);
	int rc = -1;
	if (why_failed) {
		json_t *said = json_string(why_failed);
		/* A plugin's sentence may be any bytes; better its ASCII than nothing. */
		if (!said) {
			char *ascii = rho_xstrdup(why_failed);
			for (char *p = ascii; *p; p++)
				*p = *p < 0 ? '?' : *p;
			said = json_string(ascii);
			free(ascii);
		}
		json_object_set_new(root, "why", said);
	}
	text = json_dumps(root, JSON_REAL_PRECISION(6));
	if (text) {
		struct rho_buf line = { 0 };
		rho_buf_printf(&line, "%s\n", text);
		rc = rho_file_write(path, line.at, line.len, why);
		rho_buf_free(&line);
	}
	free(text);
	json_decref(root);
	free(path);
	return rc;
}

static int take(const json_t *root, const char *path, struct rho_result_cell *out, struct rho_buf *why)
{
	const char *state = json_string_value(json_object_get(root, "state"));
	const json_t *step = json_object_get(root, "step"), *seconds = json_object_get(root, "seconds");
	const json_t *said = json_object_get(root, "why");
	uint32_t s = RHO_CELL_STOPPED;
	while (s <= RHO_CELL_FAILED && (!state || strcmp(state, state_name[s])))
		s++;
	if (s > RHO_CELL_FAILED || !json_is_integer(step) || json_integer_value(step) < 0 ||
	    !json_is_number(seconds) || json_number_value(seconds) < 0 || (said && !json_is_string(said))) {
		rho_buf_printf(
			why,
			"%s is damaged: it lacks a state (stopped, done or failed), a step or seconds; "
			"run the experiment again, and the cell is run afresh",
			path);
		return -1;
	}
	out->state = s;
	out->step = (uint64_t)json_integer_value(step);
	out->seconds = json_number_value(seconds);
	if (s == RHO_CELL_FAILED)
		out->why = rho_xstrdup(said ? json_string_value(said) : "no reason was kept");
	return 0;
}

int rho_status_read(const char *cell_dir, struct rho_result_cell *out, struct rho_buf *why)
{
	char *path = rho_xprintf("%s/status.json", cell_dir);
	struct rho_buf text = { 0 };
	json_error_t err;
	json_t *root;
	int rc = -1;
	out->state = RHO_CELL_MISSING;
	out->step = 0;
	out->seconds = 0;
	free(out->why);
	out->why = NULL;
	if (access(path, F_OK)) {
		free(path);
		return 0;
	}
	if (!rho_file_read(path, 1 << 20, &text, why)) {
		root = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &err);
		if (root)
			rc = take(root, path, out, why);
		else
			rho_buf_printf(
				why,
				"%s is damaged: %s; run the experiment again, and the cell is run afresh",
				path, err.text);
		json_decref(root);
	}
	rho_buf_free(&text);
	free(path);
	return rc;
}
