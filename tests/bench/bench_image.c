/* bench_image.c: pictures a second on one core: decoded and resized as CLIP wants them, beside libjpeg alone
 * on the same files, without conversions or copies, in the same run.
 *
 * bench-image [FOLDER of JPEGs]      without one: $RHO_REAL_DATA/data/images/img */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

#include "kit/image/image.h"

enum { MOST = 1000, REPEATS = 5, SIZE = 224 };

static struct rho_str file[MOST];
static size_t n_files;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-image: %s\n", what);
	exit(1);
}

static void slurp(const char *path)
{
	static char bytes[1 << 24];
	FILE *f = fopen(path, "rb");
	if (!f)
		die("a file cannot be read");
	size_t n = fread(bytes, 1, sizeof bytes, f);
	char *copy = malloc(n + 1);
	if (!copy)
		die("no memory left");
	fclose(f);
	memcpy(copy, bytes, n);
	file[n_files++] = (struct rho_str){ copy, n };
}

static void slurp_all(const char *folder)
{
	char path[4400];
	DIR *d = opendir(folder);
	for (struct dirent *e; d && n_files < MOST && (e = readdir(d)); ) {
		size_t n = strlen(e->d_name);
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (n > 4 && !strcmp(e->d_name + n - 4, ".jpg"))
			slurp(path);
	}
	if (d)
		closedir(d);
	if (!n_files)
		die("no JPEGs; name a folder of them, or set RHO_REAL_DATA");
}

/* libjpeg with the same settings, each row over the last. Its own handler ends the program on damage. */
static size_t libjpeg_alone(struct rho_str bytes)
{
	static unsigned char row[1 << 18];
	struct jpeg_decompress_struct j;
	struct jpeg_error_mgr errors;
	JSAMPROW to = row;
	size_t pixels;
	j.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&j);
	jpeg_mem_src(&j, (const unsigned char *)bytes.at, bytes.len);
	jpeg_read_header(&j, TRUE);
	j.out_color_space = JCS_RGB;
	jpeg_start_decompress(&j);
	pixels = (size_t)j.output_width * j.output_height;
	while (j.output_scanline < j.output_height)
		jpeg_read_scanlines(&j, &to, 1);
	jpeg_finish_decompress(&j);
	jpeg_destroy_decompress(&j);
	return pixels;
}

static size_t decode(struct rho_str bytes)
{
	struct rho_trouble t = { 0 };
	struct rho_image im;
	if (rho_image_decode(bytes, 0, &im, &t))
		die(t.text);
	size_t pixels = im.width * im.height;
	rho_image_free(&im);
	return pixels;
}

static struct rho_image decoded[MOST];

/* One whose number is the file's. */
static size_t resize(size_t i)
{
	struct rho_trouble t = { 0 };
	struct rho_image *im = &decoded[i], out;
	size_t least = im->width < im->height ? im->width : im->height;
	size_t width = SIZE * im->width / least, height = SIZE * im->height / least;
	struct rho_image_box part = { (width - SIZE) / 2, (height - SIZE) / 2, SIZE, SIZE };
	if (rho_image_resize(im, width, height, part, &out, &t))
		die(t.text);
	rho_image_free(&out);
	return im->width * im->height;
}

static size_t pixels_for_model(struct rho_str bytes)
{
	static float out[3 * SIZE * SIZE];
	static struct rho_image_rules rules;
	struct rho_trouble t = { 0 };
	if (!rules.crop && rho_image_rules_read("/nonexistent", SIZE, &rules, &t))
		die(t.text);
	if (rho_image_pixels(&rules, bytes, out, &t))
		die(t.text);
	return SIZE * SIZE;
}

/* The best of REPEATS rounds over all files. */
static double measure(const char *what, size_t (*by_bytes)(struct rho_str), size_t (*by_number)(size_t))
{
	double best = 1e9;
	size_t pixels = 0;
	for (int k = 0; k < REPEATS; k++) {
		double start = now();
		pixels = 0;
		for (size_t i = 0; i < n_files; i++)
			pixels += by_bytes ? by_bytes(file[i]) : by_number(i);
		best = now() - start < best ? now() - start : best;
	}
	printf("  %-34s %8.0f pictures/s  %7.1f Mpixel/s\n", what, (double)n_files / best,
	       1e-6 * (double)pixels / best);
	return best;
}

int main(int argc, char **argv)
{
	char folder[4096];
	const char *root = getenv("RHO_REAL_DATA");
	snprintf(folder, sizeof folder, "%s/data/images/img", root ? root : "");
	slurp_all(argc > 1 ? argv[1] : folder);
	printf("pictures: %zu JPEGs, one core\n", n_files);
	double alone = measure("libjpeg alone", libjpeg_alone, NULL);
	double whole = measure("rho_image_decode", decode, NULL);
	for (size_t i = 0; i < n_files; i++) {
		struct rho_trouble t = { 0 };
		if (rho_image_decode(file[i], 0, &decoded[i], &t))
			die(t.text);
	}
	double resized = measure("rho_image_resize to 224, cropped", NULL, resize);
	measure("rho_image_pixels, file to model", pixels_for_model, NULL);
	printf("  decoding takes %.2f of libjpeg's time, resizing %.2f\n", whole / alone, resized / alone);
	for (size_t i = 0; i < n_files; i++) {
		rho_image_free(&decoded[i]);
		free((char *)file[i].at);
	}
	return 0;
}
