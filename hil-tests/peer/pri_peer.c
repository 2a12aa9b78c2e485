/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An exchange made of libpri and the driver alone: the network side of one E1. It answers every call and sends back what it
 * hears on the call's timeslot, octet by octet; with --call NUMBER it calls NUMBER once the link is up, on every timeslot.
 *
 *   pri_peer <first channel of the span> [--call NUMBER]
 *
 * Prints a line for each thing that happens: up, down, ring N, answered N, hangup N CAUSE.
 */
#include <dahdi/user.h>
#include <errno.h>
#include <fcntl.h>
#include <libpri.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMESLOTS = 31, DCHANNEL = 16, BLOCK = 160, BUFFERS = 16, AHEAD = 6 };

static int speech[TIMESLOTS + 1];
static q931_call *calls[TIMESLOTS + 1];

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

static void send_back(int timeslot)
{
	unsigned char block[BLOCK];
	ssize_t length;

	while ((length = read(speech[timeslot], block, BLOCK)) > 0)
		while (write(speech[timeslot], block, (size_t)length) < 0 && errno == ELAST)
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
		pri_call(pri, call, PRI_TRANS_CAP_3_1K_AUDIO, timeslot, 1, 1, "02180000000", PRI_NATIONAL_ISDN, NULL,
			 PRES_ALLOWED_USER_NUMBER_NOT_SCREENED, number, PRI_NATIONAL_ISDN, PRI_LAYER_1_ALAW);
	}
}

static void handle(struct pri *pri, pri_event *event, int first, char *number)
{
	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
		puts("up");
		if (number)
			call_all(pri, number);
		break;
	case PRI_EVENT_DCHAN_DOWN:
		puts("down");
		break;
	case PRI_EVENT_RING:
		printf("ring %d\n", event->ring.channel & 0xff);
		calls[event->ring.channel & 0xff] = event->ring.call;
		open_speech(first, event->ring.channel & 0xff);
		pri_answer(pri, event->ring.call, event->ring.channel, 0);
		break;
	case PRI_EVENT_ANSWER:
		printf("answered %d\n", event->answer.channel & 0xff);
		open_speech(first, event->answer.channel & 0xff);
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
		printf("hangup %d %d\n", event->hangup.channel & 0xff, event->hangup.cause);
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
		if (ready == 0 || (next && patience == 0))
			event = pri_schedule_run(pri);
		if (event)
			handle(pri, event, first, number);
		if (entries[0].revents & POLLPRI)
			take_events(dchannel);
		if ((entries[0].revents & POLLIN) && (event = pri_check_event(pri)))
			handle(pri, event, first, number);
		for (timeslot = 1; timeslot <= TIMESLOTS; ++timeslot)
			if (entries[timeslot].revents)
				send_back(timeslot);
	}
}
