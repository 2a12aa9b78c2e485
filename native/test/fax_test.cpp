// SPDX-License-Identifier: GPL-2.0-or-later
// Fax calls between two ends of ours: pixels, files, calls that drop, workers that are late.
#include "fax_calls.hpp"

namespace cordboard::media {
namespace {

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

}  // namespace
}  // namespace cordboard::media
