// SPDX-License-Identifier: GPL-2.0-or-later
// One description of a plain struct's fields, read by everything that has to know them: the decoder and the
// validator at the JavaScript boundary, the encoder, and the generator of the TypeScript declaration.
//
//   struct Play { uint32_t port{}; static constexpr auto fields() { return std::tuple{
//       field("port", &Play::port, "bus port", range(0, 65535))}; } };
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace cordboard {

/// Bounds a value must keep: a number's value, a string's bytes, a vector's elements. Inclusive.
struct Range {
  double low = -9007199254740991.0;
  double high = 9007199254740991.0;
};

constexpr Range range(double low, double high) { return {low, high}; }

template <class Owner, class Type>
struct Field {
  std::string_view name;
  Type Owner::*member;
  std::string_view doc;
  Range bounds;
  bool optional;  // may be left out by the sender; the struct's own default then stands
};

template <class Owner, class Type>
constexpr Field<Owner, Type> field(std::string_view name, Type Owner::*member, std::string_view doc,
                                   Range bounds = {}) {
  return {name, member, doc, bounds, false};
}

template <class Owner, class Type>
constexpr Field<Owner, Type> optional_field(std::string_view name, Type Owner::*member, std::string_view doc,
                                            Range bounds = {}) {
  return {name, member, doc, bounds, true};
}

/// A struct that says its fields.
template <class T>
concept Described = requires {
  T::fields();
};

/// Names of an enum's values, in the order of their numbers from 0. Specialise next to the enum.
template <class E>
struct EnumNames;

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
  EnumNames<E>::names;
};

template <NamedEnum E>
constexpr std::string_view name_of(E value) {
  const auto index = static_cast<std::size_t>(value);
  return index < EnumNames<E>::names.size() ? EnumNames<E>::names[index] : std::string_view{"?"};
}

/// A string usable as a template argument: gives commands and events their names at compile time.
template <std::size_t N>
struct FixedString {
  char text[N]{};
  constexpr FixedString(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace cordboard
