// SPDX-License-Identifier: GPL-2.0-or-later
// D-channels: each is made when the first E1 is that it signals.
#include "engine/core.hpp"
#include "engine/pri_unit.hpp"

namespace cordboard::engine {

std::shared_ptr<PriGroup> Core::pri_group(const SpanConfig& span) {
  const auto first = span.pri.dchannelOf == 0 ? span.span : span.pri.dchannelOf;
  if (auto made = pri_groups_[first].lock()) return made;
  const auto spans = PriUnit::group_of(first, config_.spans);
  std::vector<cards::HdlcPort*> frames;
  for (const auto* at : spans) {
    frames.push_back(at->pri.dchannelOf == 0 || at->pri.backup ? hdlc(at->span) : nullptr);
  }
  auto made = std::make_shared<PriGroup>(*this, spans, frames);
  pri_groups_[first] = made;
  return made;
}

}  // namespace cordboard::engine
