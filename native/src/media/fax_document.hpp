// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a fax: TIFF class F, a directory a page. What is to be sent is looked at before the call, since spandsp
// trusts a file once it has opened it; what is being received stands beside its name until the call is over.
//
//   sent:      file ── check_document ──> pages, or an error that names the file
//   received:  path.part (made new; whole at every page end) ── publish ──> path     no page at all: neither is left
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace cordboard::media {

/// spandsp keeps file names in 256 octets and cuts longer ones off; the ending of a file in the making counts too.
inline constexpr std::size_t kMaxFaxPath = 250;
/// Rows of a page, sent or received. A sheet of legal size at 400 rows per inch has 5,600; beyond this it is no sheet
/// but an attack on memory: a compressed row can be one bit.
inline constexpr uint32_t kMaxFaxRows = 24000;
/// Pages looked at in a file to be sent.
inline constexpr uint32_t kMaxFaxPages = 1000;

/// Pages from `first` (1 is the first) to `last` (0: the last there is) that would be sent. Errors: kInvalid for a page
/// range the file does not have, kBadFile for everything a fax cannot carry; both name the file.
Result<uint32_t> check_document(const std::string& path, uint32_t first, uint32_t last);

/// The file of a fax being received.
class FaxInbox {
 public:
  FaxInbox() = default;
  ~FaxInbox() { discard(); }
  FaxInbox(const FaxInbox&) = delete;
  FaxInbox& operator=(const FaxInbox&) = delete;

  /// Makes the file that is filled; neither it nor `path` may exist. Errors: kInvalid, kIo, naming the file.
  Result<> open(std::string path);
  /// Where to write until publish().
  std::string part_path() const { return path_ + ".part"; }
  /// The file is complete: gives it its name. Errors: kIo; the file then stays `.part`. It is not forced to disk: an
  /// fdatasync takes 1-40 ms, in which a worker would hold up every other end; whoever is told of the fax may do that.
  Result<> publish();
  /// No page was received: removes the file. Also in place of publish() when that was not called.
  void discard();

 private:
  std::string path_;
  bool open_{};  // there is a `.part` of ours
};

/// Keeps libtiff from writing to stderr, in the whole process and for good; its errors go to the collector of the thread.
void silence_libtiff();

/// Collects what libtiff complains of on this thread while it lives. Collectors nest.
class TiffErrors {
 public:
  /// Keeps the first error in `text`, which must live longer.
  explicit TiffErrors(std::string& text);
  ~TiffErrors();
  TiffErrors(const TiffErrors&) = delete;
  TiffErrors& operator=(const TiffErrors&) = delete;

 private:
  std::string* outer_;
};

}  // namespace cordboard::media
