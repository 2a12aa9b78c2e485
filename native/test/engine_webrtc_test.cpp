// SPDX-License-Identifier: GPL-2.0-or-later
// A stream whose other side is a browser: found by ICE, keyed by DTLS, heard over SRTP, and nobody else.
#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "stream_box.hpp"
#include "webrtc_browser.hpp"

namespace cordboard::engine {
namespace {

using webrtc::Check;
using webrtc::DtlsClient;
using webrtc::IceNames;
using webrtc::StunFault;
using webrtc::StunType;
using webrtc::StunView;

EngineConfig webrtc_config(uint32_t consent_ms = 30'000, const std::string& address = "127.0.0.1") {
  auto config = stream_config(8, address);
  WebRtcConfig door;
  door.certificate = webrtc::box_papers().certificate;
  door.key = webrtc::box_papers().key;
  door.consentMs = consent_ms;
  config.webrtc = door;
  return config;
}

std::string hex_of(const webrtc::Fingerprint& fingerprint) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < fingerprint.octets(); ++i) {
    text += kDigits[fingerprint.digest[i] >> 4];
    text += kDigits[fingerprint.digest[i] & 15];
  }
  return text;
}

/// A page with a stream: one thread, which is the test's.
class Browser {
 public:
  Browser(StreamBox& box, const IceNames& names, const std::string& asked = "127.0.0.1",
          const std::string& host = "127.0.0.1")
      : socket(host), names_(names), papers_(webrtc::make_papers()) {
    const auto opened = box.open();
    leg = opened.leg;
    port = opened.port;
    box_at_ = *Address::parse(asked, static_cast<uint16_t>(*opened.webrtcPort));
    client_ = std::make_unique<DtlsClient>(papers_, [this](auto octets) { socket.send(box_at_, octets); });
  }

  StreamUpdate described() const {
    StreamUpdate update;
    update.leg = leg;
    update.remoteAddress = "0.0.0.0";
    update.codec = {StreamCodec::kPcma, 8, 20};
    update.receive = {{StreamCodec::kPcma, 8}};
    update.webrtc = StreamWebRtc{names_.local_ufrag, names_.local_pwd, names_.remote_ufrag,
                                 StreamFingerprintHash::kSha256, hex_of(webrtc::fingerprint_of(papers_))};
    return update;
  }
  void rename(const IceNames& names) { names_ = names; }
  void ask_at(const std::string& host) { box_at_ = *Address::parse(host, box_at_.port); }

  void check(const Check& what = {}) { check_from(socket, what); }
  void check_from(rtp::UdpPeer& from, const Check& what = {}) {
    from.send(box_at_, webrtc::make_check(names_, ++transaction_, what));
  }
  void hello() { client_->step(); }

  /// Until it is so, or patience ends.
  template <class Good>
  bool pump(Good good, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!good()) {
      if (std::chrono::steady_clock::now() > until) return false;
      take(socket.receive(std::clamp(std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()),
                                     std::chrono::milliseconds(0), std::chrono::milliseconds(10))));
      if (shaking && !client_->up()) client_->step();
    }
    return true;
  }
  /// ICE and DTLS.
  bool connect() {
    check();
    if (!pump([this] { return answers > 0; })) return false;
    shaking = true;
    if (!pump([this] { return client_->up(); })) return false;
    srtp = client_->srtp();
    return srtp != nullptr;
  }
  /// A block of 20 ms.
  void say(std::span<const uint8_t> block, rtp::UdpPeer* from = nullptr) {
    Octets packet(rtp::kRtpHeader + block.size() + rtp::kSrtpSlack);
    rtp::write_header({.payload_type = 8, .sequence = sequence_++, .timestamp = timestamp_, .ssrc = 77}, packet.data());
    timestamp_ += 160;
    std::copy(block.begin(), block.end(), packet.begin() + rtp::kRtpHeader);
    packet.resize(srtp->protect(packet, rtp::kRtpHeader + block.size()));
    (from == nullptr ? socket : *from).send(box_at_, packet);
  }

  uint32_t leg{};
  uint32_t port{};
  rtp::UdpPeer socket;
  std::unique_ptr<rtp::SrtpSession> srtp;
  int answers = 0;
  int dtls = 0;
  int foreign = 0;
  bool shaking = false;
  Octets heard;
  DtlsClient& client() { return *client_; }
  const Address& box_at() const { return box_at_; }

  void take(const std::optional<rtp::UdpPeer::Datagram>& datagram) {
    if (!datagram || datagram->octets.empty()) return;
    // A browser's network does not let through what it has not asked.
    if (datagram->from != box_at_) {
      ++foreign;
      return;
    }
    auto octets = datagram->octets;
    if (octets[0] <= 3) {
      StunView view;
      const bool good = webrtc::parse_stun(octets, view) == StunFault::kNone && view.type == StunType::kBindingSuccess;
      answers += good && webrtc::signed_with(view, names_.local_pwd) ? 1 : 0;
    } else if (octets[0] < 64) {
      ++dtls;
      client_->take(octets);
      client_->step();
    } else if (srtp != nullptr && !rtp::is_control(octets)) {
      const auto length = octets.size();
      octets.resize(length + rtp::kSrtpSlack);
      const auto plain = srtp->unprotect(octets, length);
      if (plain > rtp::kRtpHeader)
        heard.insert(heard.end(), octets.begin() + rtp::kRtpHeader,
                     octets.begin() + static_cast<std::ptrdiff_t>(plain));
    }
  }

 private:
  IceNames names_;
  webrtc::Papers papers_;
  Address box_at_;
  std::unique_ptr<DtlsClient> client_;
  uint8_t transaction_{};
  uint16_t sequence_ = 1;
  uint32_t timestamp_ = 0;
};

const IceNames kFirst{"aaaaaaaa", "the-password-of-the-first", "bbbb"};
const IceNames kSecond{"cccccccc", "the-password-of-the-second", "dddd"};
constexpr std::chrono::milliseconds kShort{300};

TEST(EngineWebRtc, TwoBrowsersHearEachOtherBitByBit) {
  StreamBox box(webrtc_config());
  Browser one(box, kFirst);
  Browser two(box, kSecond);
  box.update(one.described());
  box.update(two.described());
  ASSERT_TRUE(one.connect());
  ASSERT_TRUE(two.connect());
  ASSERT_TRUE(box.wait_leg<StreamConnected>(one.leg));
  box.ask(BusConnect{one.port, two.port});
  // A machine that stands still between two blocks breaks the run, so it is said again until one is heard whole.
  const auto speech = noise(160 * 50);
  const auto heard = [&] { return longest_run(two.heard, speech) >= kUnbroken; };
  // The blocks have their moments: 20 ms after the last one has been said would be later each time than the box plays it.
  for (int round = 0; round < 10 && !heard(); ++round) {
    auto moment = std::chrono::steady_clock::now();
    for (std::size_t at = 0; at < speech.size(); at += 160) {
      one.say(std::span(speech).subspan(at, 160));
      moment += std::chrono::milliseconds(20);
      two.pump([] { return false; },
               std::chrono::duration_cast<std::chrono::milliseconds>(moment - std::chrono::steady_clock::now()));
    }
  }
  EXPECT_TRUE(two.pump(heard)) << longest_run(two.heard, speech);
}

TEST(EngineWebRtc, IgnoresWhoHasPassedNoCheck) {
  StreamBox box(webrtc_config());
  Browser browser(box, kFirst);
  box.update(browser.described());
  // A hello before any check, and one from a third address after it.
  browser.hello();
  EXPECT_FALSE(browser.pump([&] { return browser.dtls > 0; }, kShort));
  browser.check();
  ASSERT_TRUE(browser.pump([&] { return browser.answers > 0; }));
  rtp::UdpPeer stranger;
  DtlsClient other(webrtc::make_papers(), [&](auto octets) { stranger.send(browser.box_at(), octets); });
  other.step();
  EXPECT_FALSE(stranger.receive(kShort)) << "a stranger's hello was answered";
  // A check with another password neither.
  auto wrong = kFirst;
  wrong.local_pwd = "not-the-password-of-the-first";
  stranger.send(browser.box_at(), webrtc::make_check(wrong, 9));
  EXPECT_FALSE(stranger.receive(kShort)) << "a stranger's check was answered";
  ASSERT_TRUE(browser.connect());
}

TEST(EngineWebRtc, RefusesAnotherCertificate) {
  StreamBox box(webrtc_config());
  Browser browser(box, kFirst);
  auto update = browser.described();
  update.webrtc->fingerprintHex = hex_of(webrtc::fingerprint_of(webrtc::make_papers()));
  box.update(update);
  browser.check();
  ASSERT_TRUE(browser.pump([&] { return browser.answers > 0; }));
  browser.shaking = true;
  browser.pump([&] { return browser.client().up(); }, kShort);
  const auto lost = box.wait_leg<StreamLost>(browser.leg);
  ASSERT_TRUE(lost);
  EXPECT_EQ(StreamLoss::kHandshake, lost->reason);
  EXPECT_FALSE(browser.client().up());
}

TEST(EngineWebRtc, EndsWithoutConsent) {
  StreamBox box(webrtc_config(2000));
  Browser browser(box, kFirst);
  box.update(browser.described());
  ASSERT_TRUE(browser.connect());
  ASSERT_TRUE(box.wait<StreamConnected>());
  const auto lost = box.wait<StreamLost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(StreamLoss::kConsent, lost->reason);
  // What was under way comes still; then nothing does.
  browser.pump([] { return false; }, std::chrono::milliseconds(100));
  browser.heard.clear();
  browser.pump([] { return false; }, kShort);
  EXPECT_TRUE(browser.heard.empty());
}

TEST(EngineWebRtc, FollowsItsBrowser) {
  StreamBox box(webrtc_config());
  Browser browser(box, kFirst);
  box.update(browser.described());
  ASSERT_TRUE(browser.connect());
  ASSERT_TRUE(browser.pump([&] { return browser.heard.size() > 320; }));
  // ICE restarts (Wi-Fi to cable): new names, a new address, the same keys.
  const IceNames fresh{"eeeeeeee", "the-password-after-it", "ffff"};
  browser.rename(fresh);
  box.update(browser.described());
  rtp::UdpPeer cable;
  browser.check_from(cable, {.priority = 1});
  std::size_t packets = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto before = browser.heard.size();
  while (packets < 5 && std::chrono::steady_clock::now() < until) {
    const auto datagram = cable.receive(std::chrono::milliseconds(50));
    if (datagram && datagram->octets[0] >= 128) ++packets;
    browser.take(datagram);
  }
  EXPECT_EQ(5U, packets);
  EXPECT_GT(browser.heard.size(), before) << "the keys are not the same any more";
}

// A box with several addresses, bound to all of them: to whoever asks one of them, the others are strangers.
TEST(EngineWebRtc, AnswersFromTheAddressThatWasAsked) {
  for (const auto* const bound : {"0.0.0.0", "::"}) {
    SCOPED_TRACE(bound);
    StreamBox box(webrtc_config(30'000, bound));
    Browser one(box, kFirst, "127.0.0.2");
    Browser two(box, kSecond, "127.0.0.3");
    box.update(one.described());
    box.update(two.described());
    ASSERT_TRUE(one.connect());
    ASSERT_TRUE(two.connect());
    box.ask(BusConnect{one.port, two.port});
    const auto speech = noise(160 * 50);
    for (std::size_t at = 0; at < speech.size(); at += 160) {
      one.say(std::span(speech).subspan(at, 160));
      two.pump([] { return false; }, std::chrono::milliseconds(20));
    }
    two.pump([&] { return longest_run(two.heard, speech) >= kUnbroken; });
    EXPECT_GE(longest_run(two.heard, speech), kUnbroken);
    EXPECT_EQ(0, one.foreign);
    EXPECT_EQ(0, two.foreign);
  }
}

// The box's own address changes (DHCP, another card): the browser finds it at the other one and is answered from there.
TEST(EngineWebRtc, FollowsItsOwnAddress) {
  StreamBox box(webrtc_config(30'000, "0.0.0.0"));
  Browser browser(box, kFirst, "127.0.0.2");
  box.update(browser.described());
  ASSERT_TRUE(browser.connect());
  ASSERT_TRUE(browser.pump([&] { return browser.heard.size() > 320; }));
  browser.ask_at("127.0.0.4");
  browser.check();
  const auto before = browser.heard.size();
  EXPECT_TRUE(browser.pump([&] { return browser.heard.size() > before + 1600; })) << "nothing comes from there";
}

}  // namespace
}  // namespace cordboard::engine
