/* image_rules.c: preprocessor_config.json, and a picture taken through its steps. */
#include "image.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../transformer/config.h"

enum { MOST_SIDE = 4096, BICUBIC = 3 };

static size_t side(const struct rho_config_source *s, const char *key, size_t other)
{
	return rho_config_number(s, key, 1, MOST_SIDE, other);
}

/* size: 224, {"shortest_edge": 224}, or {"height": 224, "width": 224}. */
static void read_size(const struct rho_config_source *s, struct rho_image_rules *rules)
{
	const json_t *v = json_object_get(s->object, "size");
	struct rho_config_source in = { v, NULL, s->file, "size.", s->trouble };
	size_t n = json_object_size(v);
	if (!json_is_object(v)) {
		rules->shortest = side(s, "size", rules->shortest);
	} else if (n == 1 && json_object_get(v, "shortest_edge")) {
		rules->shortest = side(&in, "shortest_edge", RHO_CONFIG_NEEDED);
	} else if (n == 2 && json_object_get(v, "height") && json_object_get(v, "width")) {
		rules->shortest = 0;
		rules->height = side(&in, "height", RHO_CONFIG_NEEDED);
		rules->width = side(&in, "width", RHO_CONFIG_NEEDED);
	} else {
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "size is not understood; it may be a"
		               " number, {\"shortest_edge\": N}, or {\"height\": N, \"width\": N}");
	}
}

/* crop_size: 224 or {"height": 224, "width": 224}. */
static void read_crop(const struct rho_config_source *s, struct rho_image_rules *rules)
{
	const json_t *v = json_object_get(s->object, "crop_size");
	struct rho_config_source in = { v, NULL, s->file, "crop_size.", s->trouble };
	if (!json_is_object(v)) {
		rules->crop = side(s, "crop_size", rules->crop);
		return;
	}
	size_t width = side(&in, "width", RHO_CONFIG_NEEDED);
	rules->crop = side(&in, "height", RHO_CONFIG_NEEDED);
	if (width != rules->crop)
		rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "crop_size is %zu x %zu, not square; the"
		               " model takes square pictures", width, rules->crop);
}

/* A list of three numbers; `over`: they must be above it. */
static void read_three(const struct rho_config_source *s, const char *key, double over, double out[3])
{
	const json_t *v = json_object_get(s->object, key);
	for (size_t c = 0; v && c < 3; c++) {
		const json_t *x = json_array_size(v) == 3 ? json_array_get(v, c) : NULL;
		out[c] = json_number_value(x);
		if (!json_is_number(x) || !(out[c] > over) || !(fabs(out[c]) < 1e6))
			rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "%s is not a list of three"
			               " numbers%s, one a colour", key, over >= 0 ? " above 0" : "");
	}
}

static void read_scale(const struct rho_config_source *s, struct rho_image_rules *rules)
{
	const json_t *v = json_object_get(s->object, "rescale_factor");
	if (v)
		rules->scale = json_number_value(v);
	if (v && (!json_is_number(v) || !(rules->scale > 0) || !(rules->scale <= 1)))
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "rescale_factor is not a number above 0"
		               " and at most 1");
	if (!rho_config_flag(s, "do_rescale", true))
		rules->scale = 1;
}

/* Refuses what asks for pixels that would not be made here. */
static void refuse_others(const struct rho_config_source *s)
{
	static const char *const known[] = { "do_resize", "do_center_crop", "do_rescale", "do_normalize",
	                                     "do_convert_rgb" };
	const json_t *resample = json_object_get(s->object, "resample");
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)s->object, key, v) {
		bool fine = strncmp(key, "do_", 3) || !json_is_true(v);
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			fine = fine || !strcmp(key, known[i]);
		if (!fine)
			rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "it asks for the step \"%.80s\","
			               " which is not implemented; a picture can be resized, cropped at its"
			               " centre, scaled and normalised", key);
	}
	if (resample && json_integer_value(resample) != BICUBIC)
		rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "resample is not %d (bicubic), the one"
		               " that is implemented", BICUBIC);
	if (!rho_config_flag(s, "do_resize", true))
		rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "do_resize is false; pictures of any size"
		               " can only be taken in when they are resized");
}

static void read_rules(const struct rho_config_source *s, struct rho_image_rules *rules)
{
	refuse_others(s);
	read_size(s, rules);
	read_crop(s, rules);
	read_three(s, "image_mean", -HUGE_VAL, rules->mean);
	read_three(s, "image_std", 0, rules->std);
	read_scale(s, rules);
	for (size_t c = 0; c < 3 && !rho_config_flag(s, "do_normalize", true); c++) {
		rules->mean[c] = 0;
		rules->std[c] = 1;
	}
	if (!rho_config_flag(s, "do_center_crop", true)) {
		if (rules->shortest || rules->width != rules->height)
			rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "do_center_crop is false, which"
			               " leaves pictures that are not square; size must then be {\"height\":"
			               " N, \"width\": N}, both the same");
		rules->crop = rules->width;
	}
	size_t least = rules->shortest ? rules->shortest :
	               rules->width < rules->height ? rules->width : rules->height;
	if (rules->crop > least)
		rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0, "crop_size is %zu pixels, but pictures are"
		               " resized to %zu; filling up is not implemented", rules->crop, least);
}

int rho_image_rules_read(const char *folder, size_t size, struct rho_image_rules *rules,
                         struct rho_trouble *t)
{
	static const char name[] = "preprocessor_config.json";
	char file[RHO_CONFIG_NAME];
	*rules = (struct rho_image_rules){
		.shortest = size, .crop = size, .scale = 1.0 / 255,
		.mean = { 0.48145466, 0.4578275, 0.40821073 }, .std = { 0.26862954, 0.26130258, 0.27577711 },
	};
	snprintf(file, sizeof file, "%s/%s", folder, name);
	json_t *o = rho_config_load(folder, name, true, t);
	struct rho_config_source s = { o, NULL, file, "", t };
	if (json_is_object(o))
		read_rules(&s, rules);
	else if (o)
		rho_trouble_at(t, RHO_EFORMAT, file, 0, "this is JSON but not an object {…}");
	json_decref(o);
	return t->code;
}

/* What a picture of that size becomes, and the part of it that is kept. */
static struct rho_image_box centre(const struct rho_image_rules *rules, const struct rho_image *im,
                                   size_t *width, size_t *height)
{
	size_t least = im->width < im->height ? im->width : im->height;
	double shortest = (double)rules->shortest;
	*width = rules->width;
	*height = rules->height;
	if (rules->shortest) {
		*width = (size_t)(shortest * (double)im->width / (double)least);
		*height = (size_t)(shortest * (double)im->height / (double)least);
	}
	return (struct rho_image_box){ (*width - rules->crop) / 2, (*height - rules->crop) / 2, rules->crop,
	                               rules->crop };
}

int rho_image_pixels(const struct rho_image_rules *rules, struct rho_str bytes, float *out,
                     struct rho_trouble *t)
{
	struct rho_image whole, part;
	size_t width, height, n = rules->crop * rules->crop;
	float value[3][256];            /* of each colour's 256 bytes */
	if (rho_image_decode(bytes, 0, &whole, t))
		return t->code;
	struct rho_image_box box = centre(rules, &whole, &width, &height);
	int e = rho_image_resize(&whole, width, height, box, &part, t);
	rho_image_free(&whole);
	if (e)
		return e;
	for (size_t c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			value[c][v] = (float)((v * rules->scale - rules->mean[c]) / rules->std[c]);
	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < n; i++)
			out[c * n + i] = value[c][part.rgb[3 * i + c]];
	rho_image_free(&part);
	return 0;
}
