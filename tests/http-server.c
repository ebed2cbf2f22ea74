/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small HTTP server for tests, on 127.0.0.1: one file, in the way that the path names.
 *
 *	http-server PORT_FILE LOG FILE [DELAY_MS [RATE]]
 *
 * Its port is written to PORT_FILE when it listens, and a line for each request to LOG: the range
 * and the path.  Each answer waits DELAY_MS, and then sends RATE KiB a second.  It ends with its parent.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHORT_MAX 65536 /* bytes of one answer of /short, and of /cut */

static int file, log_file;
static unsigned long long size;
static long delay_ms, rate;

struct request {
	char path[256];
	bool ranged;
	unsigned long long first, last;
	unsigned int number; /* on this connection */
};

static void put(int to, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len) {
		ssize_t done = write(to, from, len);

		if (done <= 0)
			exit(0);
		from += done;
		len -= (size_t)done;
	}
}

static void put_line(int to, const char *line)
{
	put(to, line, strlen(line));
}

static void wait_ns(long long ns)
{
	struct timespec time = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&time, NULL);
}

static void put_file(int to, unsigned long long offset, unsigned long long len)
{
	static char buf[65536];

	while (len) {
		size_t part = len < sizeof(buf) ? (size_t)len : sizeof(buf);
		ssize_t done = pread(file, buf, part, (off_t)offset);

		if (done <= 0)
			exit(99);
		if (rate)
			wait_ns(done * (1000000000ll / 1024) / rate);
		put(to, buf, (size_t)done);
		offset += (unsigned long long)done;
		len -= (unsigned long long)done;
	}
}

static void answer_status(int to, const char *status, const char *header)
{
	char text[512];

	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: 5\r\n\r\nsorry", status,
		 header);
	put_line(to, text);
}

static bool is(const struct request *request, const char *path)
{
	return !strcmp(request->path, path);
}

/* Bytes of the file, as a range; *@len of them are sent, of which the answer says @said. */
static void answer_range(int to, const struct request *request, unsigned long long len,
			 unsigned long long said)
{
	unsigned long long first = request->first + is(request, "/wrong");
	char text[512];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %llu-%llu/%llu\r\n"
		 "ETag: \"%u\"\r\nContent-Length: %llu\r\n\r\n",
		 first, first + said - 1, is(request, "/garbage") ? 1ull << 63 : size,
		 is(request, "/changed") ? request->number : 1, said);
	put_line(to, text);
	put_file(to, request->first, len);
	if (len < said)
		exit(0);
}

static void answer_all(int to)
{
	char text[512];

	snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", size);
	put_line(to, text);
	put_file(to, 0, size);
}

/* The answers that are no bytes of the file.  False: it is to be one. */
static bool answer_otherwise(int to, const struct request *request)
{
	if (is(request, "/redirect"))
		answer_status(to, "302 Found", "Location: /file\r\n");
	else if (is(request, "/loop"))
		answer_status(to, "302 Found", "Location: /loop\r\n");
	else if (is(request, "/to-file"))
		answer_status(to, "302 Found", "Location: file:///etc/passwd\r\n");
	else if (is(request, "/busy") && request->number % 2)
		answer_status(to, "503 Service Unavailable", "");
	else if (is(request, "/broken"))
		answer_status(to, "500 Internal Server Error", "");
	else if (is(request, "/missing"))
		answer_status(to, "404 Not Found", "");
	else if (is(request, "/forbidden"))
		answer_status(to, "403 Forbidden", "");
	else if (is(request, "/empty"))
		answer_status(to, "416 Range Not Satisfiable", "Content-Range: bytes */0\r\n");
	else if (is(request, "/plain") || !request->ranged)
		answer_all(to);
	else
		return false;
	return true;
}

static void answer(int to, const struct request *request)
{
	unsigned long long len = request->last - request->first + 1;

	wait_ns(delay_ms * 1000000);
	if (answer_otherwise(to, request))
		return;
	if (request->first >= size) {
		answer_status(to, "416 Range Not Satisfiable", "");
		return;
	}
	if (len > size - request->first)
		len = size - request->first;
	if (is(request, "/short") && len > SHORT_MAX)
		len = SHORT_MAX;
	if (is(request, "/long"))
		answer_range(to, request, len, len + 1);
	else
		answer_range(to, request, is(request, "/cut") && len > SHORT_MAX ? SHORT_MAX : len,
			     len);
}

/* The next request; false: there is none. */
static bool take_request(FILE *from, struct request *ret_request)
{
	char line[4096], note[512];

	ret_request->ranged = false;
	if (!fgets(line, sizeof(line), from) ||
	    sscanf(line, "GET %255[^ ?]", ret_request->path) != 1)
		return false;
	while (fgets(line, sizeof(line), from) && strcmp(line, "\r\n"))
		if (!strncasecmp(line, "Range: bytes=", 13))
			ret_request->ranged = sscanf(line + 13, "%llu-%llu", &ret_request->first,
						     &ret_request->last) == 2;
	snprintf(note, sizeof(note), "%llu %llu %s\n", ret_request->first, ret_request->last,
		 ret_request->path);
	put_line(log_file, note);
	ret_request->number++;
	return true;
}

static void serve(int client)
{
	struct request request = { .number = 0 };
	FILE *from = fdopen(client, "r");

	while (from && take_request(from, &request))
		answer(client, &request);
	exit(0);
}

static int listen_on_loopback(const char *port_file)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char new_file[4096];
	FILE *out;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(new_file, sizeof(new_file), "%s.new", port_file);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		exit(99);
	out = fopen(new_file, "w");
	if (!out || fprintf(out, "%u\n", ntohs(address.sin_port)) < 0 || fclose(out) ||
	    rename(new_file, port_file))
		exit(99);
	return fd;
}

int main(int argc, char **argv)
{
	struct stat status;
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (argc < 4)
		return 99;
	log_file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	file = open(argv[3], O_RDONLY | O_CLOEXEC);
	if (log_file < 0 || file < 0 || fstat(file, &status))
		return 99;
	size = (unsigned long long)status.st_size;
	delay_ms = argc > 4 ? atol(argv[4]) : 0;
	rate = argc > 5 ? atol(argv[5]) : 0;
	listener = listen_on_loopback(argv[1]);
	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (client >= 0 && !fork()) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			serve(client);
		}
		if (client >= 0)
			close(client);
	}
}
