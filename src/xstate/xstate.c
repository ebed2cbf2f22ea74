/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XSAVE areas (Intel SDM, volume 1, chapter 13). */
#include "xstate/xstate.h"
#include "base/util.h"

#include <endian.h>
#include <string.h>

/* The legacy region (SDM vol. 1, 13.4.1); x87 and SSE share its first bytes. */
#define FP_SIZE 160
#define SSE_OFFSET 160
#define SSE_SIZE 256

static const char *const names[] = {
	"FP",	    "SSE", "YMM",  "BNDREGS",  "BNDCSR",    "OPMASK",	  "ZMM_Hi256",
	"Hi16_ZMM", "PT",  "PKRU", "PASID",    "CET_USER",  "CET_KERNEL", "HDC",
	"UINTR",    "LBR", "HWP",  "XTILECFG", "XTILEDATA", "APX",
};

bool xfdt_xfeatures_are_possible(uint64_t xfeatures)
{
	return (xfeatures & XFDT_XFEATURES_LEGACY) == XFDT_XFEATURES_LEGACY && !(xfeatures >> 32);
}

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
	return index < COUNT(names) ? names[index] : "?";
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

void xfdt_xrstor_simulate(const struct xfdt_xsave_header *header, const struct xfdt_xrstor *xrstor,
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

static void place_legacy(struct xfdt_component *component)
{
	component->offset = component->index ? SSE_OFFSET : 0;
	component->size = component->index ? SSE_SIZE : FP_SIZE;
}

size_t xfdt_xsave_components(const struct xfdt_xsave_header *header, uint64_t xfd,
			     const struct xfdt_xsave_layout *layout,
			     struct xfdt_component ret_components[XFDT_COMPONENTS])
{
	bool compacted = header->xcomp_bv & XFDT_XCOMP_BV_COMPACTED;
	uint64_t at = XFDT_XSAVE_EXTENDED_OFFSET;
	bool placed = true;
	size_t count = 0;
	unsigned int i;

	for (i = 0; i < XFDT_COMPONENTS; i++) {
		uint64_t bit = 1ull << i;
		struct xfdt_component component = {
			.index = i,
			.name = xfdt_xfeature_name(i),
			.in_xstate_bv = header->xstate_bv & bit,
			.in_xcomp_bv = header->xcomp_bv & bit,
			.in_xfd = xfd & bit,
		};

		if (!((header->xstate_bv | header->xcomp_bv | xfd) & bit))
			continue;
		if (i < 2) {
			place_legacy(&component);
		} else if (!compacted) {
			component.offset = layout->standard_offset[i];
			component.size = layout->size[i];
		} else if (component.in_xcomp_bv) {
			/* an unknown size hides what follows */
			placed = placed && layout->size[i];
			if (layout->aligned[i])
				at = (at + 63) & ~63ull;
			if (placed && at + layout->size[i] <= UINT32_MAX) {
				component.offset = (uint32_t)at;
				component.size = layout->size[i];
			}
			at += layout->size[i];
		}
		ret_components[count++] = component;
	}
	return count;
}
