// SPDX-License-Identifier: GPL-2.0-or-later
// The jitter buffer by itself: order, time, what is missing and what is only a pause. How it sounds is in
// rtp_stream_audio_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rtp/delay_estimator.hpp"
#include "rtp/jitter_buffer.hpp"
#include "rtp/splice.hpp"
#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using Answer = JitterBuffer::Answer;
using Inserted = JitterBuffer::Inserted;

/// Keeps payloads while a buffer has them, and sees that each comes back once.
class Shelf : public PayloadKeeper {
 public:
  ~Shelf() { EXPECT_EQ(returned_, kept_); }

  Inserted insert(JitterBuffer& buffer, JitterBuffer::Packet packet, int64_t now) {
    auto memory = std::make_unique<uint8_t[]>(packet.payload.size());
    std::copy(packet.payload.begin(), packet.payload.end(), memory.get());
    if (!packet.payload.empty()) packet.payload = {memory.get(), packet.payload.size()};
    const uint8_t* const key = memory.get();
    payloads_[key] = std::move(memory);
    const auto inserted = buffer.insert(packet, now);
    if (inserted == Inserted::kQueued && !packet.payload.empty()) {
      ++kept_;
    } else {
      payloads_.erase(key);
    }
    return inserted;
  }
  void release(const uint8_t* payload) override {
    EXPECT_EQ(payloads_.erase(payload), 1U);
    ++returned_;
  }
  std::size_t kept() const { return payloads_.size(); }

 private:
  std::map<const uint8_t*, std::unique_ptr<uint8_t[]>> payloads_;
  uint64_t kept_ = 0, returned_ = 0;
};

/// A buffer, a tick and a sender of packets of 20 ms whose octets say which packet they are of.
class Box {
 public:
  explicit Box(uint32_t max_delay_ms = 300) : buffer({.min_delay_ms = 20, .max_delay_ms = max_delay_ms}, shelf) {}
  ~Box() { buffer.reset(); }

  Inserted put(uint32_t number, uint32_t samples = 160) {
    octets_.assign(samples, static_cast<uint8_t>(number));
    return shelf.insert(buffer,
                        {.sequence = static_cast<uint16_t>(first + number),
                         .timestamp = 0xFFFFFF00 + number * 160,
                         .samples = samples,
                         .restart = number == 0,
                         .payload = octets_},
                        now);
  }
  void mark(uint32_t number, bool timed = false) {
    buffer.insert(
        {.sequence = static_cast<uint16_t>(first + number), .timestamp = 0xFFFFFF00 + number * 160, .timed = timed},
        now);
  }

  /// A tick's 160 samples: the number of the packet, '-' for a pause, '?' for what is missing, each for 20 ms.
  std::string tick() {
    std::string heard;
    for (uint32_t have = 0; have < 160;) {
      const auto pull = buffer.pull(160 - have);
      switch (pull.answer) {
        case Answer::kPacket: {
          uint8_t octets[160];
          const auto n = std::min(pull.samples, 160 - have);
          buffer.take(n, octets);
          heard += std::to_string(octets[0]);
          EXPECT_TRUE(std::all_of(octets, octets + n, [&](uint8_t octet) { return octet == octets[0]; }));
          have += n;
          break;
        }
        case Answer::kMark:
          buffer.pop();
          if (marks_are_noise) buffer.expect_noise();
          break;
        case Answer::kPause:
          heard += '-';
          have += pull.samples;
          break;
        case Answer::kMissing:
          heard += '?';
          have += pull.samples;
          break;
      }
    }
    now += 160;
    return heard + " ";
  }
  std::string ticks(int n) {
    std::string heard;
    for (; n > 0; --n) heard += tick();
    return heard;
  }

  Shelf shelf;
  JitterBuffer buffer;
  int64_t now = 1'000'000;
  bool marks_are_noise = false;
  uint16_t first = 65'533;  // so that numbers and timestamps wrap in each test

 private:
  std::vector<uint8_t> octets_;
};

TEST(RtpJitterBuffer, PlaysInOrderOneBlockBehind) {
  Box box;
  std::string heard = box.tick();
  for (uint32_t n = 0; n < 8; ++n) {
    EXPECT_EQ(box.put(n), Inserted::kQueued);
    heard += box.tick();
  }
  EXPECT_EQ(heard, "- - 0 1 2 3 4 5 6 ");
  EXPECT_EQ(box.buffer.surplus(box.now, 0), 0);
  EXPECT_EQ(box.buffer.delay(box.now, 0), 160);
}

TEST(RtpJitterBuffer, PutsOvertakersBackAndDropsTwins) {
  Box box;
  box.put(0);
  std::string heard = box.tick();
  box.put(2);
  heard += box.tick();
  EXPECT_EQ(box.put(1), Inserted::kQueued);
  EXPECT_EQ(box.put(1), Inserted::kDuplicate);
  EXPECT_EQ(box.put(2), Inserted::kDuplicate);
  heard += box.tick();
  box.put(4);
  box.put(3);
  heard += box.ticks(3);
  EXPECT_EQ(heard, "- 0 1 2 3 4 ");
  EXPECT_EQ(box.put(1), Inserted::kLate) << "what has been played is over";
  EXPECT_EQ(box.buffer.late(), 1U);
  EXPECT_EQ(box.buffer.samples_missing(), 0U);
}

TEST(RtpJitterBuffer, MissesWhatIsLostAndGoesOn) {
  Box box;
  std::string heard;
  for (uint32_t n = 0; n < 12; ++n) {
    if (n != 3 && n != 6 && n != 7) box.put(n);
    heard += box.tick();
  }
  EXPECT_EQ(heard, "- 0 1 2 ? 4 5 ? ? 8 9 10 ");
  EXPECT_EQ(box.buffer.samples_missing(), 3U * 160);
  EXPECT_EQ(box.buffer.gaps(), 2U);
}

TEST(RtpJitterBuffer, KeepsAPauseApartFromALoss) {
  Box box;
  std::string heard;
  // The numbers go on, the time jumps by 100 ms: nobody spoke.
  for (const uint32_t n : {0, 1, 2}) {
    box.put(n);
    heard += box.tick();
  }
  heard += box.ticks(5);
  box.first = static_cast<uint16_t>(box.first - 5);
  for (const uint32_t n : {8, 9, 10}) {
    box.put(n);
    heard += box.tick();
  }
  EXPECT_EQ(heard, "- 0 1 2 ? ? ? ? - 8 9 ");
  EXPECT_EQ(box.buffer.samples_missing(), 0U) << "found out afterwards";

  // With comfort noise or an event in it, it is known at once.
  Box told;
  heard.clear();
  for (const uint32_t n : {0, 1, 2}) {
    told.put(n);
    heard += told.tick();
  }
  told.marks_are_noise = true;
  told.mark(3, true);
  heard += told.ticks(5);
  told.first = static_cast<uint16_t>(told.first - 4);
  told.put(8);
  told.put(9);
  heard += told.ticks(2);
  EXPECT_EQ(heard, "- 0 1 2 - - - - - 8 ");
  EXPECT_EQ(told.buffer.samples_missing(), 0U);
}

TEST(RtpJitterBuffer, GrowsAtOnceWhenAPacketIsLateAndLosesNothing) {
  Box box;
  std::string heard;
  for (uint32_t n = 0; n < 4; ++n) {
    box.put(n);
    heard += box.tick();
  }
  // The network stands still for 80 ms, and lets everything go.
  heard += box.ticks(4);
  for (uint32_t n = 4; n < 9; ++n) box.put(n);
  for (uint32_t n = 9; n < 14; ++n) {
    heard += box.tick();
    box.put(n);
  }
  EXPECT_EQ(heard, "- 0 1 2 3 ? ? ? 4 5 6 7 8 ");
  EXPECT_EQ(box.buffer.late(), 0U);
  EXPECT_EQ(box.buffer.samples_missing(), 3U * 160) << "what was made up meanwhile was heard";
}

TEST(RtpJitterBuffer, DoesNotGrowBeyondItsLongestDelay) {
  Box box(100);
  std::string heard;
  for (uint32_t n = 0; n < 4; ++n) {
    box.put(n);
    heard += box.tick();
  }
  heard += box.ticks(8);
  uint32_t late = 0;
  for (uint32_t n = 4; n < 13; ++n) late += box.put(n) == Inserted::kLate;
  EXPECT_EQ(late, 3U) << "numbers 4 to 6 are 160, 140 and 120 ms behind";
  for (uint32_t n = 13; n < 20; ++n) {
    heard += box.tick();
    box.put(n);
  }
  EXPECT_EQ(heard.substr(heard.find('7')), "7 8 9 10 11 12 13 ");
  EXPECT_EQ(box.buffer.late(), 3U);
}

TEST(RtpJitterBuffer, SkipsWhatIsTooMuch) {
  Box box(100);
  box.put(0);
  box.tick();
  // A second at once: the sender was stopped in a debugger, or the network was.
  for (uint32_t n = 1; n < 50; ++n) box.put(n);
  EXPECT_GT(box.buffer.skip_excess(box.now, 0), 160U);
  EXPECT_EQ(box.buffer.skip_excess(box.now, 0), 0U);
  const std::string heard = box.tick();
  EXPECT_GE(std::stoi(heard), 44) << "at most 100 ms of it are waited for";
}

TEST(RtpJitterBuffer, GoesOnBehindWhatWaitsWhenTheTimestampsJump) {
  for (const int64_t jump : {int64_t{10'000'000}, int64_t{-10'000'000}, int64_t{40'000}, int64_t{-40'000}}) {
    SCOPED_TRACE(jump);
    Box box;
    std::string heard;
    for (uint32_t n = 0; n < 6; ++n) {
      box.put(n);
      heard += box.tick();
    }
    std::vector<uint8_t> octets(160);
    for (uint32_t n = 6; n < 12; ++n) {
      octets.assign(160, static_cast<uint8_t>(n));
      EXPECT_EQ(box.shelf.insert(box.buffer,
                                 {.sequence = static_cast<uint16_t>(box.first + n),
                                  .timestamp = static_cast<uint32_t>(0xFFFFFF00 + n * 160 + jump),
                                  .samples = 160,
                                  .payload = octets},
                                 box.now),
                Inserted::kQueued);
      heard += box.tick();
    }
    EXPECT_EQ(heard, "- 0 1 2 3 4 5 6 7 8 9 10 ");
    EXPECT_EQ(box.buffer.restarts(), 1U);
  }
}

TEST(RtpJitterBuffer, ALineThatIsAlwaysLateIsANewOne) {
  // Back by 1.5 s, which a network may be late by; but it stays so.
  Box box;
  for (uint32_t n = 0; n < 6; ++n) {
    box.put(n);
    box.tick();
  }
  std::vector<uint8_t> octets(160);
  std::string heard;
  for (uint32_t n = 6; n < 30; ++n) {
    octets.assign(160, static_cast<uint8_t>(n));
    box.shelf.insert(box.buffer,
                     {.sequence = static_cast<uint16_t>(box.first + n),
                      .timestamp = 0xFFFFFF00 + n * 160 - 12'000,
                      .samples = 160,
                      .payload = octets},
                     box.now);
    heard += box.tick();
  }
  EXPECT_EQ(heard.substr(heard.find("11")), "11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 ");
  EXPECT_EQ(box.buffer.restarts(), 1U);
}

TEST(RtpJitterBuffer, APacketFromTheFutureHoldsNobodyUp) {
  Box box;
  std::string heard;
  const std::vector<uint8_t> octets(160, 99);
  for (uint32_t n = 0; n < 12; ++n) {
    if (n == 4) {
      // With a number that comes soon, and a time two seconds ahead: as far as a network might be behind.
      box.shelf.insert(box.buffer,
                       {.sequence = static_cast<uint16_t>(box.first + 6),
                        .timestamp = 0xFFFFFF00 + 6 * 160 + 16'000,
                        .samples = 160,
                        .payload = octets},
                       box.now);
    }
    EXPECT_EQ(box.put(n), n == 6 ? Inserted::kDuplicate : Inserted::kQueued);
    heard += box.tick();
  }
  EXPECT_EQ(heard, "- 0 1 2 3 4 5 ? 7 8 9 10 ");
}

TEST(RtpJitterBuffer, PlaysTheRestOfAPacketWhoseTimeHasBegun) {
  // A sender whose packets overlap: 60 ms each, 40 ms apart.
  Box box;
  std::vector<uint8_t> octets(480);
  std::string heard;
  for (uint32_t n = 0; n < 5; ++n) {
    octets.assign(480, static_cast<uint8_t>(n));
    box.shelf.insert(box.buffer,
                     {.sequence = static_cast<uint16_t>(n),
                      .timestamp = n * 320,
                      .samples = 480,
                      .restart = n == 0,
                      .payload = octets},
                     box.now);
    heard += box.ticks(2);
  }
  EXPECT_EQ(heard, "- 0 0 0 1 1 2 2 3 3 ");

  // One that begins where the one being played is already: no reason to go back.
  Box deep;
  deep.put(0, 480);
  heard = deep.ticks(2);
  octets.assign(480, 1);
  deep.shelf.insert(deep.buffer,
                    {.sequence = static_cast<uint16_t>(deep.first + 1),
                     .timestamp = 0xFFFFFF00 + 80,
                     .samples = 480,
                     .payload = octets},
                    deep.now);
  heard += deep.ticks(2);
  EXPECT_EQ(heard, "- 0 0 0 ");
}

TEST(RtpJitterBuffer, TimeGoesOnHoweverAPauseIsToBeStretched) {
  Box box;
  box.put(0);
  box.ticks(2);
  box.first = static_cast<uint16_t>(box.first - 4);
  box.put(5);
  int ticks = 0;
  for (; ticks < 100; ++ticks) {
    box.buffer.adjust_pause(-30'000);
    if (box.tick().find('5') != std::string::npos) break;
  }
  EXPECT_GE(ticks, 5) << "it is stretched";
  EXPECT_LE(ticks, 12) << "by no more than the half";
}

TEST(RtpJitterBuffer, PlaysPacketsOfAnyLength) {
  for (const uint32_t samples : {40U, 80U, 160U, 240U, 320U, 480U, 800U, 960U}) {
    SCOPED_TRACE(samples);
    Shelf shelf;
    JitterBuffer buffer({.min_delay_ms = 20, .max_delay_ms = 300}, shelf);
    std::vector<uint8_t> heard, sent;
    int64_t now = 0;
    uint32_t at = 0;
    for (uint16_t n = 0; at < 100 * 160; now += 160) {
      for (; at + samples <= now + samples && at < 100 * 160; at += samples) {
        std::vector<uint8_t> octets(samples);
        for (uint32_t i = 0; i < samples; ++i) octets[i] = static_cast<uint8_t>((at + i) / 7);
        sent.insert(sent.end(), octets.begin(), octets.end());
        ASSERT_EQ(shelf.insert(buffer, {.sequence = n++, .timestamp = at, .samples = samples, .payload = octets}, now),
                  Inserted::kQueued);
      }
      for (uint32_t have = 0; have < 160;) {
        const auto pull = buffer.pull(160 - have);
        const auto n_samples = std::min(pull.samples, 160 - have);
        have += n_samples;
        if (pull.answer != Answer::kPacket) {
          ASSERT_EQ(pull.answer, Answer::kPause) << now;
          ASSERT_TRUE(heard.empty());
          continue;
        }
        heard.resize(heard.size() + n_samples);
        buffer.take(n_samples, heard.data() + heard.size() - n_samples);
      }
    }
    buffer.reset();
    ASSERT_GT(heard.size(), 80U * 160);
    EXPECT_TRUE(std::equal(heard.begin(), heard.end(), sent.begin()));
  }
}

TEST(RtpJitterBuffer, KeepsItsMemoryWhateverIsPutIn) {
  std::mt19937 random(8);
  Shelf shelf;
  JitterBuffer buffer({.min_delay_ms = 20, .max_delay_ms = 300}, shelf);
  const std::vector<uint8_t> octets(1500, 0x55);
  int64_t now = 0;
  uint64_t played = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
    const uint32_t samples = pick(3) == 0 ? 0 : 1 + pick(960);
    shelf.insert(buffer,
                 {.sequence = static_cast<uint16_t>(pick(8) == 0 ? random() : static_cast<uint32_t>(i)),
                  .timestamp = pick(8) == 0 ? static_cast<uint32_t>(random()) : static_cast<uint32_t>(i) * 160,
                  .clock_hz = pick(50) == 0 ? 48'000U : 8000U,
                  .samples = samples,
                  .timed = pick(4) != 0,
                  .restart = pick(100) == 0,
                  .marker = pick(20) == 0,
                  .payload = std::span(octets).first(samples > 0 ? samples : pick(12))},
                 now);
    if (pick(100) == 0) buffer.expect_pause(now + pick(5000), pick(1000));
    if (pick(100) == 0) buffer.expect_noise();
    if (pick(1000) == 0) buffer.reset();
    if (pick(2) == 0) continue;
    now += 160;
    buffer.skip_excess(now, 0);
    ASSERT_LE(std::abs(buffer.surplus(now, 0)), 32'768);
    for (uint32_t have = 0, rounds = 0; have < 160; ++rounds) {
      ASSERT_LT(rounds, 1000U);
      const auto pull = buffer.pull(160 - have);
      if (pull.answer == Answer::kMark) {
        buffer.pop();
        continue;
      }
      ASSERT_GT(pull.samples, 0U);
      const auto n = std::min(pull.samples, 160 - have);
      uint8_t out[160];
      if (pull.answer == Answer::kPacket) buffer.take(n, out), played += n;
      have += pull.answer == Answer::kPacket ? n : pull.samples;
    }
  }
  EXPECT_GT(played, 1'000'000U);
  EXPECT_LE(shelf.kept(), JitterBuffer::kEntries);
  buffer.reset();
}

}  // namespace
}  // namespace cordboard::rtp
