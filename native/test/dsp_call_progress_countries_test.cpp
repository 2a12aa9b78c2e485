// SPDX-License-Identifier: GPL-2.0-or-later
// Every country of firmware-config/countries: its detector hears its own tones, as its own clips sound.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "dsp/call_progress.hpp"
#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

using Tones = std::vector<CallProgressTone>;

/// Reads just what these files are: the name of each tone, and each of its parts on one line.
Tones tones_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::regex item(
      R"re("name": "(\w+)"|"frequenciesHz": \[([^\]]*)\], "levelDbm0": (-?\d+), "onMs": (\d+), "offMs": (\d+))re");
  Tones tones;
  for (std::sregex_iterator at(text.begin(), text.end(), item), end; at != end; ++at) {
    const std::smatch& found = *at;
    if (found[1].matched) {
      tones.push_back({found[1], {}});
      continue;
    }
    TonePart part{.level_dbm0 = std::stod(found[3]),
                  .on_ms = static_cast<uint32_t>(std::stoul(found[4])),
                  .off_ms = static_cast<uint32_t>(std::stoul(found[5]))};
    std::stringstream list(found[2]);
    for (std::string hz; std::getline(list, hz, ',');) part.frequencies_hz.push_back(std::stod(hz));
    tones.back().parts.push_back(part);
  }
  return tones;
}

bool same(const CallProgressTone& a, const CallProgressTone& b) {
  return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), [](const auto& x, const auto& y) {
    return x.frequencies_hz == y.frequencies_hz && x.on_ms == y.on_ms && x.off_ms == y.off_ms;
  });
}

/// Of the tones that sound alike, the first is the one that is reported.
std::string first_like(const Tones& tones, const CallProgressTone& tone) {
  for (const auto& one : tones) {
    if (same(one, tone)) return one.name;
  }
  return tone.name;
}

std::vector<int16_t> clip_of(const CallProgressTone& tone, std::size_t samples) {
  std::size_t loop = 0;
  const std::vector<uint8_t> clip = render_tone(tone.parts, true, &loop);
  std::vector<int16_t> heard(6400);
  for (std::size_t at = 0; heard.size() < samples && !clip.empty();) {
    heard.push_back(alaw_to_linear(clip[at]));
    if (++at == clip.size()) at = loop;
  }
  heard.resize((heard.size() + 8000) / kBlock * kBlock);
  return heard;
}

TEST(DspCallProgressCountries, HearTheirOwnTones) {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "../../firmware-config/countries";
  std::size_t countries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const Tones tones = tones_of(entry.path());
    const CallProgress detector(tones);
    const std::string code = entry.path().stem();
    ++countries;
    for (const auto& tone : tones) {
      SCOPED_TRACE(code + " " + tone.name);
      const bool listened = tone.name != "callWaiting" && tone.name != "recorderWarning" && tone.name != "confirmation";
      if (!listened) continue;
      const auto& ignored = detector.ignored();
      EXPECT_TRUE(tone.name == "sit" || std::find(ignored.begin(), ignored.end(), tone.name) == ignored.end());
      double cycle_ms = 0;
      for (const auto& part : tone.parts) cycle_ms += part.on_ms + part.off_ms;
      const double ms = std::max(5000.0, 2.5 * cycle_ms);
      const auto blocks = clip_of(tone, static_cast<std::size_t>(ms * 8));
      CallProgressState state{};
      std::string first;
      for (std::size_t i = 0; i < blocks.size() && first.empty(); i += kBlock) {
        CallProgressEvent events[kMaxCallProgressEvents];
        if (detector.process(state, &blocks[i], events) > 0) first = detector.name(events[0].tone);
      }
      EXPECT_EQ(first_like(tones, tone), first);
    }
    EXPECT_LE(detector.lanes(), 32U) << code;
  }
  EXPECT_GE(countries, 15U);
}

}  // namespace
}  // namespace cordboard::dsp
