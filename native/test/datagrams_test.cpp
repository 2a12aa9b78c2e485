// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets for datagrams in bursts, and what is known of a SIP datagram before it is read.
#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "datagrams/datagram_socket.hpp"
#include "datagrams/sip_judge.hpp"

namespace {

using namespace cordboard::datagrams;

constexpr uint32_t kBuffer = 1 << 20;

std::span<const std::byte> bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// A socket with what has come to it.
struct Box {
  DatagramSocket socket;
  std::unique_ptr<std::byte[]> slots{new std::byte[DatagramSocket::kBatch * DatagramSocket::kSlotBytes]};

  explicit Box(const char* host) { EXPECT_EQ(socket.open(host, 0, kBuffer, kBuffer), 0); }

  int wait() {
    pollfd entry{socket.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&entry, 1, 10000), 1);
    return socket.receive(slots.get());
  }
  std::string text(std::size_t slot) const {
    return {reinterpret_cast<const char*>(slots.get()) + slot * DatagramSocket::kSlotBytes, socket.length(slot)};
  }
};

TEST(DatagramSocketTest, BurstsComeWholeInOrderAndWithTheirSender) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    Box from(host);
    Box to(host);
    std::vector<std::string> texts;
    for (int i = 0; i < 40; ++i) texts.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 30, 'x'));
    std::vector<Outgoing> outgoing;
    for (const auto& text : texts) outgoing.push_back({bytes(text), Peer::parse(host, to.socket.port())});
    std::vector<int32_t> errors(outgoing.size(), -1);
    EXPECT_EQ(from.socket.send(outgoing, errors), outgoing.size());
    EXPECT_EQ(errors, std::vector<int32_t>(outgoing.size(), 0));
    std::vector<std::string> came;
    while (came.size() < texts.size()) {
      const int count = to.wait();
      ASSERT_GT(count, 0);
      for (std::size_t slot = 0; slot < static_cast<std::size_t>(count); ++slot) {
        came.push_back(to.text(slot));
        EXPECT_EQ(to.socket.from(slot).host(), host);
        EXPECT_EQ(to.socket.from(slot).port(), from.socket.port());
      }
    }
    EXPECT_EQ(came, texts);
  }
}

TEST(DatagramSocketTest, OneThatCannotBeSentIsNothingToTheOthers) {
  Box from("127.0.0.1");
  Box to("127.0.0.1");
  const std::string text = "whole";
  const std::string too_long(65530, 'x');
  const auto there = Peer::parse("127.0.0.1", to.socket.port());
  const std::vector<Outgoing> outgoing{{bytes(text), Peer::parse("phone.example", 5060)},
                                       {bytes(too_long), there},
                                       {bytes(text), Peer::parse("::1", 5060)},
                                       {bytes(text), there}};
  std::vector<int32_t> errors(outgoing.size(), -1);
  EXPECT_EQ(from.socket.send(outgoing, errors), outgoing.size());
  EXPECT_EQ(errors, (std::vector<int32_t>{EINVAL, EMSGSIZE, EAFNOSUPPORT, 0}));
  EXPECT_EQ(to.wait(), 1);
  EXPECT_EQ(to.text(0), text);
}

TEST(DatagramSocketTest, SaysWhyItCannotListen) {
  Box first("127.0.0.1");
  DatagramSocket second;
  EXPECT_EQ(second.open("127.0.0.1", first.socket.port(), kBuffer, kBuffer), EADDRINUSE);
  EXPECT_EQ(second.open("192.0.2.1", 0, kBuffer, kBuffer), EADDRNOTAVAIL);
  EXPECT_EQ(second.open("localhost", 0, kBuffer, kBuffer), EINVAL);
  EXPECT_EQ(second.port(), 0);
  EXPECT_EQ(first.socket.receive(first.slots.get()), -EAGAIN);
}

TEST(DatagramPeerTest, IsAnAddressAndNeverAName) {
  EXPECT_EQ(Peer::parse("192.0.2.1", 5060).host(), "192.0.2.1");
  EXPECT_EQ(Peer::parse("2001:db8::1", 5060).host(), "2001:db8::1");
  EXPECT_EQ(Peer::parse("fe80::1%lo", 5060).host(), "fe80::1%lo");
  for (const char* name : {"", "a", "1.2.3", "192.0.2.1%lo", "fe80::1%nowhere", "::1%", "[::1]"}) {
    EXPECT_EQ(Peer::parse(name, 5060).length, 0U) << name;
  }
  EXPECT_EQ(Peer::parse(std::string(200, '1'), 5060).length, 0U);
}

std::string request(const std::string& start, const std::string& to) {
  return start + "\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nTimestamp: 5\r\n" + to +
         "\r\nFrom: <sip:2@a>;tag=f\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
}

TEST(SipJudgeTest, TellsWhatBeginsACall) {
  const SipRules rules{"ours", {"110", "119"}};
  const auto verdict = [&](const std::string& text) { return judge(bytes(text), rules); };
  const std::string to = "To: <sip:1@a>";
  EXPECT_EQ(verdict(request("INVITE sip:1@a SIP/2.0", to)), SipVerdict::kBeginsCall);
  EXPECT_EQ(verdict(request("INVITE sip:a.example:5070 SIP/2.0", "t : sip:1@a")), SipVerdict::kBeginsCall);
  EXPECT_EQ(verdict(request("INVITE sips:+8610-1@[2001:db8::1]:5061 SIP/2.0", "TO:<sip:1@a>")), SipVerdict::kBeginsCall);
  for (const auto* start : {"INVITE sip:110@a SIP/2.0", "INVITE sip:%31%31%30@a SIP/2.0", "INVITE tel:110 SIP/2.0",
                            "INVITE sip:110;phone-context=+86@a SIP/2.0", "INVITE SIP:1@a SIP/2.0",
                            "INVITE sip:1@a SIP/3.0", "INVITE  sip:1@a SIP/2.0", "invite sip:1@a SIP/2.0",
                            "REGISTER sip:a SIP/2.0", "BYE sip:1@a SIP/2.0", "SIP/2.0 200 OK", ""}) {
    EXPECT_EQ(verdict(request(start, to)), SipVerdict::kRead) << start;
  }
  for (const auto* other : {"To: <sip:1@a>;tag=x", "To: <sip:1@a> ; TAG = x", "t: \"tag\" <sip:1@a>", "Tomb: 1",
                            "To: <sip:1@a>\r\nt: <sip:1@a>;tag=x", "To: <sip:1@a>\r\n ;tag=x", "To",
                            "To: <sip:1@a>\n;tag=x", "Subject: x\n\nTo: <sip:1@a>"}) {
    EXPECT_EQ(verdict(request("INVITE sip:1@a SIP/2.0", other)), SipVerdict::kRead) << other;
  }
  EXPECT_EQ(verdict(request("INVITE sip:1@a SIP/2.0", to + std::string(1, '\0'))), SipVerdict::kRead);
  EXPECT_EQ(verdict(request("INVITE sip:1@a SIP/2.0", "Subject: " + std::string(9000, 'x') + "\r\n" + to)),
            SipVerdict::kRead);
}

TEST(SipJudgeTest, TellsWhatConfirmsARefusal) {
  const SipRules rules{"ours", {}};
  const auto verdict = [&](const std::string& text) { return judge(bytes(text), rules); };
  EXPECT_EQ(verdict(request("ACK sip:1@a SIP/2.0", "To: <sip:1@a>;tag=ours1f")), SipVerdict::kConfirmsRefusal);
  for (const auto* to : {"To: <sip:1@a>;tag=our", "To: <sip:1@a>;tag=xours", "To: <sip:1@a>", "Subject: ;tag=ours"}) {
    EXPECT_EQ(verdict(request("ACK sip:1@a SIP/2.0", to)), SipVerdict::kRead) << to;
  }
  EXPECT_EQ(verdict(request("BYE sip:1@a SIP/2.0", "To: <sip:1@a>;tag=ours1f")), SipVerdict::kRead);
  EXPECT_EQ(judge(bytes(request("ACK sip:1@a SIP/2.0", "To: <sip:1@a>;tag=")), SipRules{}), SipVerdict::kRead);
}

TEST(SipJudgeTest, TakesAnyOctets) {
  const SipRules rules{"ours", {"110"}};
  const auto whole = request("INVITE sip:1@a SIP/2.0", "To: <sip:1@a>");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(judge(bytes(whole.substr(0, length)), rules), SipVerdict::kRead) << length;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char octet : {'\0', '\r', '\n', ' ', ':', '\x80', 'T'}) {
      auto changed = whole;
      changed[at] = octet;
      static_cast<void>(judge(bytes(changed), rules));
    }
  }
}

}  // namespace
