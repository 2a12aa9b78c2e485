// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/fax_guard.hpp"

// The decoder's state has no accessors. Headers and library are one Debian package, so they fit each other.
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>

#include <algorithm>
#include <cstdlib>

namespace cordboard::media {

namespace {

/// OPERATION_IN_PROGRESS_T4_RX of t30.c.
constexpr int kReceiving = 1;
/// Bits 17 and 18 of T.30 table 2, as they lie in a frame.
constexpr uint8_t kWidth = 0x03;
/// Above 32 MB malloc always takes fresh pages from the kernel and gives them back: zero, and none of them exists until
/// it is touched, which only a hostile page does beyond the first two.
constexpr std::size_t kListBytes = 33U << 20;
static_assert(kListBytes / sizeof(uint32_t) > 2 * 65536 * 8, "a run a bit of a partial page");

/// What it keeps of an earlier frame of this kind, which it would forget.
void forget(uint8_t*& kept, std::size_t& length) {
  std::free(kept);
  kept = nullptr;
  length = 0;
}

/// The list, longer; null without memory. Frees the old one.
uint32_t* lengthen(uint32_t* list, std::size_t runs) {
  auto* longer = static_cast<uint32_t*>(std::calloc(kListBytes, 1));
  if (longer == nullptr) return nullptr;
  std::copy_n(list, runs, longer);
  std::free(list);
  return longer;
}

}  // namespace

bool guard_frame(t30_state_t* t30, const uint8_t* frame, int length) {
  switch (frame[2] & 0xFE) {
    case T4_FCD:
      return length >= 4 && length <= 4 + 256;
    case T30_DCS:
      return length >= 6 && length <= T30_MAX_DIS_DTC_DCS_LEN && (frame[5] & kWidth) != kWidth;
    case T30_PPS:
      return length >= 7;
    case T30_PPR:
      return length == 3 + 32;
    case T30_CTC:
      return length >= 5;
    case T30_EOR:
    case T30_FDM:
      return length >= 4;
    case T30_NSF:  // and NSC
      forget(t30->rx_info.nsf, t30->rx_info.nsf_len);
      forget(t30->rx_info.nsc, t30->rx_info.nsc_len);
      return length >= 6;
    case T30_NSS:
      forget(t30->rx_info.nss, t30->rx_info.nss_len);
      return length >= 6;
    default:
      return true;
  }
}

bool RunsGuard::check(t30_state_s* t30) {
  auto& page = t30->t4.rx;
  if (t30->operation_in_progress != kReceiving || page.rx == 0 || page.cur_runs == nullptr ||
      page.ref_runs == nullptr) {
    current_ = reference_ = nullptr;
    return true;
  }
  const bool ours = (page.cur_runs == current_ && page.ref_runs == reference_) ||
                    (page.cur_runs == reference_ && page.ref_runs == current_);
  if (!ours || page.bytes_per_row != row_bytes_) {
    // spandsp makes them when it is about to say that it is ready (CFR): at least 75 ms before the first pixel comes.
    const auto runs = static_cast<std::size_t>(page.image_width) + 4;
    for (uint32_t** list : {&page.cur_runs, &page.ref_runs}) {
      uint32_t* const longer = lengthen(*list, runs);
      if (longer == nullptr) return false;
      *list = longer;
    }
    current_ = page.cur_runs;
    reference_ = page.ref_runs;
    row_bytes_ = page.bytes_per_row;
  }
  return page.t4_t6_rx.a_cursor <= page.image_width + 2 && page.t4_t6_rx.b_cursor <= page.image_width + 2;
}

}  // namespace cordboard::media
