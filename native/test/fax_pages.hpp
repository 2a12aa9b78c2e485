// SPDX-License-Identifier: GPL-2.0-or-later
// Pages for the tests and the bench of the fax: made from a seed, written and read by libtiff itself, compared pixel by
// pixel.
#pragma once

#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace cordboard::media {

/// Rows of packed pixels, the first in the highest bit, 1 is black.
struct FaxImage {
  uint32_t columns = 0;
  uint32_t rows = 0;
  std::vector<uint8_t> pixels;
  bool operator==(const FaxImage&) const = default;
};

/// Something like print: lines of strokes that change every few rows, with white between the lines and a margin.
inline FaxImage printed_page(uint32_t rows, uint32_t seed, uint32_t columns = 1728) {
  FaxImage page{columns, rows, std::vector<uint8_t>(std::size_t{rows} * ((columns + 7) / 8))};
  std::mt19937 random(seed);
  std::vector<uint8_t> row((columns + 7) / 8);
  for (uint32_t y = 0; y < rows; ++y) {
    if (y % 32 >= 22) {
      std::fill(row.begin(), row.end(), uint8_t{0});
    } else if (y % 3 == 0) {
      std::fill(row.begin(), row.end(), uint8_t{0});
      for (uint32_t x = 100 + random() % 30; x + 100 < columns;) {
        const uint32_t black = 2 + random() % 9;
        for (uint32_t i = x; i < x + black && i + 60 < columns; ++i)
          row[i / 8] |= static_cast<uint8_t>(0x80 >> (i % 8));
        x += black + 20 + random() % 90;
      }
    }
    std::copy(row.begin(), row.end(), page.pixels.begin() + std::size_t{y} * row.size());
  }
  return page;
}

inline void write_fax(const std::string& path, const std::vector<FaxImage>& pages, uint16_t bits = 1,
                      uint16_t compression = COMPRESSION_CCITTFAX4) {
  TIFF* file = TIFFOpen(path.c_str(), "w");
  for (const FaxImage& page : pages) {
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, page.columns / bits);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, page.rows);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, page.rows);
    TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(file, TIFFTAG_XRESOLUTION, 204.0F);
    TIFFSetField(file, TIFFTAG_YRESOLUTION, 196.0F);
    std::vector<uint8_t> pixels = page.pixels;  // libtiff may turn the bits round in place
    TIFFWriteEncodedStrip(file, 0, pixels.data(), static_cast<tmsize_t>(pixels.size()));
    TIFFWriteDirectory(file);
  }
  TIFFClose(file);
}

/// Empty when it cannot be read.
inline std::vector<FaxImage> read_fax(const std::string& path) {
  std::vector<FaxImage> pages;
  TIFF* file = TIFFOpen(path.c_str(), "r");
  if (file == nullptr) return pages;
  do {
    FaxImage page;
    TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &page.columns);
    TIFFGetField(file, TIFFTAG_IMAGELENGTH, &page.rows);
    const std::size_t width = (page.columns + 7) / 8;
    page.pixels.resize(width * page.rows);
    for (uint32_t y = 0; y < page.rows; ++y) {
      if (TIFFReadScanline(file, page.pixels.data() + y * width, y) < 0) break;
    }
    pages.push_back(std::move(page));
  } while (TIFFReadDirectory(file) != 0 && pages.size() < 1000);
  TIFFClose(file);
  return pages;
}

/// A folder that goes with its owner.
class FaxFolder {
 public:
  explicit FaxFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("cordboard-" + name + "-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~FaxFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FaxFolder(const FaxFolder&) = delete;
  FaxFolder& operator=(const FaxFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace cordboard::media
