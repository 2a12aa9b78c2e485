// SPDX-License-Identifier: GPL-2.0-or-later
// One end of a fax call (ITU-T T.30): spandsp with files, limits and clean strings around it. On an analogue line its
// modems (V.27ter, V.29, V.17) listen and speak; with T.38 packets go instead of sound (t38_end.hpp) and the line is silent. It does file I/O and allocates, so it lives on a fax worker (fax.hpp), never in a
// tick.
//
//   160 samples ──> fax_rx ──> frames ── guard ──> T.30 ──> T.4/T.6 decoder ──> FaxInbox (TIFF)
//   160 samples <── fax_tx <── frames <────────────  │  <── T.4/T.6 encoder <── send_file (TIFF)
//                                                    └──> page, page, …, finished
//
// Time is the number of samples: spandsp's timers (T1 35 s, T2 7 s, T5 65 s) count them, so a test may run as fast as it
// can. All the calls of one terminal belong to one thread at a time; terminals share nothing but libtiff's and
// spandsp's message handlers, which are silenced once for the process.
//
// What spandsp 0.0.6 does not check of a hostile peer is checked here: see fax_guard.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "dsp/g711.hpp"
#include "media/fax_document.hpp"
#include "media/fax_guard.hpp"
#include "media/t38_end.hpp"

struct fax_state_s;
struct t30_state_s;

namespace cordboard::media {

enum class FaxModem : uint8_t { kNone = 0, kV27ter = 1, kV29 = 2, kV17 = 4 };
enum class FaxCompression : uint8_t { kNone = 0, kT4OneDimension = 1, kT4TwoDimensions = 2, kT6 = 4 };
enum class FaxResolution : uint8_t { kStandard = 1, kFine = 2, kSuperfine = 4 };  // 98, 196, 391 rows per inch
enum class FaxWidth : uint8_t { kA4 = 1, kB4 = 2, kA3 = 4 };                      // 215, 255, 303 mm

/// A set of the above.
template <class... E>
constexpr uint8_t fax_set(E... values) {
  return static_cast<uint8_t>((0U | ... | static_cast<unsigned>(values)));
}

struct FaxSettings {
  bool calling{};              // sends CNG and waits for the other's capabilities; otherwise sends CED and its own
  std::string send_file;       // TIFF; empty: nothing to send. An answering end offers it for polling
  uint32_t first_page = 1;     // of send_file, 1 is the first
  uint32_t last_page = 0;      // 0: the last there is
  std::string receive_file;    // must not exist; empty: takes nothing. A calling end with nothing to send polls for it
  std::string local_identity;  // TSI, CSI or CIG: up to 20 printable ASCII characters, by T.30 a number
  std::string header;          // with the time, on top of every page sent: up to 50 printable ASCII; empty: none
  /// T.30 table 2 has no word for V.17 without V.29 and V.27ter.
  uint8_t modems = fax_set(FaxModem::kV27ter, FaxModem::kV29, FaxModem::kV17);
  /// One dimension is always among them (T.4 clause 4.1), T.6 only with error correction (T.30 table 2 note 10).
  uint8_t compressions =
      fax_set(FaxCompression::kT4OneDimension, FaxCompression::kT4TwoDimensions, FaxCompression::kT6);
  uint8_t resolutions = fax_set(FaxResolution::kStandard, FaxResolution::kFine, FaxResolution::kSuperfine);
  uint8_t widths = fax_set(FaxWidth::kA4, FaxWidth::kB4, FaxWidth::kA3);
  bool ecm = true;           // error correction mode (T.30 annex A)
  uint32_t max_pages = 500;  // received; the call ends after them
};

/// A page that has gone over and been confirmed.
struct FaxPage {
  uint32_t number;  // 1 is the first of this call
  bool received;    // otherwise sent
  uint32_t rows, columns;
  uint32_t x_dpi, y_dpi;       // rounded: R8 is 204, fine 196
  FaxCompression compression;  // on the line; in a received file it is always T.6
  uint32_t bad_rows;           // received without error correction: rows replaced by the one before
  uint32_t bit_rate;           // bit/s
  bool ecm;
};

/// The last word on a call, given once. Strings are printable ASCII of bounded length whatever the peer sent.
struct FaxFinished {
  bool ok;           // T.30 came to its regular end, and what was received is in its file
  int code;          // spandsp's T30_ERR_…; -1: the call never began or was ended here, `text` says why
  std::string text;  // up to 600 octets
  uint32_t pages_sent, pages_received;
  std::string remote_identity;  // CSI, TSI or CIG: up to 20; empty: none given
  FaxModem modem;               // by the latest DCS; kNone: it did not come to that
  uint32_t bit_rate;
  bool ecm;
};

struct FaxEvents {
  std::function<void(const FaxPage&)> page;
  std::function<void(const FaxFinished&)> finished;
};

class FaxTerminal {
 public:
  /// With an end of T.38 the blocks are only its clock.
  FaxTerminal(FaxSettings settings, FaxEvents events, std::unique_ptr<T38End> t38 = nullptr);
  ~FaxTerminal();  // as close()
  FaxTerminal(const FaxTerminal&) = delete;
  FaxTerminal& operator=(const FaxTerminal&) = delete;

  /// Looks at the settings and files and starts spandsp. When that fails, `finished` says why and false comes back.
  bool open();
  /// One block each way; `received` is spoilt. After the end of the call (or without one) silence is sent.
  void process(int16_t* received, int16_t* to_send);
  /// So many blocks of the line were lost: the modems coast, the timers run on.
  void miss(uint32_t blocks);
  /// The line is gone. Whole pages received so far are kept; `finished` is given if it was not. Idempotent.
  void close();

  bool over() const { return over_; }
  const T38End* t38() const { return t38_.get(); }

 private:
  struct Rate {
    FaxModem modem;
    uint32_t bit_rate;
    bool ecm;
  };
  struct Free {
    void operator()(fax_state_s* fax) const;
  };

  static int on_phase_d(t30_state_s* t30, void* self, int result);
  static void on_phase_e(t30_state_s* t30, void* self, int code);
  static void on_frame(t30_state_s* t30, void* self, int incoming, const uint8_t* frame, int length);

  Result<> start();
  bool live() const { return t30_ != nullptr; }
  t30_state_s* t30() const { return t30_; }
  void guard_page();
  void exchange_packets();
  void look_for_pages(bool last);
  void look_for_trouble();
  void abort(std::string why);
  void finish(int code, std::string text);

  const FaxSettings settings_;
  const FaxEvents events_;
  FaxInbox inbox_;
  std::unique_ptr<fax_state_s, Free> fax_;  // nothing with T.38
  const std::unique_ptr<T38End> t38_;
  t30_state_s* t30_{};  // of one of them, while there is a call
  RunsGuard runs_guard_;
  std::string tiff_error_;  // libtiff's first complaint
  std::string trouble_;     // why the call is ended from here
  Rate rate_{};
  uint32_t pages_sent_{};
  uint32_t pages_received_{};
  uint32_t quiet_blocks_{};  // since the last good frame
  bool met_{};               // there was a good frame
  bool over_{};
};

}  // namespace cordboard::media
