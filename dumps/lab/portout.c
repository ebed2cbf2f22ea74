// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * portout - write standard input to I/O port 0xe9, where Bochs prints it
 *
 * Bochs buffers what the port prints and forgets the rest when the machine goes off, hence the padding.
 */
#include <stdio.h>
#include <sys/io.h>
#include <unistd.h>

#define PORT 0xe9
#define PADDING_BLOCKS 4

static unsigned char buffer[65536];

static void put(size_t size)
{
	const unsigned char *from = buffer;

	__asm__ volatile("rep outsb" : "+S"(from), "+c"(size) : "d"(PORT) : "memory");
}

int main(void)
{
	ssize_t got;

	if (iopl(3)) {
		perror("portout: iopl");
		return 1;
	}
	while ((got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
		put(got);
	if (got < 0)
		perror("portout: read");
	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = 0;
	for (int i = 0; i < PADDING_BLOCKS; i++)
		put(sizeof(buffer));
	return got < 0;
}
