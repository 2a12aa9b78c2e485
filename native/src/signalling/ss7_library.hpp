// SPDX-License-Identifier: GPL-2.0-or-later
// libss7, whose header is for C alone.
#pragma once

#include <sys/time.h>

extern "C" {
#include <libss7.h>
}
