// SPDX-License-Identifier: GPL-2.0-or-later
// A span of ISDN primary rate with a peer that means it ill but keeps the data link alive, and frames for it to send.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "pri_pair.hpp"
#include "signalling/pri_components.hpp"

namespace cordboard::signalling {

/// Every kind of frame that two spans exchange, in the order in which they went.
inline std::vector<Frame> capture_frames() {
  std::vector<Frame> frames;
  PriOptions network = options_of(PriNode::kNetwork);
  network.overlap = true;
  Pair pair(options_of(PriNode::kUser), network);
  pair.capture = &frames;
  pair.establish();
  for (Side* from : {&pair.user, &pair.network}) {
    Side& to = from == &pair.user ? pair.network : pair.user;
    auto seized = from->span->seize({"0123456789", "9876543210", "Ada Lovelace", 0});
    pair.pump();
    const PriCall there = to.offered().call;
    EXPECT_TRUE(to.span->progress(there));
    EXPECT_TRUE(to.span->alert(there, true));
    pair.pump();
    EXPECT_TRUE(to.span->answer(there));
    pair.pump();
    EXPECT_TRUE(from->span->release(seized->call, 16));
    pair.pump();
    auto refused = from->span->seize({"1", "", "", 0});
    pair.pump();
    EXPECT_TRUE(to.span->release(to.offered().call, 17));
    pair.pump();
    EXPECT_FALSE(from->is_alive(refused->call));
    EXPECT_TRUE(from->span->restart(3));
    pair.pump();
    EXPECT_TRUE(from->span->restart(0));
    pair.pump();
  }
  // Transfers, and who answers.
  const std::vector<uint8_t> rerouting = components::party_number("4001");
  for (const auto& contents :
       {components::link_request(1), components::link_result(1, 1), components::execute(2, 1),
        components::two_channels(3, 1), components::two_channels(3, 0x8001), components::proposal(4, 1, rerouting),
        components::transfer_complete(5, false, {"4007", "Ada", false}),
        components::transfer_complete(6, true, {"4008", "Grace", false}), components::result(2, PriProtocol::kEuroIsdn),
        components::error(1, components::kNotAvailable, PriProtocol::kQsig)}) {
    for (const uint8_t address : {0x00, 0x02}) {
      for (const uint8_t flag : {0x00, 0x80}) {
        Frame frame{
            address, 0x01, 0x00, 0x00, 0x08, 0x02, flag, 0x01, 0x62, 0x1c, static_cast<uint8_t>(contents.size())};
        frame.insert(frame.end(), contents.begin(), contents.end());
        frames.push_back(frame);
      }
    }
  }
  frames.push_back({0x00, 0x01, 0x00, 0x00, 0x08, 0x02, 0x80, 0x01, 0x07, 0x4c, 0x06,
                    0x01, 0x80, '4',  '0',  '0',  '7',  0x28, 0x03, 'A',  'd',  'a'});
  // What these spans do not send, but others do.
  for (const Frame& message : std::vector<Frame>{
           {0x08, 0x02, 0x00, 0x01, 0x0d, 0x18, 0x03, 0xa9, 0x83, 0x9f},              // SETUP ACKNOWLEDGE
           {0x08, 0x02, 0x00, 0x01, 0x7b, 0x70, 0x03, 0x80, '4', '5', 0xa1},          // INFORMATION
           {0x08, 0x02, 0x00, 0x01, 0x7b, 0x2c, 0x02, '*', '1'},                      // with keypad
           {0x08, 0x02, 0x00, 0x01, 0x7d, 0x08, 0x02, 0x80, 0x9e, 0x14, 0x01, 0x0a},  // STATUS
           {0x08, 0x02, 0x80, 0x01, 0x7d, 0x08, 0x02, 0x80, 0x9e, 0x14, 0x01, 0x00},
           {0x08, 0x02, 0x00, 0x01, 0x75},                                // STATUS ENQUIRY
           {0x08, 0x02, 0x00, 0x01, 0x6e, 0x27, 0x01, 0xf9},              // NOTIFY
           {0x08, 0x02, 0x00, 0x01, 0x24},                                // HOLD
           {0x08, 0x02, 0x00, 0x01, 0x31},                                // RETRIEVE
           {0x08, 0x02, 0x00, 0x01, 0x25},                                // SUSPEND
           {0x08, 0x00, 0x62, 0x1c, 0x05, 0x91, 0xa1, 0x02, 0x02, 0x01},  // FACILITY, dummy reference
           {0x08, 0x02, 0x00, 0x01, 0x62, 0x1c, 0x07, 0x91, 0xa1, 0x04, 0x02, 0x01, 0x01, 0x06},
           {0x08, 0x02, 0x00, 0x01, 0x64, 0x1c, 0x02, 0x91, 0xa1},  // REGISTER
           // Advice of charge in FACILITY, a name and a diversion in SETUP, SERVICE.
           {0x08, 0x02, 0x00, 0x01, 0x62, 0x1c, 0x15, 0x91, 0xa1, 0x12, 0x02, 0x01, 0x01, 0x02,
            0x01, 0x22, 0x30, 0x0a, 0xa1, 0x05, 0x30, 0x03, 0x02, 0x01, 0x07, 0x82, 0x01, 0x00},
           {0x08, 0x02, 0x00, 0x03, 0x05, 0x04, 0x03, 0x80, 0x90, 0xa3, 0x18, 0x03, 0xa1,
            0x83, 0x82, 0x1c, 0x12, 0x9f, 0xaa, 0x06, 0x80, 0x01, 0x00, 0x82, 0x01, 0x00,
            0x8b, 0x01, 0x00, 0xa1, 0x02, 0x02, 0x01, 0x01, 0x70, 0x02, 0x80, '1'},
           {0x08, 0x02, 0x00, 0x04, 0x05, 0x04, 0x03, 0x80, 0x90, 0xa3, 0x18, 0x03, 0xa1, 0x83, 0x83, 0x1c, 0x0d,
            0x91, 0xa1, 0x0a, 0x02, 0x01, 0x01, 0x02, 0x01, 0x00, 0x80, 0x02, 'A',  'B',  0x70, 0x02, 0x80, '1'},
           {0x43, 0x02, 0x00, 0x00, 0x07, 0x01, 0x01, 0xc2, 0x18, 0x03, 0xa9, 0x83, 0x85},
           {0x43, 0x02, 0x80, 0x00, 0x0f, 0x01, 0x01, 0xc0, 0x18, 0x03, 0xa9, 0x83, 0x85},
           {0x08, 0x02, 0x00, 0x02, 0x05, 0x04, 0x03, 0x80, 0x90, 0xa3, 0x18, 0x03, 0xa1, 0x83, 0x81, 0x6c, 0x03,
            0x00, 0x83, '1',  0x6d, 0x04, 0x80, 0x50, '1',  '2',  0x70, 0x02, 0x80, '1',  0x71, 0x03, 0x80, 0x50,
            '3',  0x74, 0x04, 0x00, 0x00, 0x80, '1',  0x7e, 0x03, 0x04, 'h',  'i',  0x96, 0x37, 0x02, 0x24, '1'}}) {
    for (const uint8_t address : {0x00, 0x02}) {
      Frame frame{address, 0x01, 0x00, 0x00};
      frame.insert(frame.end(), message.begin(), message.end());
      frames.push_back(frame);
    }
  }
  return frames;
}

/// A span with a peer that keeps the data link alive, whatever it sends on it.
class Victim {
 public:
  Victim(PriNode node, uint32_t seed, PriProtocol protocol = PriProtocol::kEuroIsdn)
      : random(seed), node_(node), side(options(node, protocol), [this](auto f) { hear(f); }) {
    side.when_offered = [this](PriCall call) { act(call); };
    side.when_transfer_asked = [this](PriCall first, PriCall) { (void)side.span->allow_transfer(first, pick(2) == 0); };
    side.span->run_timers(test_now_ms());
    settle();
  }

  void send(const Frame& frame) {
    side.span->receive_frame(frame);
    if (++sent_ % 16 == 0) live();
    settle();
  }
  /// Gives an I-frame the sequence numbers that the span expects, so that its message is looked at.
  void number(Frame& frame) const {
    frame[2] = static_cast<uint8_t>(receive_ << 1);
    frame[3] = static_cast<uint8_t>(sent_by_span_ << 1);
  }
  /// Until the data link is up; one that was used before is begun anew after T200.
  void establish() {
    for (const int64_t end = test_now_ms() + 3000; !side.dchannel && test_now_ms() < end;) {
      side.span->run_timers(test_now_ms());
      settle();
      side.span->run_timers(test_now_ms());
    }
  }
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random() % below); }

  std::mt19937 random;
  bool idle = false;                     // the engine gives no commands of its own accord
  std::deque<Frame>* forward = nullptr;  // where the span's frames go instead, when set

 private:
  static PriOptions options(PriNode node, PriProtocol protocol) {
    PriOptions options = options_of(node);
    options.overlap = true;
    options.joins = true;
    options.protocol = protocol;
    return options;
  }
  uint8_t address(bool command) const { return (node_ == PriNode::kUser) == command ? 0x02 : 0x00; }

  void hear(std::span<const uint8_t> frame) {
    ASSERT_GE(frame.size(), 3u);
    ASSERT_LE(frame.size(), 264u);
    if (forward != nullptr) {
      forward->emplace_back(frame.begin(), frame.end());
      return;
    }
    if ((frame[2] & 0x03) != 0x03) {
      receive_ = frame[3] >> 1;
      if ((frame[2] & 0x01) == 0) sent_by_span_ = ((frame[2] >> 1) + 1) & 0x7f;
      if ((frame[2] & 0x01) == 1 && frame[0] == address(false) && (frame[3] & 1) != 0) polled_ = true;
    } else if ((frame[2] & 0xef) == 0x6f) {
      establishing_ = true;
    }
  }
  void settle() {
    if (establishing_) {
      establishing_ = false;
      receive_ = sent_by_span_ = 0;
      side.span->receive_frame(Frame{address(false), 0x01, 0x73});
    }
    if (polled_) {
      polled_ = false;
      side.span->receive_frame(Frame{address(false), 0x01, 0x01, static_cast<uint8_t>(sent_by_span_ << 1 | 1)});
    }
  }
  /// What an engine does meanwhile.
  void live() {
    side.span->run_timers(test_now_ms());
    if (idle) return;
    switch (pick(64)) {
      case 0: {
        auto seized = side.span->seize({"123", "45", "Somebody", 0});
        if (seized) calls_.push_back(seized->call);
        break;
      }
      case 1:
        if (pick(16) == 0) (void)side.span->restart(static_cast<uint8_t>(pick(33)));
        break;
      case 2:
        if (pick(16) != 0) break;
        side.span->set_layer1(false);
        side.span->run_timers(test_now_ms());
        side.span->set_layer1(true);
        break;
      default:
        if (!calls_.empty()) act(calls_[pick(static_cast<uint32_t>(calls_.size()))]);
    }
    if (calls_.size() > 40) calls_.erase(calls_.begin());
  }
  void act(PriCall call) {
    switch (pick(7)) {
      case 0:
        (void)side.span->alert(call, pick(2) == 0);
        break;
      case 1:
        (void)side.span->answer(call);
        break;
      case 2:
        (void)side.span->release(call, static_cast<uint8_t>(1 + pick(127)));
        break;
      case 3:
        (void)side.span->proceed(call);
        break;
      case 4:
        (void)side.span->progress(call);
        break;
      case 5:
        (void)side.span->charge(call, pick(100));
        (void)side.span->block(static_cast<PriChannel>(pick(34)), pick(2) == 0);
        break;
      default:
        break;
    }
    if (pick(4) == 0) calls_.push_back(call);
  }

  PriNode node_;
  uint64_t sent_ = 0;
  uint8_t receive_ = 0;       // V(R) of the span
  uint8_t sent_by_span_ = 0;  // V(S) of the span
  bool establishing_ = false;
  bool polled_ = false;
  std::vector<PriCall> calls_;

 public:
  Side side;  // last: it sends while it is made
};

/// Frames that two spans would exchange, with octets changed, left out and put in.
inline void send_mutated(Victim& victim, const std::vector<Frame>& valid, int count) {
  std::vector<Frame> setups;
  std::copy_if(valid.begin(), valid.end(), std::back_inserter(setups),
               [](const Frame& frame) { return frame.size() > 8 && frame[8] == 0x05; });
  for (int sent = 0; sent < count;) {
    // Without calls most messages go nowhere.
    Frame frame = victim.pick(4) == 0 ? setups[victim.pick(static_cast<uint32_t>(setups.size()))]
                                      : valid[victim.pick(static_cast<uint32_t>(valid.size()))];
    // A data link that is begun anew all the time has no calls.
    const bool numbered = (frame[2] & 1) == 0;
    if (!numbered && victim.pick(16) != 0) continue;
    for (uint32_t changes = victim.pick(4); changes > 0 && !frame.empty(); --changes) {
      const auto at = static_cast<std::ptrdiff_t>(victim.pick(static_cast<uint32_t>(frame.size())));
      switch (victim.pick(7)) {
        case 0:
          frame[at] ^= static_cast<uint8_t>(1u << victim.pick(8));
          break;
        case 1:
          frame[at] = static_cast<uint8_t>(victim.random());
          break;
        case 2:
          frame.erase(frame.begin() + at);
          break;
        case 3:
          frame.insert(frame.begin() + at, static_cast<uint8_t>(victim.random()));
          break;
        case 4:
          frame.resize(static_cast<std::size_t>(at));
          break;
        case 5:
          frame.insert(frame.begin() + at, victim.pick(120), static_cast<uint8_t>(victim.random()));
          break;
        default: {  // elements of another frame
          const Frame& other = valid[victim.pick(static_cast<uint32_t>(valid.size()))];
          if (other.size() > 9) frame.insert(frame.end(), other.begin() + 9, other.end());
        }
      }
    }
    if (frame.size() >= 4 && numbered && victim.pick(64) != 0) {
      victim.number(frame);
      // Few call references, so that calls meet more than one message.
      if (frame.size() > 8 && frame[5] == 0x02 && victim.pick(2) == 0) {
        frame[6] = victim.pick(2) == 0 ? 0x00 : 0x80;
        frame[7] = static_cast<uint8_t>(victim.pick(24));
      }
    }
    victim.send(frame);
    ++sent;
  }
}

}  // namespace cordboard::signalling
