/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where distributions put debuginfo, and how the right file is recognised. */
#include "resolve/debuginfo.h"
#include "base/util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMED_MAX 64
#define KVM_KO "kernel/arch/x86/kvm/kvm.ko"

/*
 * Below a root: %B is aa/bbbb... of a build-id, %R is uname -r.  Debian and
 * Ubuntu have boot/vmlinux-%R, Fedora and RHEL lib/modules/%R/vmlinux, SUSE
 * boot/vmlinux-%R.debug; build trees have vmlinux and arch/.
 */
static const char *const kernel_places[] = { ".build-id/%B.debug",
					     "boot/vmlinux-%R",
					     "boot/vmlinux-%R.debug",
					     "lib/modules/%R/vmlinux",
					     "lib/modules/%R/vmlinux.debug",
					     "usr/lib/modules/%R/vmlinux",
					     "usr/lib/modules/%R/vmlinux.debug",
					     "lib/modules/%R/build/vmlinux",
					     "usr/lib/modules/%R/build/vmlinux",
					     "vmlinux-%R",
					     "vmlinux-%R.debug",
					     "vmlinux",
					     "vmlinux.debug",
					     NULL };
static const char *const module_places[] = { ".build-id/%B.debug",
					     "lib/modules/%R/" KVM_KO,
					     "lib/modules/%R/" KVM_KO ".debug",
					     "lib/modules/%R/" KVM_KO ".xz",
					     "lib/modules/%R/" KVM_KO ".zst",
					     "lib/modules/%R/" KVM_KO ".gz",
					     "usr/lib/modules/%R/" KVM_KO,
					     "usr/lib/modules/%R/" KVM_KO ".debug",
					     "usr/lib/modules/%R/" KVM_KO ".xz",
					     "usr/lib/modules/%R/" KVM_KO ".zst",
					     "usr/lib/modules/%R/" KVM_KO ".gz",
					     KVM_KO,
					     KVM_KO ".debug",
					     "arch/x86/kvm/kvm.ko",
					     "kvm.ko",
					     "kvm.ko.debug",
					     NULL };
static const char debug_root[] = "/usr/lib/debug";

struct hunt {
	const struct xfdt_debug_options *options;
	const struct xfdt_debug_query *query;
	struct xfdt_debugfile *file; /* what was found */
	struct xfdt_error
		*refused; /* why the file that the user named is not used; or out of memory */
};

static const char *kind_of(const struct xfdt_debug_query *query)
{
	return query->module ? "kvm.ko" : "vmlinux";
}

/* Put @place, with its %B and %R filled in, behind @root; false if it cannot be. */
static bool fill_in(const char *root, const char *place, const struct xfdt_debug_query *query,
		    char *ret_path, size_t size)
{
	const char *release = query->release, *id = query->build_id;
	size_t len = (size_t)snprintf(ret_path, size, "%s/", root);

	/* the release comes from the dump: it must not lead out of the folder */
	if (release && (!*release || *release == '.' || strchr(release, '/')))
		release = NULL;
	for (; *place && len < size; place++) {
		size_t room = size - len;

		if (*place != '%') {
			ret_path[len++] = *place;
		} else if (*++place == 'R') {
			if (!release)
				return false;
			len += (size_t)snprintf(ret_path + len, room, "%s", release);
		} else {
			if (!id || strlen(id) < 4)
				return false;
			len += (size_t)snprintf(ret_path + len, room, "%.2s/%s", id, id + 2);
		}
	}
	if (len >= size)
		return false;
	ret_path[len] = '\0';
	return true;
}

/* Is @file the one of this kernel? */
static struct xfdt_error *check_identity(const struct xfdt_debug_query *query,
					 const struct xfdt_debugfile *file)
{
	if (file->is_module != query->module)
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "%s: not a %s", file->path,
				      kind_of(query));
	if (!*file->build_id)
		return xfdt_error_new(
			XFDT_CORRUPT, 0,
			"%s: has no build-id, so nothing shows that it belongs to this dump",
			file->path);
	if (query->build_id ? !strcmp(file->build_id, query->build_id) :
			      query->proves && query->proves(query->context, file))
		return NULL;
	if (!query->build_id)
		return xfdt_error_new(
			XFDT_CORRUPT, 0,
			"%s: has build-id %s; the dump states none, and it is not in the kernel's memory either",
			file->path, file->build_id);
	return xfdt_error_new(XFDT_CORRUPT, 0, "%s: has build-id %s, and the dump's %s has %s",
			      file->path, file->build_id, kind_of(query), query->build_id);
}

/* Take the file behind @fd, or at @path, if it is right and has what is wanted; else its debuglink is left in @ret_link. */
static struct xfdt_error *consider(struct hunt *hunt, const char *path, int fd, char *ret_link,
				   size_t size)
{
	struct xfdt_debugfile *file;
	struct xfdt_error *err = xfdt_debugfile_open(&file, path, fd);

	if (err)
		return err;
	err = check_identity(hunt->query, file);
	if (!err && (hunt->query->types ? file->has_types : file->has_symbols)) {
		hunt->file = file;
		return NULL;
	}
	if (!err) {
		if (ret_link)
			snprintf(ret_link, size, "%s", file->debuglink);
		err = xfdt_error_new(XFDT_MISSING, 0, "%s: has no %s", path,
				     hunt->query->types ? "DWARF" : "symbol table");
	}
	xfdt_debugfile_close(file);
	return err;
}

/* An error of a file that the user did not name counts only if memory ran out: that may have hidden the right file. */
static void pass_over(struct hunt *hunt, struct xfdt_error *err)
{
	if (err && !hunt->refused && xfdt_error_code(err) == XFDT_NO_MEMORY)
		hunt->refused = err;
	else
		xfdt_error_free(err);
}

/* The places where gdb, too, looks for the file that @path's debuglink names. */
static void follow_link(struct hunt *hunt, const char *path, const char *link)
{
	static const char *const formats[] = { "%s%.*s/%s", "%s%.*s/.debug/%s", "%s%.*s/%s" };
	const char *slash = strrchr(path, '/');
	size_t i;

	for (i = 0; *link && !hunt->file && i < COUNT(formats); i++) {
		char linked[PATH_MAX];
		int len = snprintf(linked, sizeof(linked), formats[i], i == 2 ? debug_root : "",
				   slash ? (int)(slash - path) : 1, slash ? path : ".", link);

		if (len > 0 && (size_t)len < sizeof(linked))
			pass_over(hunt, consider(hunt, linked, -1, NULL, 0));
	}
}

static struct xfdt_error *consider_linked(struct hunt *hunt, const char *path)
{
	char link[sizeof(((struct xfdt_debugfile *)NULL)->debuglink)] = "";
	struct xfdt_error *err = consider(hunt, path, -1, link, sizeof(link));

	if (err && *link)
		follow_link(hunt, path, link);
	return err;
}

static void look_below(struct hunt *hunt, const char *root)
{
	const char *const *place = hunt->query->module ? module_places : kernel_places;
	char path[PATH_MAX];

	for (; *place && !hunt->file; place++)
		if (fill_in(root, *place, hunt->query, path, sizeof(path)))
			pass_over(hunt, consider_linked(hunt, path));
}

static bool is_folder(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static struct xfdt_error *not_found(const struct xfdt_debug_query *query)
{
	return xfdt_error_new(XFDT_MISSING, 0, "no %s with build-id %s and %s was found",
			      kind_of(query), query->build_id ? query->build_id : "(unknown)",
			      query->types ? "DWARF" : "a symbol table");
}

static void look_at_named(struct hunt *hunt)
{
	const struct xfdt_debug_options *options = hunt->options;
	size_t i;

	for (i = 0; i < options->path_count && i < NAMED_MAX && !hunt->file; i++) {
		const char *path = options->paths[i];
		char below[PATH_MAX];
		struct xfdt_error *err;

		look_below(hunt, path);
		if (!hunt->file && (size_t)snprintf(below, sizeof(below), "%s%s", path,
						    debug_root) < sizeof(below))
			look_below(hunt, below);
		if (hunt->file)
			break;
		if (is_folder(path))
			err = xfdt_error_wrap(not_found(hunt->query), "%s", path);
		else
			err = consider_linked(hunt, path);
		/* a module found in the search for vmlinux is not an error */
		if (hunt->file || hunt->refused || xfdt_error_code(err) == XFDT_UNSUPPORTED)
			xfdt_error_free(err);
		else
			hunt->refused = err;
	}
}

static void fetch(struct hunt *hunt, struct xfdt_error **ret_why)
{
	const struct xfdt_debug_options *options = hunt->options;
	struct xfdt_error *err;
	char path[PATH_MAX];
	int fd;

	if (!options->fetch || !hunt->query->build_id)
		return;
	err = options->fetch(options->context, hunt->query->build_id, path, sizeof(path), &fd);
	*ret_why = err ? err : consider(hunt, path, fd, NULL, 0);
}

static void finish(struct hunt *hunt, const char *how, struct xfdt_debug_found *ret_found)
{
	xfdt_error_free(hunt->refused);
	ret_found->file = hunt->file;
	ret_found->how = how;
}

struct xfdt_error *xfdt_debug_find_named(const struct xfdt_debug_options *options,
					 const struct xfdt_debug_query *query,
					 struct xfdt_debug_found *ret_found)
{
	struct hunt hunt = { .options = options, .query = query };

	look_at_named(&hunt);
	if (!hunt.file && hunt.refused)
		return hunt.refused;
	finish(&hunt, options->named, ret_found);
	return NULL;
}

struct xfdt_error *xfdt_debug_find(const struct xfdt_debug_options *options,
				   const struct xfdt_debug_query *query,
				   struct xfdt_debug_found *ret_found)
{
	struct hunt hunt = { .options = options, .query = query };
	struct xfdt_error *err = NULL;

	look_at_named(&hunt);
	if (hunt.file) {
		finish(&hunt, options->named, ret_found);
		return NULL;
	}
	if (options->search) {
		look_below(&hunt, debug_root);
		if (!hunt.file)
			look_below(&hunt, "");
	}
	if (hunt.file) {
		finish(&hunt, "by build-id", ret_found);
		return NULL;
	}
	fetch(&hunt, &err);
	if (hunt.file) {
		finish(&hunt, "by debuginfod", ret_found);
		return NULL;
	}
	if (hunt.refused) {
		xfdt_error_free(err);
		return hunt.refused;
	}
	if (err)
		return err;
	return not_found(query);
}

struct alt_search {
	const struct xfdt_debug_options *options;
	const struct xfdt_debugfile *file; /* dwz moved a part of its DWARF away */
};

/* Open the file at @path, or behind @fd, if it has @build_id; else NULL. */
static struct xfdt_debugfile *open_alt(const char *path, int fd, const char *build_id)
{
	struct xfdt_debugfile *alt;
	struct xfdt_error *err = xfdt_debugfile_open(&alt, path, fd);

	if (!err && !strcmp(alt->build_id, build_id))
		return alt;
	if (!err)
		xfdt_debugfile_close(alt);
	xfdt_error_free(err);
	return NULL;
}

/* The part that dwz moved away. */
static struct xfdt_debugfile *find_alt(void *context, const char *build_id, const char *name)
{
	const struct alt_search *search = context;
	const char *slash = strrchr(search->file->path, '/');
	struct xfdt_debugfile *alt;
	struct xfdt_error *err;
	char path[PATH_MAX];
	int fd;

	if (strlen(build_id) < 4)
		return NULL;
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", debug_root, build_id,
		 build_id + 2);
	alt = open_alt(path, -1, build_id);
	if (alt)
		return alt;
	if (*name == '/' || !slash)
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - search->file->path),
			 search->file->path, name);
	alt = open_alt(path, -1, build_id);
	if (alt || !search->options->fetch)
		return alt;
	err = search->options->fetch(search->options->context, build_id, path, sizeof(path), &fd);
	if (!err)
		return open_alt(path, fd, build_id);
	xfdt_error_free(err);
	return NULL;
}

struct xfdt_error *xfdt_debug_types(const struct xfdt_debug_options *options,
				    const struct xfdt_debug_found *found,
				    struct xfdt_layout *ret_layout)
{
	struct alt_search search = { .options = options, .file = found->file };
	struct xfdt_layout layout = { 0 };
	struct xfdt_error *err;

	err = xfdt_debugfile_types(found->file, find_alt, &search, &layout);
	if (!err)
		*ret_layout = layout;
	return err;
}
