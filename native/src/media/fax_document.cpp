// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/fax_document.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>

namespace cordboard::media {

namespace {

thread_local std::string* collecting = nullptr;

void collect(const char* /*module*/, const char* format, std::va_list arguments) {
  if (collecting == nullptr || !collecting->empty()) return;
  char text[200];  // bounded: a file can put its own tag names in here
  std::vsnprintf(text, sizeof text, format, arguments);
  for (char* at = text; *at != 0; ++at) {
    if (*at < ' ' || *at > '~') *at = '?';
  }
  *collecting = text[0] == 0 ? "unknown" : text;
}

struct CloseTiff {
  void operator()(TIFF* file) const { TIFFClose(file); }
};

/// Columns of T.4 table 2 and T.30 table 2: A4, B4 and A3 at 8 and 16 a millimetre, 300, 600 and 1200 an inch.
constexpr uint32_t kColumns[] = {1728, 2048, 2432, 2592, 3072,  3456,  3648, 4096,
                                 4864, 5184, 6144, 7296, 10368, 12288, 14592};

/// What is wrong with the page that libtiff stands at; empty if nothing. A page that spandsp reads into a row buffer of
/// (columns + 7) / 8 octets must not be larger than that, and spandsp asks after the first page only.
std::string page_fault(TIFF* file) {
  uint16_t bits = 1;
  uint16_t samples = 1;
  uint32_t columns = 0;
  uint32_t rows = 0;
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &columns);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &rows);
  if (bits != 1 || samples != 1) return "is not black and white";
  if (std::find(std::begin(kColumns), std::end(kColumns), columns) == std::end(kColumns)) {
    return "is " + std::to_string(columns) + " pixels wide, which no fax page is (A4: 1728)";
  }
  if (rows == 0 || rows > kMaxFaxRows) return "has " + std::to_string(rows) + " rows";
  if (TIFFIsTiled(file) != 0 || TIFFScanlineSize64(file) != (columns + 7) / 8) return "has no plain rows";
  return {};
}

}  // namespace

void silence_libtiff() {
  static std::once_flag once;
  std::call_once(once, [] {
    TIFFSetWarningHandler(nullptr);
    TIFFSetErrorHandler(collect);
  });
}

TiffErrors::TiffErrors(std::string& text) : outer_(collecting) { collecting = &text; }
TiffErrors::~TiffErrors() { collecting = outer_; }

Result<uint32_t> check_document(const std::string& path, uint32_t first, uint32_t last) {
  if (path.size() > kMaxFaxPath) return fail(ErrorCode::kInvalid, "the name of the fax " + path + " is too long");
  silence_libtiff();
  std::string why;
  const TiffErrors errors(why);
  // "m": read it, do not map it: a mapped file that is cut off by somebody else kills the process.
  const std::unique_ptr<TIFF, CloseTiff> file(TIFFOpen(path.c_str(), "rm"));
  if (!file) {
    return fail(ErrorCode::kBadFile, "the fax " + path + " cannot be read: " + (why.empty() ? "no TIFF file" : why));
  }
  uint32_t pages = 0;
  do {
    if (++pages > kMaxFaxPages) return fail(ErrorCode::kBadFile, "the fax " + path + " has more than 1000 pages");
    if (pages < first || (last != 0 && pages > last)) continue;
    if (const std::string fault = page_fault(file.get()); !fault.empty()) {
      return fail(ErrorCode::kBadFile, "page " + std::to_string(pages) + " of the fax " + path + " " + fault);
    }
  } while (TIFFReadDirectory(file.get()) != 0);
  if (!why.empty()) return fail(ErrorCode::kBadFile, "the fax " + path + " cannot be read: " + why);
  if (first == 0 || first > pages || last > pages || (last != 0 && last < first)) {
    return fail(ErrorCode::kInvalid, "the fax " + path + " has " + std::to_string(pages) + " pages, not " +
                                         std::to_string(first) + " to " + std::to_string(last));
  }
  return (last == 0 ? pages : last) - first + 1;
}

Result<> FaxInbox::open(std::string path) {
  if (path.size() > kMaxFaxPath) return fail(ErrorCode::kInvalid, "the name of the fax " + path + " is too long");
  path_ = std::move(path);
  struct stat status {};
  if (lstat(path_.c_str(), &status) == 0) return fail(ErrorCode::kIo, "the fax " + path_ + " exists already");
  // Made here, so that it is new and nobody else can read it; spandsp opens it again by its name.
  const int fd = ::open(part_path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return fail(ErrorCode::kIo, "cannot make the fax " + part_path() + ": " + std::strerror(errno));
  close(fd);
  open_ = true;
  return Empty{};
}

Result<> FaxInbox::publish() {
  if (!open_) return fail(ErrorCode::kIo, "the fax " + path_ + " was never opened");
  open_ = false;
  if (renameat2(AT_FDCWD, part_path().c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    return fail(ErrorCode::kIo, "cannot give the fax " + path_ + " its name: " + std::strerror(errno));
  }
  return Empty{};
}

void FaxInbox::discard() {
  if (!open_) return;
  open_ = false;
  unlink(part_path().c_str());  // spandsp may have removed it already
}

}  // namespace cordboard::media
