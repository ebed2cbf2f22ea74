/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XSAVE areas (Intel SDM, volume 1, chapter 13). */
#include "xstate/xstate.h"

#include <endian.h>
#include <string.h>

/* Bits 62:0 of XCOMP_BV name components. */
#define COMPONENTS 63
#define LEGACY 3ull	/* x87 and SSE live in the legacy region */

/*
 * Sizes and alignment are what CPUID leaf 0xD reports on the processors that
 * first had each component; standard offsets likewise.  @aligned: begins on a
 * 64-byte boundary in the compacted format (CPUID.(0xD,i).ECX[1]).
 */
struct component_info {
	const char *name;
	uint32_t size;
	uint32_t standard_offset;
	bool aligned;
};

static const struct component_info infos[] = {
	[0] = { "FP", 160, 0, false },
	[1] = { "SSE", 256, 160, false },
	[2] = { "YMM", 256, 576, false },
	[3] = { "BNDREGS", 64, 960, false },
	[4] = { "BNDCSR", 64, 1024, false },
	[5] = { "OPMASK", 64, 1088, false },
	[6] = { "ZMM_Hi256", 512, 1152, false },
	[7] = { "Hi16_ZMM", 1024, 1664, false },
	[8] = { "PT", 128, 0, false },
	[9] = { "PKRU", 8, 2688, false },
	[10] = { "PASID", 8, 0, false },
	[11] = { "CET_USER", 16, 0, false },
	[12] = { "CET_KERNEL", 24, 0, false },
	[13] = { "HDC", 8, 0, false },
	[14] = { "UINTR", 48, 0, false },
	[15] = { "LBR", 808, 0, false },
	[16] = { "HWP", 8, 0, false },
	[17] = { "XTILECFG", 64, 2752, true },
	[18] = { "XTILEDATA", 8192, 2816, true },
	[19] = { "APX", 128, 960, false },
};

#define INFOS (sizeof(infos) / sizeof(infos[0]))

void xfdt_xsave_header_decode(const uint8_t bytes[XFDT_XSAVE_HEADER_SIZE],
			      struct xfdt_xsave_header *ret_header)
{
	uint64_t words[8];
	size_t i;

	memcpy(words, bytes, sizeof(words));
	ret_header->xstate_bv = le64toh(words[0]);
	ret_header->xcomp_bv = le64toh(words[1]);
	for (i = 0; i < 6; i++)
		ret_header->reserved[i] = le64toh(words[2 + i]);
}

const char *xfdt_xfeature_name(unsigned int index)
{
	return index < INFOS ? infos[index].name : "?";
}

static bool any_reserved(const struct xfdt_xsave_header *header, size_t first, size_t count)
{
	size_t i;

	for (i = first; i < first + count; i++)
		if (header->reserved[i])
			return true;
	return false;
}

/* Why the header itself makes the instruction raise #GP, or NULL. */
static const char *header_fault(const struct xfdt_xsave_header *header,
				const struct xfdt_xrstor *xrstor)
{
	uint64_t enabled = xrstor->enabled ? xrstor->enabled : ~0ull;
	uint64_t compacted = header->xcomp_bv & ~XFDT_XCOMP_BV_COMPACTED;

	if (!(header->xcomp_bv & XFDT_XCOMP_BV_COMPACTED)) {
		if (xrstor->supervisor)
			return "XCOMP_BV[63] is 0, and XRSTORS takes the compacted format only";
		if (header->xstate_bv & ~enabled)
			return "XSTATE_BV has a bit that XCR0 has not";
		/* bytes 23:8 of the header */
		if (header->xcomp_bv || any_reserved(header, 0, 1))
			return "bytes 23:8 of a standard-format header are not zero";
		return NULL;
	}
	if (compacted & ~enabled)
		return "XCOMP_BV has a bit that XCR0 | IA32_XSS has not";
	if (header->xstate_bv & ~compacted)
		return "XSTATE_BV has a bit that XCOMP_BV has not";
	if (any_reserved(header, 0, 6))
		return "bytes 63:16 of the header are not zero";
	return NULL;
}

void xfdt_xrstor_simulate(const struct xfdt_xsave_header *header,
			  const struct xfdt_xrstor *xrstor,
			  struct xfdt_restore_result *ret_result)
{
	struct xfdt_restore_result result = { .outcome = XFDT_RESTORE_OK };

	result.rfbm = xrstor->edx_eax & (xrstor->enabled ? xrstor->enabled : ~0ull);
	result.components = header->xstate_bv & xrstor->xfd & result.rfbm;
	result.reason = header_fault(header, xrstor);
	if (result.reason)
		result.outcome = XFDT_RESTORE_GP;
	else if (result.components)
		result.outcome = XFDT_RESTORE_NM;
	*ret_result = result;
}

size_t xfdt_xsave_components(const struct xfdt_xsave_header *header,
			     uint64_t xfd,
			     struct xfdt_component ret_components[63])
{
	bool compacted = header->xcomp_bv & XFDT_XCOMP_BV_COMPACTED;
	uint32_t at = XFDT_XSAVE_EXTENDED_OFFSET;
	bool placed = true;
	size_t count = 0;
	unsigned int i;

	for (i = 0; i < COMPONENTS; i++) {
		uint64_t bit = 1ull << i;
		struct xfdt_component component = {
			.index = i,
			.name = xfdt_xfeature_name(i),
			.in_xstate_bv = header->xstate_bv & bit,
			.in_xcomp_bv = header->xcomp_bv & bit,
			.in_xfd = xfd & bit,
		};
		const struct component_info *info = i < INFOS ? &infos[i] : NULL;

		if (!((header->xstate_bv | header->xcomp_bv | xfd) & bit))
			continue;
		if (info && (LEGACY & bit)) {
			component.offset = info->standard_offset;
			component.size = info->size;
		} else if (compacted && component.in_xcomp_bv && placed) {
			/* an unknown size hides what follows */
			placed = info != NULL;
			if (info) {
				if (info->aligned)
					at = (at + 63) & ~63u;
				component.offset = at;
				component.size = info->size;
				at += info->size;
			}
		} else if (!compacted && info && info->standard_offset) {
			component.offset = info->standard_offset;
			component.size = info->size;
		}
		ret_components[count++] = component;
	}
	return count;
}
