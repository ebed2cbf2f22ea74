/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel made by hand. */
#include "kernel.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERCPU 0xffffffff83000000ull	/* .data..percpu; CPU 0's copy begins the heap */
#define XTILEDATA (1ull << 18)
#define XCR0 0x602e7ull
#define MASK 0x600ffull

/* kallsyms: five tables in one segment */
#define NUM_SYMS KERNEL_KALLSYMS
#define RELATIVE_BASE (KERNEL_KALLSYMS + 8)
#define TOKEN_INDEX (KERNEL_KALLSYMS + 0x100)
#define TOKEN_TABLE (KERNEL_KALLSYMS + 0x400)
#define OFFSETS (KERNEL_KALLSYMS + 0x800)
#define NAMES (KERNEL_KALLSYMS + 0x1000)

/* the printk ring: 16 records, 4 KiB of text */
#define COUNT_BITS 4
#define SIZE_BITS 12
#define PRB KERNEL_LOG
#define DESCS (KERNEL_LOG + 0x100)
#define INFOS (KERNEL_LOG + 0x400)
#define TEXT (KERNEL_LOG + 0x1000)
#define INFO_SIZE 32

const struct kernel_symbol kernel_symbols[] = {
	{ "_stext", KERNEL_TEXT },
	{ "fpregs_mark_activate", KERNEL_TEXT + 0x100 },
	{ "fpu_swap_kvm_fpstate", KERNEL_TEXT + 0x200 },
	{ "switch_fpu_return", KERNEL_TEXT + 0x300 },
	{ "restore_fpregs_from_fpstate", KERNEL_RESTORE },
	{ "exc_device_not_available", KERNEL_TEXT + 0x500 },
	{ "fpu_update_guest_xfd", KERNEL_TEXT + 0x600 },
	{ "fpu_copy_uabi_to_guest_fpstate", KERNEL_TEXT + 0x700 },
	{ "kvm_arch_vcpu_ioctl", KERNEL_TEXT + 0x800 },
	{ "asm_exc_device_not_available", KERNEL_ASM_NM },
	{ "_etext", KERNEL_TEXT + 0xa00 },
	{ "fpu_kernel_cfg", KERNEL_DATA },
	{ "prb", KERNEL_DATA + 0x40 },
	{ "panic_cpu", KERNEL_DATA + 0x48 },
	{ "crashing_cpu", KERNEL_DATA + 0x4c },
	{ "nr_cpu_ids", KERNEL_DATA + 0x50 },
	{ "__per_cpu_offset", KERNEL_DATA + 0x60 },
	{ "vm_list", KERNEL_VM_LIST },
	{ "init_uts_ns", KERNEL_DATA + 0x100 },
	{ "behind", KERNEL_DATA + 0x400 },
	{ "__start_BTF", KERNEL_BTF },
	{ "__stop_BTF", 0 },		/* set when the BTF is made */
	{ "current_task", PERCPU },
	{ "xfd_state", PERCPU + 8 },
	{ "fpu_fpregs_owner_ctx", PERCPU + 16 },
	{ "last", PERCPU + 24 },
	{ NULL, 0 }
};
#define SYMBOLS (sizeof(kernel_symbols) / sizeof(kernel_symbols[0]) - 1)

static void put_kallsyms(struct kernel *kernel, uint64_t stop_btf)
{
	struct memory *memory = &kernel->memory;
	uint64_t name = NAMES;
	size_t i;

	memory_add(memory, KERNEL_KALLSYMS, 0x2000);
	memory_put_u32(memory, NUM_SYMS, SYMBOLS);
	memory_put_u64(memory, RELATIVE_BASE, KERNEL_TEXT);
	/* token number n is the character n */
	for (i = 0; i < 256; i++) {
		uint16_t index = (uint16_t)(2 * i);
		char token[2] = { (char)i, '\0' };

		memory_put(memory, TOKEN_INDEX + 2 * i, &index, sizeof(index));
		memory_put(memory, TOKEN_TABLE + 2 * i, token, sizeof(token));
	}
	for (i = 0; i < SYMBOLS; i++) {
		uint64_t kvaddr = kernel_symbols[i].kvaddr ? kernel_symbols[i].kvaddr : stop_btf;
		uint8_t len = (uint8_t)(strlen(kernel_symbols[i].name) + 1);

		memory_put_u32(memory, OFFSETS + 4 * i, (uint32_t)(kvaddr - KERNEL_TEXT));
		memory_put(memory, name, &len, 1);
		memory_put(memory, name + 1, "t", 1);
		memory_put(memory, name + 2, kernel_symbols[i].name, len - 1u);
		name += 1u + len;
	}
	snprintf(kernel->vmcoreinfo, sizeof(kernel->vmcoreinfo),
		 "OSRELEASE=6.18.5-test\nBUILD-ID=00112233445566778899aabbccddeeff00112233\nPAGESIZE=4096\n"
		 "SYMBOL(_stext)=%llx\nSYMBOL(prb)=%llx\nSYMBOL(init_uts_ns)=%llx\n"
		 "SYMBOL(kallsyms_names)=%llx\nSYMBOL(kallsyms_num_syms)=%llx\n"
		 "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n"
		 "SYMBOL(kallsyms_offsets)=%llx\nSYMBOL(kallsyms_relative_base)=%llx\n"
		 "SIZE(prb_desc)=24\nSIZE(printk_info)=%d\n"
		 "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"
		 "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"
		 "OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
		 "OFFSET(prb_desc_ring.tail_id)=32\nOFFSET(prb_desc.state_var)=0\n"
		 "OFFSET(prb_desc.text_blk_lpos)=8\nOFFSET(prb_data_blk_lpos.begin)=0\n"
		 "OFFSET(prb_data_blk_lpos.next)=8\nOFFSET(printk_info.seq)=0\n"
		 "OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\n"
		 "OFFSET(printk_info.caller_id)=20\n"
		 "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n"
		 "OFFSET(uts_namespace.name)=0\n",
		 KERNEL_TEXT, KERNEL_DATA + 0x40, KERNEL_DATA + 0x100, NAMES, NUM_SYMS,
		 TOKEN_TABLE, TOKEN_INDEX, OFFSETS, RELATIVE_BASE, INFO_SIZE);
}

struct field {
	const char *name;
	int type;
	uint32_t bits;		/* offset */
	uint32_t bit_size;
};

static int add_struct(struct btf *btf, const char *name, uint32_t size, const struct field *fields)
{
	int id = btf__add_struct(btf, name, size);

	for (; fields->name; fields++)
		if (btf__add_field(btf, fields->name, fields->type, fields->bits, fields->bit_size))
			exit(99);
	return id;
}

#define STRUCT(name, size, ...) \
	add_struct(btf, name, size, (const struct field []) { __VA_ARGS__, { NULL, 0, 0, 0 } })
#define AT(name, type, offset) { name, type, 8 * (offset), 0 }

/* Returns the address behind it. */
static uint64_t put_btf(struct kernel *kernel)
{
	struct btf *btf = btf__new_empty();
	const int u8 = btf__add_int(btf, "unsigned char", 1, 0);
	const int u16 = btf__add_int(btf, "unsigned short", 2, 0);
	const int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	const int u64 = btf__add_int(btf, "unsigned long", 8, 0);
	const int pointer = btf__add_ptr(btf, 0);
	const int slots = btf__add_array(btf, u32, pointer, 64);
	const int comm = btf__add_array(btf, u32, u8, 16);
	const int regs = btf__add_array(btf, u32, u8, 4096);
	const int list_head = STRUCT("list_head", 16, AT("next", pointer, 0), AT("prev", pointer, 8));
	const int hlist_head = STRUCT("hlist_head", 8, AT("first", pointer, 0));
	const int hlist_node = STRUCT("hlist_node", 16, AT("next", pointer, 0), AT("pprev", pointer, 8));
	const int links = btf__add_array(btf, u32, hlist_node, 4);
	const int tasks = btf__add_array(btf, u32, hlist_head, 4);
	const int xarray = STRUCT("xarray", 16, AT("xa_lock", u32, 0), AT("xa_flags", u32, 4),
				  AT("xa_head", pointer, 8));
	const int fpu_guest = STRUCT("fpu_guest", 32, AT("xfeatures", u64, 0), AT("xfd_err", u64, 8),
				     AT("uabi_size", u32, 16), AT("fpstate", pointer, 24));
	const int thread_info = STRUCT("thread_info", 24, AT("flags", u64, 0), AT("cpu", u32, 16));
	const int thread = STRUCT("thread_struct", 64, AT("sp", u64, 0));
	const int notifier = STRUCT("preempt_notifier", 24, AT("link", hlist_node, 0), AT("ops", pointer, 16));
	const int arch = STRUCT("kvm_vcpu_arch", 256, AT("guest_fpu", fpu_guest, 64), AT("xcr0", u64, 128),
				AT("guest_supported_xcr0", u64, 136), AT("ia32_xss", u64, 144),
				AT("xfd_no_write_intercept", u8, 152));
	const void *data;
	__u32 len;

	STRUCT("xa_node", 576, AT("shift", u8, 0), AT("offset", u8, 1), AT("slots", slots, KERNEL_SLOTS));
	STRUCT("fpstate", 4160, AT("size", u32, 0), AT("xfeatures", u64, 8), AT("user_xfeatures", u64, 16),
	       AT("xfd", u64, KERNEL_FPSTATE_XFD), { "is_valloc", u32, 256, 1 }, { "is_guest", u32, 257, 1 },
	       { "is_confidential", u32, 258, 1 }, { "in_use", u32, 259, 1 }, AT("regs", regs, 64));
	STRUCT("fpu", 64, AT("last_cpu", u32, 0), AT("fpstate", pointer, 16));
	STRUCT("fpu_state_config", 32, AT("max_size", u32, 0), AT("max_features", u64, 8));
	STRUCT("task_struct", 1024, AT("thread_info", thread_info, 0), AT("stack", pointer, 32),
	       AT("on_cpu", u32, 56), AT("pid", u32, 64), AT("tgid", u32, 68), AT("comm", comm, 72),
	       AT("pid_links", links, 96), AT("preempt_notifiers", hlist_head, 168), AT("thread", thread, 192));
	STRUCT("pid", 64, AT("count", u32, 0), AT("tasks", tasks, 16));
	STRUCT("kvm_vcpu", 512, AT("kvm", pointer, 0), AT("preempt_notifier", notifier, 8), AT("cpu", u32, 32),
	       AT("vcpu_id", u32, 36), AT("mode", u32, 44), AT("pid", pointer, 48), AT("arch", arch, 64));
	STRUCT("kvm", 128, AT("vcpu_array", xarray, 0), AT("mm", pointer, 16), AT("userspace_pid", u32, 24),
	       AT("online_vcpus", u32, KERNEL_KVM_ONLINE), AT("created_vcpus", u32, 32),
	       AT("vm_list", list_head, KERNEL_KVM_LIST), AT("vm_bugged", u8, 56));
	STRUCT("mm_struct", 64, AT("owner", pointer, 0));
	STRUCT("printk_info", INFO_SIZE, AT("seq", u64, 0), AT("ts_nsec", u64, 8), AT("text_len", u16, 16),
	       AT("facility", u8, 18), AT("caller_id", u32, 20));
	data = btf__raw_data(btf, &len);
	if (!data)
		exit(99);
	memory_add(&kernel->memory, KERNEL_BTF, len);
	memory_put(&kernel->memory, KERNEL_BTF, data, len);
	btf__free(btf);
	return KERNEL_BTF + len;
}

void kernel_log(struct kernel *kernel, const char *const *lines)
{
	struct memory *memory = &kernel->memory;
	uint64_t position = 0, id;

	for (id = 0; lines[id]; id++) {
		uint16_t len = (uint16_t)strlen(lines[id]);
		uint64_t next = position + ((8u + len + 7) & ~7ull);

		memory_put_u64(memory, DESCS + 24 * id, id | 2ull << 62);
		memory_put_u64(memory, DESCS + 24 * id + 8, position);
		memory_put_u64(memory, DESCS + 24 * id + 16, next);
		memory_put_u64(memory, INFOS + INFO_SIZE * id, id);
		memory_put_u64(memory, INFOS + INFO_SIZE * id + 8, 1000000 * id);
		memory_put(memory, INFOS + INFO_SIZE * id + 16, &len, sizeof(len));
		memory_put_u32(memory, INFOS + INFO_SIZE * id + 20, 1404);
		memory_put_u64(memory, TEXT + position, id);
		memory_put(memory, TEXT + position + 8, lines[id], len);
		position = next;
	}
	memory_put_u64(memory, PRB + 24, id - 1);	/* head_id */
	memory_put_u64(memory, PRB + 32, 0);		/* tail_id */
}

static void put_log(struct kernel *kernel)
{
	static const char *const lines[] = {
		"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90",
		"Code: 89 e8 48 c1 ea 20 <48> 0f c7 5b 40 5b 5d",
		"RAX: 00000000000600ff RBX: ffff888100005000 RCX: 0000000000000000",
		NULL
	};
	struct memory *memory = &kernel->memory;

	memory_add(memory, KERNEL_LOG, 0x1000 + (1u << SIZE_BITS));
	memory_put_u32(memory, PRB, COUNT_BITS);
	memory_put_u64(memory, PRB + 8, DESCS);
	memory_put_u64(memory, PRB + 16, INFOS);
	memory_put_u32(memory, PRB + 48, SIZE_BITS);
	memory_put_u64(memory, PRB + 56, TEXT);
	kernel_log(kernel, lines);
}

static void put_text(struct memory *memory)
{
	static const uint8_t clear_bit_19[] = { 0xf0, 0x80, 0x60, 0x02, 0xf7, 0xc3 };
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0x5d, 0xc3 };
	/* call 0x400 behind fpu_swap_kvm_fpstate+0x15, and what it calls for KVM_SET_XSAVE */
	static const uint8_t call_restore[] = { 0xe8, 0xeb, 0x01, 0x00, 0x00 };
	static const uint8_t call_copy[] = { 0xe8, 0xfb, 0xfe, 0xff, 0xff, 0xc3 };

	memset(memory_add(memory, KERNEL_TEXT, KERNEL_TEXT_SIZE), 0x90, KERNEL_TEXT_SIZE);
	memory_put(memory, KERNEL_TEXT + 0x100, clear_bit_19, sizeof(clear_bit_19));
	memory_put(memory, KERNEL_TEXT + 0x210, call_restore, sizeof(call_restore));
	memory_put(memory, KERNEL_RESTORE + 0x3c, xrstors, sizeof(xrstors));
	memory_put(memory, KERNEL_TEXT + 0x800, call_copy, sizeof(call_copy));
}

static void put_data(struct memory *memory)
{
	memory_add(memory, KERNEL_DATA, KERNEL_DATA_SIZE);
	memory_put_u64(memory, KERNEL_DATA + 8, XCR0);		/* fpu_kernel_cfg.max_features */
	memory_put_u64(memory, KERNEL_DATA + 0x40, PRB);
	memory_put_u32(memory, KERNEL_DATA + 0x4c, UINT32_MAX);	/* crashing_cpu: -1 */
	memory_put_u32(memory, KERNEL_DATA + 0x50, 1);
	memory_put_u64(memory, KERNEL_DATA + 0x60, KERNEL_HEAP - PERCPU);
	memory_put_u64(memory, KERNEL_VM_LIST, KERNEL_KVM + KERNEL_KVM_LIST);
	memory_put_u64(memory, KERNEL_VM_LIST + 8, KERNEL_KVM + KERNEL_KVM_LIST);
	memory_put(memory, KERNEL_DATA + 0x100 + 65, "host1", 6);
}

static void put_thread(struct memory *memory, unsigned int n)
{
	uint64_t task = KERNEL_TASK(n);
	char comm[16] = { 0 };

	snprintf(comm, sizeof(comm), "CPU %u/KVM", n);
	memory_put_u64(memory, task, n ? 1u << 19 : 0);		/* TIF_NEED_FPU_LOAD */
	memory_put_u64(memory, task + 32, n ? 0 : KERNEL_STACK);
	memory_put_u32(memory, task + 56, !n);			/* on_cpu */
	memory_put_u32(memory, task + 64, 1404 + n);
	memory_put_u32(memory, task + 68, 1400);
	memory_put(memory, task + 72, comm, sizeof(comm));
	memory_put_u64(memory, KERNEL_FPU(n) + 16, KERNEL_FPSTATE(n));
	memory_put_u64(memory, KERNEL_PID(n) + 16, task + 96);
}

static void put_vcpu(struct memory *memory, unsigned int n)
{
	uint64_t vcpu = KERNEL_VCPU(n), fpstate = KERNEL_FPSTATE(n);

	memory_put_u64(memory, vcpu, KERNEL_KVM);
	memory_put_u32(memory, vcpu + 36, n);
	memory_put_u64(memory, vcpu + 48, KERNEL_PID(n));
	memory_put_u64(memory, vcpu + 64 + 64, XCR0);		/* guest_fpu.xfeatures */
	memory_put_u64(memory, vcpu + 64 + 64 + 24, fpstate);
	memory_put_u64(memory, vcpu + 64 + 128, XCR0);
	memory_put_u64(memory, KERNEL_NODE + KERNEL_SLOTS + 8 * n, vcpu);

	memory_put_u32(memory, fpstate, 4096);
	memory_put_u64(memory, fpstate + 8, XCR0);
	memory_put_u64(memory, fpstate + 16, XCR0);
	memory_put_u64(memory, fpstate + KERNEL_FPSTATE_XFD, n ? 0 : XTILEDATA);
	memory_put_u32(memory, fpstate + KERNEL_FPSTATE_BITS, 0xb);	/* is_valloc, is_guest, in_use */
	memory_put_u64(memory, fpstate + KERNEL_FPSTATE_BV, XCR0);
	memory_put_u64(memory, fpstate + KERNEL_FPSTATE_BV + 8, 1ull << 63 | XCR0);
}

static void put_heap(struct memory *memory)
{
	unsigned int n;

	memory_add(memory, KERNEL_HEAP, KERNEL_HEAP_SIZE);
	memory_put_u64(memory, KERNEL_HEAP, KERNEL_TASK(0));	/* current_task */
	memory_put_u64(memory, KERNEL_HEAP + 8, XTILEDATA);	/* xfd_state */
	memory_put_u64(memory, KERNEL_KVM + 8, KERNEL_NODE | 2);
	memory_put_u32(memory, KERNEL_KVM + 24, 1400);
	memory_put_u32(memory, KERNEL_KVM + KERNEL_KVM_ONLINE, 2);
	memory_put_u64(memory, KERNEL_KVM + KERNEL_KVM_LIST, KERNEL_VM_LIST);
	for (n = 0; n < 2; n++) {
		put_thread(memory, n);
		put_vcpu(memory, n);
	}
	/* who called restore_fpregs_from_fpstate() */
	memory_put_u64(memory, KERNEL_STACK + 0x3100, KERNEL_SWAP_RETURN);
}

void kernel_init(struct kernel *kernel)
{
	memset(kernel, 0, sizeof(*kernel));
	memory_init(&kernel->memory);
	put_kallsyms(kernel, put_btf(kernel));
	put_log(kernel);
	put_text(&kernel->memory);
	put_data(&kernel->memory);
	put_heap(&kernel->memory);
	kernel->note = (struct xfdt_cpu_note) {
		.pid = 1404,
		.regs = {
			.ip = KERNEL_RESTORE + 0x3c, .cs = 0x10, .orig_ax = ~0ull, .ax = MASK,
			.bx = KERNEL_FPSTATE(0), .sp = KERNEL_STACK + 0x3100,
		},
	};
	kernel->source = (struct xfdt_source) {
		.reader = &kernel->memory.reader, .arch = "x86_64", .vmcoreinfo = kernel->vmcoreinfo,
		.notes = &kernel->note, .note_count = 1,
	};
}

void kernel_deinit(struct kernel *kernel)
{
	memory_deinit(&kernel->memory);
}
