/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of files by libcurl.  The library and what that needs are loaded only when there is something to
 * fetch: most runs need neither.
 */
#include "fetch/fetcher.h"
#include "base/error.h"
#include "base/util.h"
#include "fetch/client.h"
#include "fetch/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const xfdt_fetch_files[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/nsswitch.conf",
	"/etc/host.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/usr/share/ca-certificates",
	"/etc/crypto-policies",
	"/usr/share/crypto-policies",
	"/usr/lib/ssl",
	"/dev/urandom",
};
const size_t xfdt_fetch_file_count = COUNT(xfdt_fetch_files);

static bool send_error(int fd, struct xfdt_error *err)
{
	const char *message = xfdt_error_message(err);
	size_t len = strlen(message);
	struct xfdt_fetch_reply reply = { .code = (uint32_t)xfdt_error_code(err) };
	bool sent;

	reply.len = (uint32_t)(len < XFDT_FETCH_MESSAGE_MAX ? len : XFDT_FETCH_MESSAGE_MAX);
	sent = xfdt_fetch_send(fd, &reply, sizeof(reply)) &&
	       xfdt_fetch_send(fd, message, reply.len);
	xfdt_error_free(err);
	return sent;
}

#ifdef XFDT_NO_CURL

void xfdt_fetch_prepare(void)
{
}

void xfdt_fetch_serve(int fd, const struct xfdt_fetch_options *options)
{
	struct xfdt_fetch_request request;

	(void)options;
	while (xfdt_fetch_receive(fd, &request, sizeof(request)) &&
	       send_error(fd,
			  xfdt_error_new(XFDT_UNSUPPORTED, 0,
					 "is a URL, and this xfdtriage was built without libcurl; "
					 "download it")))
		;
}

#else

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <time.h>

#define ATTEMPTS_MAX 5	   /* in a row with next to no data */
#define PROGRESS_MIN 4096  /* bytes of an attempt */
#define PARTS_MAX 256	   /* in which one range may come */
#define PAUSE_FIRST_MS 100 /* before the second attempt; doubles with every further one */
#define CONNECT_SECONDS 20L
#define STALLED_SECONDS 20 /* with less than STALLED_BYTES a second */
#define STALLED_BYTES 1024L
#define REDIRECTS_MAX 5L
#define OPEN_LEN (256u << 10) /* is fetched to know the size; what is read first is in it */
#define SIZE_LIMIT (1ull << 60)
#define PASSED_OVER_MAX (64u << 10) /* bytes of an answer that is not a range */
#define TAG_MAX 256
#define HEADER_MAX 512

static struct {
	void *library;
	CURL *(*easy_init)(void);
	CURLcode (*setopt)(CURL *handle, CURLoption option, ...);
	CURLcode (*perform)(CURL *handle);
	CURLcode (*getinfo)(CURL *handle, CURLINFO info, ...);
	void (*cleanup)(CURL *handle);
	const char *(*strerror)(CURLcode code);
	struct curl_slist *(*append)(struct curl_slist *list, const char *text);
} api;

/* One URL. */
struct file {
	CURL *handle; /* NULL: not asked for yet */
	uint64_t size;
	char tag[TAG_MAX]; /* ETag, or else Last-Modified */
	bool known;	   /* size and tag are */
};

/* What one response says, and what came of its body. */
struct response {
	const struct xfdt_fetch_options *options;
	struct xfdt_fetch_progress *progress;
	uint64_t offset; /* of the first byte that is asked for */
	uint8_t *bytes;
	size_t len, got, passed_over;
	bool ranged; /* it is of a range that can be */
	uint64_t first, last, size;
	char etag[TAG_MAX], modified[TAG_MAX];
	long status;
};

struct fetcher {
	const struct xfdt_fetch_options *options;
	struct file *files;
	struct curl_slist *headers;
	struct xfdt_fetch_progress progress;
	/* the first bytes of file @first, with which it was opened */
	uint32_t first;
	size_t first_len;
	uint8_t *first_bytes, *bytes; /* OPEN_LEN, XFDT_FETCH_MAX */
};

static bool find(void *target, const char *name)
{
	*(void **)target = dlsym(api.library, name);
	return *(void **)target != NULL;
}

void xfdt_fetch_prepare(void)
{
	static const char *const libraries[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	static const char *const resolvers[] = { "libnss_files.so.2", "libnss_dns.so.2" };
	CURLcode (*init)(long flags);
	size_t i;

	/* of glibc before 2.34; a confined process may not load them */
	for (i = 0; i < COUNT(resolvers); i++)
		(void)dlopen(resolvers[i], RTLD_NOW);
	for (i = 0; !api.library && i < COUNT(libraries); i++)
		api.library = dlopen(libraries[i], RTLD_NOW);
	if (api.library && find(&api.easy_init, "curl_easy_init") &&
	    find(&api.setopt, "curl_easy_setopt") && find(&api.perform, "curl_easy_perform") &&
	    find(&api.getinfo, "curl_easy_getinfo") && find(&api.cleanup, "curl_easy_cleanup") &&
	    find(&api.strerror, "curl_easy_strerror") && find(&api.append, "curl_slist_append") &&
	    find(&init, "curl_global_init") && !init(CURL_GLOBAL_DEFAULT))
		return;
	api.library = NULL;
}

/* responses */

/* The value of header @name, if @line is that: without spaces around it. */
static bool take_header(const char *line, const char *name, char *ret_value, size_t size)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) || line[len] != ':')
		return false;
	line += len + 1;
	line += strspn(line, " \t");
	len = strcspn(line, "\r\n");
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	snprintf(ret_value, size, "%.*s", (int)(len < size ? len : size - 1), line);
	return true;
}

/* A number of digits at *@text, and then @end. */
static bool take_number(const char **text, char end, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *at = *text;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		number = 10 * number + (uint64_t)(*at - '0');
		if (number > SIZE_LIMIT)
			return false;
	}
	if (*at != end)
		return false;
	*text = at + (end != '\0');
	*ret_number = number;
	return true;
}

/* "bytes FIRST-LAST/SIZE" */
static bool parse_range(const char *text, struct response *response)
{
	if (strncasecmp(text, "bytes ", 6))
		return false;
	text += 6;
	return take_number(&text, '-', &response->first) &&
	       take_number(&text, '/', &response->last) &&
	       take_number(&text, '\0', &response->size) && response->first <= response->last &&
	       response->last < response->size;
}

static size_t on_header(char *bytes, size_t unit, size_t count, void *context)
{
	struct response *response = context;
	char line[HEADER_MAX], value[HEADER_MAX];
	size_t len = unit * count;

	snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1),
		 bytes);
	if (!strncasecmp(line, "HTTP/", 5)) {
		/* a response begins: of a redirection, or of what it leads to */
		response->ranged = false;
		*response->etag = *response->modified = '\0';
	} else if (take_header(line, "Content-Range", value, sizeof(value))) {
		response->ranged = parse_range(value, response);
	}
	take_header(line, "ETag", response->etag, sizeof(response->etag));
	take_header(line, "Last-Modified", response->modified, sizeof(response->modified));
	return len;
}

/* Takes what was asked for, and no byte more: to return less than came ends it. */
static size_t on_body(char *bytes, size_t unit, size_t count, void *context)
{
	struct response *response = context;
	size_t len = unit * count;

	/* the words of an error are passed over, so that the connection can be used again */
	if (!response->ranged) {
		response->passed_over += len;
		return response->passed_over <= PASSED_OVER_MAX ? len : 0;
	}
	if (response->first != response->offset || len > response->len - response->got)
		return 0;
	memcpy(response->bytes + response->got, bytes, len);
	response->got += len;
	return len;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct response *response = context;

	(void)total, (void)now, (void)up_total, (void)up_now;
	if (response->options->progress)
		response->options->progress(response->options->context, response->progress);
	return 0;
}

/* requests */

static const char *const protocols[] = { "http,https", "https" };

static bool set_protocols(CURL *handle, bool secure)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return !api.setopt(handle, CURLOPT_PROTOCOLS_STR, protocols[0]) &&
	       !api.setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols[secure]);
#else
	long all = CURLPROTO_HTTP | CURLPROTO_HTTPS;

	(void)protocols;
	return !api.setopt(handle, CURLOPT_PROTOCOLS, all) &&
	       !api.setopt(handle, CURLOPT_REDIR_PROTOCOLS, secure ? (long)CURLPROTO_HTTPS : all);
#endif
}

static unsigned int stalled_seconds(const struct xfdt_fetch_options *options)
{
	return options->stalled_seconds ? options->stalled_seconds : STALLED_SECONDS;
}

/* A handle keeps its connection from one request to the next. */
static struct xfdt_error *new_handle(struct fetcher *fetcher, uint32_t index)
{
	const char *url = fetcher->options->urls[index];
	struct file *file = &fetcher->files[index];
	CURL *handle = api.easy_init();

	if (!handle)
		return xfdt_no_memory("libcurl");
	file->handle = handle;
	if (api.setopt(handle, CURLOPT_URL, url) ||
	    !set_protocols(handle, !strncasecmp(url, "https:", 6)) ||
	    api.setopt(handle, CURLOPT_FOLLOWLOCATION, 1L) ||
	    api.setopt(handle, CURLOPT_MAXREDIRS, REDIRECTS_MAX) ||
	    api.setopt(handle, CURLOPT_NOSIGNAL, 1L) ||
	    api.setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) ||
	    api.setopt(handle, CURLOPT_LOW_SPEED_LIMIT, STALLED_BYTES) ||
	    api.setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)stalled_seconds(fetcher->options)) ||
	    api.setopt(handle, CURLOPT_USERAGENT, "xfdtriage") ||
	    api.setopt(handle, CURLOPT_HTTPHEADER, fetcher->headers) ||
	    api.setopt(handle, CURLOPT_HEADERFUNCTION, on_header) ||
	    api.setopt(handle, CURLOPT_WRITEFUNCTION, on_body) ||
	    api.setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress) ||
	    api.setopt(handle, CURLOPT_NOPROGRESS, 0L))
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "libcurl lacks what http needs");
	if (fetcher->options->ca_file &&
	    api.setopt(handle, CURLOPT_CAINFO, fetcher->options->ca_file))
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "libcurl takes no file of certificates");
	return NULL;
}

static bool is_transient_status(long status)
{
	return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
	       status == 503 || status == 504;
}

static bool is_transient_error(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* Does this response belong to the same version of the file as the first one? */
static struct xfdt_error *check_same(struct file *file, const struct response *response)
{
	const char *tag = *response->etag ? response->etag : response->modified;

	if (!file->known) {
		file->size = response->size;
		snprintf(file->tag, sizeof(file->tag), "%s", tag);
		file->known = true;
	}
	if (file->size == response->size && !strcmp(file->tag, tag))
		return NULL;
	return xfdt_error_new(XFDT_SYSTEM, 0,
			      "the file changed while it was read; wait until it is complete");
}

/* Why this response is a permanent error; NULL: it is not. */
static struct xfdt_error *check_response(struct file *file, const struct response *response)
{
	if (response->status == 200)
		return xfdt_error_new(
			XFDT_UNSUPPORTED, 0,
			"the server does not support ranges; download the file, and name that");
	if (response->status == 416)
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "the server says that it is empty, or has changed");
	if (response->status != 206)
		return xfdt_error_new(response->status == 404 ? XFDT_NOT_A_DUMP : XFDT_SYSTEM, 0,
				      "the server answers with status %ld", response->status);
	if (!response->ranged || response->first != response->offset)
		return xfdt_error_new(XFDT_SYSTEM, 0,
				      "the server sends another range than was asked for");
	return check_same(file, response);
}

/* Why libcurl gave up with @code. */
static struct xfdt_error *transfer_error(const struct fetcher *fetcher, CURLcode code)
{
	if (code == CURLE_OPERATION_TIMEDOUT)
		return xfdt_error_new(
			XFDT_SYSTEM, 0,
			"no connection, or less than %ld bytes a second for %u seconds",
			STALLED_BYTES, stalled_seconds(fetcher->options));
	return xfdt_error_new(XFDT_SYSTEM, 0, "%s%s", api.strerror(code),
			      code == CURLE_PEER_FAILED_VERIFICATION ?
				      "; CURL_CA_BUNDLE=FILE names certificates to trust" :
				      "");
}

static void pause_before(unsigned int attempt)
{
	long ms = PAUSE_FIRST_MS << (attempt - 2);
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static CURLcode perform(struct fetcher *fetcher, struct file *file, struct response *response)
{
	char range[64];
	CURLcode code;

	snprintf(range, sizeof(range), "%llu-%llu", ull(response->offset),
		 ull(response->offset + response->len - 1));
	if (api.setopt(file->handle, CURLOPT_RANGE, range) ||
	    api.setopt(file->handle, CURLOPT_HEADERDATA, response) ||
	    api.setopt(file->handle, CURLOPT_WRITEDATA, response) ||
	    api.setopt(file->handle, CURLOPT_XFERINFODATA, response))
		return CURLE_OUT_OF_MEMORY;
	fetcher->progress.round_trips++;
	fetcher->progress.waiting = true;
	code = api.perform(file->handle);
	fetcher->progress.waiting = false;
	fetcher->progress.bytes += response->got;
	fetcher->progress.size = file->size;
	on_progress(response, 0, 0, 0, 0);
	api.getinfo(file->handle, CURLINFO_RESPONSE_CODE, &response->status);
	return code;
}

/*
 * Try once to get the @len bytes at @offset.  *@ret_got came, whatever else happened; *@ret_again:
 * the error may not last.
 */
static struct xfdt_error *try_range(struct fetcher *fetcher, struct file *file, uint8_t *bytes,
				    size_t len, uint64_t offset, size_t *ret_got, bool *ret_again)
{
	struct response response = {
		.options = fetcher->options,
		.progress = &fetcher->progress,
		.offset = offset,
		.bytes = bytes,
		.len = len,
	};
	CURLcode code = perform(fetcher, file, &response);
	struct xfdt_error *err;

	*ret_got = 0;
	*ret_again = true;
	if (response.status && is_transient_status(response.status))
		return xfdt_error_new(XFDT_SYSTEM, 0, "the server answers with status %ld",
				      response.status);
	/* what on_body() refuses is an answer too */
	if (code && code != CURLE_WRITE_ERROR && !response.ranged) {
		*ret_again = is_transient_error(code);
		return transfer_error(fetcher, code);
	}
	*ret_again = false;
	err = check_response(file, &response);
	if (err)
		return err;
	*ret_got = response.got;
	if (response.got == len || response.offset + response.got == file->size)
		return NULL;
	*ret_again = true;
	if (code)
		return transfer_error(fetcher, code);
	return xfdt_error_new(XFDT_SYSTEM, 0, "the server sends less than was asked for");
}

/* Get the @len bytes at @offset, or those up to the end; what came before an error is kept. */
static struct xfdt_error *get_range(struct fetcher *fetcher, struct file *file, uint8_t *bytes,
				    size_t len, uint64_t offset, size_t *ret_got)
{
	unsigned int *attempt = &fetcher->progress.attempt;
	struct xfdt_error *err = NULL;
	size_t got = 0, part, parts = 0;
	bool again = true;

	*attempt = 1;
	do {
		xfdt_error_free(err);
		if (*attempt > 1)
			pause_before(*attempt);
		err = try_range(fetcher, file, bytes + got, len - got, offset + got, &part, &again);
		got += part;
		/* goes on where it broke off; a few bytes are no progress */
		*attempt = part > PROGRESS_MIN ? 1 : *attempt + 1;
	} while (err && again && *attempt <= ATTEMPTS_MAX && ++parts < PARTS_MAX);
	*ret_got = got;
	if (err && again)
		return xfdt_error_wrap(err, "given up after %zu attempts", parts + 1);
	return err;
}

/* serving */

static struct xfdt_error *open_url(struct fetcher *fetcher, uint32_t index)
{
	struct file *file = &fetcher->files[index];
	struct xfdt_error *err;

	if (!xfdt_url_is_allowed(fetcher->options->urls[index]))
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "only http and https URLs are fetched");
	err = new_handle(fetcher, index);
	if (err)
		return err;
	fetcher->first = index;
	fetcher->first_len = 0;
	return get_range(fetcher, file, fetcher->first_bytes, OPEN_LEN, 0, &fetcher->first_len);
}

/* The bytes that @request is for; *@ret_bytes is borrowed until the next call. */
static struct xfdt_error *take_request(struct fetcher *fetcher,
				       const struct xfdt_fetch_request *request,
				       const uint8_t **ret_bytes)
{
	struct file *file = &fetcher->files[request->file];
	struct xfdt_error *err = file->handle ? NULL : open_url(fetcher, request->file);
	size_t got;

	if (err || !request->len)
		return err;
	if (request->offset > file->size || request->len > file->size - request->offset)
		return xfdt_error_new(XFDT_LIMIT, 0, "bytes behind its end were asked for");
	*ret_bytes = fetcher->first_bytes + request->offset;
	if (request->file == fetcher->first && request->offset <= fetcher->first_len &&
	    request->len <= fetcher->first_len - request->offset)
		return NULL;
	*ret_bytes = fetcher->bytes;
	return get_range(fetcher, file, fetcher->bytes, request->len, request->offset, &got);
}

static bool answer(struct fetcher *fetcher, int fd, const struct xfdt_fetch_request *request)
{
	struct xfdt_fetch_reply reply = { .len = request->len };
	const uint8_t *bytes = NULL;
	struct xfdt_error *err;

	if (request->file >= fetcher->options->url_count || request->len > XFDT_FETCH_MAX)
		return false;
	if (!api.library)
		return send_error(fd, xfdt_error_new(XFDT_SYSTEM, 0,
						     "is a URL, and libcurl.so.4 is not installed; "
						     "install it, or download the file"));
	err = take_request(fetcher, request, &bytes);
	if (err)
		return send_error(fd, err);
	reply.size = fetcher->files[request->file].size;
	return xfdt_fetch_send(fd, &reply, sizeof(reply)) && xfdt_fetch_send(fd, bytes, reply.len);
}

void xfdt_fetch_serve(int fd, const struct xfdt_fetch_options *options)
{
	struct fetcher fetcher = {
		.options = options,
		.files = calloc(options->url_count, sizeof(*fetcher.files)),
		.first_bytes = malloc(OPEN_LEN),
		.bytes = malloc(XFDT_FETCH_MAX),
	};
	struct xfdt_fetch_request request;
	size_t i;

	/* ranges are of the file as it is */
	if (api.library)
		fetcher.headers = api.append(NULL, "Accept-Encoding: identity");
	while (fetcher.files && fetcher.first_bytes && fetcher.bytes &&
	       xfdt_fetch_receive(fd, &request, sizeof(request)) && answer(&fetcher, fd, &request))
		;
	for (i = 0; fetcher.files && i < options->url_count; i++)
		if (fetcher.files[i].handle)
			api.cleanup(fetcher.files[i].handle);
	free(fetcher.files);
	free(fetcher.first_bytes);
	free(fetcher.bytes);
}

#endif
