// SPDX-License-Identifier: GPL-2.0-or-later
// Fax ends against peers: spandsp alone, and those that are broken, hostile or no fax machine at all; and files that are
// wrong.
#include "fax_calls.hpp"

namespace cordboard::media {
namespace {

class FaxPeer : public FaxTest {};

TEST_F(FaxPeer, SendsToABareSpandsp) {
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

TEST_F(FaxPeer, ReceivesFromABareSpandsp) {
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

TEST_F(FaxPeer, DoesNotHandSpandspFramesThatWouldBreakIt) {
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

TEST_F(FaxPeer, DoesNotLetSpandspReceiveAPageOfNoWidth) {
  write_fax(folder / "out", {printed_page(100, 1)});
  Story story;
  FaxTerminal terminal(receiving("in"), story.events());
  ASSERT_TRUE(terminal.open());
  BarePeer peer(true, folder / "out", "");
  static t30_send_hdlc_handler_t* honest;
  static int forged;
  honest = peer.fax->t30.send_hdlc_handler;
  forged = 0;
  peer.fax->t30.send_hdlc_handler = [](void* user, const uint8_t* frame, int length) {
    uint8_t changed[400];
    std::copy_n(frame, std::clamp(length, 0, 400), changed);
    if (length > 5 && (frame[2] & 0xFE) == T30_DCS) {
      changed[5] |= 0x03;  // bits 17 and 18
      ++forged;
    }
    honest(user, length > 0 ? changed : frame, length);
  };
  join(terminal, peer);
  EXPECT_GT(forged, 0);
  ASSERT_EQ(story.ends, 1);
  EXPECT_FALSE(story.end.ok);
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

TEST_F(FaxPeer, DoesNotLetAPageLeadSpandspAstray) {
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

TEST_F(FaxPeer, EndsWhenNoFaxIsThere) {
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

TEST_F(FaxPeer, EndsAPageThatHasNoEnd) {
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

TEST_F(FaxPeer, TakesNoMorePagesThanAllowed) {
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

TEST_F(FaxPeer, NamesTheFileThatIsWrong) {
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

TEST_F(FaxPeer, SecondPageOfAnotherKindIsSeenBeforeTheCall) {
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

TEST_F(FaxPeer, DoesNotConfirmAPageThatIsNotOnDisk) {
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
