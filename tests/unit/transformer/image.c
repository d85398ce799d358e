/* Pictures: the bytes Pillow sees in the fixtures and in real pictures, decoded, resized and cropped; what is
 * damaged, too large or no picture; preprocessor_config.json. data/images/make.py made what is compared
 * with. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../kit/scratch.h"
#include "kit/image/image.h"

#define HAS(text, part) cr_assert_not_null(strstr((text), (part)), "\"%s\" is not in: %s", (part), (text))

static const char *path_of(const char *root, const char *folder, const char *name, const char *ending)
{
	static char path[4096];
	snprintf(path, sizeof path, "%s/%s/%s%s", root, folder, name, ending);
	return path;
}

static const char *real_root(void)
{
	const char *root = getenv("RHO_REAL_DATA");
	if (!root || !*root)
		cr_skip_test("RHO_REAL_DATA is not set: no real pictures");
	return root;
}

static const char *fixtures(void)
{
	static char path[4096];
	const char *root = getenv("RHO_SOURCE_ROOT");
	cr_assert(root && *root, "RHO_SOURCE_ROOT is not set; run this through meson test");
	snprintf(path, sizeof path, "%s/tests/unit/transformer/data/images", root);
	return path;
}

/* A file's bytes, with a NUL behind them; the caller frees. */
static struct rho_str slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	cr_assert_not_null(f, "%s cannot be opened", path);
	size_t room = 1 << 21;
	char *bytes = malloc(room);
	size_t n = fread(bytes, 1, room - 1, f);
	cr_assert_lt(n, room - 1);
	bytes[n] = '\0';
	fclose(f);
	return (struct rho_str){ bytes, n };
}

static struct rho_image decoded(struct rho_str bytes, const char *name)
{
	struct rho_trouble t = { 0 };
	struct rho_image im;
	cr_assert_eq(rho_image_decode(bytes, 0, &im, &t), 0, "%s: %s", name, t.text);
	return im;
}

/* Shortest edge to `size`, centre crop. */
static struct rho_image cropped(const struct rho_image *im, size_t size)
{
	struct rho_trouble t = { 0 };
	struct rho_image out;
	size_t least = im->width < im->height ? im->width : im->height;
	size_t width = size * im->width / least, height = size * im->height / least;
	struct rho_image_box part = { (width - size) / 2, (height - size) / 2, size, size };
	cr_assert_eq(rho_image_resize(im, width, height, part, &out, &t), 0, "%s", t.text);
	return out;
}

static unsigned long crc(const struct rho_image *im)
{
	return crc32(0, im->rgb, (uInt)(im->width * im->height * 3));
}

/* Every line of a table that make.py wrote, against the files in a folder. */
static size_t compare(const char *table, const char *root, const char *folder, size_t size)
{
	struct rho_str all = slurp(table);
	size_t n = 0;
	for (char *line = strtok((char *)all.at, "\n"); line; line = strtok(NULL, "\n"), n++) {
		char name[64];
		size_t width, height;
		unsigned long whole, part;
		cr_assert_eq(sscanf(line, "%63s %zu %zu %lx %lx", name, &width, &height, &whole, &part), 5);
		struct rho_str bytes = slurp(path_of(root, folder, name, ""));
		struct rho_image im = decoded(bytes, name), small = cropped(&im, size);
		cr_assert(im.width == width && im.height == height, "%s is %zu x %zu",
		          name, im.width, im.height);
		cr_expect_eq(crc(&im), whole, "%s: other pixels", name);
		cr_expect_eq(crc(&small), part, "%s: other pixels after resizing", name);
		free((char *)bytes.at);
		rho_image_free(&im);
		rho_image_free(&small);
	}
	free((char *)all.at);
	return n;
}

Test(image, every_kind_of_picture_is_what_pillow_sees)
{
	cr_assert_eq(compare(path_of(fixtures(), "", "expected.tsv", ""), fixtures(), "", 32), 21);
}

Test(image, photos_are_what_pillow_sees)
{
	const char *root = real_root();
	cr_assert_eq(compare(path_of(fixtures(), "", "photos.tsv", ""), root, "data/images/img", 224), 158);
}

static void same_as_ppm(const struct rho_image *im, const char *path)
{
	struct rho_str ppm = slurp(path);
	size_t n = im->width * im->height * 3;
	char head[64];
	int at = snprintf(head, sizeof head, "P6\n%zu %zu\n255\n", im->width, im->height);
	cr_assert_eq(ppm.len, (size_t)at + n, "%s", path);
	cr_assert(!memcmp(ppm.at, head, (size_t)at), "%s", path);
	cr_assert(!memcmp(ppm.at + at, im->rgb, n), "%s: other pixels", path);
	free((char *)ppm.at);
}

/* The numbers a model gets, against the manifest's. */
static void same_values(const json_t *want, const struct rho_image_rules *rules, struct rho_str bytes,
                        const char *name)
{
	struct rho_trouble t = { 0 };
	size_t n = rules->crop * rules->crop;
	float *value = malloc(3 * n * sizeof *value);   /* (3, crop, crop) */
	const json_t *first = json_object_get(want, "pixel_values_first8");
	const json_t *mean = json_object_get(want, "pixel_values_channel_mean");
	const json_t *std = json_object_get(want, "pixel_values_channel_std");
	cr_assert_eq(rho_image_pixels(rules, bytes, value, &t), 0, "%s: %s", name, t.text);
	for (size_t i = 0; i < 8; i++)
		cr_assert_float_eq(value[i], json_number_value(json_array_get(first, i)), 1e-6, "%s", name);
	for (size_t c = 0; c < 3; c++) {
		double sum = 0, squares = 0;
		for (size_t i = 0; i < n; i++)
			sum += (double)value[c * n + i] / (double)n;
		for (size_t i = 0; i < n; i++)
			squares += pow((double)value[c * n + i] - sum, 2) / (double)n;
		cr_assert_float_eq(sum, json_number_value(json_array_get(mean, c)), 1e-6, "%s", name);
		cr_assert_float_eq(sqrt(squares), json_number_value(json_array_get(std, c)), 1e-6, "%s", name);
	}
	free(value);
}

Test(image, shared_pictures_byte_for_byte, .init = scratch_make, .fini = scratch_remove)
{
	const char *root = real_root(), *folder = "models/images";
	static const size_t size[] = { 32, 224 };
	json_t *manifest = json_load_file(path_of(root, folder, "manifest.json", ""), 0, NULL);
	const json_t *images = json_object_get(manifest, "images");
	cr_assert_eq(json_array_size(images), 13);
	for (size_t i = 0; i < 13; i++) {
		const json_t *entry = json_array_get(images, i);
		const char *name = json_string_value(json_object_get(entry, "name"));
		struct rho_str bytes = slurp(path_of(root, folder, name, ".png"));
		struct rho_image im = decoded(bytes, name);
		same_as_ppm(&im, path_of(root, folder, name, ".ppm"));
		for (size_t s = 0; s < 2; s++) {
			char key[16], dir[64];
			struct rho_image_rules rules;
			struct rho_trouble t = { 0 };
			struct rho_image part = cropped(&im, size[s]);
			snprintf(dir, sizeof dir, "%s/clip%zu", folder, size[s]);
			same_as_ppm(&part, path_of(root, dir, name, ".ppm"));
			rho_image_free(&part);
			snprintf(key, sizeof key, "%zu", size[s]);
			/* A folder without rules: CLIP's own. */
			cr_assert_eq(rho_image_rules_read(scratch_path(""), size[s], &rules, &t), 0);
			const json_t *want = json_object_get(json_object_get(entry, "preprocess"), key);
			same_values(want, &rules, bytes, name);
		}
		rho_image_free(&im);
		free((char *)bytes.at);
	}
	json_decref(manifest);
}

/* ---- bad pictures ---- */

static void refused(struct rho_str bytes, size_t most, const char *has)
{
	struct rho_trouble t = { 0 };
	struct rho_image im;
	cr_assert_eq(rho_image_decode(bytes, most, &im, &t), RHO_EFORMAT, "%s: %s", has, t.text);
	cr_assert_null(im.rgb);
	HAS(t.text, has);
}

/* Every beginning of a file is refused, and no single wrong byte does harm. */
static void cut_and_bent(const char *name)
{
	struct rho_str whole = slurp(path_of(fixtures(), "", name, ""));
	for (size_t n = 0; n < whole.len; n++) {
		char *cut = malloc(n + 1);      /* of its own size, so that reading on is seen */
		memcpy(cut, whole.at, n);
		refused((struct rho_str){ cut, n }, 0, n ? "" : "0 bytes");
		free(cut);
	}
	for (size_t i = 0; i < whole.len; i++)
		for (int bit = 0; bit < 8; bit += 3) {
			struct rho_trouble t = { 0 };
			struct rho_image im;
			((char *)whole.at)[i] ^= (char)(1 << bit);
			rho_image_decode(whole, 1 << 20, &im, &t);
			rho_image_free(&im);
			((char *)whole.at)[i] ^= (char)(1 << bit);
		}
	free((char *)whole.at);
}

Test(image, damaged_files_are_refused)
{
	cut_and_bent("colour_420.jpg");
	cut_and_bent("progressive.jpg");
	cut_and_bent("cmyk.jpg");
	cut_and_bent("interlaced.png");
	cut_and_bent("palette.png");
	refused((struct rho_str){ NULL, 0 }, 0, "it is empty (0 bytes)");
	refused((struct rho_str){ "GIF89a...", 9 }, 0, "a GIF");
	refused((struct rho_str){ "RIFF....WEBPVP8 ", 16 }, 0, "a WebP");
	refused((struct rho_str){ "some text", 9 }, 0, "neither a JPEG nor a PNG");
}

static void put32(char *at, size_t v)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (char)(v >> (24 - 8 * i));
}

/* A grey PNG of that size, its rows all `grey`; rows: how many of them are there. The caller frees. */
static struct rho_str grey_png(size_t width, size_t height, size_t rows, int grey)
{
	static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\15IHDR........\10\0\0\0\0....";
	uLong raw = (uLong)((width + 1) * rows), packed = compressBound(raw);
	char *png = malloc(packed + 64), *row = calloc(width + 1, rows + 1), *idat = png + 33;
	memcpy(png, head, 33);
	put32(png + 16, width);
	put32(png + 20, height);
	put32(png + 29, crc32(0, (const Bytef *)png + 12, 17));
	for (size_t y = 0; y < rows; y++)
		memset(row + y * (width + 1) + 1, grey, width);
	compress((Bytef *)idat + 8, &packed, (const Bytef *)row, raw);
	put32(idat, packed);
	memcpy(idat + 4, "IDAT", 4);
	put32(idat + 8 + packed, crc32(0, (const Bytef *)idat + 4, (uInt)packed + 4));
	memcpy(idat + 12 + packed, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
	free(row);
	return (struct rho_str){ png, 33 + 24 + packed };
}

Test(image, size_is_bounded_before_anything_is_made)
{
	struct rho_str jpeg = slurp(path_of(fixtures(), "", "grey.jpg", ""));
	struct rho_str png = grey_png(20000, 20000, 1, 7);
	refused(png, 0, "20000 x 20000 pixels");
	free((char *)png.at);
	png = grey_png(13000, 13000, 1, 7);
	refused(png, 0, "13000 x 13000 pixels, more than");
	free((char *)png.at);
	/* The same in a JPEG's frame header: marker, length, precision, height, width. */
	char *frame = (char *)jpeg.at;
	while (memcmp(frame, "\xff\xc0", 2))
		frame++;
	memcpy(frame + 5, "\x4e\x20\x4e\x20", 4);
	refused(jpeg, 0, "20000 x 20000 pixels");
	memcpy(frame + 5, "\x32\xc8\x32\xc8", 4);
	refused(jpeg, 0, "13000 x 13000 pixels, more than");
	memcpy(frame + 5, "\0\x0e\0\x15", 4);
	refused(jpeg, 21 * 14 - 1, "at most 293");
	struct rho_image im = decoded(jpeg, "grey.jpg");
	rho_image_free(&im);
	free((char *)jpeg.at);
	/* A million pixels wide and one high, of which resizing makes no picture of 224 million. */
	struct rho_image_rules rules;
	struct rho_trouble t = { 0 };
	float *value = malloc(3 * 224 * 224 * sizeof *value);
	png = grey_png(1000000, 1, 1, 128);
	cr_assert_eq(rho_image_rules_read("/nonexistent", 224, &rules, &t), 0, "%s", t.text);
	cr_assert_eq(rho_image_pixels(&rules, png, value, &t), 0, "%s", t.text);
	for (size_t i = 0; i < 224 * 224; i++)
		cr_assert_float_eq(value[i], (128 / 255.0 - 0.48145466) / 0.26862954, 1e-6);
	free(value);
	free((char *)png.at);
}

/* A progressive JPEG of 8 x 8 pixels whose one scan comes again and again. */
Test(image, scans_are_bounded)
{
	static const char head[] = "\xff\xd8\xff\xc2\0\13\10\0\10\0\10\1\1\21\0"        /* SOI, SOF2 */
	                           "\xff\xc4\0\24\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  /* DHT: one code */
	                           "\xff\xdb\0\103\0";                                  /* DQT */
	static const char scan[] = "\xff\xda\0\10\1\1\0\0\0\0\x7f";
	char bytes[4096] = { 0 };
	for (size_t scans = 50; scans <= 150; scans += 100) {
		size_t n = sizeof head - 1;
		memcpy(bytes, head, n);
		memset(bytes + n, 1, 64);       /* quantisation */
		n += 64;
		for (size_t i = 0; i < scans; i++, n += sizeof scan - 1)
			memcpy(bytes + n, scan, sizeof scan - 1);
		memcpy(bytes + n, "\xff\xd9", 2);
		if (scans > 100) {
			refused((struct rho_str){ bytes, n + 2 }, 0, "more than 100 scans");
		} else {
			struct rho_image im = decoded((struct rho_str){ bytes, n + 2 }, "50 scans");
			cr_assert(im.width == 8 && im.height == 8 && im.rgb[0] == 128);
			rho_image_free(&im);
		}
	}
}

/* ---- resizing ---- */

Test(image, parts_are_parts_of_the_whole)
{
	static const size_t sides[][4] = { { 37, 23, 50, 90 }, { 300, 200, 17, 64 }, { 64, 64, 64, 64 },
	                                   { 5, 700, 400, 3 } };
	for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
		const size_t *s = sides[i];
		struct rho_trouble t = { 0 };
		struct rho_image im = { malloc(s[0] * s[1] * 3), s[0], s[1] }, whole, part;
		struct rho_image_box all = { 0, 0, s[2], s[3] };
		struct rho_image_box some = { s[2] / 3, s[3] / 3, s[2] / 2, s[3] / 2 };
		for (size_t k = 0; k < s[0] * s[1] * 3; k++)
			im.rgb[k] = (uint8_t)(k * k * 2654435761u >> 13);
		cr_assert_eq(rho_image_resize(&im, s[2], s[3], all, &whole, &t), 0);
		cr_assert_eq(rho_image_resize(&im, s[2], s[3], some, &part, &t), 0);
		for (size_t y = 0; y < some.height; y++)
			cr_assert(!memcmp(part.rgb + y * some.width * 3,
			                  whole.rgb + ((some.top + y) * s[2] + some.left) * 3,
			                  some.width * 3));
		if (i == 2)
			cr_assert(!memcmp(whole.rgb, im.rgb, s[0] * s[1] * 3));
		rho_image_free(&im);
		rho_image_free(&whole);
		rho_image_free(&part);
	}
}

/* ---- preprocessor_config.json ---- */

static int rules_of(const char *json, struct rho_image_rules *rules, struct rho_trouble *t)
{
	scratch_file("preprocessor_config.json", json);
	*t = (struct rho_trouble){ 0 };
	return rho_image_rules_read(scratch_path(""), 224, rules, t);
}

Test(image, rules_are_read, .init = scratch_make, .fini = scratch_remove)
{
	struct rho_image_rules r;
	struct rho_trouble t;
	int e = rules_of("{\"size\": 288, \"crop_size\": 280, \"resample\": 3, \"do_convert_rgb\": true,"
	                 " \"image_mean\": [0.5, 0, -1], \"image_std\": [1, 2, 0.25]}", &r, &t);
	cr_assert_eq(e, 0, "%s", t.text);
	cr_assert(r.shortest == 288 && r.crop == 280 && r.mean[2] == -1 && r.std[2] == 0.25);
	cr_assert_eq(r.scale, 1.0 / 255);
	e = rules_of("{\"size\": {\"shortest_edge\": 40}, \"crop_size\": {\"height\": 32, \"width\": 32},"
	             " \"rescale_factor\": 0.5, \"do_normalize\": false}", &r, &t);
	cr_assert_eq(e, 0, "%s", t.text);
	cr_assert(r.shortest == 40 && r.crop == 32 && r.mean[0] == 0 && r.std[0] == 1 && r.scale == 0.5);
	e = rules_of("{\"size\": {\"height\": 32, \"width\": 32}, \"do_center_crop\": false,"
	             " \"do_rescale\": false}", &r, &t);
	cr_assert_eq(e, 0, "%s", t.text);
	cr_assert(!r.shortest && r.width == 32 && r.height == 32 && r.crop == 32 && r.scale == 1);
	/* Both edges are resized as they are told, so a wide picture is squashed. */
	float value[3 * 32 * 32];
	struct rho_str wide = grey_png(64, 10, 10, 99);
	cr_assert_eq(rho_image_pixels(&r, wide, value, &t), 0, "%s", t.text);
	for (size_t i = 0; i < 32 * 32; i++)
		cr_assert_float_eq(value[i], (99 - 0.48145466) / 0.26862954, 1e-4);
	free((char *)wide.at);
}

Test(image, rules_that_are_not_understood_are_named, .init = scratch_make, .fini = scratch_remove)
{
	static const struct { const char *json, *has; int code; } wrong[] = {
		{ "{\"resample\": 2}", "resample is not 3 (bicubic)", RHO_ENOSUP },
		{ "{\"do_pad\": true}", "the step \"do_pad\"", RHO_ENOSUP },
		{ "{\"do_resize\": false}", "do_resize is false", RHO_ENOSUP },
		{ "{\"do_center_crop\": false}", "do_center_crop is false", RHO_ENOSUP },
		{ "{\"crop_size\": 256}", "crop_size is 256 pixels, but pictures are resized to 224",
		  RHO_ENOSUP },
		{ "{\"crop_size\": {\"height\": 20, \"width\": 30}}", "crop_size is 30 x 20, not square",
		  RHO_ENOSUP },
		{ "{\"crop_size\": {\"height\": 20}}", "crop_size.width", RHO_EFORMAT },
		{ "{\"size\": 0}", "size = 0; it must be a whole number 1 .. 4096", RHO_EFORMAT },
		{ "{\"size\": 1e9}", "whole number 1 .. 4096", RHO_EFORMAT },
		{ "{\"size\": 100000}", "whole number 1 .. 4096", RHO_EFORMAT },
		{ "{\"size\": {\"longest_edge\": 224}}", "size is not understood", RHO_EFORMAT },
		{ "{\"size\": {\"shortest_edge\": 224, \"longest_edge\": 300}}", "size is not understood",
		  RHO_EFORMAT },
		{ "{\"image_mean\": [0.5, 0.5]}", "image_mean is not a list of three numbers", RHO_EFORMAT },
		{ "{\"image_std\": [1, 1, 0]}", "image_std is not a list of three numbers above 0",
		  RHO_EFORMAT },
		{ "{\"rescale_factor\": 0}", "rescale_factor", RHO_EFORMAT },
		{ "{\"do_rescale\": 1}", "do_rescale", RHO_EFORMAT },
		{ "[]", "not an object", RHO_EFORMAT },
		{ "{\"size\": 224", "not JSON", RHO_EFORMAT },
		{ "", "not JSON", RHO_EFORMAT },
	};
	struct rho_image_rules r;
	struct rho_trouble t;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_eq(rules_of(wrong[i].json, &r, &t), wrong[i].code, "%s: %s", wrong[i].json, t.text);
		HAS(t.text, wrong[i].has);
		HAS(t.text, "preprocessor_config.json");
	}
}
