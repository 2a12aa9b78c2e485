// SPDX-License-Identifier: GPL-2.0-or-later
// What rtp_load is asked for: its command line, and streams from its standard input.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace cordboard::load {

enum class Hear { kPartner, kOwn, kAny };

struct Options {
  double seconds = 10;
  std::string bind = "127.0.0.1";
  uint16_t port = 40000;
  Hear hear = Hear::kPartner;
  std::string speech;
  uint32_t check = 100;
  bool json = false;
};

/// A stream as it was named; local_port and local_address may be empty.
struct StreamAsked {
  std::string address;
  std::string port;
  std::string local_port;
  std::string local_address;
};

struct CommandLine {
  Options options;
  std::vector<StreamAsked> streams;
};

/// The value of a key in a flat JSON object; empty if there is none.
inline std::string json_value(const std::string& object, const std::string& key) {
  const auto at = object.find("\"" + key + "\"");
  if (at == std::string::npos) return {};
  auto begin = object.find(':', at + key.size() + 2);
  if (begin == std::string::npos) return {};
  begin = object.find_first_not_of(" \t\n", begin + 1);
  if (begin == std::string::npos) return {};
  if (object[begin] == '"') return object.substr(begin + 1, object.find('"', begin + 1) - begin - 1);
  return object.substr(begin, object.find_first_of(",} \t\n", begin) - begin);
}

/// Nothing when it makes no sense, which has been said then.
inline std::optional<CommandLine> read_command_line(int argc, char** argv) {
  CommandLine asked;
  auto& options = asked.options;
  const auto usage = [] {
    std::fprintf(stderr,
                 "usage: rtp_load [--seconds 10] [--bind 127.0.0.1] [--port 40000] [--hear partner|own|any] [--speech "
                 "file.wav] [--check 100] [--json] [address:port ...]\n");
    return std::nullopt;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--json") {
      options.json = true;
      continue;
    }
    if (option.starts_with("--") && value.empty()) return usage();
    if (option == "--seconds") {
      options.seconds = std::strtod(value.c_str(), nullptr);
    } else if (option == "--bind") {
      options.bind = value;
    } else if (option == "--port") {
      options.port = static_cast<uint16_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else if (option == "--hear" && (value == "partner" || value == "own" || value == "any")) {
      options.hear = value == "partner" ? Hear::kPartner : value == "own" ? Hear::kOwn : Hear::kAny;
    } else if (option == "--speech") {
      options.speech = value;
    } else if (option == "--check") {
      options.check = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else if (option.starts_with("--")) {
      return usage();
    } else {
      const auto colon = option.rfind(':');
      auto host = option.substr(0, colon);
      if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
      asked.streams.push_back({host, colon == std::string::npos ? "" : option.substr(colon + 1), "", ""});
      continue;
    }
    ++i;
  }
  if (asked.streams.empty()) {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    for (std::size_t begin = 0; (begin = text.find('{', begin)) != std::string::npos; ++begin) {
      const auto object = text.substr(begin, text.find('}', begin) - begin + 1);
      auto address = json_value(object, "address");
      if (address.empty()) address = options.bind;
      asked.streams.push_back(
          {address, json_value(object, "port"), json_value(object, "localPort"), json_value(object, "localAddress")});
    }
  }
  if (asked.streams.empty() || options.seconds <= 0) return usage();
  return asked;
}

}  // namespace cordboard::load
