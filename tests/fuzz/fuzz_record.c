/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the record parser: the input is what is between the key and a right checksum. */
#include "fuzz/fuzz.h"
#include "resolve/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define KEY "0123456789abcdef"
#define STEXT 0xffffffff81000000ull

static struct xfdt_error *parse(const char *text, size_t len)
{
	struct xfdt_record *record = calloc(1, sizeof(*record));
	struct xfdt_error *err = xfdt_record_parse(text, len, KEY, STEXT, record);
	size_t i, again_len;
	char *again;

	if (!err) {
		for (i = 0; i < XFDT_STRUCT_COUNT; i++)
			FUZZ_CHECK(record->layout.structs[i] <= XFDT_STRUCT_MAX);
		for (i = 0; i < XFDT_MEMBER_COUNT; i++)
			FUZZ_CHECK(xfdt_member_is_sane(&record->layout.members[i]));
		/* what was read can be written, and read again */
		err = xfdt_record_format(record, KEY, STEXT, &again, &again_len);
		if (!err) {
			err = xfdt_record_parse(again, again_len, KEY, STEXT, record);
			free(again);
		}
		FUZZ_CHECK(!err);
	}
	free(record);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xfdt_record empty;
	char *text = NULL, *head;
	size_t len, head_len;
	FILE *out = open_memstream(&text, &len);

	xfdt_error_free(parse((const char *)data, size));
	FUZZ_CHECK(!xfdt_record_format(&empty, KEY, STEXT, &head, &head_len));
	/* the version and the key */
	fwrite(head, 1, (size_t)(strchr(strchr(head, '\n') + 1, '\n') + 1 - head), out);
	free(head);
	fwrite(data, 1, size, out);
	if (size && data[size - 1] != '\n')
		fputc('\n', out);
	fflush(out);
	fprintf(out, "end %08lx\n", crc32(0, (const Bytef *)text, (uInt)len));
	fclose(out);
	xfdt_error_free(parse(text, len));
	free(text);
	return 0;
}
