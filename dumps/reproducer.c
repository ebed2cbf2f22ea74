// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reproducer - bring a KVM host into the states that xfdtriage must tell apart
 *
 * Plain KVM ioctls, no VMM.  Each virtual machine is a process of its own; every process writes one line of JSON
 * ("event":"vm") with what it did and what the kernel reports back (KVM_GET_XSAVE2, KVM_GET_MSRS).  Those lines are
 * the ground truth for the vmcore, obtained without looking into one.  What happens to the host after them is told in
 * short lines of their own, as it happens: it may be the last that is heard of it.
 *
 * Its purpose is to kill the kernel under it.  It arms nothing unless it was given --in-lab *and* the kernel was
 * booted with "xfdtriage.lab" on its command line; see docs/lab.md.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* arch_prctl(2) codes and the XSAVE layout, Linux arch/x86/include/uapi/asm/prctl.h and SDM volume 1, 13.4 */
#define ARCH_REQ_XCOMP_GUEST_PERM 0x1025
#define XFEATURE_TILECFG 17
#define XFEATURE_TILEDATA 18
#define TILE_MASK ((1ULL << XFEATURE_TILECFG) | (1ULL << XFEATURE_TILEDATA))
#define XFD_TILEDATA (1ULL << XFEATURE_TILEDATA)
#define MSR_IA32_XFD 0x1c4
#define XSAVE_HEADER 512
#define XSAVE_BUFFER 65536

#define MAX_VMS 8
#define MAX_VCPUS 16
#define GUEST_BASE 0x1000
#define GUEST_SIZE 0x4000
#define GUEST_NOTE 0x2000 /* guest physical: what the guest itself has to say */

/*
 * What the lab's debugger is asked to do, in EAX at "xchg %bx,%bx", with LAB_MAGIC in EDX.  It answers with LAB_DONE
 * in EAX; without it the instruction does nothing.  lab/host.py has the other half.
 */
#define LAB_MAGIC 0x78666474
#define LAB_DONE 0x646f6e65
enum lab_call {
	LAB_GUEST_XFD = 1, /* let KVM offer XFD to guests although CPUID lacks it */
	LAB_WATCH = 2,	   /* from here on do for XRSTOR and XSAVE what XFD would do */
	LAB_RACE =
		3, /* use the FPU in the host while the guest's next WRMSR(IA32_XFD) is handled */
	LAB_BAD_HEADER = 4,    /* corrupt the header that the next KVM_RUN loads */
	LAB_TASK_SWITCHED = 5, /* set CR0.TS before the next KVM_RUN loads its state */
	LAB_USER_FAULT =
		6, /* CR0.TS during the second getppid(2) from here; put back when #NM comes */
	LAB_KERNEL_FAULT = 7, /* the same, for a #NM in the kernel */
	LAB_CRASH_AT_EXIT =
		8, /* die of sysrq c at the guest's next CPUID after it wrote IA32_XFD, as an interrupt could */
	LAB_KERNEL_TS = 9, /* as LAB_KERNEL_FAULT, but CR0.TS stays set for the handler to find */
	LAB_START = 10,	   /* nothing yet: the first virtual machine is about to be made */
	LAB_IS_HELD = 11,  /* does a CPU stand still in its #NM handler? */
	LAB_REPAIR = 12,   /* correct what the emulated CPU gets wrong of tiles and their CPUID */
};

enum arming {
	ARM_NONE,
	ARM_SET_XSAVE,	     /* XFD first, then KVM_SET_XSAVE with the disabled component */
	ARM_MSR_AFTER_XSAVE, /* the same two calls the other way round */
	ARM_GUEST_WRMSR,     /* the guest writes IA32_XFD itself */
};

enum finale {
	END_RUN,      /* KVM_RUN on the armed vCPU, then sysrq c if the host still lives */
	END_CRASH,    /* sysrq c without another KVM_RUN */
	END_SPINNING, /* sysrq c while the vCPU leaves and enters its guest within KVM_RUN */
	END_IN_GUEST, /* sysrq c while the vCPU is in its guest on another CPU */
	END_MEANWHILE, /* sysrq c while another CPU is in the handler of the #NM that KVM_RUN raised */
	END_SELFTEST, /* /bin/amx_test does it all, with a virtual machine of its own */
	END_NEVER, /* the host goes on; all virtual machines but the armed one are made and unmade */
};

struct scenario {
	const char *name;
	const char *what;
	enum arming arming;
	enum finale finale;
	int lab_call; /* asked for right before the last KVM_RUN; 0: nothing but LAB_WATCH */
	int process_call; /* asked for in a process that uses a tile without the permission, before the end */
	bool no_kvm;
	bool needs_lab; /* hardware does not do this: without an answer to the call nothing would happen */
};

static const struct scenario scenarios[] = {
	{ "clean", "vCPUs that ran and are idle", ARM_NONE, END_CRASH, 0, 0, false, false },
	{ "set-xsave", "KVM_SET_XSAVE with a component that XFD disables, then KVM_RUN",
	  ARM_SET_XSAVE, END_RUN, 0, 0, false, false },
	{ "msr-after-xsave", "KVM_SET_XSAVE, then KVM_SET_MSRS(IA32_XFD), then KVM_RUN",
	  ARM_MSR_AFTER_XSAVE, END_RUN, 0, 0, false, false },
	{ "wrmsr-race", "guest WRMSR(IA32_XFD) with host FPU use in the window", ARM_GUEST_WRMSR,
	  END_RUN, LAB_RACE, 0, false, false },
	{ "armed", "mismatch set up, KVM_RUN never called, sysrq c", ARM_SET_XSAVE, END_CRASH, 0, 0,
	  false, false },
	{ "armed-msr", "as armed, IA32_XFD set last", ARM_MSR_AFTER_XSAVE, END_CRASH, 0, 0, false,
	  false },
	{ "stale", "guest disabled the tiles after its state was loaded; sysrq c within KVM_RUN",
	  ARM_GUEST_WRMSR, END_SPINNING, LAB_CRASH_AT_EXIT, 0, false, false },
	{ "nmi", "as stale, but the host dies before KVM looks at IA32_XFD, as of an NMI",
	  ARM_GUEST_WRMSR, END_SPINNING, LAB_CRASH_AT_EXIT, 0, false, true },
	{ "in-guest", "as stale, but the vCPU is in its guest at the end, on another CPU",
	  ARM_GUEST_WRMSR, END_IN_GUEST, 0, 0, false, false },
	{ "running", "nothing wrong; a vCPU is in its guest at the end, on another CPU", ARM_NONE,
	  END_IN_GUEST, 0, 0, false, false },
	{ "bad-header", "XRSTOR of a header that breaks its rules: #GP, \"Bad FPU state detected\"",
	  ARM_NONE, END_RUN, LAB_BAD_HEADER, 0, false, true },
	{ "task-switched", "CR0.TS set when KVM_RUN loads the state: #NM without XFD", ARM_NONE,
	  END_RUN, LAB_TASK_SWITCHED, 0, false, true },
	{ "user-amx", "a process without permission uses a tile and is killed", ARM_NONE, END_CRASH,
	  0, LAB_USER_FAULT, false, false },
	{ "kernel-nm",
	  "#NM in the kernel that no XRSTOR of a guest raised, when such a process exits", ARM_NONE,
	  END_CRASH, 0, LAB_KERNEL_FAULT, false, true },
	{ "kernel-nm-armed", "the same, with a mismatch set up in a vCPU", ARM_SET_XSAVE, END_CRASH,
	  0, LAB_KERNEL_FAULT, false, true },
	{ "kernel-ts", "as kernel-nm with CR0.TS set, which the kernel repairs", ARM_NONE,
	  END_CRASH, 0, LAB_KERNEL_TS, false, true },
	{ "meanwhile", "as msr-after-xsave, and sysrq c while that CPU is in its #NM handler",
	  ARM_MSR_AFTER_XSAVE, END_MEANWHILE, 0, 0, false, false },
	{ "selftest", "KVM's selftest amx_test, in place of virtual machines of our own", ARM_NONE,
	  END_SELFTEST, 0, 0, false, false },
	{ "come-and-go", "virtual machines are made and unmade; the host lives", ARM_NONE,
	  END_NEVER, 0, 0, false, false },
	{ "come-and-go-armed", "the same beside one with a mismatch that never runs",
	  ARM_MSR_AFTER_XSAVE, END_NEVER, 0, 0, false, false },
	{ "no-kvm", "no virtual machine at all", ARM_NONE, END_CRASH, 0, 0, true, false },
};

struct options {
	const struct scenario *scenario;
	int vms;
	int vcpus;
	int arm_vm;
	int arm_vcpu; /* index, not id */
	int pause;    /* of those that come and go, ms, times up to 6 */
	int tries;    /* of ARM_GUEST_WRMSR with END_RUN, each with a new virtual machine */
	bool sparse;
	bool in_lab;
	bool live_tiles;
	bool thread; /* the last KVM_RUN is a thread's of its own: the process outlives it */
	const char *report;
};

struct vcpu {
	int fd;
	unsigned int id;
	struct kvm_run *run;
	int runs;
};

struct vm {
	int index;
	int fd;
	int vcpu_count;
	struct vcpu vcpus[MAX_VCPUS];
	int xsave_size;
	uint64_t xcr0;
	bool amx;
	size_t run_size;
	uint8_t *memory;
	char did[512]; /* what was done with it, as strings of JSON */
};

static FILE *report;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	fprintf(report, "{\"event\":\"error\",\"pid\":%d,\"message\":\"", getpid());
	vfprintf(report, format, args);
	fprintf(report, ": %s\"}\n", strerror(saved));
	fflush(report);
	va_end(args);
	exit(1);
}

/* Everything said so far must be out of the serial port before the kernel dies. */
static void settle(void)
{
	fflush(report);
	fsync(fileno(report));
	tcdrain(fileno(report));
	usleep(200000);
}

/* Is there a debugger, and has it heard?  QEMU's stops at the address of the label, so there must be one only. */
static __attribute__((noinline)) bool call_lab(enum lab_call call)
{
	uint32_t answer = call;

	__asm__ volatile(".globl lab_call_here\n"
			 "lab_call_here: xchg %%bx,%%bx"
			 : "+a"(answer)
			 : "d"(LAB_MAGIC)
			 : "memory");
	return answer == LAB_DONE;
}

static void call_lab_for(const struct scenario *scenario, enum lab_call call)
{
	errno = ENOSYS;
	if (!call_lab(call) && scenario->needs_lab)
		fail("%s does not happen without the lab's debugger", scenario->name);
}

static bool kernel_is_marked(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/cmdline", "r");
	bool marked = false;
	char *word, *rest = line;

	if (file && fgets(line, sizeof(line), file))
		while (!marked && (word = strsep(&rest, " \n")))
			marked = !strcmp(word, "xfdtriage.lab");
	if (file)
		fclose(file);
	return marked;
}

static void __attribute__((format(printf, 2, 3))) note(struct vm *vm, const char *format, ...)
{
	size_t used = strlen(vm->did);
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(vm->did + used, sizeof(vm->did) - used, "%s\"%s\"", used ? "," : "", text);
}

/* Real mode code, put together at GUEST_BASE. */
static const uint8_t code_halt[] = {
	0xf4, /* hlt */
};
static const uint8_t code_disable_tiles[] = {
	0x66, 0xb9, 0xc4, 0x01, 0x00, 0x00, /* mov $0x1c4,%ecx */
	0x66, 0xb8, 0x00, 0x00, 0x04, 0x00, /* mov $0x40000,%eax */
	0x66, 0x31, 0xd2,		    /* xor %edx,%edx */
	0x0f, 0x30,			    /* wrmsr */
};
static const uint8_t code_note_xfd[] = {
	0x0f, 0x32,		/* rdmsr */
	0x66, 0xa3, 0x00, 0x20, /* mov %eax,GUEST_NOTE */
};
static const uint8_t code_halt_again[] = {
	0xf4,	    /* hlt */
	0xeb, 0xfd, /* jmp to the hlt */
};
static const uint8_t code_leave_again[] = {
	0x66, 0x31, 0xc0, /* xor %eax,%eax */
	0x0f, 0xa2,	  /* cpuid */
	0xeb, 0xf9,	  /* jmp to the xor */
};
static const uint8_t code_stay[] = {
	0xeb, 0xfe, /* jmp to itself */
};

static uint8_t *append(uint8_t *at, const uint8_t *code, size_t size)
{
	memcpy(at, code, size);
	return at + size;
}

#define APPEND(at, code) ((at) = append(at, code, sizeof(code)))

/*
 * Every vCPU halts first.  What the armed one does when it is entered again: disable the tiles, where the guest is to do
 * that; then halt for good, or stay within KVM_RUN, where it notes what IA32_XFD reads as before.
 */
static void vm_load_code(struct vm *vm, const struct options *options, bool armed)
{
	const struct scenario *scenario = options->scenario;
	bool disables = armed && scenario->arming == ARM_GUEST_WRMSR;
	bool stays = armed &&
		     (scenario->finale == END_SPINNING || scenario->finale == END_IN_GUEST);
	uint8_t *at = vm->memory;

	APPEND(at, code_halt);
	if (disables)
		APPEND(at, code_disable_tiles);
	if (disables && stays)
		APPEND(at, code_note_xfd);
	if (!stays)
		APPEND(at, code_halt_again);
	else if (scenario->finale == END_SPINNING)
		APPEND(at, code_leave_again);
	else
		APPEND(at, code_stay);
}

static int vcpu_run(struct vcpu *vcpu)
{
	if (ioctl(vcpu->fd, KVM_RUN, 0))
		fail("KVM_RUN vcpu %u", vcpu->id);
	vcpu->runs++;
	return vcpu->run->exit_reason;
}

struct last_run {
	struct vcpu *vcpu;
	volatile pid_t tid;
	volatile int reason;
};

static void *run_thread(void *argument)
{
	struct last_run *run = argument;

	run->tid = gettid();
	run->reason = vcpu_run(run->vcpu);
	return NULL;
}

/* KVM_RUN in a thread of its own.  False if the thread died of it. */
static bool vcpu_run_in_thread(struct vcpu *vcpu, int *ret_reason)
{
	struct last_run run = { .vcpu = vcpu, .reason = -1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_thread, &run))
		fail("thread");
	while (!run.tid || !syscall(SYS_tgkill, getpid(), run.tid, 0))
		usleep(100000);
	*ret_reason = run.reason;
	return run.reason >= 0;
}

static void vcpu_get_xsave(const struct vm *vm, const struct vcpu *vcpu, uint8_t *buffer)
{
	memset(buffer, 0, XSAVE_BUFFER);
	if (ioctl(vcpu->fd, vm->xsave_size > 4096 ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, buffer))
		fail("KVM_GET_XSAVE vcpu %u", vcpu->id);
}

static uint64_t vcpu_get_xstate_bv(const struct vm *vm, const struct vcpu *vcpu)
{
	static uint8_t buffer[XSAVE_BUFFER] __attribute__((aligned(4096)));
	uint64_t bv;

	vcpu_get_xsave(vm, vcpu, buffer);
	memcpy(&bv, buffer + XSAVE_HEADER, sizeof(bv));
	return bv;
}

/* False when this kernel or CPU has no IA32_XFD. */
static bool vcpu_get_xfd(const struct vcpu *vcpu, uint64_t *ret_xfd)
{
	struct {
		struct kvm_msrs list;
		struct kvm_msr_entry entry;
	} msrs = { .list.nmsrs = 1, .entry.index = MSR_IA32_XFD };

	if (ioctl(vcpu->fd, KVM_GET_MSRS, &msrs) != 1)
		return false;
	*ret_xfd = msrs.entry.data;
	return true;
}

static void vcpu_set_xfd(struct vm *vm, const struct vcpu *vcpu, uint64_t xfd)
{
	struct {
		struct kvm_msrs list;
		struct kvm_msr_entry entry;
	} msrs = { .list.nmsrs = 1, .entry.index = MSR_IA32_XFD, .entry.data = xfd };

	if (ioctl(vcpu->fd, KVM_SET_MSRS, &msrs) != 1)
		fail("KVM_SET_MSRS IA32_XFD vcpu %u", vcpu->id);
	note(vm, "KVM_SET_MSRS vcpu %u: IA32_XFD 0x%llx", vcpu->id, (unsigned long long)xfd);
}

/*
 * Where the uncompacted image has component i: CPUID leaf 0xd, sub-leaf i, EBX.  In the lab's QEMU only the kernel and KVM
 * see the tiles in CPUID; they are where a Sapphire Rapids has them.
 */
static uint32_t component_offset(int i)
{
	uint32_t eax = 0xd, ebx, ecx = i, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (ebx)
		return ebx;
	return i == XFEATURE_TILECFG ? 2752 : 2816;
}

/* Give the vCPU a tile configuration and one tile that is not zero, or (on = false) take both away. */
static void vcpu_set_tiles(struct vm *vm, const struct vcpu *vcpu, bool on)
{
	static uint8_t buffer[XSAVE_BUFFER] __attribute__((aligned(4096)));
	uint32_t config = component_offset(XFEATURE_TILECFG),
		 data = component_offset(XFEATURE_TILEDATA);
	uint64_t bv;

	vcpu_get_xsave(vm, vcpu, buffer);
	memcpy(&bv, buffer + XSAVE_HEADER, sizeof(bv));
	bv = on ? bv | TILE_MASK : bv & ~TILE_MASK;
	memcpy(buffer + XSAVE_HEADER, &bv, sizeof(bv));
	if (on) {
		buffer[config] = 1; /* palette 1: eight tiles of 16 rows of 64 bytes */
		for (int tile = 0; tile < 8; tile++) {
			buffer[config + 16 + 2 * tile] = 64;
			buffer[config + 48 + tile] = 16;
		}
		memset(buffer + data, 0x5a, 1024);
	}
	if (ioctl(vcpu->fd, KVM_SET_XSAVE, buffer))
		fail("KVM_SET_XSAVE vcpu %u", vcpu->id);
	note(vm, "KVM_SET_XSAVE vcpu %u: XSTATE_BV 0x%llx", vcpu->id, (unsigned long long)bv);
}

static void vcpu_init(struct vm *vm, struct vcpu *vcpu, unsigned int id,
		      const struct kvm_cpuid2 *cpuid)
{
	struct kvm_regs regs = { .rip = GUEST_BASE, .rflags = 2 };
	struct kvm_xcrs xcrs = { .nr_xcrs = 1 };
	struct kvm_sregs sregs;

	vcpu->id = id;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		fail("KVM_CREATE_VCPU %u", id);
	vcpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		fail("mmap vcpu %u", id);
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid))
		fail("KVM_SET_CPUID2 vcpu %u", id);
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		fail("KVM_GET_SREGS vcpu %u", id);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.cr4 |= 1UL << 18; /* OSXSAVE */
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs))
		fail("KVM_SET_SREGS vcpu %u", id);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		fail("KVM_SET_REGS vcpu %u", id);
	xcrs.xcrs[0].value = vm->xcr0;
	if (ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs))
		fail("KVM_SET_XCRS vcpu %u", id);
}

static void vm_init(struct vm *vm, const struct options *options, bool armed)
{
	static struct {
		struct kvm_cpuid2 header;
		struct kvm_cpuid_entry2 entries[256];
	} cpuid;
	struct kvm_userspace_memory_region region = { .guest_phys_addr = GUEST_BASE,
						      .memory_size = GUEST_SIZE };
	int kvm;

	/* To be asked for before the first vCPU exists. */
	vm->amx = !syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_GUEST_PERM, XFEATURE_TILEDATA);
	if (armed && options->scenario->arming != ARM_NONE && !vm->amx)
		fail("no AMX for guests here");
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		fail("/dev/kvm");
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		fail("KVM_CREATE_VM");
	/* once: in the lab, the debugger works at every CPUID */
	if (!cpuid.header.nent) {
		cpuid.header.nent = ARRAY_SIZE(cpuid.entries);
		if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid))
			fail("KVM_GET_SUPPORTED_CPUID");
	}
	vm->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	close(kvm);
	vm->xsave_size = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	if (vm->xsave_size > XSAVE_BUFFER)
		fail("an XSAVE image of %d bytes", vm->xsave_size);
	for (unsigned int i = 0; i < cpuid.header.nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid.entries[i];

		if (entry->function == 0xd && entry->index == 0)
			vm->xcr0 = entry->eax | (uint64_t)entry->edx << 32;
		if (entry->function == 0xd && entry->index == 1 && vm->amx)
			entry->eax |= 1U << 4; /* XFD; already there on a CPU that has it */
	}
	region.userspace_addr = (uintptr_t)vm->memory;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		fail("KVM_SET_USER_MEMORY_REGION");
	vm_load_code(vm, options, armed);
	vm->vcpu_count = options->vcpus;
	for (int i = 0; i < vm->vcpu_count; i++)
		vcpu_init(vm, &vm->vcpus[i],
			  options->sparse ? 3U * (vm->vcpu_count - 1 - i) + 1 : (unsigned int)i,
			  &cpuid.header);
	for (int i = 0; i < vm->vcpu_count; i++)
		vcpu_run(&vm->vcpus[i]);
	note(vm, "KVM_RUN of each vCPU until it halts");
}

static void vm_deinit(struct vm *vm)
{
	for (int i = 0; i < vm->vcpu_count; i++) {
		munmap(vm->vcpus[i].run, vm->run_size);
		close(vm->vcpus[i].fd);
	}
	close(vm->fd);
	*vm = (struct vm){ .index = vm->index, .memory = vm->memory };
}

static void vm_report(const struct vm *vm, const struct options *options, int armed_vcpu)
{
	struct utsname uts;

	uname(&uts);
	fprintf(report,
		"{\"event\":\"vm\",\"scenario\":\"%s\",\"kernel\":\"%s\",\"vm\":%d,\"pid\":%d,\"did\":[%s],\"amx\":%s,\"xcr0\":\"0x%llx\",\"vcpus\":[",
		options->scenario->name, uts.release, vm->index, getpid(), vm->did,
		vm->amx ? "true" : "false", (unsigned long long)vm->xcr0);
	for (int i = 0; i < vm->vcpu_count; i++) {
		const struct vcpu *vcpu = &vm->vcpus[i];
		uint64_t xfd;

		fprintf(report,
			"%s{\"id\":%u,\"runs\":%d,\"touched\":%s,\"xstate_bv\":\"0x%llx\",\"xfd\":",
			i ? "," : "", vcpu->id, vcpu->runs,
			i == armed_vcpu && (options->scenario->arming != ARM_NONE ||
					    options->scenario->lab_call) ?
				"true" :
				"false",
			(unsigned long long)vcpu_get_xstate_bv(vm, vcpu));
		if (vcpu_get_xfd(vcpu, &xfd))
			fprintf(report, "\"0x%llx\"}", (unsigned long long)xfd);
		else
			fprintf(report, "null}");
	}
	fprintf(report, "]}\n");
	settle();
}

static void vm_arm(struct vm *vm, const struct options *options, struct vcpu *vcpu)
{
	switch (options->scenario->arming) {
	case ARM_NONE:
		break;
	case ARM_SET_XSAVE:
		vcpu_set_xfd(vm, vcpu, XFD_TILEDATA);
		vcpu_set_tiles(vm, vcpu, true);
		break;
	case ARM_MSR_AFTER_XSAVE:
		vcpu_set_tiles(vm, vcpu, true);
		vcpu_set_xfd(vm, vcpu, XFD_TILEDATA);
		break;
	case ARM_GUEST_WRMSR:
		vcpu_set_tiles(vm, vcpu, options->live_tiles);
		break;
	}
}

static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %d", cpu);
}

/* The same virtual machine again and again, for some milliseconds each time. */
static void __attribute__((noreturn)) come_and_go(struct vm *vm, const struct options *options)
{
	for (unsigned int round = 0;; round++) {
		vm_deinit(vm);
		usleep(1000 * options->pause * (round % 7));
		vm_init(vm, options, false);
		usleep(1000 * options->pause * (round % 5));
	}
}

/* One virtual machine.  Says "ready" by a byte on ready, and goes on when a byte comes on go. */
static void __attribute__((noreturn))
vm_process(const struct options *options, int index, uint8_t *memory, int ready, int go)
{
	const struct scenario *scenario = options->scenario;
	bool armed = index == options->arm_vm;
	struct vm vm = { .index = index, .memory = memory };
	int target = armed ? options->arm_vcpu : -1;
	struct vcpu *vcpu = &vm.vcpus[options->arm_vcpu];
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (armed && scenario->arming == ARM_GUEST_WRMSR)
		call_lab_for(scenario, LAB_GUEST_XFD);
	vm_init(&vm, options, armed);
	/* no state of those that come and go has tiles, and the one with a mismatch is never loaded */
	if (armed && !scenario->process_call && scenario->finale != END_NEVER)
		call_lab_for(scenario, LAB_WATCH);
	if (armed)
		vm_arm(&vm, options, vcpu);
	vm_report(&vm, options, target);

	if (write(ready, &byte, 1) != 1)
		fail("parent");
	if (scenario->finale == END_NEVER && (!armed || scenario->arming == ARM_NONE))
		come_and_go(&vm, options);
	if (read(go, &byte, 1) != 1)
		fail("parent");
	for (int try = 1; armed && scenario->finale != END_CRASH; try++) {
		bool lives = true;
		int reason;

		fprintf(report, "{\"event\":\"run\",\"pid\":%d,\"vcpu\":%u}\n", getpid(), vcpu->id);
		settle();
		if (scenario->finale == END_IN_GUEST || scenario->finale == END_MEANWHILE)
			stay_on_cpu(1);
		if (scenario->lab_call)
			call_lab_for(scenario, scenario->lab_call);
		if (options->thread)
			lives = vcpu_run_in_thread(vcpu, &reason);
		else
			reason = vcpu_run(vcpu);
		if (!lives) {
			fprintf(report, "{\"event\":\"thread-lost\",\"pid\":%d,\"vcpu\":%u}\n",
				getpid(), vcpu->id);
			settle();
			break;
		}
		fprintf(report,
			"{\"event\":\"survived\",\"pid\":%d,\"vcpu\":%u,\"exit_reason\":%d}\n",
			getpid(), vcpu->id, reason);
		if (try >= options->tries) {
			note(&vm, "KVM_RUN vcpu %u once more", vcpu->id);
			vm_report(&vm, options, target);
			break;
		}
		/* KVM intercepts the first WRMSR(IA32_XFD) of a vCPU, and no other */
		vm_deinit(&vm);
		vm_init(&vm, options, armed);
		vm_arm(&vm, options, vcpu);
	}
	if (armed && write(ready, &byte, 1) != 1)
		fail("parent");
	for (;;)
		pause();
}

/*
 * A process that uses a tile without having asked for it: SIGILL on a kernel that works.
 *
 * ldtilecfg; getppid(2) twice, the first to have the FPU registers loaded, the second for the lab to get hold of the
 * kernel; then tilezero %tmm0.  Bochs lets the tile instruction pass and stops at the fnop.
 */
static void __attribute__((noreturn)) tile_process(const struct scenario *scenario)
{
	static uint8_t config[64] __attribute__((aligned(64)));

	config[0] = 1;
	config[16] = 64;
	config[48] = 16;
	call_lab_for(scenario, scenario->process_call);
	if (scenario->process_call != LAB_USER_FAULT)
		__asm__ volatile("mov %0,%%eax\n\t"
				 "syscall\n\t"
				 "mov %0,%%eax\n\t"
				 "syscall\n\t"
				 "mov %1,%%eax\n\t"
				 "syscall"
				 :
				 : "i"(SYS_getppid), "i"(SYS_exit)
				 : "rax", "rcx", "r11", "memory");
	__asm__ volatile(".byte 0xc4,0xe2,0x78,0x49,0x07\n\t"
			 "mov %1,%%eax\n\t"
			 "syscall\n\t"
			 "mov %1,%%eax\n\t"
			 "syscall\n\t"
			 ".byte 0xc4,0xe2,0x7b,0x49,0xc0\n\t"
			 "fnop"
			 :
			 : "D"(config), "i"(SYS_getppid)
			 : "rax", "rcx", "r11", "memory");
	_exit(0);
}

static void use_a_tile(const struct scenario *scenario)
{
	pid_t pid;
	int status;

	settle();
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid)
		tile_process(scenario);
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	fprintf(report, "{\"event\":\"user-tile\",\"pid\":%d,\"signal\":%d}\n", pid,
		WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	settle();
}

static void __attribute__((noreturn)) crash_host(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	fprintf(report, "{\"event\":\"crash\",\"pid\":%d,\"by\":\"sysrq\"}\n", getpid());
	settle();
	if (fd < 0 || write(fd, "c", 1) != 1)
		fail("/proc/sysrq-trigger");
	sleep(60);
	exit(1);
}

/*
 * KVM's selftest amx_test has one virtual machine with one vCPU, id 0, which it destroys and makes again with the state of
 * the old one.  It sets IA32_XFD by the guest's WRMSR, calls KVM_SET_XSAVE with tiles, then KVM_RUN.
 */
static void __attribute__((noreturn)) run_selftest(const struct scenario *scenario)
{
	struct utsname uts;

	uname(&uts);
	call_lab_for(scenario, LAB_GUEST_XFD);
	call_lab_for(scenario, LAB_REPAIR);
	call_lab_for(scenario, LAB_WATCH);
	fprintf(report,
		"{\"event\":\"vm\",\"scenario\":\"%s\",\"kernel\":\"%s\",\"vm\":0,\"pid\":%d,\"did\":[\"exec of amx_test, which says no more than this: one vCPU\"],\"amx\":true,\"xcr0\":null,\"vcpus\":[{\"id\":0,\"runs\":null,\"touched\":true,\"xstate_bv\":null,\"xfd\":null}]}\n",
		scenario->name, uts.release, getpid());
	fprintf(report, "{\"event\":\"run\",\"pid\":%d,\"vcpu\":0}\n", getpid());
	settle();
	dup2(fileno(report), STDOUT_FILENO);
	dup2(fileno(report), STDERR_FILENO);
	execl("/bin/amx_test", "/bin/amx_test", (char *)NULL);
	fail("/bin/amx_test");
}

static volatile sig_atomic_t child_died;

static void on_child_death(int number)
{
	(void)number;
	child_died = 1;
}

/* Wait for a virtual machine's byte.  False if one of them died instead. */
static bool is_ready(int fd)
{
	struct timeval tick = { .tv_usec = 100000 };
	fd_set set;
	char byte;

	/* the exit of a process whose thread died within KVM_RUN may never end */
	for (int ticks = 0; !child_died && ticks < 600; ticks++) {
		FD_ZERO(&set);
		FD_SET(fd, &set);
		if (select(fd + 1, &set, NULL, NULL, &tick) == 1)
			return read(fd, &byte, 1) == 1;
		tick.tv_usec = 100000;
	}
	return false;
}

static void usage(FILE *stream)
{
	fprintf(stream,
		"usage: reproducer --in-lab SCENARIO [--vms N] [--vcpus N] [--arm VM.VCPU] [--sparse] [--live-tiles] [--thread] [--tries N] [--pause MS] [--report FILE]\n"
		"Kills the kernel it runs on, on purpose.  scenarios (* only with the lab's debugger):\n");
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		fprintf(stream, "%c %-16s %s\n", scenarios[i].needs_lab ? '*' : ' ',
			scenarios[i].name, scenarios[i].what);
}

static bool parse_options(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "in-lab", no_argument, NULL, 'L' },
		{ "vms", required_argument, NULL, 'm' },
		{ "vcpus", required_argument, NULL, 'c' },
		{ "arm", required_argument, NULL, 'a' },
		{ "sparse", no_argument, NULL, 's' },
		{ "live-tiles", no_argument, NULL, 't' },
		{ "thread", no_argument, NULL, 'd' },
		{ "tries", required_argument, NULL, 'n' },
		{ "pause", required_argument, NULL, 'p' },
		{ "report", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'L':
			options->in_lab = true;
			break;
		case 'm':
			options->vms = atoi(optarg);
			break;
		case 'c':
			options->vcpus = atoi(optarg);
			break;
		case 'a':
			if (sscanf(optarg, "%d.%d", &options->arm_vm, &options->arm_vcpu) != 2)
				return false;
			break;
		case 's':
			options->sparse = true;
			break;
		case 't':
			options->live_tiles = true;
			break;
		case 'd':
			options->thread = true;
			break;
		case 'n':
			options->tries = atoi(optarg);
			break;
		case 'p':
			options->pause = atoi(optarg);
			break;
		case 'r':
			options->report = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (optind != argc - 1)
		return false;
	if (options->arm_vcpu < 0)
		options->arm_vcpu = options->vcpus - 1;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (!strcmp(scenarios[i].name, argv[optind]))
			options->scenario = &scenarios[i];
	return options->scenario && options->vms >= 1 && options->vms <= MAX_VMS &&
	       options->vcpus >= 1 && options->vcpus <= MAX_VCPUS && options->arm_vm >= 0 &&
	       options->arm_vm < options->vms && options->arm_vcpu >= 0 &&
	       options->arm_vcpu < options->vcpus && options->tries >= 1 && options->pause >= 0 &&
	       options->pause <= 10000;
}

int main(int argc, char **argv)
{
	struct options options = { .vms = 1, .vcpus = 2, .arm_vcpu = -1, .tries = 1, .pause = 1 };
	const struct scenario *scenario;
	uint8_t *memory[MAX_VMS];
	int ready[2], go[MAX_VMS][2];
	char byte = 0;

	report = stdout;
	if (!parse_options(&options, argc, argv)) {
		usage(stderr);
		return 2;
	}
	if (!options.in_lab || !kernel_is_marked()) {
		fprintf(stderr,
			"reproducer: refusing: this kills the host; it runs in the lab only (see docs/lab.md)\n");
		return 2;
	}
	if (options.report) {
		report = fopen(options.report, "a");
		if (!report) {
			perror(options.report);
			return 1;
		}
	}
	scenario = options.scenario;
	if (scenario->no_kvm)
		crash_host();
	call_lab(LAB_START);
	if (scenario->finale == END_SELFTEST)
		run_selftest(scenario);

	signal(SIGCHLD, on_child_death);
	if (pipe(ready))
		fail("pipe");
	for (int i = 0; i < options.vms; i++) {
		pid_t pid;

		memory[i] = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (memory[i] == MAP_FAILED || pipe(go[i]))
			fail("virtual machine %d", i);
		pid = fork();
		if (pid < 0)
			fail("fork");
		if (!pid)
			vm_process(&options, i, memory[i], ready[1], go[i][0]);
		if (!is_ready(ready[0]))
			fail("virtual machine %d", i);
	}
	if (scenario->finale == END_NEVER) {
		fprintf(report, "{\"event\":\"coming-and-going\",\"pid\":%d}\n", getpid());
		settle();
		for (;;)
			pause();
	}
	if (scenario->process_call)
		use_a_tile(scenario);
	if (scenario->finale == END_CRASH)
		crash_host();

	if (write(go[options.arm_vm][1], &byte, 1) != 1)
		fail("virtual machine %d", options.arm_vm);
	if (scenario->finale == END_SPINNING || scenario->finale == END_IN_GUEST) {
		uint32_t xfd;

		stay_on_cpu(0);
		sleep(2); /* the scenario's lab call may end it all here */
		memcpy(&xfd, memory[options.arm_vm] + GUEST_NOTE - GUEST_BASE, sizeof(xfd));
		fprintf(report, "{\"event\":\"guest\",\"xfd\":\"0x%x\"}\n", xfd);
		crash_host();
	}
	if (scenario->finale == END_MEANWHILE) {
		stay_on_cpu(0);
		for (int ticks = 0; !call_lab(LAB_IS_HELD) && ticks < 600; ticks++)
			usleep(100000);
		crash_host();
	}
	if (!is_ready(ready[0])) {
		fprintf(report, "{\"event\":\"lost\",\"vm\":%d,\"ended\":%s}\n", options.arm_vm,
			child_died ? "true" : "false");
		settle();
	}
	crash_host();
}
