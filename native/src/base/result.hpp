// SPDX-License-Identifier: GPL-2.0-or-later
// A value or a typed error. Errors name the thing and are shown to people, so `text` is a whole sentence.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "base/describe.hpp"

namespace cordboard {

enum class ErrorCode : uint8_t {
  kInvalid,      // an argument breaks its bounds, or names something of the wrong kind
  kNotFound,     // no such leg, port, span, recording, …
  kWrongState,   // the thing exists but cannot do this now
  kBusy,         // every channel, or this one, is taken
  kBadFile,      // an audio file cannot be read or decoded
  kIo,           // the operating system refused
  kUnavailable,  // span in alarm, D-channel down
  kClosed,       // the engine is closing
};

template <>
struct EnumNames<ErrorCode> {
  static constexpr std::array<std::string_view, 8> names{"invalid",  "not_found", "wrong_state", "busy",
                                                         "bad_file", "io",        "unavailable", "closed"};
};

struct Error {
  ErrorCode code{};
  std::string text;
};

struct Empty {
  static constexpr auto fields() { return std::tuple<>{}; }
};

template <class T = Empty>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

inline Error fail(ErrorCode code, std::string text) { return {code, std::move(text)}; }

}  // namespace cordboard
