// SPDX-License-Identifier: GPL-2.0-or-later
#include "datagrams/sip_judge.hpp"

#include <algorithm>

namespace cordboard::datagrams {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMostOfHead = 8192;

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_' || c == '+';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view name, std::string_view lower_case) {
  return std::ranges::equal(name, lower_case, {}, lower);
}

/// User of "sip:user@host", empty when there is none; false when the URI is more than that.
bool user_of(std::string_view uri, std::string_view& user) {
  for (const std::string_view scheme : {"sip:", "sips:"}) {
    if (!uri.starts_with(scheme)) continue;
    uri.remove_prefix(scheme.size());
    const auto at = uri.find('@');
    user = at == std::string_view::npos ? std::string_view() : uri.substr(0, at);
    const auto host = at == std::string_view::npos ? uri : uri.substr(at + 1);
    return std::ranges::all_of(user, plain) &&
           std::ranges::all_of(host, [](char c) { return plain(c) || c == ':' || c == '[' || c == ']'; });
  }
  return false;
}

/// The value of the one To of a head without its start line; false when there is not one, or a line is not plain.
bool to_of(std::string_view lines, std::string_view& to) {
  bool found = false;
  while (!lines.empty()) {
    const auto end = lines.find(kLineEnd);
    if (end == std::string_view::npos || end == 0) return false;
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end + kLineEnd.size());
    // A line that goes on from the one before, a line end that is none.
    if (line[0] == ' ' || line[0] == '\t' || line.find_first_of("\r\n") != std::string_view::npos) return false;
    if (lower(line[0]) != 't') continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    auto name = line.substr(0, colon);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    if (!same_name(name, "to") && !same_name(name, "t")) continue;
    if (found) return false;
    found = true;
    to = line.substr(colon + 1);
  }
  return found;
}

}  // namespace

SipVerdict judge(std::span<const std::byte> datagram, const SipRules& rules) {
  const std::string_view text(reinterpret_cast<const char*>(datagram.data()), std::min(datagram.size(), kMostOfHead));
  const bool invite = text.starts_with("INVITE ");
  const bool ack = text.starts_with("ACK ");
  if (!invite && !ack) return SipVerdict::kRead;
  const auto head_end = text.find("\r\n\r\n");
  const auto start_end = text.find(kLineEnd);
  if (head_end == std::string_view::npos || start_end == head_end) return SipVerdict::kRead;
  const auto head = text.substr(0, head_end + kLineEnd.size());
  if (head.find('\0') != std::string_view::npos) return SipVerdict::kRead;
  std::string_view to;
  if (!to_of(head.substr(start_end + kLineEnd.size()), to)) return SipVerdict::kRead;

  if (ack) {
    // The tag comes back as it was given; a display name that looks like it would only be its sender's loss.
    const auto tag = to.find(";tag=");
    const bool ours = tag != std::string_view::npos && !rules.refusal_tag.empty() &&
                      to.substr(tag + 5).starts_with(rules.refusal_tag);
    return ours ? SipVerdict::kConfirmsRefusal : SipVerdict::kRead;
  }
  auto uri = head.substr(0, start_end);
  uri.remove_prefix(std::string_view("INVITE ").size());
  constexpr std::string_view kVersion = " SIP/2.0";
  if (!uri.ends_with(kVersion)) return SipVerdict::kRead;
  uri.remove_suffix(kVersion.size());
  std::string_view user;
  if (!user_of(uri, user) || std::ranges::find(rules.exempt, user) != rules.exempt.end()) return SipVerdict::kRead;
  // With a tag, or what may be read as one.
  const auto tag = std::ranges::search(to, std::string_view("tag"), {}, lower);
  return tag.empty() ? SipVerdict::kBeginsCall : SipVerdict::kRead;
}

}  // namespace cordboard::datagrams
