// SPDX-License-Identifier: GPL-2.0-or-later
// What libopenr2 asks of its surroundings. It is written for a DAHDI descriptor and the wall clock; in the copy that is
// linked here (cmake/openr2.cmake) those calls end in r2_host.cpp, which hands them to whoever has entered the library.
#pragma once

#include <cstdint>

namespace cordboard::signalling {

class R2Host {
 public:
  /// `line`: the descriptor that a channel was made with.
  virtual void set_bits(int line, uint8_t abcd) = 0;
  virtual uint8_t bits(int line) = 0;
  /// A tone has begun or ended that the library has not been told of; it fetches it by its detector.
  virtual bool tone_changed(int line) = 0;
  virtual void take_tone_changed(int line) = 0;
  virtual int64_t now_ms() = 0;
  /// The definitions that the library reads as a file.
  virtual const char* definitions() = 0;

 protected:
  ~R2Host() = default;
};

/// As long as it lives, the library called on this thread asks this host. They nest.
class R2Entry {
 public:
  explicit R2Entry(R2Host& host);
  ~R2Entry();
  R2Entry(const R2Entry&) = delete;
  R2Entry& operator=(const R2Entry&) = delete;

 private:
  R2Host* const before_;
};

}  // namespace cordboard::signalling
