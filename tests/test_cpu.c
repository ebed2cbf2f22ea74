/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What XRSTOR does on the CPU at hand, against xfdt_xrstor_simulate().  A process may
 * execute it: #GP arrives as SIGSEGV, and #NM for XFD as SIGILL, since IA32_XFD[18] is 1
 * until the process asks for XTILEDATA (Linux: Documentation/arch/x86/xstate.rst).
 */
#include "unit.h"
#include "xstate/xstate.h"

#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define AREAS 100000
#define AREA_SIZE 16384u /* XTILEDATA of 8 KiB and all before it */
#define ALIGNMENT 64
#define XTILEDATA (1ull << XFDT_XFEATURE_XTILEDATA)
#define YMM 2
#define MXCSR_OFFSET 24
#define MXCSR_INIT 0x1f80u
#define XRSTOR64_LENGTH 4 /* bytes of XRSTOR64 (%rsi) */
#define ARCH_REQ_XCOMP_PERM 0x1023

static uint64_t xcr0;
static volatile sig_atomic_t fault;

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	fault = number;
	user->uc_mcontext.gregs[REG_RIP] += XRSTOR64_LENGTH;
}

static bool has_xsavec(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) ||
	    !__get_cpuid_count(0xd, 1, &a, &b, &c, &d) || !(a & 2))
		return false;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	xcr0 = (uint64_t)d << 32 | a;
	return true;
}

/* Which signal XRSTOR64 of @area raises, 0 for none.  The registers are as before afterwards. */
static int restore(const void *area, uint64_t mask)
{
	static uint8_t saved[AREA_SIZE] __attribute__((aligned(ALIGNMENT)));

	fault = 0;
	memset(saved + XFDT_XSAVE_HEADER_OFFSET, 0, XFDT_XSAVE_HEADER_SIZE);
	__asm__ volatile("xsave64 (%[saved])\n\t"
			 "mov %[low], %%eax\n\t"
			 "mov %[high], %%edx\n\t"
			 "xrstor64 (%%rsi)\n\t"
			 "mov $-1, %%eax\n\t"
			 "mov $-1, %%edx\n\t"
			 "xrstor64 (%[saved])\n\t"
			 :
			 : [saved] "D"(saved),
			   "S"(area), [low] "r"((uint32_t)mask), [high] "r"((uint32_t)(mask >> 32)),
			   "a"(~0u), "d"(~0u)
			 : "memory");
	return fault;
}

static uint64_t random64(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Mostly components that are enabled, and now and then any bit at all. */
static uint64_t random_bits(uint64_t *seed)
{
	uint64_t bits = random64(seed) & xcr0;

	return random64(seed) % 8 ? bits : bits | 1ull << random64(seed) % 64;
}

static void randomize(uint64_t *seed, uint64_t header[8])
{
	bool compacted = random64(seed) % 2;

	memset(header, 0, 64);
	header[0] = random_bits(seed);
	if (compacted)
		header[1] = XFDT_XCOMP_BV_COMPACTED | random_bits(seed);
	if (compacted && random64(seed) % 4)
		header[1] |= header[0];
	if (!(random64(seed) % 16))
		header[1 + random64(seed) % 7] ^= 1ull << random64(seed) % 64;
}

static int signal_of(const struct xfdt_restore_result *result)
{
	return result->outcome == XFDT_RESTORE_GP ? SIGSEGV :
	       result->outcome == XFDT_RESTORE_NM ? SIGILL :
						    0;
}

/* How many areas of a comparison ended in which way. */
struct tally {
	unsigned int none, gp, nm;
};

static struct tally compare_with_cpu(uint64_t xfd, unsigned int count)
{
	static uint8_t memory[AREA_SIZE + ALIGNMENT] __attribute__((aligned(ALIGNMENT)));
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old[2];
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	struct tally tally = { 0 };
	unsigned int i;

	sigaction(SIGSEGV, &action, &old[0]);
	sigaction(SIGILL, &action, &old[1]);
	for (i = 0; i < count; i++) {
		bool aligned = random64(&seed) % 16;
		uint8_t *area = memory + (aligned ? 0 : 1 + random64(&seed) % 63);
		struct xfdt_xrstor xrstor = {
			.edx_eax = random64(&seed) % 4 ? random_bits(&seed) : ~0ull,
			.xfd = xfd,
			.enabled = xcr0,
		};
		struct xfdt_restore_result result;
		struct xfdt_xsave_header header;
		uint32_t mxcsr = MXCSR_INIT;
		uint64_t bits[8];
		int expected, found;

		randomize(&seed, bits);
		memset(area, 0, AREA_SIZE);
		memcpy(area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
		memcpy(area + XFDT_XSAVE_HEADER_OFFSET, bits, sizeof(bits));
		xfdt_xsave_header_decode(area + XFDT_XSAVE_HEADER_OFFSET, &header);
		xfdt_xrstor_simulate(&header, &xrstor, &result);
		expected = aligned ? signal_of(&result) : SIGSEGV;
		found = restore(area, xrstor.edx_eax);
		if (found != expected)
			fail_msg("area %u: signal %d, not %d (XSTATE_BV %#llx, XCOMP_BV %#llx, EDX:EAX %#llx, XFD %#llx, %s)",
				 i, found, expected, (unsigned long long)bits[0],
				 (unsigned long long)bits[1], (unsigned long long)xrstor.edx_eax,
				 (unsigned long long)xfd, aligned ? "aligned" : "not aligned");
		tally.none += !found;
		tally.gp += found == SIGSEGV;
		tally.nm += found == SIGILL;
	}
	sigaction(SIGSEGV, &old[0], NULL);
	sigaction(SIGILL, &old[1], NULL);
	print_message("%u areas with XFD %#llx: %u no fault, %u #GP, %u #NM\n", count,
		      (unsigned long long)xfd, tally.none, tally.gp, tally.nm);
	return tally;
}

/* alignment, reserved bytes, XSTATE_BV and XCOMP_BV in both formats: #GP or none */
static void test_cpu__xrstor_without_xfd(void **state)
{
	struct tally tally;

	if (!has_xsavec()) {
		print_message("skipped: this CPU has no XSAVEC\n");
		return;
	}
	/* a state that XFD disables is the other test's */
	xcr0 &= ~XTILEDATA;
	tally = compare_with_cpu(0, AREAS);
	assert_int_equal(tally.nm, 0);
	/* neither outcome is rare */
	assert_true(tally.none > AREAS / 10 && tally.gp > AREAS / 10);
}

/* #NM for XFD, and which fault wins where #GP is due as well; none once XFD is 0 */
static void test_cpu__xrstor_with_xfd(void **state)
{
	struct tally tally;

	if (!has_xsavec() || !(xcr0 & XTILEDATA)) {
		print_message("skipped: this CPU, or its kernel, has no AMX\n");
		return;
	}
	tally = compare_with_cpu(XTILEDATA, AREAS);
	assert_true(tally.none && tally.gp && tally.nm);
	if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFDT_XFEATURE_XTILEDATA)) {
		print_message("skipped: the kernel refuses XTILEDATA\n");
		return;
	}
	/* XFD is cleared at the first use: the #NM of that is the kernel's */
	__asm__ volatile(".byte 0xc4, 0xe2, 0x7b, 0x49, 0xc0" ::: "memory"); /* tilezero %tmm0 */
	assert_int_equal(compare_with_cpu(0, AREAS).nm, 0);
}

/* an image that XSAVEC writes: components are where CPUID and XCOMP_BV say */
static void test_cpu__xsavec_image(void **state)
{
	static uint8_t area[AREA_SIZE] __attribute__((aligned(ALIGNMENT)));
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout = { .size = { 0 } };
	struct xfdt_xsave_header header;
	unsigned int a, b, c, d;
	size_t count, i, checked = 0;
	uint8_t pattern[32];

	if (!has_xsavec() || !(xcr0 >> YMM & 1)) {
		print_message("skipped: this CPU has no XSAVEC, or no AVX\n");
		return;
	}
	for (i = 2; i < XFDT_COMPONENTS; i++) {
		if (!(xcr0 >> i & 1) || !__get_cpuid_count(0xd, (unsigned int)i, &a, &b, &c, &d))
			continue;
		layout.size[i] = a;
		layout.standard_offset[i] = b;
		layout.aligned[i] = c & 2;
	}
	/* the upper half of YMM15 is the last of the component YMM */
	memset(pattern, 0x5a, sizeof(pattern));
	__asm__ volatile("vmovdqu (%[pattern]), %%ymm15\n\t"
			 "xsavec64 (%[area])"
			 :
			 : [pattern] "r"(pattern), [area] "r"(area), "a"(~0u), "d"(~0u)
			 : "memory", "xmm15");
	xfdt_xsave_header_decode(area + XFDT_XSAVE_HEADER_OFFSET, &header);
	assert_true(header.xcomp_bv & XFDT_XCOMP_BV_COMPACTED);
	count = xfdt_xsave_components(&header, 0, &layout, components);
	for (i = 0; i < count; i++) {
		if (components[i].index != YMM)
			continue;
		assert_true(components[i].in_xstate_bv);
		assert_memory_equal(area + components[i].offset + components[i].size - 16, pattern,
				    16);
		checked++;
	}
	assert_int_equal(checked, 1);
}

#include "test_cpu.tests.h"
