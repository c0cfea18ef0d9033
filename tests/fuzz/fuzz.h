/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share. A target is one fuzz_NAME.c with LLVMFuzzerTestOneInput
 * (llvm.org/docs/LibFuzzer.html); a failure is a crash, a sanitizer's report, or a fuzz_must() that
 * does not hold. tests/fuzz/README.md tells how they are built, run and replayed.
 */
#ifndef MKDOMU_FUZZ_H
#define MKDOMU_FUZZ_H

#include "mkdomu/buf.h"
#include "mkdomu/ext4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Stop with a message unless cond holds. */
#define fuzz_must(cond, ...)                                               \
	do {                                                               \
		if (!(cond))                                               \
			fuzz_stop(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)
_Noreturn void fuzz_stop(const char *file, int line, const char *cond, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* r is what a function returned: 0, 1, or an error with its code, a class and one line. */
void fuzz_result(int r, const struct mkd_err *err);

/* One in so many inputs, chosen by its bytes, gets the checks that cost; 1 when replayed. */
extern unsigned fuzz_every;
bool fuzz_chosen(const uint8_t *data, size_t len);

/* Bytes of the input, one after another; zeros behind its end. */
struct fuzz_bytes {
	const uint8_t *p;
	size_t len;
};
uint8_t fuzz_u8(struct fuzz_bytes *b);
uint16_t fuzz_u16(struct fuzz_bytes *b);
uint32_t fuzz_u32(struct fuzz_bytes *b);
/* Up to max of the bytes that are left. */
struct fuzz_bytes fuzz_take(struct fuzz_bytes *b, size_t max);

/*
 * The bytes as a tar archive: every block that stands where a header would gets its checksum, so
 * that mutations get past that. Only what fits cap is taken; returns the length.
 */
size_t fuzz_tar_repair(const uint8_t *data, size_t len, uint8_t *ret, size_t cap);

/* A region of a file in memory with holes before and behind it that must stay. */
struct fuzz_image {
	int fd;
	uint64_t offset_bytes, size_bytes;
};
#define FUZZ_IMAGE_BYTES (8 * MIB)

void fuzz_image_open(struct fuzz_image *im);
void fuzz_image_clear(struct fuzz_image *im); /* all holes again */
struct mkd_ext4_req fuzz_image_req(const struct fuzz_image *im);
void fuzz_image_untouched_around(const struct fuzz_image *im);
/* No superblock: a failed run leaves no file system. */
void fuzz_image_has_none(const struct fuzz_image *im);
/* e2fsck -fn must find nothing. */
void fuzz_image_fsck(const struct fuzz_image *im);
/* Every name can be listed and every file be read by tree_ext4. */
void fuzz_image_walk(const struct fuzz_image *im);
uint64_t fuzz_image_hash(const struct fuzz_image *im);

#endif
