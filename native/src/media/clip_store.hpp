// SPDX-License-Identifier: GPL-2.0-or-later
// Loads audio files of any common format and rate into clips, on a thread of its own, and keeps the ones last used.
//
//   request(files) ─> loader thread: cache? ─ no ─> libsndfile ─> mono ─> 8 kHz ─> A-law ─> done(clips or error)
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "media/clip.hpp"

namespace cordboard::media {

/// Reads a file whole. 8 kHz files of 16-bit or A-law samples keep every octet; others are mixed to one channel and
/// resampled. At most one hour and eight channels. Errors: kBadFile, with a sentence that names the file.
Result<ClipRef> load_clip(const std::string& path);

class ClipStore {
 public:
  using Done = std::function<void(Result<std::vector<ClipRef>>)>;

  explicit ClipStore(std::size_t cache_bytes);
  ~ClipStore();
  ClipStore(const ClipStore&) = delete;
  ClipStore& operator=(const ClipStore&) = delete;

  /// `done` runs on the loader thread, in the order of the requests. A file that has changed on disk is read again.
  void request(std::vector<std::string> files, Done done);
  /// Drops what waits (its `done` gets kClosed) and ends the thread. Idempotent.
  void stop();

 private:
  struct Stamp {
    int64_t size{};
    int64_t modified_ns{};
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    std::string path;
    Stamp stamp;
    ClipRef clip;
  };
  struct Job {
    std::vector<std::string> files;
    Done done;
  };

  void run();
  Result<ClipRef> get(const std::string& path);
  void trim();

  const std::size_t cache_bytes_;
  std::size_t held_bytes_{};
  std::list<Entry> recent_;  // the last used one first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_{};
  std::thread thread_;
};

}  // namespace cordboard::media
