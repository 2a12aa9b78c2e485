// SPDX-License-Identifier: GPL-2.0-or-later
// JavaScript values to and from described structs, driven by their field tables alone. Decoding checks everything:
// type, bounds, missing and unknown fields; the error names the field by its path ("files[2]").
#pragma once

#include <napi.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cordboard::binding {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

class Decoder {
 public:
  explicit Decoder(Napi::Env env) : env_(env) {}

  const std::string& error() const { return error_; }

  template <class T>
  bool decode(const Napi::Value& from, T& to, const std::string& path, const Range& bounds = {}) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!from.IsBoolean()) return refuse(path, "must be true or false");
      to = from.As<Napi::Boolean>().Value();
      return true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      return decode_number(from, to, path, bounds);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!from.IsString()) return refuse(path, "must be a string");
      to = from.As<Napi::String>().Utf8Value();
      if (to.find('\0') != std::string::npos) return refuse(path, "must not contain a NUL character");
      return check_size(to.size(), "characters", path, bounds);
    } else if constexpr (NamedEnum<T>) {
      return decode_enum(from, to, path);
    } else if constexpr (IsOptional<T>::value) {
      to.emplace();
      return decode(from, *to, path, bounds);
    } else if constexpr (IsVector<T>::value) {
      if (!from.IsArray()) return refuse(path, "must be an array");
      const auto array = from.As<Napi::Array>();
      if (!check_size(array.Length(), "elements", path, bounds)) return false;
      to.resize(array.Length());
      for (uint32_t i = 0; i < array.Length(); ++i) {
        if (!decode(Napi::Value(array[i]), to[i], path + "[" + std::to_string(i) + "]")) return false;
      }
      return true;
    } else {
      return decode_struct(from, to, path);
    }
  }

 private:
  template <class T>
  bool decode_number(const Napi::Value& from, T& to, const std::string& path, const Range& bounds) {
    if (!from.IsNumber()) return refuse(path, "must be a number");
    const double value = from.As<Napi::Number>().DoubleValue();
    if (!std::isfinite(value)) return refuse(path, "must be a finite number");
    if constexpr (std::is_integral_v<T>) {
      if (value != std::floor(value)) return refuse(path, "must be a whole number");
      if (value < static_cast<double>(std::numeric_limits<T>::min()) ||
          value > static_cast<double>(std::numeric_limits<T>::max())) {
        return refuse(path, "is out of range");
      }
    }
    if (value < bounds.low || value > bounds.high) {
      return refuse(path, "must be from " + number(bounds.low) + " to " + number(bounds.high));
    }
    to = static_cast<T>(value);
    return true;
  }

  template <class T>
  bool decode_enum(const Napi::Value& from, T& to, const std::string& path) {
    if (from.IsString()) {
      const auto text = from.As<Napi::String>().Utf8Value();
      for (std::size_t i = 0; i < EnumNames<T>::names.size(); ++i) {
        if (EnumNames<T>::names[i] != text) continue;
        to = static_cast<T>(i);
        return true;
      }
    }
    std::string known;
    for (const auto name : EnumNames<T>::names) known += (known.empty() ? "" : ", ") + std::string(name);
    return refuse(path, "must be one of " + known);
  }

  template <class T>
  bool decode_struct(const Napi::Value& from, T& to, const std::string& path) {
    if (!from.IsObject() || from.IsArray() || from.IsFunction()) return refuse(path, "must be an object");
    const auto object = from.As<Napi::Object>();
    const auto names = object.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); ++i) {
      const auto name = Napi::Value(names[i]).ToString().Utf8Value();
      bool known = false;
      std::apply([&](const auto&... fields) { ((known |= fields.name == name), ...); }, T::fields());
      if (!known) return refuse(join(path, name), "is not known here");
    }
    return std::apply(
        [&](const auto&... fields) { return (decode_field(object, to, fields, path) && ...); }, T::fields());
  }

  template <class T, class F>
  bool decode_field(const Napi::Object& object, T& to, const F& field, const std::string& path) {
    const std::string name(field.name);
    const Napi::Value value = object.Get(name);
    if (value.IsUndefined()) return field.optional || refuse(join(path, name), "is missing");
    return decode(value, to.*(field.member), join(path, name), field.bounds);
  }

  bool check_size(std::size_t size, const char* what, const std::string& path, const Range& bounds) {
    const auto value = static_cast<double>(size);
    if (value >= bounds.low && value <= bounds.high) return true;
    return refuse(path, "must have " + number(std::max(bounds.low, 0.0)) + " to " + number(bounds.high) + " " + what);
  }

  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
  }
  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }
  bool refuse(const std::string& path, const std::string& what) {
    error_ = (path.empty() ? "the argument" : path) + " " + what;
    return false;
  }

  Napi::Env env_;
  std::string error_;
};

template <class T>
Napi::Value encode(Napi::Env env, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return Napi::Boolean::New(env, value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return Napi::Number::New(env, static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return Napi::String::New(env, value);
  } else if constexpr (NamedEnum<T>) {
    const auto name = name_of(value);
    return Napi::String::New(env, name.data(), name.size());
  } else if constexpr (IsVector<T>::value) {
    auto array = Napi::Array::New(env, value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      array.Set(static_cast<uint32_t>(i), encode<typename T::value_type>(env, value[i]));
    }
    return array;
  } else {
    auto object = Napi::Object::New(env);
    std::apply(
        [&](const auto&... fields) {
          [[maybe_unused]] const auto put = [&](const auto& field) {
            const auto& member = value.*(field.member);
            using Member = std::remove_cvref_t<decltype(member)>;
            if constexpr (IsOptional<Member>::value) {
              if (member) object.Set(std::string(field.name), encode(env, *member));
            } else {
              object.Set(std::string(field.name), encode(env, member));
            }
          };
          (put(fields), ...);
        },
        T::fields());
    return object;
  }
}

}  // namespace cordboard::binding
