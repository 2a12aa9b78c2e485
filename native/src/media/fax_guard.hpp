// SPDX-License-Identifier: GPL-2.0-or-later
// What spandsp 0.0.6 does not check of a hostile fax at the other end. Anybody who can call can send these; without the
// guard a single call ends the process (fax_test shows each).
//
//   received frame ── guard_frame ──> T.30
//   after a block  ── RunsGuard ───── T.4/T.6 decoder's lists of runs
#pragma once

#include <cstdint>

struct t30_state_s;

namespace cordboard::media {

/// Whether spandsp handles a received frame of this length safely. `length` counts address, control and facsimile control
/// field (T.30 5.3.5) and is at least 3. Unchecked there:
///   FCD   copies length - 4 octets without asking whether that is negative
///   DCS   prints three characters an octet into 67; takes -1 as the width of a page when both bits of it are set, which
///         T.30 table 2 has as invalid
///   NSF, NSC, NSS   are kept in memory of their own each time, and only the last is freed: the one before is freed here
///   PPS, PPR, EOR, CTC, FDM   are read past a short end
bool guard_frame(t30_state_s* t30, const uint8_t* frame, int length);

/// Keeps the image decoder in bounds. A row is decoded into a list of runs with the list of the row above beside it, both
/// with room for a run a pixel; but pass codes and runs of length zero move along the lists without moving along the
/// row, so a page of nothing else walks off their ends, reading or writing. The lists are not ours, yet can be made
/// longer: so long that what one call of fax_rx or one packet of T.38 can carry (a partial page of 65,536 octets, at most
/// a run a bit) stays inside, and after each a position that no row can have ends the fax.
class RunsGuard {
 public:
  /// After every fax_rx, fax_rx_fillin and packet of T.38. False: the page is no page, or there is no memory to keep it safe.
  bool check(t30_state_s* t30);

 private:
  const void* current_{};  // the lists as last made longer, in either order
  const void* reference_{};
  int row_bytes_{};  // spandsp makes them anew, and short, for another width
};

}  // namespace cordboard::media
