/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An exchange made of libpri, the driver and spandsp's digit receiver: the network side of one E1. What it does with a call
 * its number says:
 *
 *   86CC    it is refused with cause CC
 *   87CC    it is answered and cleared with cause CC
 *   72D…    it is answered, the driver dials D… as tones, and what digits are heard is told
 *   others  are answered, and what is heard on the timeslot is sent back, octet by octet
 *
 * With --call NUMBER it calls NUMBER when the link has been up for a second, on every timeslot: the far end may establish it
 * once more when it starts, and what was sent before that is lost.
 *
 *   pri_peer <first channel of the span> [--call NUMBER]
 *
 * Prints a line for each thing that happens: up, down, ring N, answered N, hangup N CAUSE, heard N DIGITS.
 */
#include <dahdi/user.h>
#include <errno.h>
#include <fcntl.h>
#include <libpri.h>
#include <poll.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TIMESLOTS = 31, DCHANNEL = 16, BLOCK = 160, BUFFERS = 16, AHEAD = 6 };

static int speech[TIMESLOTS + 1];
static q931_call *calls[TIMESLOTS + 1];
static time_t call_at;
/* Of a call whose digits are told; nothing is sent back on it. */
static dtmf_rx_state_t *digits[TIMESLOTS + 1];

static int open_channel(int number, int buffers, int size)
{
	int fd = open("/dev/dahdi/channel", O_RDWR | O_NONBLOCK);
	struct dahdi_bufferinfo info = {.txbufpolicy = DAHDI_POLICY_IMMEDIATE,
					.rxbufpolicy = DAHDI_POLICY_IMMEDIATE,
					.numbufs = buffers,
					.bufsize = size};

	if (fd < 0 || ioctl(fd, DAHDI_SPECIFY, &number) || ioctl(fd, DAHDI_SET_BUFINFO, &info)) {
		fprintf(stderr, "channel %d: %s\n", number, strerror(errno));
		exit(1);
	}
	return fd;
}

static void take_events(int fd)
{
	int event = 0;

	ioctl(fd, DAHDI_GETEVENT, &event);
}

/* Frames go through here because the driver refuses them while an event waits. */
static int write_frame(struct pri *pri, void *frame, int length)
{
	ssize_t done;

	while ((done = write(pri_fd(pri), frame, (size_t)length)) < 0 && errno == ELAST)
		take_events(pri_fd(pri));
	return done < 0 ? 0 : (int)done;
}

static int read_frame(struct pri *pri, void *frame, int size)
{
	ssize_t done;

	while ((done = read(pri_fd(pri), frame, (size_t)size)) < 0 && errno == ELAST)
		take_events(pri_fd(pri));
	return done < 0 ? 0 : (int)done;
}

/* Speech goes back from the moment that a call has the timeslot. */
static void open_speech(int first, int timeslot)
{
	unsigned char silence[BLOCK];
	int fd, law = DAHDI_LAW_ALAW, audio = 1, block;

	if (speech[timeslot] >= 0)
		return;
	fd = open_channel(first + timeslot - 1, BUFFERS, BLOCK);
	ioctl(fd, DAHDI_SETLAW, &law);
	ioctl(fd, DAHDI_AUDIOMODE, &audio);
	memset(silence, 0xD5, sizeof(silence));
	for (block = 0; block < AHEAD; ++block)
		if (write(fd, silence, BLOCK) != BLOCK)
			break;
	speech[timeslot] = fd;
}

static void tell_digits(int timeslot, const unsigned char *block, int length)
{
	int16_t samples[BLOCK];
	char heard[64];
	int i;

	for (i = 0; i < length; ++i)
		samples[i] = alaw_to_linear(block[i]);
	dtmf_rx(digits[timeslot], samples, length);
	if (dtmf_rx_get(digits[timeslot], heard, sizeof(heard) - 1) > 0)
		printf("heard %d %s\n", timeslot, heard);
	fflush(stdout);
}

static void dial(int timeslot, const char *number)
{
	struct dahdi_dialoperation operation = {.op = DAHDI_DIAL_OP_REPLACE};

	digits[timeslot] = dtmf_rx_init(NULL, NULL, NULL);
	snprintf(operation.dialstr, sizeof(operation.dialstr), "T%s", number);
	if (ioctl(speech[timeslot], DAHDI_DIAL, &operation))
		fprintf(stderr, "dial on %d: %s\n", timeslot, strerror(errno));
}

static void close_speech(int timeslot)
{
	if (speech[timeslot] >= 0)
		close(speech[timeslot]);
	speech[timeslot] = -1;
	if (digits[timeslot])
		dtmf_rx_free(digits[timeslot]);
	digits[timeslot] = NULL;
}

static void send_back(int timeslot)
{
	unsigned char block[BLOCK];
	ssize_t length;

	while ((length = read(speech[timeslot], block, BLOCK)) > 0)
		if (digits[timeslot])
			tell_digits(timeslot, block, (int)length);
		else while (write(speech[timeslot], block, (size_t)length) < 0 && errno == ELAST)
			take_events(speech[timeslot]);
	if (length < 0 && errno == ELAST)
		take_events(speech[timeslot]);
}

static void call_all(struct pri *pri, char *number)
{
	int timeslot;

	for (timeslot = 1; timeslot <= TIMESLOTS; ++timeslot) {
		q931_call *call;

		if (timeslot == DCHANNEL || !(call = pri_new_call(pri)))
			continue;
		calls[timeslot] = call;
		if (pri_call(pri, call, PRI_TRANS_CAP_3_1K_AUDIO, timeslot, 1, 1, "02180000000", PRI_NATIONAL_ISDN, NULL,
			     PRES_ALLOWED_USER_NUMBER_NOT_SCREENED, number, PRI_NATIONAL_ISDN, PRI_LAYER_1_ALAW))
			printf("no call on %d\n", timeslot);
	}
}

static void take_call(struct pri *pri, pri_event_ring *ring, int first)
{
	int timeslot = ring->channel & 0xff, cause = atoi(ring->callednum + 2);

	printf("ring %d\n", timeslot);
	pri_proceeding(pri, ring->call, ring->channel, 0);
	if (!strncmp(ring->callednum, "86", 2)) {
		pri_hangup(pri, ring->call, cause);
		return;
	}
	calls[timeslot] = ring->call;
	open_speech(first, timeslot);
	pri_answer(pri, ring->call, ring->channel, 0);
	if (!strncmp(ring->callednum, "87", 2))
		pri_hangup(pri, ring->call, cause);
	if (!strncmp(ring->callednum, "72", 2))
		dial(timeslot, ring->callednum + 2);
}

static void handle(struct pri *pri, pri_event *event, int first)
{
	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
		puts("up");
		call_at = time(NULL) + 2;
		break;
	case PRI_EVENT_DCHAN_DOWN:
		puts("down");
		break;
	case PRI_EVENT_RING:
		take_call(pri, &event->ring, first);
		break;
	case PRI_EVENT_ANSWER:
		printf("answered %d\n", event->answer.channel & 0xff);
		open_speech(first, event->answer.channel & 0xff);
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
		printf("hangup %d %d\n", event->hangup.channel & 0xff, event->hangup.cause);
		close_speech(event->hangup.channel & 0xff);
		pri_hangup(pri, event->hangup.call, event->hangup.cause);
		break;
	default:
		break;
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int first, dchannel, timeslot;
	char *number = argc > 3 && !strcmp(argv[2], "--call") ? argv[3] : NULL;
	struct pri *pri;

	if (argc < 2) {
		fprintf(stderr, "pri_peer <first channel of the span> [--call NUMBER]\n");
		return 2;
	}
	first = atoi(argv[1]);
	for (timeslot = 0; timeslot <= TIMESLOTS; ++timeslot)
		speech[timeslot] = -1;
	dchannel = open_channel(first + DCHANNEL - 1, 32, 1024);
	pri = pri_new_cb(dchannel, PRI_NETWORK, PRI_SWITCH_EUROISDN_E1, read_frame, write_frame, NULL);
	if (!pri)
		return 1;
	while (1) {
		struct pollfd entries[TIMESLOTS + 2] = {{.fd = dchannel, .events = POLLIN | POLLPRI}};
		struct timeval *next = pri_schedule_next(pri), now;
		int patience = 1000, ready;
		pri_event *event = NULL;

		gettimeofday(&now, NULL);
		if (next) {
			patience = (int)((next->tv_sec - now.tv_sec) * 1000 + (next->tv_usec - now.tv_usec) / 1000 + 1);
			if (patience < 0)
				patience = 0;
		}
		for (timeslot = 1; timeslot <= TIMESLOTS; ++timeslot) {
			entries[timeslot].fd = speech[timeslot];
			entries[timeslot].events = POLLIN | POLLPRI;
		}
		ready = poll(entries, TIMESLOTS + 1, patience);
		if (ready < 0 && errno != EINTR)
			return 1;
		if (number && call_at && time(NULL) >= call_at) {
			call_all(pri, number);
			number = NULL;
		}
		if (ready == 0 || (next && patience == 0))
			event = pri_schedule_run(pri);
		if (event)
			handle(pri, event, first);
		if (entries[0].revents & POLLPRI)
			take_events(dchannel);
		if ((entries[0].revents & POLLIN) && (event = pri_check_event(pri)))
			handle(pri, event, first);
		for (timeslot = 1; timeslot <= TIMESLOTS; ++timeslot)
			if (entries[timeslot].revents)
				send_back(timeslot);
	}
}
