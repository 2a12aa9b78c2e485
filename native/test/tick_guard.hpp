// SPDX-License-Identifier: GPL-2.0-or-later
// Ends the process, naming the function, when something that the media tick must not do is done by a thread inside it.
//
//   InTick ── thread's flag ──┬── malloc, free, mutexes, write, … of this program (tick_guard.cpp) ── abort
//                             └── any system call at all, by the kernel's syscall user dispatch ──── SIGSYS ── abort
#pragma once

namespace cordboard::media {

/// While one lives, this thread is in the tick.
class InTick {
 public:
  InTick();
  ~InTick();
  InTick(const InTick&) = delete;
  InTick& operator=(const InTick&) = delete;
};

/// Lets this thread's system calls be seen too. False where the kernel cannot (before 5.11, or not x86).
bool watch_system_calls();

}  // namespace cordboard::media
