/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel made by hand. */
#include "kernel.h"

#include <bpf/btf.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERCPU 0xffffffff83000000ull /* .data..percpu */
#define PERCPU_SIZE 0x1000u
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

#define MODULES (KERNEL_DATA + 0x500)
#define BTF_MODULES (KERNEL_DATA + 0x520)
#define MODULE_KALLSYMS (KERNEL_MODULE + 0x200)
#define MODULE_SYMTAB (KERNEL_MODULE + 0x300)
#define MODULE_STRTAB (KERNEL_MODULE + 0x400)
#define MODULE_BTF (KERNEL_MODULE + 0x500) /* struct btf_module, struct btf */
#define PERCPU_XFD_STATE 8
#define PERCPU_CURRENT (KERNEL_CURRENT(0) - KERNEL_PERCPU(0))
#define PERCPU_HOT 64
#define HOT_CURRENT 8 /* pcpu_hot.current_task */
#define TASK_SIZE 1024
#define TASK_THREAD 192
#define THREAD_FPU 64 /* thread_struct.fpu */
#define KVM_VCPUS 64

const struct kernel_layout kernel_5_16 = {
	.release = "5.16.0-test",
	.cpus = 1,
	.tif = 14,
	.on_cpu = 4,
	.regs = 64,
	.fpu_in_thread = true,
	.percpu_from_0 = true,
	.vcpus_array = true,
};

const struct kernel_layout kernel_6_12 = {
	.release = "6.12.57-test",
	.cpus = 2,
	.tif = 14,
	.on_cpu = 4,
	.regs = 64,
	.fpu_in_thread = true,
	.percpu_from_0 = true,
	.pcpu_hot = true,
};

const struct kernel_layout kernel_6_18 = {
	.release = "6.18.5-test",
	.cpus = 1,
	.tif = 19,
	.on_cpu = 4,
	.regs = 64,
};

const struct kernel_layout kernel_7_2 = {
	.release = "7.2.12-test",
	.cpus = 1,
	.tif = 19,
	.on_cpu = 1,
	.regs = 64,
};

static const struct kernel_symbol symbols[] = { { "_stext", KERNEL_TEXT },
						{ "fpregs_mark_activate", KERNEL_TEXT + 0x100 },
						{ "fpu_swap_kvm_fpstate", KERNEL_TEXT + 0x200 },
						{ "switch_fpu_return", KERNEL_TEXT + 0x300 },
						{ "restore_fpregs_from_fpstate", KERNEL_RESTORE },
						{ "exc_device_not_available", KERNEL_TEXT + 0x500 },
						{ "fpu_update_guest_xfd", KERNEL_UPDATE_XFD },
						{ "fpu_copy_uabi_to_guest_fpstate",
						  KERNEL_COPY_UABI },
						{ "kvm_arch_vcpu_ioctl", KERNEL_IOCTL },
						{ "asm_exc_device_not_available", KERNEL_ASM_NM },
						{ "asm_fred_entrypoint_kernel", KERNEL_ASM_FRED },
						{ "_etext", KERNEL_TEXT + 0xb00 },
						{ "fpu_kernel_cfg", KERNEL_DATA },
						{ "prb", KERNEL_DATA + 0x40 },
						{ "panic_cpu", KERNEL_PANIC_CPU },
						{ "crashing_cpu", KERNEL_CRASHING_CPU },
						{ "nr_cpu_ids", KERNEL_DATA + 0x50 },
						{ "__per_cpu_offset", KERNEL_DATA + 0x60 },
						{ "vm_list", KERNEL_VM_LIST },
						{ "init_uts_ns", KERNEL_DATA + 0x100 },
						{ "exec_summary_regs", KERNEL_EXEC_SUMMARY },
						{ "behind", KERNEL_DATA + 0x400 },
						{ "__start_BTF", KERNEL_BTF },
						{ "xfd_state", PERCPU_XFD_STATE },
						{ "fpu_fpregs_owner_ctx", 16 },
						{ "last", 128 },
						{ NULL, 0 } };

static bool is_kvms(const struct kernel_symbol *symbol)
{
	return symbol->kvaddr == KERNEL_IOCTL || symbol->kvaddr == KERNEL_VM_LIST;
}

static void add_symbols(struct kernel *kernel, const struct kernel_symbol *more)
{
	uint64_t percpu = kernel->layout->percpu_from_0 ? 0 : PERCPU;
	size_t at;

	for (; more && more->name; more++) {
		struct kernel_symbol symbol = *more;

		if (kernel->layout->kvm_is_module && is_kvms(&symbol))
			continue;
		if (symbol.kvaddr < PERCPU_SIZE)
			symbol.kvaddr += percpu;
		if (kernel->symbol_count == KERNEL_SYMBOLS_MAX)
			exit(99);
		for (at = kernel->symbol_count++;
		     at && kernel->symbols[at - 1].kvaddr > symbol.kvaddr; at--)
			kernel->symbols[at] = kernel->symbols[at - 1];
		kernel->symbols[at] = symbol;
	}
}

uint64_t kernel_symbol_place(const struct kernel *kernel, const char *name)
{
	size_t i;

	for (i = 0; i < kernel->symbol_count; i++)
		if (!strcmp(kernel->symbols[i].name, name))
			return OFFSETS + 4 * i;
	exit(99);
}

static uint32_t encode(const struct kernel *kernel, uint64_t kvaddr)
{
	if (!kernel->layout->percpu_from_0)
		return (uint32_t)(kvaddr - KERNEL_TEXT);
	return kvaddr < PERCPU_SIZE ? (uint32_t)kvaddr : (uint32_t)(KERNEL_TEXT - 1 - kvaddr);
}

static void put_kallsyms(struct kernel *kernel, uint64_t stop_btf)
{
	struct memory *memory = &kernel->memory;
	const struct kernel_symbol stop[] = { { "__stop_BTF", stop_btf }, { NULL, 0 } };
	const struct kernel_symbol current[] = {
		{ kernel->layout->pcpu_hot ? "pcpu_hot" : "current_task", PERCPU_CURRENT },
		{ NULL, 0 },
	};
	static const struct kernel_symbol lists[] = {
		{ "modules", MODULES },
		{ "btf_modules", BTF_MODULES },
		{ NULL, 0 },
	};
	uint64_t name = NAMES;
	size_t i;

	add_symbols(kernel, symbols);
	if (kernel->layout->kvm_is_module)
		add_symbols(kernel, lists);
	add_symbols(kernel, stop);
	add_symbols(kernel, current);
	add_symbols(kernel, kernel->layout->more);

	memory_add(memory, KERNEL_KALLSYMS, 0x2000);
	memory_put_u32(memory, NUM_SYMS, (uint32_t)kernel->symbol_count);
	memory_put_u64(memory, RELATIVE_BASE, KERNEL_TEXT);
	/* token number n is the character n */
	for (i = 0; i < 256; i++) {
		uint16_t index = (uint16_t)(2 * i);
		char token[2] = { (char)i, '\0' };

		memory_put(memory, TOKEN_INDEX + 2 * i, &index, sizeof(index));
		memory_put(memory, TOKEN_TABLE + 2 * i, token, sizeof(token));
	}
	for (i = 0; i < kernel->symbol_count; i++) {
		const struct kernel_symbol *symbol = &kernel->symbols[i];
		uint8_t len = (uint8_t)(strlen(symbol->name) + 1);

		memory_put_u32(memory, OFFSETS + 4 * i, encode(kernel, symbol->kvaddr));
		memory_put(memory, name, &len, 1);
		memory_put(memory, name + 1, "t", 1);
		memory_put(memory, name + 2, symbol->name, len - 1u);
		name += 1u + len;
	}
	snprintf(kernel->vmcoreinfo, sizeof(kernel->vmcoreinfo),
		 "OSRELEASE=%s\nBUILD-ID=00112233445566778899aabbccddeeff00112233\nPAGESIZE=4096\n"
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
		 kernel->layout->release, KERNEL_TEXT, KERNEL_DATA + 0x40, KERNEL_DATA + 0x100,
		 NAMES, NUM_SYMS, TOKEN_TABLE, TOKEN_INDEX, OFFSETS, RELATIVE_BASE, INFO_SIZE);
}

struct field {
	const char *name;
	int type;
	uint32_t bits; /* offset */
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
	add_struct(btf, name, size, (const struct field[]){ __VA_ARGS__, { NULL, 0, 0, 0 } })
#define AT(name, type, offset) \
	{ \
		name, type, 8 * (offset), 0 \
	}
#define AS_FIELD(...) (struct field) AT(__VA_ARGS__)

/* The types that struct kvm is made of. */
struct kvm_types {
	int u8, u32, pointer, vcpus, xarray, list_head;
};

static void add_kvm(struct btf *btf, const struct kvm_types *types, bool vcpus_array,
		    unsigned int moved)
{
	STRUCT("kvm", 128 + moved,
	       vcpus_array ? AS_FIELD("vcpus", types->vcpus, KVM_VCPUS + moved) :
			     AS_FIELD("vcpu_array", types->xarray, moved),
	       AT("mm", types->pointer, 16 + moved), AT("userspace_pid", types->u32, 24 + moved),
	       AT("online_vcpus", types->u32, KERNEL_KVM_ONLINE + moved),
	       AT("created_vcpus", types->u32, 32 + moved),
	       AT("vm_list", types->list_head, KERNEL_KVM_LIST + moved),
	       AT("vm_bugged", types->u8, KERNEL_KVM_BUGGED + moved),
	       AT("vm_dead", types->u8, KERNEL_KVM_DEAD + moved));
}

static void put_raw(struct kernel *kernel, const struct btf *btf, uint64_t kvaddr, __u32 *ret_len)
{
	const void *data = btf__raw_data(btf, ret_len);

	if (!data)
		exit(99);
	memory_add(&kernel->memory, kvaddr, *ret_len);
	memory_put(&kernel->memory, kvaddr, data, *ret_len);
}

/* Of kvm, as the only module: its structures, its symbols, its own struct kvm. */
static void put_module(struct kernel *kernel, struct btf *base, const struct kvm_types *types)
{
	static const char strings[] = "\0vm_list\0kvm_arch_vcpu_ioctl";
	const Elf64_Sym syms[] = {
		{ .st_name = 0 },
		{ .st_name = 1, .st_shndx = 1, .st_value = KERNEL_VM_LIST, .st_size = 16 },
		{ .st_name = 9, .st_shndx = 1, .st_value = KERNEL_IOCTL, .st_size = 0x100 },
	};
	struct memory *memory = &kernel->memory;
	struct btf *btf = btf__new_empty_split(base);
	__u32 len;

	add_kvm(btf, types, kernel->layout->vcpus_array, 0);
	put_raw(kernel, btf, KERNEL_MODULE_BTF, &len);
	btf__free(btf);
	memory_add(memory, KERNEL_MODULE, 0x1000);
	memory_put_u64(memory, KERNEL_MODULE + 8, MODULES);
	memory_put(memory, KERNEL_MODULE + 24, "kvm", 4);
	memory_put_u64(memory, KERNEL_MODULE + 96, MODULE_KALLSYMS);
	memory_put_u64(memory, MODULE_KALLSYMS, MODULE_SYMTAB);
	memory_put_u32(memory, MODULE_KALLSYMS + 8, sizeof(syms) / sizeof(syms[0]));
	memory_put_u64(memory, MODULE_KALLSYMS + 16, MODULE_STRTAB);
	memory_put(memory, MODULE_SYMTAB, syms, sizeof(syms));
	memory_put(memory, MODULE_STRTAB, strings, sizeof(strings));
	memory_put_u64(memory, MODULE_BTF, BTF_MODULES);
	memory_put_u64(memory, MODULE_BTF + 16, KERNEL_MODULE);
	memory_put_u64(memory, MODULE_BTF + 24, MODULE_BTF + 64);
	memory_put_u64(memory, MODULE_BTF + 64, KERNEL_MODULE_BTF);
	memory_put_u32(memory, MODULE_BTF + 64 + 8, len);
}

/* Returns the address behind it. */
static uint64_t put_btf(struct kernel *kernel)
{
	const struct kernel_layout *layout = kernel->layout;
	struct btf *btf = btf__new_empty();
	const int u8 = btf__add_int(btf, "unsigned char", 1, 0);
	const int u16 = btf__add_int(btf, "unsigned short", 2, 0);
	const int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	const int u64 = btf__add_int(btf, "unsigned long", 8, 0);
	const int pointer = btf__add_ptr(btf, 0);
	const int slots = btf__add_array(btf, u32, pointer, 64);
	const int vcpus = btf__add_array(btf, u32, pointer, 8);
	const int comm = btf__add_array(btf, u32, u8, 16);
	const int module_name = btf__add_array(btf, u32, u8, 56);
	const int regs = btf__add_array(btf, u32, u8, 4096);
	const int list_head = STRUCT("list_head", 16, AT("next", pointer, 0),
				     AT("prev", pointer, 8));
	const int hlist_head = STRUCT("hlist_head", 8, AT("first", pointer, 0));
	const int hlist_node = STRUCT("hlist_node", 16, AT("next", pointer, 0),
				      AT("pprev", pointer, 8));
	const int links = btf__add_array(btf, u32, hlist_node, 4);
	const int tasks = btf__add_array(btf, u32, hlist_head, 4);
	const int xarray = STRUCT("xarray", 16, AT("xa_lock", u32, 0), AT("xa_flags", u32, 4),
				  AT("xa_head", pointer, 8));
	const int fpu_guest = STRUCT("fpu_guest", 32, AT("xfeatures", u64, 0),
				     AT("xfd_err", u64, 8), AT("uabi_size", u32, 16),
				     AT("fpstate", pointer, 24));
	const int thread_info = STRUCT("thread_info", 24, AT("flags", u64, 0), AT("cpu", u32, 16));
	const int fpu = STRUCT("fpu", 64, AT("last_cpu", u32, 0), AT("fpstate", pointer, 16));
	const int thread = layout->fpu_in_thread ? STRUCT("thread_struct", 128, AT("sp", u64, 0),
							  AT("fpu", fpu, THREAD_FPU)) :
						   STRUCT("thread_struct", 64, AT("sp", u64, 0));
	const int notifier = STRUCT("preempt_notifier", 24, AT("link", hlist_node, 0),
				    AT("ops", pointer, 16));
	const int arch = STRUCT("kvm_vcpu_arch", 256, AT("guest_fpu", fpu_guest, 64),
				AT("xcr0", u64, 128), AT("guest_supported_xcr0", u64, 136),
				AT("ia32_xss", u64, 144), AT("xfd_no_write_intercept", u8, 152));
	const struct kvm_types kvm_types = { u8, u32, pointer, vcpus, xarray, list_head };
	__u32 len;

	STRUCT("xa_node", 576, AT("shift", u8, 0), AT("offset", u8, 1),
	       AT("slots", slots, KERNEL_SLOTS));
	STRUCT("fpstate", 4096 + layout->regs, AT("size", u32, 0), AT("xfeatures", u64, 8),
	       AT("user_xfeatures", u64, 16), AT("xfd", u64, KERNEL_FPSTATE_XFD),
	       { "is_valloc", u32, 256, 1 }, { "is_guest", u32, 257, 1 },
	       { "is_confidential", u32, 258, 1 }, { "in_use", u32, 259, 1 },
	       AT("regs", regs, layout->regs));
	STRUCT("fpu_state_config", 32, AT("max_size", u32, 0), AT("max_features", u64, 8));
	STRUCT("task_struct", TASK_SIZE, AT("thread_info", thread_info, 0),
	       AT("stack", pointer, KERNEL_TASK_STACK),
	       AT("on_cpu", layout->on_cpu == 1 ? u8 : u32, KERNEL_TASK_ON_CPU),
	       AT("pid", u32, KERNEL_TASK_PID), AT("tgid", u32, KERNEL_TASK_TGID),
	       AT("comm", comm, 72), AT("exit_state", u32, KERNEL_TASK_EXIT_STATE),
	       AT("pid_links", links, 96),
	       AT("preempt_notifiers", hlist_head, KERNEL_TASK_NOTIFIERS),
	       AT("thread", thread, TASK_THREAD));
	STRUCT("pid", 64, AT("count", u32, 0), AT("tasks", tasks, 16));
	STRUCT("kvm_vcpu", 512, AT("kvm", pointer, 0), AT("preempt_notifier", notifier, 8),
	       AT("cpu", u32, 32), AT("vcpu_id", u32, 36), AT("mode", u32, 44),
	       AT("pid", pointer, KERNEL_VCPU_PID), AT("arch", arch, 64));
	add_kvm(btf, &kvm_types, layout->vcpus_array, layout->kvm_moved);
	if (layout->kvm_is_module) {
		STRUCT("module", 256, AT("list", list_head, 8), AT("name", module_name, 24),
		       AT("taints", u64, 80), AT("kallsyms", pointer, 96));
		STRUCT("mod_kallsyms", 24, AT("symtab", pointer, 0), AT("num_symtab", u32, 8),
		       AT("strtab", pointer, 16));
		STRUCT("btf_module", 32, AT("list", list_head, 0), AT("module", pointer, 16),
		       AT("btf", pointer, 24));
		STRUCT("btf", 64, AT("data", pointer, 0), AT("data_size", u32, 8));
	}
	if (layout->pcpu_hot)
		STRUCT("pcpu_hot", 64, AT("current_task", pointer, HOT_CURRENT));
	STRUCT("mm_struct", 64, AT("owner", pointer, 0));
	STRUCT("printk_info", INFO_SIZE, AT("seq", u64, 0), AT("ts_nsec", u64, 8),
	       AT("text_len", u16, 16), AT("facility", u8, 18), AT("caller_id", u32, 20));
	put_raw(kernel, btf, KERNEL_BTF, &len);
	if (layout->kvm_is_module)
		put_module(kernel, btf, &kvm_types);
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
		kernel_log_caller(kernel, id, 1404);
		memory_put_u64(memory, TEXT + position, id);
		memory_put(memory, TEXT + position + 8, lines[id], len);
		position = next;
	}
	memory_put_u64(memory, PRB + 24, id - 1); /* head_id */
	memory_put_u64(memory, PRB + 32, 0);	  /* tail_id */
}

void kernel_log_caller(struct kernel *kernel, size_t line, uint32_t caller)
{
	memory_put_u32(&kernel->memory, INFOS + INFO_SIZE * line + 20, caller);
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

static void put_text(struct kernel *kernel)
{
	struct memory *memory = &kernel->memory;
	const unsigned int tif = kernel->layout->tif;
	/* lock andb $~(1 << tif % 8),tif / 8(%rax) */
	const uint8_t clear_tif[] = {
		0xf0, 0x80, 0x60, (uint8_t)(tif / 8), (uint8_t) ~(1u << tif % 8), 0xc3
	};
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0x5d, 0xc3 };
	/* call 0x400 behind fpu_swap_kvm_fpstate+0x15, and what it calls for KVM_SET_XSAVE */
	static const uint8_t call_restore[] = { 0xe8, 0xeb, 0x01, 0x00, 0x00 };
	static const uint8_t call_copy[] = {
		0xf6, 0x40, 0x20, 0x04,	      /* testb $4,0x20(%rax): is_confidential */
		0x75, 0x08,		      /* jne behind the call */
		0x4c, 0x89, 0xf6,	      /* mov %r14,%rsi */
		0xe8, 0xf2, 0xfe, 0xff, 0xff, /* call fpu_copy_uabi_to_guest_fpstate */
		0xc3,
	};

	memset(memory_add(memory, KERNEL_TEXT, KERNEL_TEXT_SIZE), 0x90, KERNEL_TEXT_SIZE);
	memory_put(memory, KERNEL_TEXT + 0x100, clear_tif, sizeof(clear_tif));
	memory_put(memory, KERNEL_TEXT + 0x210, call_restore, sizeof(call_restore));
	memory_put(memory, KERNEL_RESTORE + 0x3c, xrstors, sizeof(xrstors));
	memory_put(memory, KERNEL_IOCTL, call_copy, sizeof(call_copy));
}

static void put_data(struct kernel *kernel)
{
	struct memory *memory = &kernel->memory;
	uint64_t percpu = kernel->layout->percpu_from_0 ? 0 : PERCPU;
	unsigned int cpu;

	memory_add(memory, KERNEL_DATA, KERNEL_DATA_SIZE);
	memory_put_u64(memory, KERNEL_DATA + 8, XCR0); /* fpu_kernel_cfg.max_features */
	memory_put_u64(memory, KERNEL_DATA + 0x40, PRB);
	memory_put_u32(memory, KERNEL_CRASHING_CPU, UINT32_MAX); /* -1 */
	memory_put_u32(memory, KERNEL_DATA + 0x50, kernel->layout->cpus);
	for (cpu = 0; cpu < kernel->layout->cpus; cpu++)
		memory_put_u64(memory, KERNEL_DATA + 0x60 + 8 * cpu, KERNEL_PERCPU(cpu) - percpu);
	memory_put_u64(memory, KERNEL_VM_LIST, KERNEL_KVM + KERNEL_KVM_LIST);
	memory_put_u64(memory, KERNEL_VM_LIST + 8, KERNEL_KVM + KERNEL_KVM_LIST);
	memory_put(memory, KERNEL_DATA + 0x100 + 65, "host1", 6);
	if (kernel->layout->kvm_is_module) {
		memory_put_u64(memory, MODULES, KERNEL_MODULE + 8);
		memory_put_u64(memory, BTF_MODULES, MODULE_BTF);
	}
}

uint64_t kernel_fpu(const struct kernel *kernel, unsigned int task)
{
	return KERNEL_TASK(task) +
	       (kernel->layout->fpu_in_thread ? TASK_THREAD + THREAD_FPU : TASK_SIZE);
}

static void put_thread(struct kernel *kernel, unsigned int n)
{
	const struct kernel_layout *layout = kernel->layout;
	struct memory *memory = &kernel->memory;
	uint64_t task = KERNEL_TASK(n);
	const bool runs = n < layout->cpus;
	char comm[16] = { 0 };

	snprintf(comm, sizeof(comm), "CPU %u/KVM", n);
	memory_put_u64(memory, task, n ? 1u << layout->tif : 0); /* TIF_NEED_FPU_LOAD */
	memory_put_u32(memory, task + 16, runs ? n : 0);
	memory_put_u64(memory, task + 32, n ? 0 : KERNEL_STACK);
	/* what is behind a narrow on_cpu is none of its business */
	memory_put_u64(memory, task + KERNEL_TASK_ON_CPU,
		       layout->on_cpu == 1 ? 0x0101010101010100 | runs : runs);
	memory_put_u32(memory, task + KERNEL_TASK_PID, 1404 + n);
	memory_put_u32(memory, task + 68, 1400);
	memory_put(memory, task + 72, comm, sizeof(comm));
	memory_put_u64(memory, kernel_fpu(kernel, n) + 16, KERNEL_FPSTATE(n));
	memory_put_u64(memory, KERNEL_PID(n) + 16, task + 96);
	if (!runs)
		return;
	memory_put_u64(memory,
		       KERNEL_PERCPU(n) +
			       (layout->pcpu_hot ? PERCPU_HOT + HOT_CURRENT : PERCPU_CURRENT),
		       task);
}

static void put_vcpu(struct kernel *kernel, unsigned int n)
{
	uint64_t vcpu = KERNEL_VCPU(n), fpstate = KERNEL_FPSTATE(n),
		 header = fpstate + kernel->layout->regs + 512;
	struct memory *memory = &kernel->memory;

	memory_put_u64(memory, vcpu, KERNEL_KVM);
	memory_put_u32(memory, vcpu + 36, n);
	memory_put_u64(memory, vcpu + KERNEL_VCPU_PID, KERNEL_PID(n));
	memory_put_u64(memory, vcpu + 64 + 64, XCR0); /* guest_fpu.xfeatures */
	memory_put_u64(memory, vcpu + 64 + 64 + 24, fpstate);
	memory_put_u64(memory, vcpu + 64 + 128, XCR0);
	memory_put_u64(memory,
		       kernel->layout->vcpus_array ? KERNEL_KVM + KVM_VCPUS + 8 * n :
						     KERNEL_NODE + KERNEL_SLOTS + 8 * n,
		       vcpu);

	memory_put_u32(memory, fpstate, 4096);
	memory_put_u64(memory, fpstate + 8, XCR0);
	memory_put_u64(memory, fpstate + 16, XCR0);
	memory_put_u64(memory, fpstate + KERNEL_FPSTATE_XFD, n ? 0 : XTILEDATA);
	memory_put_u32(memory, fpstate + KERNEL_FPSTATE_BITS,
		       0xb); /* is_valloc, is_guest, in_use */
	memory_put_u64(memory, header, XCR0);
	memory_put_u64(memory, header + 8, 1ull << 63 | XCR0);
}

static void put_heap(struct kernel *kernel)
{
	struct memory *memory = &kernel->memory;
	unsigned int n;

	memory_add(memory, KERNEL_HEAP, KERNEL_HEAP_SIZE);
	memory_put_u64(memory, KERNEL_PERCPU(0) + PERCPU_XFD_STATE, XTILEDATA);
	if (!kernel->layout->vcpus_array)
		memory_put_u64(memory, KERNEL_KVM + 8, KERNEL_NODE | 2);
	memory_put_u32(memory, KERNEL_KVM + 24, 1400);
	memory_put_u32(memory, KERNEL_KVM + KERNEL_KVM_ONLINE, 2);
	memory_put_u64(memory, KERNEL_KVM + KERNEL_KVM_LIST, KERNEL_VM_LIST);
	for (n = 0; n < 2; n++) {
		put_thread(kernel, n);
		put_vcpu(kernel, n);
	}
	/* who called restore_fpregs_from_fpstate() */
	memory_put_u64(memory, KERNEL_STACK + 0x3100, KERNEL_SWAP_RETURN);
}

void kernel_init(struct kernel *kernel)
{
	kernel_init_as(kernel, &kernel_6_18);
}

void kernel_init_as(struct kernel *kernel, const struct kernel_layout *layout)
{
	memset(kernel, 0, sizeof(*kernel));
	kernel->layout = layout;
	memory_init(&kernel->memory);
	put_kallsyms(kernel, put_btf(kernel));
	put_log(kernel);
	put_text(kernel);
	put_data(kernel);
	put_heap(kernel);
	kernel->note = (struct xfdt_cpu_note) {
		.pid = 1404,
		.regs = {
			.ip = KERNEL_RESTORE + 0x3c, .cs = 0x10, .orig_ax = ~0ull, .ax = MASK,
			.bx = KERNEL_FPSTATE(0) + layout->regs - 64, .sp = KERNEL_STACK + 0x3100,
		},
	};
	kernel->source = (struct xfdt_source){
		.reader = &kernel->memory.reader,
		.arch = "x86_64",
		.vmcoreinfo = kernel->vmcoreinfo,
		.notes = &kernel->note,
		.note_count = 1,
	};
}

void kernel_deinit(struct kernel *kernel)
{
	memory_deinit(&kernel->memory);
}
