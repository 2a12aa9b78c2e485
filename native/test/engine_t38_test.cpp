// SPDX-License-Identifier: GPL-2.0-or-later
// Faxes over T.38 through the engine's boundary, over real sockets and in real time, with a peer on spandsp alone behind a
// network that loses and delays.
#include "stream_box.hpp"
#include "t38_lines.hpp"

#ifdef __SANITIZE_THREAD__
// spandsp dates files by localtime(), whose result all threads of a process share. Its threads are the engine's workers and
// the peers here, and whoever reads another's reads the same second.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:tzset_internal\ncalled_from_lib:libspandsp.so\n"; }
#endif

namespace cordboard::engine {
namespace {

using media::BareT38Peer;
using media::FaxImage;
using media::FaxTest;
using media::T38Network;
using rtp::UdpPeer;

/// A fax machine at a socket, on a thread of its own; the network between is in its blocks.
class T38Machine {
 public:
  T38Machine(bool calling, const std::string& send, const std::string& receive, const T38Network::Faults& faults,
             uint32_t seed)
      : peer_(calling, send, receive, out_, in_, 3) {
    in_.faults = out_.faults = faults;
    in_.random.seed(seed);
    out_.random.seed(seed + 1);
  }
  ~T38Machine() { hang_up(); }
  const Address& local() const { return socket_.local(); }
  void call(const Address& to) {
    thread_ = std::thread([this, to] { run(to); });
  }
  void hang_up() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int code() const { return peer_.code; }  // after hang_up()
  uint64_t lost() const { return in_.lost + out_.lost; }

 private:
  void run(const Address& to) {
    auto next = std::chrono::steady_clock::now();
    while (!stopping_) {
      next += std::chrono::milliseconds(20);
      while (const auto left = left_until(next)) {
        if (const auto came = socket_.receive(*left)) in_.send(came->octets);
      }
      in_.tick();
      out_.tick();
      peer_.tick();
      while (const auto datagram = out_.receive()) socket_.send(to, *datagram);
    }
  }
  static std::optional<std::chrono::milliseconds> left_until(std::chrono::steady_clock::time_point when) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - std::chrono::steady_clock::now());
    return left.count() > 0 ? std::optional(left) : std::nullopt;
  }

  UdpPeer socket_;
  T38Network in_, out_;
  BareT38Peer peer_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class EngineT38 : public FaxTest {
 protected:
  Address at(const T38Opened& opened) { return *Address::parse(opened.address, static_cast<uint16_t>(opened.udpPort)); }
  static FaxT38 with(const Address& remote, T38Correction correction = T38Correction::kRedundancy) {
    FaxT38 t38;
    t38.remoteAddress = remote.host_text();
    t38.remotePort = remote.port;
    t38.correction = correction;
    return t38;
  }
  static std::optional<FaxEnded> ended(StreamBox& box, uint32_t fax) {
    return box.wait<FaxEnded>([fax](const FaxEnded& event) { return event.fax == fax; }, std::chrono::minutes(3));
  }
};

TEST_F(EngineT38, SendsAndReceivesOverALossyNetworkPixelForPixel) {
  const std::vector<FaxImage> pages = {media::printed_page(150, 1), media::printed_page(100, 2)};
  media::write_fax(folder / "out", pages);
  const T38Network::Faults faults{.loss = 0.05, .jitter_ms = 60, .burst = 1};
  StreamBox box;
  // Both at once, so that it takes as long as one.
  T38Machine receiver(false, "", folder / "theirs", faults, 10);
  T38Machine sender(true, folder / "out", "", faults, 20);
  const auto sends = box.open();
  const auto receives = box.open();
  const auto there = box.ask<T38Opened>(T38Open{sends.leg});
  const auto here = box.ask<T38Opened>(T38Open{receives.leg});
  EXPECT_NE(there.udpPort, here.udpPort);
  UdpPeer stranger;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(stranger.send(at(here), Octets{0, 1, 1, 2, 0, 0}));

  FaxStart send;
  send.port = sends.port;
  send.calling = true;
  send.sendFile = folder / "out";
  send.t38 = with(receiver.local());
  FaxStart receive;
  receive.port = receives.port;
  receive.receiveFile = folder / "ours";
  receive.t38 = with(sender.local());
  const auto sending = box.ask<FaxStarted>(send);
  const auto receiving = box.ask<FaxStarted>(receive);
  receiver.call(at(there));
  sender.call(at(here));

  const auto sent = ended(box, sending.fax);
  const auto received = ended(box, receiving.fax);
  ASSERT_TRUE(sent);
  ASSERT_TRUE(received);
  receiver.hang_up();
  sender.hang_up();
  EXPECT_TRUE(sent->ok) << sent->text;
  EXPECT_TRUE(received->ok) << received->text;
  EXPECT_EQ(2U, sent->pagesSent);
  EXPECT_EQ(2U, received->pagesReceived);
  EXPECT_EQ(media::read_fax(folder / "ours"), pages);
  EXPECT_EQ(media::read_fax(folder / "theirs"), pages);
  EXPECT_TRUE(box.wait<FaxPageDone>([&](const FaxPageDone& page) { return page.fax == receiving.fax; }));
  EXPECT_GT(receiver.lost() + sender.lost(), 0U);
  ASSERT_TRUE(received->t38);
  EXPECT_GT(received->t38->received, 0);
  EXPECT_GT(received->t38->recovered, 0);
  EXPECT_EQ(50, received->t38->foreign);
  EXPECT_EQ(0, received->t38->malformed);
  ASSERT_TRUE(sent->t38);
  EXPECT_GT(sent->t38->sent, 0);
}

TEST_F(EngineT38, GivesItsPortBack) {
  StreamBox box;
  const auto stream = box.open();
  const auto taken = [](uint32_t port) { return UdpPeer("127.0.0.1", static_cast<uint16_t>(port)).port() == 0; };
  // More often than the range has ports.
  for (int i = 0; i < 120; ++i) {
    const auto opened = box.ask<T38Opened>(T38Open{stream.leg});
    ASSERT_TRUE(taken(opened.udpPort));
    box.ask(T38Close{stream.leg});
    ASSERT_FALSE(taken(opened.udpPort));
  }
  // With its leg …
  const auto opened = box.ask<T38Opened>(T38Open{stream.leg});
  LegRelease release;
  release.leg = stream.leg;
  box.ask(release);
  EXPECT_TRUE(box.wait_leg<LegReleased>(stream.leg));
  EXPECT_FALSE(taken(opened.udpPort));
  // … and with its fax.
  UdpPeer peer;
  const auto other = box.open();
  const auto faxing = box.ask<T38Opened>(T38Open{other.leg});
  FaxStart receive;
  receive.port = other.port;
  receive.receiveFile = folder / "in";
  receive.t38 = with(peer.local());
  const auto fax = box.ask<FaxStarted>(receive);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(T38Close{other.leg}).code);
  EXPECT_TRUE(peer.receive(Box::kPatience)) << "an answering end says CED";
  box.ask(FaxStop{fax.fax});
  ASSERT_TRUE(ended(box, fax.fax));
  EXPECT_FALSE(taken(faxing.udpPort));
  box.ask<T38Opened>(T38Open{other.leg});
}

TEST_F(EngineT38, RefusesWhatCannotBe) {
  StreamBox box;
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(T38Open{999}).code);
  const auto stream = box.open();
  FaxStart receive;
  receive.port = stream.port;
  receive.receiveFile = folder / "in";
  receive.t38 = with(*Address::parse("127.0.0.1", 4000));
  EXPECT_EQ(ErrorCode::kWrongState, box.refused(receive).code);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(T38Close{stream.leg}).code);
  box.ask<T38Opened>(T38Open{stream.leg});
  EXPECT_EQ(ErrorCode::kBusy, box.refused(T38Open{stream.leg}).code);
  for (const auto* const host : {"fax.example", "0.0.0.0", "224.0.0.1", "2001:db8::1"}) {
    receive.t38->remoteAddress = host;
    EXPECT_EQ(ErrorCode::kInvalid, box.refused(receive).code) << host;
  }
  receive.t38 = with(*Address::parse("127.0.0.1", 4000));
  receive.t38->latchAddress = "fax.example";
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(receive).code);
  receive.t38->latchAddress = "";
  box.ask<FaxStarted>(receive);  // what was refused has taken nothing
}

}  // namespace
}  // namespace cordboard::engine
