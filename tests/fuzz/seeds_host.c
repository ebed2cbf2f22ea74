/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write the seeds of fuzz_host.c into the folder given: each is the difference between the memory of the hand-made
 * kernel and that of one with a known defect.
 */
#include "base/util.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 255u
#define OFFSETS 65536u /* those that two bytes can state */

static void unchanged(struct kernel *kernel)
{
	(void)kernel;
}

static void log_of_2_30_records(struct kernel *kernel)
{
	((struct printk_ringbuffer *)kernel_at(kernel, KERNEL_LOG))->desc_ring.count_bits = 30;
}

/* the list of VMs comes back to its first VM */
static void list_loops(struct kernel *kernel)
{
	struct list_head *list = &kernel->vms[0].kvm->vm_list;

	list->next = kernel_kvaddr(kernel, list);
}

/* Every slot of the node leads back to a node: 131072 vCPUs were held at first, without a bound over all VMs. */
static void shared_nodes(struct kernel *kernel)
{
	struct kernel_vm *vm = &kernel->vms[0];
	const uint64_t node = kernel_kvaddr(kernel, vm->node) | 2;
	struct xa_node *outer = (struct xa_node *)kernel->data->init_regs;
	size_t i;

	outer->shift = 6;
	for (i = 0; i < 64; i++) {
		outer->slots[i] = node;
		vm->node->slots[i] = kernel_kvaddr(kernel, vm->vcpu[1].vcpu);
	}
	vm->kvm->vcpu_array.xa_head = kernel_kvaddr(kernel, outer) | 2;
	vm->kvm->online_vcpus = 130; /* more than two nodes have; a larger seed only costs time */
}

static const struct {
	const char *name;
	void (*change)(struct kernel *kernel);
} seeds[] = {
	{ "unchanged", unchanged },
	{ "log_of_2_30_records", log_of_2_30_records },
	{ "list_loops", list_loops },
	{ "shared_nodes", shared_nodes },
};

static void write_difference(FILE *out, size_t number, const uint8_t *before, const uint8_t *after,
			     size_t len)
{
	size_t at = 0, end;

	while (at < len && at < OFFSETS) {
		if (before[at] == after[at]) {
			at++;
			continue;
		}
		for (end = at; end < len && end - at < CHUNK && before[end] != after[end];)
			end++;
		fprintf(out, "%c%c%c%c", (int)number, (int)(at & 0xff), (int)(at >> 8),
			(int)(end - at));
		fwrite(after + at, 1, end - at, out);
		at = end;
	}
}

static void write_seed(const char *folder, size_t seed)
{
	struct kernel before, after;
	char path[4096];
	FILE *out;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", folder, seeds[seed].name);
	out = fopen(path, "w");
	if (!out)
		kernel_broken(path);
	kernel_init(&before);
	kernel_init(&after);
	seeds[seed].change(&after);
	for (i = 0; i < before.memory.count; i++)
		write_difference(out, i, before.memory.segments[i].bytes,
				 after.memory.segments[i].bytes, before.memory.segments[i].len);
	if (fclose(out))
		kernel_broken(path);
	kernel_deinit(&before);
	kernel_deinit(&after);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2)
		kernel_broken("usage: seeds_host FOLDER");
	for (i = 0; i < COUNT(seeds); i++)
		write_seed(argv[1], i);
	return 0;
}
