/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of the hand-made kernel: kallsyms, VMCOREINFO, the symbol table of kvm.ko. */
#include "base/util.h"
#include "kernel.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define PERCPU 0xffffffff83000000ull /* .data..percpu */
#define PERCPU_SIZE 0x1000u

/* kallsyms: its tables, in one segment, in the order that the kernel links them in */
struct kallsyms {
	uint32_t num_syms;
	uint8_t names[4096];
	char token_table[256][2]; /* token number n is the character n */
	uint16_t token_index[256];
	uint32_t offsets[KERNEL_SYMBOLS_MAX];
	uint64_t relative_base;
};
#define TABLE(name) ((unsigned long long)(KERNEL_KALLSYMS + offsetof(struct kallsyms, name)))

#define VARIABLE(name) \
	{ \
#name, KERNEL_VARIABLE(name) \
	}
#define PERCPU_VARIABLE(name) \
	{ \
#name, offsetof(struct kernel_percpu, name) \
	}

static const struct kernel_symbol symbols[] = {
	{ "_stext", KERNEL_TEXT },
	{ "fpregs_mark_activate", KERNEL_ACTIVATE },
	{ "kernel_fpu_begin_mask", KERNEL_FPU_BEGIN },
	{ "crash_save_cpu", KERNEL_SAVE_CPU },
	{ "fpu_swap_kvm_fpstate", KERNEL_TEXT + 0x200 },
	{ "switch_fpu_return", KERNEL_TEXT + 0x300 },
	{ "restore_fpregs_from_fpstate", KERNEL_RESTORE },
	{ "exc_device_not_available", KERNEL_TEXT + 0x500 },
	{ "fpu_update_guest_xfd", KERNEL_UPDATE_XFD },
	{ "fpu_copy_uabi_to_guest_fpstate", KERNEL_COPY_UABI },
	{ "kvm_arch_vcpu_ioctl", KERNEL_IOCTL },
	{ "asm_exc_device_not_available", KERNEL_ASM_NM },
	{ "asm_fred_entrypoint_kernel", KERNEL_ASM_FRED },
	{ "kasan_report", KERNEL_KASAN },
	{ "_etext", KERNEL_TEXT + 0xb00 },
	VARIABLE(fpu_kernel_cfg),
	VARIABLE(prb),
	VARIABLE(panic_cpu),
	VARIABLE(crashing_cpu),
	VARIABLE(panic_redirect_cpu),
	VARIABLE(nr_cpu_ids),
	VARIABLE(die_counter),
	VARIABLE(__per_cpu_offset),
	VARIABLE(vm_list),
	VARIABLE(init_uts_ns),
	VARIABLE(exec_summary_regs),
	VARIABLE(tainted_mask),
	VARIABLE(boot_cpu_data),
	VARIABLE(modules),
	VARIABLE(btf_modules),
	VARIABLE(init_task),
	VARIABLE(init_fpstate),
	VARIABLE(behind),
	{ "__start_BTF", KERNEL_BTF },
	PERCPU_VARIABLE(xfd_state),
	PERCPU_VARIABLE(fpu_fpregs_owner_ctx),
	PERCPU_VARIABLE(current_task),
	PERCPU_VARIABLE(hardirq_stack_ptr),
	PERCPU_VARIABLE(pcpu_hot),
	{ "last", sizeof(struct kernel_percpu) },
};

static uint64_t percpu_base(const struct kernel *kernel)
{
	return kernel->layout->percpu_from_0 ? 0 : PERCPU;
}

static bool is_one_of(const char *name, const char *one, const char *other)
{
	return !strcmp(name, one) || !strcmp(name, other);
}

/* Has this kernel's vmlinux got that symbol? */
static bool in_vmlinux(const struct kernel_layout *layout, const char *name)
{
	if (is_one_of(name, "vm_list", "kvm_arch_vcpu_ioctl"))
		return !layout->kvm_is_module;
	if (is_one_of(name, "modules", "btf_modules"))
		return layout->kvm_is_module;
	if (!strcmp(name, "kasan_report"))
		return layout->kasan;
	if (is_one_of(name, "current_task", "pcpu_hot") || !strcmp(name, "hardirq_stack_ptr"))
		return (*name == 'p') == layout->pcpu_hot;
	return layout->panic_redirect || strcmp(name, "panic_redirect_cpu");
}

/* In the order of addresses. */
static void insert(struct kernel *kernel, const char *name, uint64_t kvaddr)
{
	size_t at;

	if (kernel->symbol_count == KERNEL_SYMBOLS_MAX)
		kernel_broken("too many symbols");
	if (kvaddr < PERCPU_SIZE)
		kvaddr += percpu_base(kernel);
	for (at = kernel->symbol_count++; at && kernel->symbols[at - 1].kvaddr > kvaddr; at--)
		kernel->symbols[at] = kernel->symbols[at - 1];
	kernel->symbols[at] = (struct kernel_symbol){ name, kvaddr };
}

static uint32_t encode(const struct kernel *kernel, uint64_t kvaddr)
{
	if (!kernel->layout->percpu_from_0)
		return (uint32_t)(kvaddr - KERNEL_TEXT);
	return kvaddr < PERCPU_SIZE ? (uint32_t)kvaddr : (uint32_t)(KERNEL_TEXT - 1 - kvaddr);
}

static void put_kallsyms(struct kernel *kernel)
{
	struct kallsyms *kallsyms = kernel_at(kernel, KERNEL_KALLSYMS);
	uint8_t *name = kallsyms->names;
	size_t i;

	kallsyms->num_syms = (uint32_t)kernel->symbol_count;
	kallsyms->relative_base = KERNEL_TEXT;
	for (i = 0; i < 256; i++) {
		kallsyms->token_index[i] = (uint16_t)(2 * i);
		kallsyms->token_table[i][0] = (char)i;
	}
	for (i = 0; i < kernel->symbol_count; i++) {
		size_t len = strlen(kernel->symbols[i].name);

		if (name + 2 + len > kallsyms->names + sizeof(kallsyms->names))
			kernel_broken("too many names");
		kallsyms->offsets[i] = encode(kernel, kernel->symbols[i].kvaddr);
		*name++ = (uint8_t)(1 + len);
		*name++ = 't';
		memcpy(name, kernel->symbols[i].name, len);
		name += len;
	}
}

#define LINE(...) \
	len += (size_t)snprintf(kernel->vmcoreinfo + len, sizeof(kernel->vmcoreinfo) - len, \
				__VA_ARGS__)
#define SYMBOL_LINE(name, kvaddr) LINE("SYMBOL(%s)=%llx\n", name, (unsigned long long)(kvaddr))
#define KALLSYMS_LINE(table) SYMBOL_LINE("kallsyms_" #table, TABLE(table))
#define SIZE_LINE(of) LINE("SIZE(" #of ")=%zu\n", sizeof(struct of))
#define OFFSET_LINE(of, member) \
	LINE("OFFSET(" #of "." #member ")=%zu\n", offsetof(struct of, member))

static void put_vmcoreinfo(struct kernel *kernel)
{
	size_t len = 0;

	LINE("OSRELEASE=%s\nBUILD-ID=00112233445566778899aabbccddeeff00112233\nPAGESIZE=4096\n",
	     kernel->layout->release);
	SYMBOL_LINE("_stext", KERNEL_TEXT);
	SYMBOL_LINE("prb", KERNEL_VARIABLE(prb));
	SYMBOL_LINE("init_uts_ns", KERNEL_VARIABLE(init_uts_ns));
	SYMBOL_LINE("init_top_pgt", MEMORY_ROOT);
	LINE("NUMBER(phys_base)=%llu\nNUMBER(pgtable_l5_enabled)=0\n", MEMORY_PHYS_BASE);
	KALLSYMS_LINE(names);
	KALLSYMS_LINE(num_syms);
	KALLSYMS_LINE(token_table);
	KALLSYMS_LINE(token_index);
	KALLSYMS_LINE(offsets);
	KALLSYMS_LINE(relative_base);
	SIZE_LINE(prb_desc);
	SIZE_LINE(printk_info);
	OFFSET_LINE(printk_ringbuffer, desc_ring);
	OFFSET_LINE(printk_ringbuffer, text_data_ring);
	OFFSET_LINE(prb_desc_ring, count_bits);
	OFFSET_LINE(prb_desc_ring, descs);
	OFFSET_LINE(prb_desc_ring, infos);
	OFFSET_LINE(prb_desc_ring, head_id);
	OFFSET_LINE(prb_desc_ring, tail_id);
	OFFSET_LINE(prb_desc, state_var);
	OFFSET_LINE(prb_desc, text_blk_lpos);
	OFFSET_LINE(prb_data_blk_lpos, begin);
	OFFSET_LINE(prb_data_blk_lpos, next);
	OFFSET_LINE(printk_info, seq);
	OFFSET_LINE(printk_info, ts_nsec);
	OFFSET_LINE(printk_info, text_len);
	OFFSET_LINE(printk_info, caller_id);
	OFFSET_LINE(prb_data_ring, size_bits);
	OFFSET_LINE(prb_data_ring, data);
	OFFSET_LINE(uts_namespace, name);
}

/* What a kvm.ko has of its own: its symbols. */
struct kvm_symbols {
	struct mod_kallsyms kallsyms;
	Elf64_Sym syms[3];
	char strings[64];
};

static void put_module_symbols(struct kernel *kernel)
{
	static const char strings[] = "\0vm_list\0kvm_arch_vcpu_ioctl";
	struct kvm_symbols *kvm = kernel_alloc(kernel, sizeof(*kvm));

	kernel->module->kallsyms = kernel_kvaddr(kernel, &kvm->kallsyms);
	kvm->kallsyms.symtab = kernel_kvaddr(kernel, kvm->syms);
	kvm->kallsyms.num_symtab = COUNT(kvm->syms);
	kvm->kallsyms.strtab = kernel_kvaddr(kernel, kvm->strings);
	memcpy(kvm->strings, strings, sizeof(strings));
	kvm->syms[1] = (Elf64_Sym){
		.st_name = 1, .st_shndx = 1, .st_value = KERNEL_VARIABLE(vm_list), .st_size = 16
	};
	kvm->syms[2] = (Elf64_Sym){
		.st_name = 9, .st_shndx = 1, .st_value = KERNEL_IOCTL, .st_size = 0x100
	};
}

/* @opcode of an instruction at @kvaddr whose operand, relative to RIP, is a per-CPU variable; @immediate follows it. */
static uint64_t put_percpu_insn(struct kernel *kernel, uint64_t kvaddr, const char *opcode,
				size_t offset, size_t immediate)
{
	const uint64_t next = kvaddr + strlen(opcode) + 4 + immediate;
	const uint32_t displacement = (uint32_t)(percpu_base(kernel) + offset - next);
	uint8_t *code = kernel_at(kernel, kvaddr);

	memcpy(code, opcode, strlen(opcode));
	memcpy(code + strlen(opcode), &displacement, 4);
	memset(code + strlen(opcode) + 4, 0, immediate);
	return next;
}

/* Code that uses per-CPU variables. */
static void put_percpu_code(struct kernel *kernel)
{
	static const uint8_t load_offset[] = { 0x48, 0x8b, 0x1c, 0xf5 }; /* mov rbx,[rsi*8+...] */
	const uint32_t offsets = (uint32_t)KERNEL_VARIABLE(__per_cpu_offset);
	uint8_t *code = kernel_at(kernel, KERNEL_SAVE_CPU);
	const size_t current = kernel->layout->pcpu_hot ?
				       offsetof(struct kernel_percpu, pcpu_hot.current_task) :
				       offsetof(struct kernel_percpu, current_task);
	const size_t owner = offsetof(struct kernel_percpu, fpu_fpregs_owner_ctx);
	uint64_t at = KERNEL_ACTIVATE;

	at = put_percpu_insn(kernel, at, "\x65\x48\x8b\x05", current, 0); /* mov rax,gs:... */
	at = put_percpu_insn(kernel, at, "\x65\x48\x89\x15", owner, 0);	  /* mov gs:...,rdx */
	put_percpu_insn(kernel, at, "\x65\x8b\x15",			  /* mov edx,gs:... */
			offsetof(struct kernel_percpu, cpu_number), 0);
	put_percpu_insn(kernel, KERNEL_FPU_BEGIN, "\x65\x48\xc7\x05", owner, 4); /* movq gs:...,0 */
	memcpy(code, load_offset, sizeof(load_offset));
	memcpy(code + sizeof(load_offset), &offsets, sizeof(offsets));
}

void kernel_put_symbols(struct kernel *kernel)
{
	size_t i;

	for (i = 0; i < COUNT(symbols); i++)
		if (in_vmlinux(kernel->layout, symbols[i].name))
			insert(kernel, symbols[i].name, symbols[i].kvaddr);
	insert(kernel, "__stop_BTF", kernel_put_btf(kernel));
	memory_add(&kernel->memory, KERNEL_KALLSYMS, sizeof(struct kallsyms));
	put_kallsyms(kernel);
	put_vmcoreinfo(kernel);
	for (i = 0; i < kernel->layout->cpus; i++)
		kernel->data->__per_cpu_offset[i] = kernel_kvaddr(kernel, kernel->percpu[i]) -
						    percpu_base(kernel);
	put_percpu_code(kernel);
	if (kernel->module)
		put_module_symbols(kernel);
}

static size_t find(const struct kernel *kernel, const char *name)
{
	size_t i;

	for (i = 0; i < kernel->symbol_count && strcmp(kernel->symbols[i].name, name);)
		i++;
	return i;
}

uint64_t kernel_symbol_place(const struct kernel *kernel, const char *name)
{
	size_t i = find(kernel, name);

	if (i == kernel->symbol_count)
		kernel_broken(name);
	return TABLE(offsets) + 4 * i;
}

void kernel_add_symbol(struct kernel *kernel, const char *name, uint64_t kvaddr)
{
	insert(kernel, name, kvaddr);
	put_kallsyms(kernel);
}

/* A symbol of kvm.ko: its name becomes another one of that length. */
static void forget_of_module(struct kernel *kernel, const char *name)
{
	struct mod_kallsyms *kallsyms;
	const Elf64_Sym *syms;
	char *strings;
	size_t i;

	if (!kernel->module)
		kernel_broken(name);
	kallsyms = kernel_at(kernel, kernel->module->kallsyms);
	syms = kernel_at(kernel, kallsyms->symtab);
	strings = kernel_at(kernel, kallsyms->strtab);
	for (i = 1; strcmp(strings + syms[i].st_name, name);)
		if (++i == kallsyms->num_symtab)
			kernel_broken(name);
	strings[syms[i].st_name] = '?';
}

void kernel_forget_symbol(struct kernel *kernel, const char *name)
{
	char line[64];
	size_t i = find(kernel, name);

	if (i == kernel->symbol_count) {
		forget_of_module(kernel, name);
		return;
	}
	kernel->symbols[i].name = "forgotten";
	put_kallsyms(kernel);
	snprintf(line, sizeof(line), "SYMBOL(%s)", name);
	if (strstr(kernel->vmcoreinfo, line))
		kernel_forget_vmcoreinfo(kernel, line);
}

void kernel_forget_vmcoreinfo(struct kernel *kernel, const char *word)
{
	char *at = strstr(kernel->vmcoreinfo, word);

	if (!at)
		kernel_broken(word);
	memset(at, 'x', strlen(word));
}
