// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/heard.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <unordered_map>

namespace cordboard::engine {

namespace {

constexpr std::size_t kChunk = 8;  // octets of a timeslot that the driver moves at once
constexpr uint64_t kSilence = 0xD5D5D5D5D5D5D5D5;

uint64_t chunk_at(std::span<const uint8_t> octets, std::size_t at) {
  uint64_t chunk = 0;
  std::memcpy(&chunk, octets.data() + at, kChunk);
  return chunk;
}

}  // namespace

std::vector<uint8_t> random_octets(uint32_t ms, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> octets(ms / 20 * kRowOctets);
  for (std::size_t at = 0; at < octets.size(); at += kChunk) {
    const uint64_t chunk = random();
    std::memcpy(octets.data() + at, &chunk, kChunk);
  }
  return octets;
}

void Heard::operator+=(const Heard& other) {
  whole += other.whole;
  missing += other.missing;
  foreign += other.foreign;
  silent += other.silent;
  breaks += other.breaks;
}

Heard compare(std::span<const uint8_t> heard, std::span<const uint8_t> said) {
  std::unordered_map<uint64_t, std::size_t> places;  // no chunk occurs twice: each is a random number of 64 bits
  for (std::size_t at = 0; at + kChunk <= said.size(); at += kChunk) places[chunk_at(said, at)] = at;
  std::size_t at = 0;
  while (at + kChunk <= heard.size() && !places.contains(chunk_at(heard, at))) ++at;
  Heard result;
  std::size_t next = 0;     // place in what was said
  std::size_t foreign = 0;  // since the last octet that was said
  std::size_t silent = 0;
  for (; at + kChunk <= heard.size() && next < said.size(); at += kChunk) {
    const auto chunk = chunk_at(heard, at);
    const auto found = places.find(chunk);
    if (found == places.end() || found->second < next) {
      (chunk == kSilence ? silent : foreign) += kChunk;
      continue;
    }
    result.foreign += std::exchange(foreign, 0);
    result.silent += std::exchange(silent, 0);
    if (found->second != next) {
      result.missing += found->second - next;
      ++result.breaks;
    }
    result.whole += kChunk;
    next = found->second + kChunk;
  }
  if (next < said.size()) {
    result.missing += said.size() - next;
    ++result.breaks;
  }
  return result;
}

Heard speak(Box& box, const std::vector<Talk>& talks, uint32_t ms) {
  static uint32_t round = 0;
  struct Voice {
    uint32_t from, to;
    std::string said, heard;
    uint32_t seed, recording;
  };
  std::vector<Voice> voices;
  for (const auto& talk : talks) {
    for (const auto& [from, to] : {std::pair{talk.port, talk.far_port}, std::pair{talk.far_port, talk.port}}) {
      const auto name = std::to_string(++round);
      voices.push_back({from, to, box.file("said" + name + ".wav"), box.file("heard" + name + ".wav"), round, 0});
      write_alaw(voices.back().said, random_octets(ms, round));
    }
  }
  for (auto& voice : voices) {
    voice.recording = box.ask<RecordingStarted>(RecordingStart{voice.to, voice.heard}).recording;
  }
  for (const auto& voice : voices) box.submit(PlayStart{voice.from, {voice.said}});
  for (std::size_t i = 0; i < voices.size(); ++i) {
    EXPECT_TRUE(expect_event<PlayEnded>(box, [](const PlayEnded&) { return true; }));
  }
  let_pass(box, 200);  // what is on its way
  bed().settle(box, 1000);
  for (const auto& voice : voices) box.ask<RecordingResult>(RecordingStop{voice.recording});
  Heard heard;
  for (const auto& voice : voices) {
    heard += compare(channel(voice.heard, 0), random_octets(ms, voice.seed));
    std::filesystem::remove(voice.said);
    std::filesystem::remove(voice.heard);
  }
  return heard;
}

void expect_heard(const Heard& heard) {
  figure("heard bit-exact", static_cast<double>(heard.whole) / 8000, "s");
  figure("blocks lost", static_cast<double>(heard.missing) / kRowOctets, "");
  figure("blocks of silence put in", static_cast<double>(heard.silent) / kRowOctets, "");
  figure("octets that nobody said", static_cast<double>(heard.foreign), "");
  EXPECT_GT(heard.whole, 0U);
  EXPECT_EQ(0U, heard.foreign);
  const auto allowed = (heard.whole + heard.missing) / 1000 * bed().most_lost();
  EXPECT_LE(heard.missing, allowed) << heard.breaks << " breaks";
  EXPECT_LE(heard.silent, allowed);
}

}  // namespace cordboard::engine
