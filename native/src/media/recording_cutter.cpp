// SPDX-License-Identifier: GPL-2.0-or-later
// The cutter thread: from segments to WAVs.
#include <algorithm>
#include <cstring>

#include "base/background.hpp"
#include "media/recording_writer.hpp"
#include "media/wav_file.hpp"

namespace cordboard::media {

void RecordingWriter::cut_loop() {
  stand_back(15);
  while (true) {
    std::vector<Finish> finishes;
    std::vector<std::shared_ptr<Segment>> oldest;
    {
      std::unique_lock lock(mutex_);
      cutter_wakes_.wait(lock, [this] { return no_more_cuts_ || !cuts_.empty() || !spill_.empty(); });
      finishes.swap(cuts_);
      oldest = spill_;
      if (finishes.empty() && oldest.empty() && no_more_cuts_) return;
    }
    if (!finishes.empty()) cut_finished(finishes);
    if (!oldest.empty()) {
      spill(oldest);
      const std::lock_guard lock(mutex_);
      spill_.clear();
      writer_wakes_.notify_one();
    }
  }
}

/// Takes the chunks out of the count of their segments. Under the lock.
void RecordingWriter::forget(ChunkPlaces& places) {
  // Numbers follow each other, and no segment goes before those that came before it.
  for (const auto& place : places) --segments_[place.segment - segments_.front()->number]->live;
  places = {};
}

Segments RecordingWriter::segments_by_number() const {
  Segments segments;
  for (const auto& segment : segments_) segments[segment->number] = segment;
  return segments;
}

void RecordingWriter::cut_finished(std::vector<Finish>& finishes) {
  FileSystems to_sync;
  std::vector<Result<uint64_t>> lengths;
  Segments segments;
  {
    const std::lock_guard lock(mutex_);
    segments = segments_by_number();
  }
  for (const auto& [recording, finished] : finishes) {
    lengths.push_back(cut(recording->path, segments, recording->places, recording->next_block, to_sync));
  }
  const int code = to_sync.sync();
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < finishes.size(); ++i) {
      auto* recording = finishes[i].recording;
      std::string failure;
      if (!lengths[i]) {
        failure = lengths[i].error().text;
      } else if (code != 0) {
        failure = "the recording " + recording->path + " cannot be made safe on disk: " + std::strerror(code);
      } else {
        recording->data_bytes = *lengths[i] * kStereoBlock;
      }
      if (!failure.empty() && !recording->failed) {
        recording->failed = true;
        recording->failure = failure;
      }
      forget(recording->places);
      closed_.push_back(recording->key);
      std::erase(active_, recording);
      pool_.end(recording->feed);
    }
  }
  for (auto& [recording, finished] : finishes) finished(recording);
}

/// Cuts these segments' chunks of recordings that go on.
void RecordingWriter::spill(const std::vector<std::shared_ptr<Segment>>& segments) {
  Segments leaving;
  for (const auto& segment : segments) leaving[segment->number] = segment;
  const auto leaves = [&](const ChunkPlace& place) { return leaving.contains(place.segment); };
  struct Part {
    Recording* recording;
    ChunkPlaces places;
  };
  std::vector<Part> parts;
  {
    const std::lock_guard lock(mutex_);
    for (auto* recording : active_) {
      Part part{recording, {}};
      for (const auto& place : recording->places) {
        if (leaves(place)) part.places.push_back(place);
      }
      if (!part.places.empty()) parts.push_back(std::move(part));
    }
  }
  FileSystems to_sync;
  // One that cannot be written keeps its chunks where they are: it is tried again, and at its end told why.
  std::erase_if(parts, [&](const Part& part) { return !cut(part.recording->path, leaving, part.places, 0, to_sync); });
  if (to_sync.sync() != 0) return;  // stays where it is, and is tried again with the next segment
  const std::lock_guard lock(mutex_);
  for (auto& part : parts) {
    std::erase_if(part.recording->places, leaves);
    forget(part.places);
  }
}

}  // namespace cordboard::media
