// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/fax_terminal.hpp"

#include <spandsp.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

namespace cordboard::media {

namespace {

constexpr std::size_t kMaxIdentity = T30_MAX_IDENT_LEN;
constexpr std::size_t kMaxHeader = T30_MAX_PAGE_HEADER_INFO;
constexpr std::size_t kMaxText = 600;
/// Blocks between two looks at the length of the page that is coming in: one second.
constexpr uint32_t kLookBlocks = 50;
/// How long nothing that T.30 could read may come before the call is given up, in blocks: to begin with a little more
/// than T0, 60 s (T.30 5.4.3.1), later longer than any page takes. spandsp waits for ever while there is noise on the line.
constexpr uint32_t kMaxStrangeBlocks = 70 * 50;
constexpr uint32_t kMaxQuietBlocks = 40 * 60 * 50;

bool printable(std::string_view text, std::size_t limit) {
  return text.size() <= limit && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// What a stranger sent, fit to be shown: printable ASCII, no more than `limit` octets.
std::string clean(const char* text, std::size_t limit) {
  std::string kept(text == nullptr ? "" : text, text == nullptr ? 0 : strnlen(text, limit));
  for (char& c : kept) {
    if (c < ' ' || c > '~') c = '?';
  }
  return kept;
}

uint32_t dpi(int per_metre) { return static_cast<uint32_t>(per_metre * 0.0254 + 0.5); }

int support_of(uint8_t set, std::initializer_list<std::pair<uint8_t, int>> table) {
  int support = 0;
  for (const auto& [flag, bits] : table) {
    if ((set & flag) != 0) support |= bits;
  }
  return support;
}

/// spandsp and libtiff would write to stderr from any thread.
void silence_libraries() {
  static std::once_flag once;
  std::call_once(once, [] {
    span_set_message_handler(nullptr);
    span_set_error_handler(nullptr);
    silence_libtiff();
  });
}

}  // namespace

void FaxTerminal::Free::operator()(fax_state_s* fax) const { fax_free(fax); }

FaxTerminal::FaxTerminal(FaxSettings settings, FaxEvents events, std::unique_ptr<T38End> t38)
    : settings_(std::move(settings)), events_(std::move(events)), t38_(std::move(t38)) {}

FaxTerminal::~FaxTerminal() { close(); }

bool FaxTerminal::open() {
  silence_libraries();
  const auto started = start();
  if (!started) finish(-1, started.error().text);
  return static_cast<bool>(started);
}

Result<> FaxTerminal::start() {
  const auto invalid = [](const char* what) { return fail(ErrorCode::kInvalid, what); };
  if (settings_.send_file.empty() && settings_.receive_file.empty())
    return invalid("a fax needs a file to send or to receive");
  if (!printable(settings_.local_identity, kMaxIdentity))
    return invalid("a fax identity has up to 20 printable ASCII characters");
  if (!printable(settings_.header, kMaxHeader)) return invalid("a fax header has up to 50 printable ASCII characters");
  const uint8_t modems = settings_.modems;
  const bool v17 = (modems & fax_set(FaxModem::kV17)) != 0;
  const uint8_t slower = fax_set(FaxModem::kV29, FaxModem::kV27ter);
  if ((modems & fax_set(FaxModem::kV17, FaxModem::kV29, FaxModem::kV27ter)) == 0) return invalid("a fax needs a modem");
  if (v17 && (modems & slower) != slower)
    return invalid("a fax with V.17 must have V.29 and V.27ter too (T.30 table 2)");
  if (settings_.max_pages == 0) return invalid("a fax that may receive no page needs no file to receive");

  if (!settings_.send_file.empty()) {
    const auto pages = check_document(settings_.send_file, settings_.first_page, settings_.last_page);
    if (!pages) return pages.error();
  }
  if (!settings_.receive_file.empty()) {
    if (auto made = inbox_.open(settings_.receive_file); !made) return made.error();
  }

  if (t38_) {
    if (!t38_->open(settings_.calling)) return fail(ErrorCode::kIo, "no memory for a fax");
    t30_ = t38_->t30();
  } else {
    fax_.reset(fax_init(nullptr, settings_.calling ? 1 : 0));
    if (!fax_) return fail(ErrorCode::kIo, "no memory for a fax");
    fax_set_transmit_on_idle(fax_.get(), 1);  // a timeslot is never idle
    t30_ = fax_get_t30_state(fax_.get());
  }
  t30_state_t* const t30 = t30_;
  t30_set_tx_ident(t30, settings_.local_identity.c_str());
  t30_set_tx_page_header_info(t30, settings_.header.c_str());
  t30_set_ecm_capability(t30, settings_.ecm ? 1 : 0);
  t30_set_rx_encoding(t30, T4_COMPRESSION_ITU_T6);
  t30_set_supported_modems(t30, support_of(modems, {{fax_set(FaxModem::kV27ter), T30_SUPPORT_V27TER},
                                                    {fax_set(FaxModem::kV29), T30_SUPPORT_V29},
                                                    {fax_set(FaxModem::kV17), T30_SUPPORT_V17}}));
  t30_set_supported_compressions(
      t30, T30_SUPPORT_T4_1D_COMPRESSION |
               support_of(settings_.compressions,
                          {{fax_set(FaxCompression::kT4TwoDimensions), T30_SUPPORT_T4_2D_COMPRESSION},
                           {fax_set(FaxCompression::kT6), T30_SUPPORT_T6_COMPRESSION}}));
  t30_set_supported_resolutions(
      t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_R8_RESOLUTION |
               support_of(settings_.resolutions, {{fax_set(FaxResolution::kFine), T30_SUPPORT_FINE_RESOLUTION},
                                                  {fax_set(FaxResolution::kSuperfine),
                                                   T30_SUPPORT_SUPERFINE_RESOLUTION | T30_SUPPORT_R16_RESOLUTION}}));
  t30_set_supported_image_sizes(
      t30,
      T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH | T30_SUPPORT_A4_LENGTH |
          T30_SUPPORT_B4_LENGTH | T30_SUPPORT_UNLIMITED_LENGTH |
          support_of(settings_.widths, {{fax_set(FaxWidth::kB4), T30_SUPPORT_255MM_WIDTH},
                                        {fax_set(FaxWidth::kA3), T30_SUPPORT_255MM_WIDTH | T30_SUPPORT_303MM_WIDTH}}));
  if (!settings_.send_file.empty()) {
    t30_set_tx_file(t30, settings_.send_file.c_str(), static_cast<int>(settings_.first_page) - 1,
                    static_cast<int>(settings_.last_page) - 1);
  }
  if (!settings_.receive_file.empty()) t30_set_rx_file(t30, inbox_.part_path().c_str(), -1);
  t30_set_phase_d_handler(t30, on_phase_d, this);
  t30_set_phase_e_handler(t30, on_phase_e, this);
  t30_set_real_time_frame_handler(t30, on_frame, this);
  return Empty{};
}

void FaxTerminal::process(int16_t* received, int16_t* to_send) {
  int sent = 0;
  if (live() && t38_) {
    exchange_packets();
  } else if (!over_ && live()) {
    const TiffErrors errors(tiff_error_);
    fax_rx(fax_.get(), received, dsp::kBlock);
    guard_page();
    if (!over_) sent = fax_tx(fax_.get(), to_send, dsp::kBlock);
    look_for_trouble();
  }
  std::fill(to_send + std::clamp<int>(sent, 0, dsp::kBlock), to_send + dsp::kBlock, int16_t{0});
}

void FaxTerminal::guard_page() {
  if (!over_ && !runs_guard_.check(t30_)) abort("the other fax sends what is no page");
}

/// The packets of one block. What is to be repeated goes on after the end of the call.
void FaxTerminal::exchange_packets() {
  const TiffErrors errors(tiff_error_);
  t38_->receive();
  while (!over_ && t38_->take_one()) guard_page();
  t38_->send(dsp::kBlock, over_);
  look_for_trouble();
}

void FaxTerminal::miss(uint32_t blocks) {
  if (over_ || !live()) return;
  if (t38_) {
    for (; blocks > 0; --blocks) exchange_packets();
    return;
  }
  const TiffErrors errors(tiff_error_);
  // In pieces, so that no timer is passed by more than one block.
  for (; blocks > 0 && !over_; --blocks) {
    fax_rx_fillin(fax_.get(), dsp::kBlock);
    guard_page();
  }
  look_for_trouble();
}

void FaxTerminal::close() {
  if (live() && !over_) {
    const TiffErrors errors(tiff_error_);
    t30_terminate(t30());  // ends in on_phase_e
  }
  if (live() && t38_) t38_->flush();
  t30_ = nullptr;
  fax_.reset();
  if (!over_) finish(-1, "the fax was never started");
}

/// A page is done: told here because T.30's phase D ends it, but counted by spandsp's own count of confirmed pages, since
/// phase D also comes for pages that were refused or sent twice.
int FaxTerminal::on_phase_d(t30_state_s* /*t30*/, void* self, int result) {
  static_cast<FaxTerminal*>(self)->look_for_pages(result == T30_EOP || result == T30_PRI_EOP);
  return T30_ERR_OK;
}

void FaxTerminal::look_for_pages(bool last) {
  t30_stats_t now;
  t30_get_transfer_statistics(t30(), &now);
  const auto sent = static_cast<uint32_t>(std::max(now.pages_tx, 0));
  const auto received = static_cast<uint32_t>(std::max(now.pages_rx, 0));
  if (sent == pages_sent_ && received == pages_received_) return;
  if (!tiff_error_.empty()) return;  // it is not on disk, or not what the file says; look_for_trouble() ends the call
  const bool incoming = received != pages_received_;
  pages_sent_ = sent;
  pages_received_ = received;
  FaxPage page{};
  page.number = incoming ? received : sent;
  page.received = incoming;
  page.rows = static_cast<uint32_t>(std::max(now.length, 0));
  page.columns = static_cast<uint32_t>(std::max(now.width, 0));
  page.x_dpi = dpi(now.x_resolution);
  page.y_dpi = dpi(now.y_resolution);
  switch (now.encoding) {
    case T4_COMPRESSION_ITU_T4_1D:
      page.compression = FaxCompression::kT4OneDimension;
      break;
    case T4_COMPRESSION_ITU_T4_2D:
      page.compression = FaxCompression::kT4TwoDimensions;
      break;
    case T4_COMPRESSION_ITU_T6:
      page.compression = FaxCompression::kT6;
      break;
    default:
      break;
  }
  page.bad_rows = incoming ? static_cast<uint32_t>(std::max(now.bad_rows, 0)) : 0;
  page.bit_rate = rate_.bit_rate;
  page.ecm = rate_.ecm;
  if (events_.page) events_.page(page);
  if (incoming && page.rows > kMaxFaxRows) trouble_ = "a page of the fax has no end";
  if (incoming && !last && received >= settings_.max_pages) trouble_ = "the fax has more pages than may be received";
}

/// After every block: ends the call when a file fails or the peer wants too much.
void FaxTerminal::look_for_trouble() {
  if (over_) return;
  if (!tiff_error_.empty()) {
    const bool reading = !settings_.send_file.empty() && pages_received_ == 0;
    abort("the fax " +
          (reading ? settings_.send_file + " cannot be read: " : inbox_.part_path() + " cannot be written: ") +
          tiff_error_);
    return;
  }
  if (!trouble_.empty()) {
    abort(trouble_);
    return;
  }
  if (++quiet_blocks_ >= (met_ ? kMaxQuietBlocks : kMaxStrangeBlocks)) {
    abort(met_ ? "the other fax has fallen silent" : "there is no fax at the other end");
    return;
  }
  if (quiet_blocks_ % kLookBlocks != 0) return;
  t30_stats_t now;
  t30_get_transfer_statistics(t30(), &now);
  if (now.length > static_cast<int>(kMaxFaxRows)) abort("a page of the fax has no end");
}

void FaxTerminal::abort(std::string why) {
  trouble_ = std::move(why);
  t30_terminate(t30());
}

/// The call is over and spandsp has closed its files.
void FaxTerminal::on_phase_e(t30_state_s* /*t30*/, void* self, int code) {
  auto& terminal = *static_cast<FaxTerminal*>(self);
  if (terminal.over_) return;
  if (!terminal.trouble_.empty()) {
    terminal.finish(-1, terminal.trouble_);
  } else {
    terminal.finish(code, t30_completion_code_to_str(code));
  }
}

/// Every frame both ways. An incoming one stands in the receiver's own buffer and is looked at by spandsp when this
/// returns: one that it could not handle is made a non-final frame of a kind that T.30 does not have, which it ignores.
void FaxTerminal::on_frame(t30_state_s* t30, void* self, int incoming, const uint8_t* frame, int length) {
  auto& terminal = *static_cast<FaxTerminal*>(self);
  if (length < 3) return;
  if (incoming != 0) {
    terminal.met_ = true;
    terminal.quiet_blocks_ = 0;
  }
  if (incoming != 0 && !guard_frame(t30, frame, length)) {
    const_cast<uint8_t*>(frame)[1] = 0x03;
    const_cast<uint8_t*>(frame)[2] = 0xFE;
    return;
  }
  // T.30 table 2, DCS: bits 11-14 are the rate, bit 27 error correction. The least significant bit came first.
  if ((frame[2] & 0xFE) != T30_DCS || length < 6) return;
  constexpr std::pair<uint8_t, Rate> kRates[] = {
      {0x00, {FaxModem::kV27ter, 2400, false}}, {0x08, {FaxModem::kV27ter, 4800, false}},
      {0x04, {FaxModem::kV29, 9600, false}},    {0x0C, {FaxModem::kV29, 7200, false}},
      {0x20, {FaxModem::kV17, 14400, false}},   {0x28, {FaxModem::kV17, 12000, false}},
      {0x24, {FaxModem::kV17, 9600, false}},    {0x2C, {FaxModem::kV17, 7200, false}}};
  for (const auto& [bits, rate] : kRates) {
    if ((frame[4] & 0x3C) == bits) terminal.rate_ = rate;
  }
  terminal.rate_.ecm = length > 6 && (frame[6] & 0x04) != 0;
}

void FaxTerminal::finish(int code, std::string text) {
  over_ = true;
  FaxFinished end{};
  end.code = code;
  end.text = clean(text.c_str(), kMaxText);
  end.pages_sent = pages_sent_;
  end.pages_received = pages_received_;
  if (live()) end.remote_identity = clean(t30_get_rx_ident(t30()), kMaxIdentity);
  end.modem = rate_.modem;
  end.bit_rate = rate_.bit_rate;
  end.ecm = rate_.ecm;
  end.ok = code == T30_ERR_OK;
  if (pages_received_ == 0) {
    inbox_.discard();
  } else if (const auto published = inbox_.publish(); !published) {
    end.ok = false;
    end.code = -1;
    end.text = clean(published.error().text.c_str(), kMaxText);
  }
  if (events_.finished) events_.finished(end);
}

}  // namespace cordboard::media
