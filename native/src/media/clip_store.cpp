// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/clip_store.hpp"

#include <sndfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>

#include "dsp/g711.hpp"
#include "dsp/resample.hpp"

namespace cordboard::media {

namespace {

constexpr int kMaxChannels = 8;
constexpr int kMinRate = 1000;
constexpr int kMaxRate = 192000;
constexpr sf_count_t kMaxSeconds = 3600;
constexpr sf_count_t kChunkFrames = 16384;

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using Sound = std::unique_ptr<SNDFILE, CloseSound>;

/// Formats whose samples libsndfile gives as 16-bit integers without any change of level.
bool exact_as_short(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_ALAW:
    case SF_FORMAT_ULAW:
      return true;
    default:
      return false;
  }
}

Clip encode(const std::vector<int16_t>& samples) {
  Clip clip;
  clip.alaw.resize(samples.size());
  dsp::alaw_encode(samples.data(), clip.alaw.data(), samples.size());
  return clip;
}

/// Reads to the end, one sample a frame: the mean of the channels.
template <class T, class Read>
std::vector<T> read_mono(int channels, sf_count_t limit, Read read) {
  std::vector<T> mono;
  std::vector<T> chunk(static_cast<std::size_t>(kChunkFrames * channels));
  while (static_cast<sf_count_t>(mono.size()) < limit) {
    const sf_count_t frames = read(chunk.data(), std::min(kChunkFrames, limit - static_cast<sf_count_t>(mono.size())));
    if (frames <= 0) break;
    for (sf_count_t i = 0; i < frames; ++i) {
      if (channels == 1) {
        mono.push_back(chunk[static_cast<std::size_t>(i)]);
        continue;
      }
      double sum = 0;
      for (int c = 0; c < channels; ++c) sum += chunk[static_cast<std::size_t>(i * channels + c)];
      mono.push_back(static_cast<T>(sum / channels));
    }
  }
  return mono;
}

}  // namespace

Result<ClipRef> load_clip(const std::string& path) {
  SF_INFO info{};
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return fail(ErrorCode::kBadFile, "cannot open " + path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kBadFile, path + " is not a file");
  const Sound file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) return fail(ErrorCode::kBadFile, path + " is not audio that can be read: " + sf_strerror(nullptr));
  if (info.channels < 1 || info.channels > kMaxChannels || info.samplerate < kMinRate || info.samplerate > kMaxRate) {
    return fail(ErrorCode::kBadFile, path + " has " + std::to_string(info.channels) + " channels at " +
                                         std::to_string(info.samplerate) +
                                         " Hz; at most 8 at 1 to 192 kHz can be played");
  }
  // The header's length is the sender's word: reading stops at the limit, whatever it says.
  const sf_count_t limit = kMaxSeconds * info.samplerate + 1;
  std::vector<int16_t> samples;
  if (info.samplerate == 8000 && exact_as_short(info.format)) {
    samples = read_mono<int16_t>(
        info.channels, limit, [&](int16_t* to, sf_count_t frames) { return sf_readf_short(file.get(), to, frames); });
  } else {
    auto mono = read_mono<float>(info.channels, limit,
                                 [&](float* to, sf_count_t frames) { return sf_readf_float(file.get(), to, frames); });
    if (static_cast<sf_count_t>(mono.size()) < limit) {
      // Broken float files hold infinities and NaN; a resampler would smear them over everything.
      for (auto& sample : mono) sample = std::isfinite(sample) ? std::clamp(sample, -1.0F, 1.0F) : 0.0F;
      if (info.samplerate != 8000) mono = dsp::resample_to_8k(mono, static_cast<uint32_t>(info.samplerate));
    }
    samples.reserve(mono.size());
    for (const float sample : mono) {
      samples.push_back(static_cast<int16_t>(std::clamp(std::lrint(sample * 32768.0F), -32768L, 32767L)));
    }
  }
  if (samples.empty()) return fail(ErrorCode::kBadFile, path + " holds no audio");
  if (static_cast<sf_count_t>(samples.size()) >= limit) {
    return fail(ErrorCode::kBadFile, path + " is longer than one hour");
  }
  return ClipRef(std::make_shared<const Clip>(encode(samples)));
}

ClipStore::ClipStore(std::size_t cache_bytes) : cache_bytes_(cache_bytes), thread_([this] { run(); }) {}

ClipStore::~ClipStore() { stop(); }

void ClipStore::request(std::vector<std::string> files, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      jobs_.push_back({std::move(files), std::move(done)});
      changed_.notify_one();
      return;
    }
  }
  done(fail(ErrorCode::kClosed, "the engine is closing"));
}

void ClipStore::stop() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
    changed_.notify_one();
  }
  for (auto& job : dropped) job.done(fail(ErrorCode::kClosed, "the engine is closing"));
  if (thread_.joinable()) thread_.join();
}

void ClipStore::run() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    std::vector<ClipRef> clips;
    std::optional<Error> error;
    for (const auto& path : job.files) {
      auto clip = get(path);
      if (!clip) {
        error = clip.error();
        break;
      }
      clips.push_back(*clip);
    }
    if (error) {
      job.done(*error);
    } else {
      job.done(std::move(clips));
    }
  }
}

Result<ClipRef> ClipStore::get(const std::string& path) {
  struct stat status {};
  const bool exists = stat(path.c_str(), &status) == 0;
  const Stamp stamp{status.st_size, status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec};
  const auto known = by_path_.find(path);
  if (known != by_path_.end()) {
    if (exists && known->second->stamp == stamp) {
      recent_.splice(recent_.begin(), recent_, known->second);
      return known->second->clip;
    }
    held_bytes_ -= known->second->clip->alaw.size();
    recent_.erase(known->second);
    by_path_.erase(known);
  }
  auto loaded = load_clip(path);
  if (!loaded) return loaded;
  recent_.push_front({path, stamp, *loaded});
  by_path_[path] = recent_.begin();
  held_bytes_ += (*loaded)->alaw.size();
  trim();
  return loaded;
}

void ClipStore::trim() {
  // The one just used stays even when it alone is over the limit: somebody is about to play it.
  while (held_bytes_ > cache_bytes_ && recent_.size() > 1) {
    held_bytes_ -= recent_.back().clip->alaw.size();
    by_path_.erase(recent_.back().path);
    recent_.pop_back();
  }
}

}  // namespace cordboard::media
