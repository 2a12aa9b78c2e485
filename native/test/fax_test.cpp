// SPDX-License-Identifier: GPL-2.0-or-later
// Fax calls through A-law, as fast as the workers answer: nothing here knows a clock.
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>
// spandsp first: its header decides what it exposes.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <future>
#include <numbers>
#include <typeinfo>

#include "dsp/kernels.hpp"
#include "fax_pages.hpp"
#include "media/fax.hpp"

namespace cordboard::media {
namespace {

using Samples = std::array<int16_t, dsp::kBlock>;
using Row = std::array<uint8_t, dsp::kBlock>;

constexpr int kTicksPerSecond = 50;

Row silent_row() {
  Row row;
  row.fill(dsp::kAlawSilence);
  return row;
}

/// What a line does to samples.
void through_alaw(Samples& samples) {
  for (int16_t& sample : samples) sample = dsp::alaw_to_linear(dsp::linear_to_alaw(sample));
}

/// What was told of an end. Written by its worker; read after `over`.
struct Story {
  std::vector<FaxPage> pages;
  std::atomic<std::size_t> page_count{0};
  FaxFinished end{};
  int ends = 0;
  std::atomic<bool> over{false};

  FaxEvents events() {
    return {[this](const FaxPage& page) {
              pages.push_back(page);
              page_count.store(pages.size());
            },
            [this](const FaxFinished& finished) {
              end = finished;
              ++ends;
              over.store(true);
            }};
  }
};

/// Two ports joined by a line.
struct Call {
  Story sender_story, receiver_story;
  FaxPort sender, receiver;
  Row to_sender = silent_row();
  Row to_receiver = silent_row();

  Call(FaxSettings a, FaxSettings b)
      : sender(std::move(a), sender_story.events()), receiver(std::move(b), receiver_story.events()) {}

  bool over() const { return sender_story.over.load() && receiver_story.over.load(); }
  void tick() {
    Row from_sender;
    Row from_receiver;
    sender.exchange(to_sender.data(), from_sender.data());
    receiver.exchange(to_receiver.data(), from_receiver.data());
    to_receiver = from_sender;
    to_sender = from_receiver;
  }
  bool answered() const { return sender.answered() && receiver.answered(); }
};

class FaxTest : public ::testing::Test {
 protected:
  FaxTest() { silence_libtiff(); }

  FaxSettings sending(const std::string& name) {
    FaxSettings settings;
    settings.calling = true;
    settings.send_file = folder / name;
    settings.local_identity = "+86 21 5555 0001";
    return settings;
  }
  FaxSettings receiving(const std::string& name) {
    FaxSettings settings;
    settings.receive_file = folder / name;
    settings.local_identity = "+86 10 5555 0002";
    return settings;
  }

  void start(Call& call) {
    workers.start(&call.sender);
    workers.start(&call.receiver);
  }
  void stop(FaxPort& port) {
    std::promise<FaxPort*> stopped;
    workers.stop(&port, [&](FaxPort* back) { stopped.set_value(back); });
    EXPECT_EQ(stopped.get_future().get(), &port);
  }
  /// Ticks for all calls until `done`, each as soon as the workers have answered the one before.
  template <class Done>
  void run(std::vector<std::unique_ptr<Call>>& calls, Done done, int seconds = 400) {
    for (int tick = 0; tick < seconds * kTicksPerSecond && !done(); ++tick) {
      for (auto& call : calls) call->tick();
      workers.wake();
      for (auto& call : calls) {
        while (!call->answered()) std::this_thread::yield();
      }
    }
  }
  void run(std::vector<std::unique_ptr<Call>>& calls) {
    run(calls, [&] { return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call->over(); }); });
  }

  FaxFolder folder{"fax"};
  FaxWorkers workers{2};
};

TEST_F(FaxTest, CarriesEveryPixelWithEveryModemAndCompression) {
  struct Case {
    uint8_t modems;
    uint8_t compressions;
    bool ecm;
    FaxModem modem;
    FaxCompression compression;
    uint32_t bit_rate;
  };
  constexpr uint8_t k27 = fax_set(FaxModem::kV27ter);
  constexpr uint8_t k29 = fax_set(FaxModem::kV29);
  constexpr uint8_t k17 = fax_set(FaxModem::kV17, FaxModem::kV29, FaxModem::kV27ter);
  constexpr uint8_t k1 = fax_set(FaxCompression::kT4OneDimension);
  constexpr uint8_t k2 = fax_set(FaxCompression::kT4OneDimension, FaxCompression::kT4TwoDimensions);
  constexpr uint8_t k6 = fax_set(FaxCompression::kT4OneDimension, FaxCompression::kT6);
  const Case cases[] = {
      {k17, k6, true, FaxModem::kV17, FaxCompression::kT6, 14400},
      {k17, k2, false, FaxModem::kV17, FaxCompression::kT4TwoDimensions, 14400},
      {k17, k1, true, FaxModem::kV17, FaxCompression::kT4OneDimension, 14400},
      {k29, k2, true, FaxModem::kV29, FaxCompression::kT4TwoDimensions, 9600},
      {k29, k1, false, FaxModem::kV29, FaxCompression::kT4OneDimension, 9600},
      {k29, k6, false, FaxModem::kV29, FaxCompression::kT4OneDimension, 9600},  // T.6 needs error correction
      {k27, k6, true, FaxModem::kV27ter, FaxCompression::kT6, 4800},
      {k27, k2, false, FaxModem::kV27ter, FaxCompression::kT4TwoDimensions, 4800},
  };
  const std::vector<FaxImage> pages = {printed_page(150, 1), printed_page(230, 2)};
  write_fax(folder / "out.tif", pages);
  std::vector<std::unique_ptr<Call>> calls;
  for (const Case& c : cases) {
    FaxSettings a = sending("out.tif");
    FaxSettings b = receiving("in" + std::to_string(calls.size()) + ".tif");
    a.modems = c.modems;
    b.compressions = c.compressions;
    b.ecm = c.ecm;
    if (calls.size() % 2 == 0) {
      std::swap(a.modems, b.modems);
      std::swap(a.compressions, b.compressions);
      std::swap(a.ecm, b.ecm);
    }
    calls.push_back(std::make_unique<Call>(a, b));
    start(*calls.back());
  }
  run(calls);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    SCOPED_TRACE(i);
    const Case& c = cases[i];
    for (auto* story : {&calls[i]->sender_story, &calls[i]->receiver_story}) {
      ASSERT_TRUE(story->over.load());
      const bool receiver = story == &calls[i]->receiver_story;
      EXPECT_EQ(story->ends, 1);
      EXPECT_TRUE(story->end.ok) << story->end.text;
      EXPECT_EQ(story->end.modem, c.modem);
      EXPECT_EQ(story->end.bit_rate, c.bit_rate);
      EXPECT_EQ(story->end.ecm, c.ecm);
      EXPECT_EQ(story->end.remote_identity, receiver ? "+86 21 5555 0001" : "+86 10 5555 0002");
      EXPECT_EQ(receiver ? story->end.pages_received : story->end.pages_sent, 2U);
      ASSERT_EQ(story->pages.size(), 2U);
      for (uint32_t p = 0; p < 2; ++p) {
        EXPECT_EQ(story->pages[p].number, p + 1);
        EXPECT_EQ(story->pages[p].received, receiver);
        EXPECT_EQ(story->pages[p].columns, 1728U);
        EXPECT_EQ(story->pages[p].rows, pages[p].rows);
        EXPECT_EQ(story->pages[p].x_dpi, 204U);
        EXPECT_EQ(story->pages[p].y_dpi, 196U);
        EXPECT_EQ(story->pages[p].compression, c.compression);
        EXPECT_EQ(story->pages[p].bad_rows, 0U);
        EXPECT_EQ(story->pages[p].bit_rate, c.bit_rate);
        EXPECT_EQ(story->pages[p].ecm, c.ecm);
      }
    }
    EXPECT_EQ(calls[i]->sender.underruns() + calls[i]->receiver.underruns(), 0U);
    EXPECT_EQ(read_fax(folder / ("in" + std::to_string(i) + ".tif")), pages);
    EXPECT_FALSE(std::filesystem::exists(folder / ("in" + std::to_string(i) + ".tif.part")));
    stop(calls[i]->sender);
    stop(calls[i]->receiver);
    EXPECT_EQ(calls[i]->receiver_story.ends, 1);
  }
}

TEST_F(FaxTest, TwentyCallsAtOnce) {
  std::vector<std::unique_ptr<Call>> calls;
  for (uint32_t i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i);
    write_fax(folder / ("out" + name), {printed_page(100 + i, i)});
    calls.push_back(std::make_unique<Call>(sending("out" + name), receiving("in" + name)));
    start(*calls.back());
  }
  run(calls);
  for (uint32_t i = 0; i < 20; ++i) {
    EXPECT_TRUE(calls[i]->sender_story.end.ok && calls[i]->receiver_story.end.ok) << calls[i]->receiver_story.end.text;
    EXPECT_EQ(read_fax(folder / ("in" + std::to_string(i))), (std::vector{printed_page(100 + i, i)}));
    stop(calls[i]->sender);
    stop(calls[i]->receiver);
  }
}

TEST_F(FaxTest, SendsARangeOfPages) {
  write_fax(folder / "out", {printed_page(60, 1), printed_page(70, 2), printed_page(80, 3), printed_page(90, 4)});
  FaxSettings a = sending("out");
  a.first_page = 2;
  a.last_page = 3;
  std::vector<std::unique_ptr<Call>> calls;
  calls.push_back(std::make_unique<Call>(a, receiving("in")));
  start(*calls[0]);
  run(calls);
  EXPECT_EQ(read_fax(folder / "in"), (std::vector{printed_page(70, 2), printed_page(80, 3)}));
  stop(calls[0]->sender);
  stop(calls[0]->receiver);
}

TEST_F(FaxTest, IsPolledByACallerWithNothingToSend) {
  write_fax(folder / "out", {printed_page(100, 9)});
  FaxSettings poller = receiving("in");
  poller.calling = true;
  FaxSettings polled = sending("out");
  polled.calling = false;
  std::vector<std::unique_ptr<Call>> calls;
  calls.push_back(std::make_unique<Call>(polled, poller));
  start(*calls[0]);
  run(calls);
  EXPECT_TRUE(calls[0]->receiver_story.end.ok) << calls[0]->receiver_story.end.text;
  EXPECT_EQ(read_fax(folder / "in"), (std::vector{printed_page(100, 9)}));
  stop(calls[0]->sender);
  stop(calls[0]->receiver);
}

TEST_F(FaxTest, PutsTheHeaderAboveThePage) {
  const FaxImage page = printed_page(120, 3);
  write_fax(folder / "out", {page});
  FaxSettings a = sending("out");
  a.header = "Cordboard";
  std::vector<std::unique_ptr<Call>> calls;
  calls.push_back(std::make_unique<Call>(a, receiving("in")));
  start(*calls[0]);
  run(calls);
  const auto pages = read_fax(folder / "in");
  ASSERT_EQ(pages.size(), 1U);
  ASSERT_GT(pages[0].rows, page.rows);
  const std::vector<uint8_t> below(pages[0].pixels.end() - static_cast<std::ptrdiff_t>(page.pixels.size()),
                                   pages[0].pixels.end());
  EXPECT_EQ(below, page.pixels);
  stop(calls[0]->sender);
  stop(calls[0]->receiver);
}

TEST_F(FaxTest, KeepsWholePagesOfACallThatDrops) {
  const std::vector<FaxImage> pages = {printed_page(100, 1), printed_page(110, 2), printed_page(900, 3)};
  write_fax(folder / "out", pages);
  std::vector<std::unique_ptr<Call>> calls;
  for (const bool ecm : {true, false}) {
    FaxSettings b = receiving(ecm ? "in-ecm" : "in");
    b.ecm = ecm;
    calls.push_back(std::make_unique<Call>(sending("out"), b));
    start(*calls.back());
  }
  run(calls, [&] { return calls[0]->receiver_story.page_count == 2 && calls[1]->receiver_story.page_count == 2; });
  run(
      calls, [] { return false; }, 3);  // into the third page
  const std::vector<FaxImage> whole(pages.begin(), pages.begin() + 2);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string name = i == 0 ? "in-ecm" : "in";
    // A crash now would leave this behind.
    EXPECT_EQ(read_fax(folder / (name + ".part")), whole);
    EXPECT_FALSE(std::filesystem::exists(folder / name));
    stop(calls[i]->receiver);
    stop(calls[i]->sender);
    EXPECT_EQ(read_fax(folder / name), whole);
    EXPECT_FALSE(std::filesystem::exists(folder / (name + ".part")));
    for (auto* story : {&calls[i]->sender_story, &calls[i]->receiver_story}) {
      EXPECT_EQ(story->ends, 1);
      EXPECT_FALSE(story->end.ok);
      EXPECT_EQ(story->end.code, T30_ERR_CALLDROPPED);
    }
    EXPECT_EQ(calls[i]->receiver_story.end.pages_received, 2U);
  }
}

TEST_F(FaxTest, LeavesNoFileOfACallThatDropsBeforeAPage) {
  write_fax(folder / "out", {printed_page(400, 1)});
  std::vector<std::unique_ptr<Call>> calls;
  calls.push_back(std::make_unique<Call>(sending("out"), receiving("in")));
  start(*calls[0]);
  run(
      calls, [] { return false; }, 12);  // into the page
  EXPECT_TRUE(std::filesystem::exists(folder / "in.part"));
  workers.close();  // never stopped: dropped
  EXPECT_TRUE(calls[0]->over());
  EXPECT_FALSE(calls[0]->receiver_story.end.ok);
  EXPECT_FALSE(std::filesystem::exists(folder / "in"));
  EXPECT_FALSE(std::filesystem::exists(folder / "in.part"));
  stop(calls[0]->receiver);  // after the end, on this thread
  EXPECT_EQ(calls[0]->receiver_story.ends, 1);
}

TEST_F(FaxTest, SurvivesALateWorker) {
  write_fax(folder / "out", {printed_page(500, 1)});
  std::vector<std::unique_ptr<Call>> calls;
  calls.push_back(std::make_unique<Call>(sending("out"), receiving("in")));
  start(*calls[0]);
  run(
      calls, [] { return false; }, 12);  // into the page
  // A pause of the sender's worker: a gap of silence in its signal, and from then on its answers come later.
  for (int tick = 0; tick < 5; ++tick) {
    Row row = silent_row();
    calls[0]->receiver.exchange(row.data(), row.data());
    workers.wake();
    while (!calls[0]->receiver.answered()) std::this_thread::yield();
  }
  run(calls);
  EXPECT_TRUE(calls[0]->receiver_story.end.ok) << calls[0]->receiver_story.end.text;
  EXPECT_EQ(read_fax(folder / "in"), (std::vector{printed_page(500, 1)}));
  stop(calls[0]->sender);
  stop(calls[0]->receiver);
}

TEST_F(FaxTest, CountsWhatALateWorkerMisses) {
  Story story;
  FaxPort port(receiving("in"), story.events());
  Row row = silent_row();
  for (int tick = 0; tick < 36; ++tick) {
    Row sent;
    sent.fill(0);
    port.exchange(row.data(), sent.data());
    EXPECT_EQ(sent, silent_row());
  }
  EXPECT_EQ(port.underruns(), 36 - kFaxHeadStart);
  EXPECT_EQ(port.overruns(), 4U);  // the ring has 32
  // The worker comes at last. CED (T.30 4.1.1) begins by the count of samples, the lost ones included.
  workers.start(&port);
  while (!port.answered()) std::this_thread::yield();
  int ticks = 0;
  for (; ticks < 1000; ++ticks) {
    Row sent;
    port.exchange(row.data(), sent.data());
    workers.wake();
    if (sent != silent_row()) break;
    while (!port.answered()) std::this_thread::yield();
  }
  EXPECT_LT(ticks, 100);
  stop(port);
}

// ---- An independent peer: spandsp without anything of ours ----

struct BarePeer {
  fax_state_t* fax;
  int code = -1;

  BarePeer(bool calling, const std::string& send, const std::string& receive)
      : fax(fax_init(nullptr, calling ? 1 : 0)) {
    fax_set_transmit_on_idle(fax, 1);
    t30_state_t* t30 = fax_get_t30_state(fax);
    t30_set_ecm_capability(t30, 1);
    t30_set_supported_compressions(
        t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    if (!send.empty()) t30_set_tx_file(t30, send.c_str(), -1, -1);
    if (!receive.empty()) t30_set_rx_file(t30, receive.c_str(), -1);
    t30_set_phase_e_handler(
        t30, [](t30_state_t*, void* self, int code) { static_cast<BarePeer*>(self)->code = code; }, this);
  }
  ~BarePeer() {
    t30_terminate(fax_get_t30_state(fax));
    fax_free(fax);
  }
  void process(int16_t* received, int16_t* to_send) {
    fax_rx(fax, received, dsp::kBlock);
    const int sent = fax_tx(fax, to_send, dsp::kBlock);
    std::fill(to_send + sent, to_send + dsp::kBlock, int16_t{0});
  }
};

/// Joins a terminal and a peer until the terminal is done, and five seconds more.
template <class Peer>
int join(FaxTerminal& terminal, Peer& peer, int seconds = 400) {
  Samples to_terminal{};
  Samples to_peer{};
  int after = 5 * kTicksPerSecond;
  int tick = 0;
  for (; tick < seconds * kTicksPerSecond && after > 0; ++tick) {
    Samples from_terminal;
    Samples from_peer;
    terminal.process(to_terminal.data(), from_terminal.data());
    peer.process(to_peer.data(), from_peer.data());
    to_peer = from_terminal;
    to_terminal = from_peer;
    through_alaw(to_peer);
    through_alaw(to_terminal);
    if (terminal.over()) --after;
  }
  return tick;
}

TEST_F(FaxTest, SendsToABareSpandsp) {
  const std::vector<FaxImage> pages = {printed_page(200, 5), printed_page(150, 6)};
  write_fax(folder / "out", pages);
  Story story;
  FaxTerminal terminal(sending("out"), story.events());
  ASSERT_TRUE(terminal.open());
  BarePeer peer(false, "", folder / "in");
  join(terminal, peer);
  EXPECT_TRUE(story.end.ok) << story.end.text;
  EXPECT_EQ(peer.code, T30_ERR_OK);
  EXPECT_EQ(read_fax(folder / "in"), pages);
}

TEST_F(FaxTest, ReceivesFromABareSpandsp) {
  const std::vector<FaxImage> pages = {printed_page(200, 7), printed_page(150, 8)};
  write_fax(folder / "out", pages);
  Story story;
  FaxTerminal terminal(receiving("in"), story.events());
  ASSERT_TRUE(terminal.open());
  BarePeer peer(true, folder / "out", "");
  t30_set_tx_ident(fax_get_t30_state(peer.fax), "\x01\xC3 \x7F\xFF<b>");
  join(terminal, peer);
  EXPECT_TRUE(story.end.ok) << story.end.text;
  EXPECT_EQ(story.end.remote_identity, "?\? ?\?<b>");
  EXPECT_EQ(peer.code, T30_ERR_OK);
  EXPECT_EQ(read_fax(folder / "in"), pages);
}

// ---- Hostile peers ----

/// Changes the frames that a bare peer sends: spandsp's own T.30 gets the call to the point where they do harm.
struct ForgingPeer : BarePeer {
  static inline t30_send_hdlc_handler_t* honest = nullptr;
  static inline uint8_t kind = 0;  // facsimile control field of the frames to forge
  static inline int forged_length = 0;
  static inline int forged = 0;

  explicit ForgingPeer(const std::string& send, uint8_t fcf, int length) : BarePeer(true, send, "") {
    t30_set_tx_ident(&fax->t30, "1");
    honest = fax->t30.send_hdlc_handler;
    kind = fcf;
    forged_length = length;
    forged = 0;
    fax->t30.send_hdlc_handler = [](void* user, const uint8_t* frame, int length) {
      if (length < 3 || (frame[2] & 0xFE) != kind) {
        honest(user, frame, length);
        return;
      }
      uint8_t longer[400] = {};
      std::copy_n(frame, std::min(length, forged_length), longer);
      for (int i = length; i < forged_length; ++i) longer[i] = 0x80;
      ++forged;
      honest(user, longer, forged_length);
    };
  }
};

TEST_F(FaxTest, DoesNotHandSpandspFramesThatWouldBreakIt) {
  write_fax(folder / "out", {printed_page(100, 1)});
  const std::pair<uint8_t, int> forgeries[] = {{T4_FCD, 3},  {T30_DCS, 60}, {T30_DCS, 4},
                                               {T30_PPS, 3}, {T30_TSI, 40}, {T4_FCD, 4}};
  int number = 0;
  for (const auto& [fcf, length] : forgeries) {
    SCOPED_TRACE(::testing::Message() << "frame " << int{fcf} << " of " << length);
    Story story;
    FaxTerminal terminal(receiving("in" + std::to_string(number++)), story.events());
    ASSERT_TRUE(terminal.open());
    ForgingPeer peer(folder / "out", fcf, length);
    join(terminal, peer);
    EXPECT_GT(ForgingPeer::forged, 0);
    ASSERT_EQ(story.ends, 1);
    EXPECT_FALSE(story.end.ok);
  }
}

/// A bare peer whose pages are `pattern`, over and over.
struct ImageForger : BarePeer {
  static inline t30_send_hdlc_handler_t* honest = nullptr;
  static inline std::vector<bool> pattern;
  static inline std::size_t bit = 0;

  ImageForger(const std::string& send, const std::string& bits, int compressions) : BarePeer(true, send, "") {
    t30_set_supported_compressions(&fax->t30, compressions);
    honest = fax->t30.send_hdlc_handler;
    pattern.clear();
    for (const char c : bits) pattern.push_back(c == '1');
    bit = 0;
    fax->t30.send_hdlc_handler = [](void* user, const uint8_t* frame, int length) {
      uint8_t forged[400];
      std::copy_n(frame, std::clamp(length, 0, 400), forged);
      const bool data = length > 4 && (frame[2] & 0xFE) == T4_FCD;
      for (int i = 4; data && i < length; ++i) {
        forged[i] = 0;
        if (frame[3] == 0 && i < 6) {
          forged[i] = i == 5 ? 0x80 : 0;  // an end of line, without which T.4 does not begin
          continue;
        }
        for (int b = 0; b < 8; ++b) forged[i] |= static_cast<uint8_t>(pattern[bit++ % pattern.size()] ? 1 << b : 0);
      }
      honest(user, length > 0 ? forged : frame, length);
    };
  }
};

TEST_F(FaxTest, DoesNotLetAPageLeadSpandspAstray) {
  write_fax(folder / "out", {printed_page(3000, 1)});
  const std::pair<std::string, int> forgeries[] = {
      {"0001", T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION},                   // pass, pass, …
      {"0001", T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION},                // the same by T.4
      {"001101010000110111", T30_SUPPORT_T4_1D_COMPRESSION},                                  // white 0, black 0, …
      {"001001101010000110111", T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION},  // the same by T.6
  };
  int number = 0;
  for (const auto& [bits, compressions] : forgeries) {
    SCOPED_TRACE(bits);
    Story story;
    FaxTerminal terminal(receiving("in" + std::to_string(number++)), story.events());
    ASSERT_TRUE(terminal.open());
    ImageForger peer(folder / "out", bits, compressions);
    join(terminal, peer);
    EXPECT_GT(ImageForger::bit, 100000U);
    EXPECT_EQ(story.ends, 1);
    EXPECT_FALSE(story.end.ok && story.end.pages_received > 0) << story.pages[0].rows;
  }
}

struct NoisePeer {
  std::mt19937 random{7};
  std::normal_distribution<double> noise{0, 2000};
  void process(int16_t*, int16_t* to_send) {
    for (std::size_t i = 0; i < dsp::kBlock; ++i) to_send[i] = static_cast<int16_t>(noise(random));
  }
};

struct SilentPeer {
  void process(int16_t*, int16_t* to_send) { std::fill_n(to_send, dsp::kBlock, int16_t{0}); }
};

/// Voiced syllables, four a second: harmonics of a gliding pitch under two formants.
struct TalkingPeer {
  double phase = 0;
  long at = 0;
  void process(int16_t*, int16_t* to_send) {
    for (std::size_t i = 0; i < dsp::kBlock; ++i, ++at) {
      const double seconds = static_cast<double>(at) / 8000;
      const double pitch = 120 + 40 * std::sin(2 * std::numbers::pi * 0.7 * seconds);
      phase += 2 * std::numbers::pi * pitch / 8000;
      const double formant = 500 + 300 * std::sin(2 * std::numbers::pi * 1.3 * seconds);
      double sample = 0;
      for (int h = 1; h * pitch < 3400; ++h) {
        const double near = (h * pitch - formant) / 200;
        const double far = (h * pitch - 1800) / 300;
        sample += std::sin(h * phase) * (1 / (1 + near * near) + 0.4 / (1 + far * far));
      }
      const double syllable = std::max(0.0, std::sin(2 * std::numbers::pi * 4 * seconds));
      to_send[i] = static_cast<int16_t>(3000 * syllable * sample / 2);
    }
  }
};

TEST_F(FaxTest, EndsWhenNoFaxIsThere) {
  write_fax(folder / "out", {printed_page(100, 1)});
  const auto alone = [&](auto peer, bool calling) {
    SCOPED_TRACE(std::string(typeid(peer).name()) + (calling ? " calling" : " answering"));
    Story story;
    FaxTerminal terminal(calling ? sending("out") : receiving("in"), story.events());
    ASSERT_TRUE(terminal.open());
    const int ticks = join(terminal, peer);
    EXPECT_EQ(story.ends, 1);
    EXPECT_FALSE(story.end.ok);
    EXPECT_FALSE(story.end.text.empty());
    EXPECT_EQ(story.end.modem, FaxModem::kNone);
    EXPECT_LT(ticks, 120 * kTicksPerSecond);  // T0 is 60 s, T1 35 s (T.30 5.4.3.1)
    EXPECT_FALSE(std::filesystem::exists(folder / "in.part"));
  };
  for (const bool calling : {true, false}) {
    alone(SilentPeer{}, calling);
    alone(NoisePeer{}, calling);
    alone(TalkingPeer{}, calling);
  }
}

TEST_F(FaxTest, EndsAPageThatHasNoEnd) {
  // Nothing but white: one bit a row on the line, 216 octets in memory.
  write_fax(folder / "out", {FaxImage{1728, 40000, std::vector<uint8_t>(std::size_t{40000} * 216)}});
  Story story;
  FaxTerminal terminal(receiving("in"), story.events());
  ASSERT_TRUE(terminal.open());
  BarePeer peer(true, folder / "out", "");
  t30_set_supported_compressions(fax_get_t30_state(peer.fax), T30_SUPPORT_T4_1D_COMPRESSION);
  t30_set_ecm_capability(fax_get_t30_state(peer.fax), 0);
  join(terminal, peer, 200);
  EXPECT_FALSE(story.end.ok);
  EXPECT_EQ(story.end.text, "a page of the fax has no end");
}

TEST_F(FaxTest, TakesNoMorePagesThanAllowed) {
  write_fax(folder / "out", {printed_page(50, 1), printed_page(50, 2), printed_page(50, 3)});
  for (const uint32_t allowed : {2U, 3U}) {
    Story story;
    FaxSettings settings = receiving("in" + std::to_string(allowed));
    settings.max_pages = allowed;
    FaxTerminal terminal(settings, story.events());
    ASSERT_TRUE(terminal.open());
    BarePeer peer(true, folder / "out", "");
    join(terminal, peer);
    EXPECT_EQ(story.end.ok, allowed == 3) << story.end.text;
    EXPECT_EQ(read_fax(settings.receive_file).size(), allowed);
  }
}

// ---- Files and settings ----

TEST_F(FaxTest, NamesTheFileThatIsWrong) {
  const auto refusal = [&](const FaxSettings& settings) {
    Story story;
    FaxTerminal terminal(settings, story.events());
    EXPECT_FALSE(terminal.open());
    Samples in{};
    Samples out;
    out.fill(1);
    terminal.process(in.data(), out.data());
    EXPECT_EQ(out, Samples{});
    terminal.close();
    EXPECT_EQ(story.ends, 1);
    EXPECT_FALSE(story.end.ok);
    EXPECT_EQ(story.end.code, -1);
    return story.end.text;
  };
  const auto names = [&](const std::string& name) {
    const std::string text = refusal(sending(name));
    EXPECT_NE(text.find(folder / name), std::string::npos) << text;
  };
  names("missing");
  std::ofstream(folder / "empty").close();
  names("empty");
  {
    std::mt19937 random(3);
    std::ofstream garbage(folder / "garbage");
    garbage << "II*" << '\0' << "\x08" << '\0' << '\0' << '\0';
    for (int i = 0; i < 5000; ++i) garbage.put(static_cast<char>(random()));
  }
  names("garbage");
  write_fax(folder / "narrow", {printed_page(50, 1, 1000)});
  names("narrow");
  write_fax(folder / "gray", {FaxImage{1728 * 8, 20, std::vector<uint8_t>(1728 * 20)}}, 8, COMPRESSION_NONE);
  names("gray");
  write_fax(folder / "endless", {FaxImage{1728, 30000, std::vector<uint8_t>(std::size_t{30000} * 216)}});
  names("endless");
  write_fax(folder / "good", {printed_page(50, 1)});
  FaxSettings settings = sending("good");
  settings.first_page = 2;
  EXPECT_NE(refusal(settings).find("has 1 pages, not 2 to 0"), std::string::npos);
  settings = sending("good");
  settings.last_page = 2;
  EXPECT_NE(refusal(settings).find(folder / "good"), std::string::npos);
  settings = receiving("good");
  EXPECT_NE(refusal(settings).find(folder / "good" + " exists already"), std::string::npos);
  EXPECT_EQ(read_fax(folder / "good").size(), 1U);
  settings = receiving("no/such/folder");
  EXPECT_NE(refusal(settings).find("no/such/folder"), std::string::npos);
  settings = receiving(std::string(300, 'x'));
  EXPECT_NE(refusal(settings).find("too long"), std::string::npos);

  settings = receiving("in");
  settings.modems = fax_set(FaxModem::kV17);
  EXPECT_NE(refusal(settings).find("V.29"), std::string::npos);
  settings.modems = 0;
  EXPECT_NE(refusal(settings).find("modem"), std::string::npos);
  settings = receiving("in");
  settings.local_identity = "123456789012345678901";
  EXPECT_NE(refusal(settings).find("identity"), std::string::npos);
  settings = receiving("in");
  settings.header = "\xC3\xBC";
  EXPECT_NE(refusal(settings).find("header"), std::string::npos);
  EXPECT_NE(refusal(FaxSettings{}).find("needs a file"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "in.part"));
}

TEST_F(FaxTest, SecondPageOfAnotherKindIsSeenBeforeTheCall) {
  // Eight bits a pixel would overflow the row that spandsp made for the first page.
  write_fax(folder / "out", {printed_page(50, 1)});
  TIFF* file = TIFFOpen((folder / "out").c_str(), "a");
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 1728);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  std::vector<uint8_t> row(1728);
  TIFFWriteEncodedStrip(file, 0, row.data(), 1728);
  TIFFClose(file);
  const auto pages = check_document(folder / "out", 1, 0);
  ASSERT_FALSE(pages);
  EXPECT_EQ(pages.error().text, "page 2 of the fax " + (folder / "out") + " is not black and white");
  EXPECT_EQ(*check_document(folder / "out", 1, 1), 1U);
}

TEST_F(FaxTest, DoesNotConfirmAPageThatIsNotOnDisk) {
  write_fax(folder / "out", {printed_page(300, 1), printed_page(300, 2)});
  Story story;
  FaxTerminal terminal(receiving("in"), story.events());
  ASSERT_TRUE(terminal.open());
  BarePeer peer(true, folder / "out", "");
  // A disk that is full after 1,000 octets.
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  join(terminal, peer);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  EXPECT_EQ(story.ends, 1);
  EXPECT_FALSE(story.end.ok);
  EXPECT_NE(story.end.text.find((folder / "in.part") + " cannot be written"), std::string::npos) << story.end.text;
  EXPECT_TRUE(story.pages.empty());
  EXPECT_NE(peer.code, T30_ERR_OK);
  t30_stats_t stats;
  t30_get_transfer_statistics(fax_get_t30_state(peer.fax), &stats);
  EXPECT_EQ(stats.pages_tx, 0);
}

}  // namespace
}  // namespace cordboard::media
