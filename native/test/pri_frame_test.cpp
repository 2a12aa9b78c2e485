// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_frame.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace cordboard::signalling {
namespace {

using Octets = std::vector<uint8_t>;

PriFrameFault fault_of(const Octets& frame) { return inspect_frame(frame).fault; }

Octets copy_of(const Octets& information, uint32_t* left_out = nullptr) {
  const auto message = inspect_message(information);
  if (!message) return {};
  Octets out(kMaxInformation);
  const PriCopy copy = copy_message(*message, out);
  out.resize(copy.length);
  if (left_out != nullptr) *left_out = copy.left_out;
  return out;
}

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Octets kSetup{0x08, 0x02, 0x00, 0x17, 0x05};

TEST(PriFrame, TakesEveryFrameOfMultipleFrameOperation) {
  for (const uint8_t address : {uint8_t{0x00}, uint8_t{0x02}}) {
    for (const uint8_t control : {0x6f, 0x7f, 0x0f, 0x1f, 0x43, 0x53, 0x63, 0x73}) {
      EXPECT_EQ(fault_of({address, 0x01, control}), PriFrameFault::kNone) << int{control};
    }
    EXPECT_EQ(fault_of({address, 0x01, 0x87, 1, 2, 3, 4, 5}), PriFrameFault::kNone);
    EXPECT_EQ(fault_of({address, 0x01, 0x97, 1, 2, 3, 4, 5}), PriFrameFault::kNone);
    for (const uint8_t control : {0x01, 0x05, 0x09}) {
      EXPECT_EQ(fault_of({address, 0x01, control, 0xff}), PriFrameFault::kNone) << int{control};
    }
    EXPECT_EQ(fault_of({address, 0x01, 0x00, 0x00}), PriFrameFault::kNone);
    EXPECT_EQ(fault_of({address, 0x01, 0xfe, 0xff, 0x08}), PriFrameFault::kNone);
  }
  EXPECT_TRUE(inspect_frame(Octets{0x00, 0x01, 0x7f}).establish);
  EXPECT_FALSE(inspect_frame(Octets{0x00, 0x01, 0x53}).establish);
}

TEST(PriFrame, TakesInformationUpToN201) {
  for (std::size_t length : {std::size_t{0}, std::size_t{1}, kMaxInformation}) {
    const Octets frame = Octets{0x02, 0x01, 0x04, 0x02} + Octets(length, 0x55);
    const auto view = inspect_frame(frame);
    EXPECT_EQ(view.fault, PriFrameFault::kNone);
    EXPECT_TRUE(view.numbered);
    EXPECT_EQ(view.information.size(), length);
  }
  EXPECT_EQ(fault_of(Octets{0x02, 0x01, 0x04, 0x02} + Octets(kMaxInformation + 1, 0x55)), PriFrameFault::kLength);
}

TEST(PriFrame, RefusesWrongLengths) {
  EXPECT_EQ(fault_of({}), PriFrameFault::kLength);
  EXPECT_EQ(fault_of({0x00}), PriFrameFault::kLength);
  EXPECT_EQ(fault_of({0x00, 0x01}), PriFrameFault::kLength);
  EXPECT_EQ(fault_of({0x00, 0x01, 0x7f, 0x00}), PriFrameFault::kLength);  // SABME with information
  EXPECT_EQ(fault_of({0x00, 0x01, 0x01}), PriFrameFault::kLength);        // RR of one control octet
  EXPECT_EQ(fault_of({0x00, 0x01, 0x01, 0x00, 0x00}), PriFrameFault::kLength);
  EXPECT_EQ(fault_of({0x00, 0x01, 0x00}), PriFrameFault::kLength);  // I of one control octet
  EXPECT_EQ(fault_of({0x00, 0x01, 0x87}), PriFrameFault::kLength);  // FRMR without information
  EXPECT_EQ(fault_of({0x00, 0x01, 0x87, 1, 2, 3, 4, 5, 6}), PriFrameFault::kLength);
  EXPECT_EQ(fault_of(Octets(5000, 0x00)), PriFrameFault::kLength);
}

TEST(PriFrame, RefusesOtherLinks) {
  EXPECT_EQ(fault_of({0x01, 0x01, 0x7f}), PriFrameFault::kAddress);                       // EA of octet 1
  EXPECT_EQ(fault_of({0x00, 0x00, 0x7f}), PriFrameFault::kAddress);                       // EA of octet 2
  EXPECT_EQ(fault_of({0xfc, 0xff, 0x03, 0x0f, 0, 0, 4, 0xff}), PriFrameFault::kAddress);  // SAPI 63, TEI 127
  EXPECT_EQ(fault_of({0x00, 0xff, 0x03, 0x08, 0x00}), PriFrameFault::kAddress);           // TEI 127
  EXPECT_EQ(fault_of({0x40, 0x01, 0x7f}), PriFrameFault::kAddress);                       // SAPI 16
  EXPECT_EQ(fault_of({0x00, 0x03, 0x7f}), PriFrameFault::kAddress);                       // TEI 1
}

TEST(PriFrame, RefusesUndefinedControlFields) {
  EXPECT_EQ(fault_of({0x00, 0x01, 0x03}), PriFrameFault::kControl);        // UI
  EXPECT_EQ(fault_of({0x00, 0x01, 0xaf}), PriFrameFault::kControl);        // XID
  EXPECT_EQ(fault_of({0x00, 0x01, 0x2f}), PriFrameFault::kControl);        // SABM, of modulo 8
  EXPECT_EQ(fault_of({0x00, 0x01, 0x0d, 0x00}), PriFrameFault::kControl);  // SREJ
  EXPECT_EQ(fault_of({0x00, 0x01, 0x11, 0x00}), PriFrameFault::kControl);  // reserved bits
}

TEST(PriMessage, ReadsTheHeader) {
  const auto setup = inspect_message(kSetup);
  ASSERT_TRUE(setup);
  EXPECT_EQ(setup->reference, 0x17);
  EXPECT_FALSE(setup->to_originator);
  EXPECT_EQ(setup->type, kMessageSetup);
  EXPECT_TRUE(setup->elements.empty());

  const auto release = inspect_message(Octets{0x08, 0x02, 0xff, 0xff, 0x4d, 0x08, 0x02, 0x80, 0x90});
  ASSERT_TRUE(release);
  EXPECT_EQ(release->reference, 0x7fff);
  EXPECT_TRUE(release->to_originator);
  EXPECT_EQ(release->elements.size(), 4u);

  const auto basic = inspect_message(Octets{0x08, 0x01, 0x85, 0x4d});
  ASSERT_TRUE(basic);
  EXPECT_EQ(basic->reference, 5);
  EXPECT_TRUE(basic->to_originator);

  const auto dummy = inspect_message(Octets{0x08, 0x00, 0x62});
  ASSERT_TRUE(dummy);
  EXPECT_EQ(dummy->reference_length, 0);
}

TEST(PriMessage, RefusesWhatQ931HasIgnored) {
  EXPECT_FALSE(inspect_message(Octets{}));
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x02}));
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x02, 0x00, 0x01}));              // no type
  EXPECT_FALSE(inspect_message(Octets{0x03, 0x02, 0x00, 0x01, 0x0f}));        // maintenance discriminator
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x03, 0x00, 0x00, 0x01, 0x05}));  // reference of three octets
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x12, 0x00, 0x01, 0x05}));        // spare bits
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x0f, 0x00, 0x01, 0x05}));
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x02, 0x00, 0x01, 0x00, 0x05}));  // escape
  EXPECT_FALSE(inspect_message(Octets{0x08, 0x02, 0x00, 0x01, 0x85}));        // bit 8
}

TEST(PriMessage, CopiesALegalSetupUnchanged) {
  const Octets setup = kSetup + Octets{0x04, 0x03, 0x80, 0x90, 0xa3} + Octets{0x18, 0x03, 0xa1, 0x83, 0x9f} +
                       Octets{0x1e, 0x02, 0x82, 0x83} + Octets{0x28, 0x03, 'A', 'd', 'a'} +
                       Octets{0x6c, 0x05, 0x21, 0x83, '1', '2', '3'} + Octets{0x6c, 0x03, 0x00, 0x83, '9'} +
                       Octets{0x70, 0x04, 0x80, '4', '5', '6'} + Octets{0xa1};
  uint32_t left_out = 1;
  EXPECT_EQ(copy_of(setup, &left_out), setup);
  EXPECT_EQ(left_out, 0u);
}

TEST(PriMessage, CopiesEveryMessageOfACallUnchanged) {
  const Octets header{0x08, 0x02, 0x80, 0x01};
  for (const Octets& rest :
       {Octets{0x02, 0x18, 0x03, 0xa9, 0x83, 0x9f}, Octets{0x0d, 0x18, 0x03, 0xa9, 0x83, 0x81},
        Octets{0x01, 0x1e, 0x02, 0x84, 0x88}, Octets{0x03, 0x08, 0x02, 0x81, 0x91, 0x1e, 2, 0x81, 0x88}, Octets{0x07},
        Octets{0x0f}, Octets{0x45, 0x08, 0x02, 0x80, 0x90}, Octets{0x45, 0x08, 0x03, 0x00, 0x80, 0x90}, Octets{0x4d},
        Octets{0x5a}, Octets{0x7b, 0x70, 0x02, 0x80, '7'}, Octets{0x7b, 0xa1}, Octets{0x7b, 0x2c, 0x01, '#'},
        Octets{0x6e, 0x27, 0x01, 0xf9}, Octets{0x75}, Octets{0x7d, 0x08, 2, 0x80, 0x9e, 0x14, 1, 0x0a},
        Octets{0x4e, 0x79, 0x01, 0x80}}) {
    EXPECT_EQ(copy_of(header + rest), header + rest);
  }
}

TEST(PriMessage, LeavesOutWhatIsNotWhole) {
  uint32_t left_out = 0;
  EXPECT_EQ(copy_of(kSetup + Octets{0x70, 0x02, 0x80, '4', 0x28, 0x09, 'A'}, &left_out),
            kSetup + Octets({0x70, 0x02, 0x80, '4'}));
  EXPECT_EQ(left_out, 1u);
  EXPECT_EQ(copy_of(kSetup + Octets{0x70}), kSetup);
  EXPECT_EQ(copy_of(kSetup + Octets{0x70, 0xff}), kSetup);
}

TEST(PriMessage, LeavesOutContentsTooShortForTheirCoding) {
  for (const Octets& element :
       {Octets{0x04, 0x00}, Octets{0x04, 0x01, 0x80}, Octets{0x04, 0x02, 0x80, 0x98}, Octets{0x08, 0x00},
        Octets{0x08, 0x01, 0x80}, Octets{0x08, 0x02, 0x00, 0x80}, Octets{0x14, 0x00}, Octets{0x18, 0x00},
        Octets{0x1e, 0x01, 0x80}, Octets{0x28, 0x00}, Octets{0x2c, 0x00}, Octets{0x6c, 0x00},
        Octets{0x6c, 0x04, 0x00, 0x00, '1', '2'}, Octets{0x70, 0x00}, Octets{0x79, 0x00}}) {
    EXPECT_EQ(copy_of(kSetup + element), kSetup) << int{element[0]};
  }
}

TEST(PriMessage, LeavesOutWhatIsNotUsed) {
  const Octets subaddress = Octets{0x71, 0xc8} + Octets(200, 0xd0);  // overruns libpri's 32 octets
  uint32_t left_out = 0;
  EXPECT_EQ(copy_of(kSetup + subaddress, &left_out), kSetup);
  EXPECT_EQ(copy_of(kSetup + Octets{0x1c, 0x03, 0x91, 0xa1, 0x00}), kSetup);  // Facility
  EXPECT_EQ(copy_of(kSetup + Octets{0x7e, 0x02, 0x04, 'x'}), kSetup);         // User-user
  EXPECT_EQ(copy_of(kSetup + Octets{0xa0, 0xb0, 0xd1}), kSetup);              // More data, …
  // Codesets: one element of 5, then the rest of the message in 6.
  EXPECT_EQ(copy_of(kSetup + Octets{0x9d, 0x08, 0x01, 0x01, 0x70, 0x02, 0x80, '4', 0x96, 0x70, 0x02, 0x80, '5'}),
            kSetup + Octets({0x70, 0x02, 0x80, '4'}));
}

TEST(PriMessage, KeepsWhatDemandsComprehension) {
  EXPECT_EQ(copy_of(kSetup + Octets{0x02, 0x01, 0x55}), kSetup + Octets({0x02, 0x01, 0x55}));
}

TEST(PriMessage, ARestartOfTheInterfaceNamesNoChannel) {
  const Octets restart{0x08, 0x02, 0x00, 0x00, 0x46};
  EXPECT_EQ(copy_of(restart + Octets{0x18, 0x03, 0xa9, 0x83, 0x81, 0x79, 0x01, 0x87}),
            restart + Octets({0x79, 0x01, 0x87}));
  const Octets one = restart + Octets{0x18, 0x03, 0xa9, 0x83, 0x81, 0x79, 0x01, 0x80};
  EXPECT_EQ(copy_of(one), one);
}

TEST(PriMessage, FindsTheCallState) {
  const Octets octets{0x08, 0x02, 0x00, 0x01, 0x7d, 0x08, 0x02, 0x80, 0x9e, 0x14, 0x01, 0x0a};
  const auto status = inspect_message(octets);
  ASSERT_TRUE(status);
  EXPECT_EQ(call_state_of(*status), 10);
  EXPECT_EQ(call_state_of(*inspect_message(kSetup)), std::nullopt);
}

TEST(PriMessage, NeverGrowsAndNeverReadsBeyondItsInput) {
  std::mt19937 random(1);
  Octets out(kMaxInformation);
  for (int n = 0; n < 50000; ++n) {
    Octets information(random() % (kMaxInformation + 1));
    for (auto& octet : information) octet = static_cast<uint8_t>(random());
    if (information.size() > 2 && n % 4 != 0) {
      information[0] = 0x08;
      information[1] = static_cast<uint8_t>(random() % 3);
    }
    information.shrink_to_fit();
    const auto message = inspect_message(information);
    if (!message) continue;
    const PriCopy copy = copy_message(*message, out);
    ASSERT_LE(copy.length, information.size());
    const auto again = inspect_message(std::span(out).first(copy.length));
    ASSERT_TRUE(again);
    ASSERT_EQ(again->type, message->type);
    ASSERT_EQ(again->reference, message->reference);
    call_state_of(*message);
  }
}

}  // namespace
}  // namespace cordboard::signalling
