/* fuzz_image.c: JPEG and PNG from arbitrary bytes, decoded within a limit and resized as a model wants them;
 * bytes that begin with a brace are a preprocessor_config.json. */
#include <string.h>
#include <zlib.h>

#include "fuzz_reader.h"
#include "kit/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void rules(const uint8_t *bytes, size_t n)
{
	char folder[] = "/tmp/rho-fuzz-XXXXXX", path[64];
	struct rho_image_rules r;
	struct rho_trouble t = { 0 };
	if (!mkdtemp(folder))
		exit(1);
	snprintf(path, sizeof path, "%s/preprocessor_config.json", folder);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		exit(1);
	if (!rho_image_rules_read(folder, 32, &r, &t)) {
		size_t least = r.shortest ? r.shortest : r.width < r.height ? r.width : r.height;
		if (!r.crop || r.crop > least || !(r.std[0] > 0) || !(r.scale > 0))
			abort();
	} else if (!strstr(t.text, folder)) {
		abort();
	}
	unlink(path);
	rmdir(folder);
}

/* Gives each chunk of a PNG its right checksum, without which next to no input would be looked into. */
static void repair(uint8_t *png, size_t n)
{
	for (size_t at = 8; n >= 12 && at <= n - 12; ) {
		size_t len = 0;
		for (size_t i = 0; i < 4; i++)
			len = len << 8 | png[at + i];
		if (len > n - 12 - at)
			return;
		uint32_t sum = (uint32_t)crc32(0, png + at + 4, (uInt)len + 4);
		for (size_t i = 0; i < 4; i++)
			png[at + 8 + len + i] = (uint8_t)(sum >> (24 - 8 * i));
		at += 12 + len;
	}
}

static void picture(const uint8_t *bytes, size_t n)
{
	enum { MOST = 1 << 16, SIZE = 32 };
	struct rho_trouble t = { 0 };
	struct rho_image im, small;
	if (rho_image_decode((struct rho_str){ (const char *)bytes, n }, MOST, &im, &t)) {
		if (im.rgb || !*t.text)
			abort();
		return;
	}
	if (!im.width || !im.height || im.width * im.height > MOST)
		abort();
	size_t least = im.width < im.height ? im.width : im.height;
	size_t width = SIZE * im.width / least, height = SIZE * im.height / least;
	struct rho_image_box part = { (width - SIZE) / 2, (height - SIZE) / 2, SIZE, SIZE };
	if (rho_image_resize(&im, width, height, part, &small, &t))
		abort();
	rho_image_free(&small);
	rho_image_free(&im);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n && bytes[0] == '{') {
		rules(bytes, n);
		return 0;
	}
	picture(bytes, n);
	if (n && bytes[0] == 0x89) {
		uint8_t *copy = malloc(n);
		memcpy(copy, bytes, n);
		repair(copy, n);
		picture(copy, n);
		free(copy);
	}
	return 0;
}
