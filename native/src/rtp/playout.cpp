// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/playout.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dsp/g711.hpp"
#include "rtp/splice.hpp"

namespace cordboard::rtp {

namespace {

constexpr uint32_t kBlock = dsp::kBlock;
constexpr uint32_t kUnit = dsp::SpokenLoss::kUnit;
// Concealment is silent from here on.
constexpr uint32_t kSilentAfter = 6 * kUnit;
// Less than 5 ms is not worth a change of a pause, which nobody hears.
constexpr int32_t kWorthInPause = 40;
// A block too much is what a change of phase makes; 5 ms too little is a packet that may be late.
constexpr int32_t kWorthShortening = 200;
constexpr int32_t kWorthLengthening = kMinLag;
constexpr int32_t kOvershoot = 80;
constexpr int32_t kTooLong = 60 * 8;
constexpr uint32_t kRestTicks = 3;

/// The likeness that a splice needs after so many ticks of waiting for a better one: what is not urgent waits for a vowel
/// or a pause, which come within a second of speech.
float likeness_needed(int32_t patience, bool urgent) {
  if (urgent) return patience < 5 ? 0.6F : 0.0F;
  return patience < 50 ? 0.9F : patience < 150 ? 0.7F : 0.0F;
}

}  // namespace

Playout::Playout(const JitterBuffer::Settings& settings, PayloadKeeper& keeper, uint32_t seed)
    : buffer_(settings, keeper), generator_(seed) {
  octets_.fill(dsp::kAlawSilence);
}

void Playout::reset() {
  buffer_.reset();
  octets_.fill(dsp::kAlawSilence);
  at_ = end_ = kHistory;
  if (spilling_ != nullptr) spilling_->spill()->at = spilling_->spill()->end;
  spilling_ = speaking_ = nullptr;
  noise_ = concealing_ = false;
  concealed_ = seam_ = rest_ = 0;
  patience_ = 0;
  mute_until_ = mute_perhaps_until_ = INT64_MIN;
  loss_.reset();
}

uint32_t Playout::spilt() const {
  if (spilling_ == nullptr) return 0;
  const auto& spill = *spilling_->spill();
  return spill.end - spill.at;
}

void Playout::mute(int64_t from, int64_t until, int64_t grace) {
  // One stretch is kept: digits so close that both are waiting have nothing between them worth hearing.
  const int64_t playing = buffer_.position() - pending();
  if (std::max(mute_until_, mute_perhaps_until_) <= playing) {
    mute_from_ = from;
    mute_until_ = until;
  }
  mute_from_ = std::min(mute_from_, from);
  mute_until_ = std::max(mute_until_, until);
  mute_perhaps_until_ = until + grace;
}

void Playout::read(uint8_t* row, int64_t now, const Decoders& decoders) {
  make_room();
  if (buffer_.skip_excess(now, pending()) > 0) {
    end_ = at_;
    if (spilling_ != nullptr) spilling_->spill()->at = spilling_->spill()->end;
    spilling_ = nullptr;
    seam_ = 0;
    speak_on(kBlock);
  }
  const int32_t surplus = buffer_.surplus(now, pending());
  buffer_.adjust_pause(std::abs(surplus) >= kWorthInPause ? surplus : 0);
  fill(kBlock, decoders);
  if (seam_ > 0) {
    if (end_ - seam_ < kUnit) fill(std::min(seam_ + kUnit - at_, 2 * kBlock), decoders);
    smooth();
  }
  if (mute_until_ != INT64_MIN) {
    const int64_t playing = buffer_.position() - pending();
    const int64_t end = std::max(mute_until_, mute_perhaps_until_);
    const int64_t from = std::clamp<int64_t>(mute_from_ - playing, 0, kBlock);
    const int64_t until = std::clamp<int64_t>(end - playing, 0, kBlock);
    if (from < until) std::memset(&octets_[at_ + from], dsp::kAlawSilence, static_cast<std::size_t>(until - from));
    if (end <= playing) mute_until_ = mute_perhaps_until_ = INT64_MIN;
  }
  if (change_delay(row, surplus, decoders)) return;
  std::memcpy(row, &octets_[at_], kBlock);
  at_ += kBlock;
}

// -------------------------------------------------------------------------------------------------------------- filling

/// So that everything that a block may need fits behind what is there, and the history stays before it.
void Playout::make_room() {
  if (at_ + kAhead <= kOctets) return;
  const uint32_t by = at_ - kHistory;
  std::memmove(octets_.data(), &octets_[by], end_ - by);
  at_ -= by;
  end_ -= by;
  seam_ = seam_ > by ? seam_ - by : 0;
}

uint8_t* Playout::grow(uint32_t samples) {
  uint8_t* const out = &octets_[end_];
  end_ += samples;
  return out;
}

void Playout::fill(uint32_t wanted, const Decoders& decoders) {
  while (ahead() < wanted) {
    const uint32_t missing = wanted - ahead();
    if (spilt() > 0) {
      play_spill(missing);
      continue;
    }
    const auto pull = buffer_.pull(missing);
    switch (pull.answer) {
      case JitterBuffer::Answer::kPacket:
        play_packet(missing, decoders);
        break;
      case JitterBuffer::Answer::kMark:
        take_up_noise();
        break;
      case JitterBuffer::Answer::kPause:
        play_pause(pull.samples);
        break;
      case JitterBuffer::Answer::kMissing:
        conceal(pull.samples);
        break;
    }
  }
}

void Playout::play_packet(uint32_t wanted, const Decoders& decoders) {
  const auto front = buffer_.front();
  const auto encoding = static_cast<Encoding>(front.tag);
  Decoder* const decoder = decoders[front.tag];
  noise_ = false;
  if (decoder == nullptr) {
    // Its format has been given up while it waited.
    buffer_.pop();
    play_pause(0);
    return;
  }
  speaking_ = decoder;
  if (can_be_cut(encoding)) {
    const uint32_t samples = std::min(front.samples, wanted);
    if (concealing_) seam_ = end_;
    concealing_ = false;
    concealed_ = 0;
    uint8_t* const out = grow(samples);
    buffer_.take(samples, out);
    if (encoding == Encoding::kPcmu) ulaw_to_alaw(out, samples, out);
    return;
  }
  auto& spill = *decoder->spill();
  const auto decoded = static_cast<uint32_t>(decoder->decode(buffer_.payload(), spill.octets));
  spill.end = std::min(decoded, front.skip + front.samples);
  spill.at = std::min(front.skip, spill.end);
  if (decoded == 0 && decoder->conceals()) {
    // It looked like a packet and was none: as if it had not come.
    spill.end = static_cast<uint32_t>(decoder->conceal(front.samples / 20 * 20, spill.octets));
  }
  // Octets and positions must not drift apart, whatever the decoder makes of a packet.
  if (spill.end - spill.at < front.samples) {
    const uint32_t end = spill.at + front.samples;
    std::memset(spill.octets + spill.end, dsp::kAlawSilence, end - spill.end);
    spill.end = end;
  }
  buffer_.pop();
  spilling_ = decoder;
}

void Playout::play_spill(uint32_t wanted) {
  auto& spill = *spilling_->spill();
  const uint32_t samples = std::min(spill.end - spill.at, wanted);
  if (concealing_) seam_ = end_;
  concealing_ = false;
  concealed_ = 0;
  std::memcpy(grow(samples), spill.octets + spill.at, samples);
  spill.at += samples;
  if (spill.at == spill.end) spilling_ = nullptr;
}

void Playout::take_up_noise() {
  const auto front = buffer_.front();
  dsp::NoiseShape shape;
  const bool told = static_cast<Encoding>(front.tag) == Encoding::kComfortNoise &&
                    dsp::read_noise_payload(buffer_.payload().data(), front.octets, shape);
  buffer_.pop();
  if (!told) return;
  generator_.set(shape);
  noise_ = true;
  buffer_.expect_noise();
}

void Playout::play_pause(uint32_t samples) {
  if (concealing_) seam_ = end_;
  concealing_ = false;
  concealed_ = 0;
  while (samples > 0) {
    const uint32_t part = std::min(samples, kBlock);
    uint8_t* const out = grow(part);
    if (noise_) {
      int16_t noise[kBlock];
      generator_.process(noise);
      dsp::alaw_encode(noise, out, part);
    } else {
      std::memset(out, dsp::kAlawSilence, part);
    }
    samples -= part;
  }
}

// ----------------------------------------------------------------------------------------------------------- concealing

void Playout::conceal(uint32_t samples) {
  if (speaking_ != nullptr && speaking_->conceals() && concealed_ < kSilentAfter) {
    auto& spill = *speaking_->spill();
    spill.at = spill.end = 0;
    const uint32_t further = buffer_.missing_before_front();
    const uint32_t gap = samples + further;
    // The packet after the gap may bring the one before it along.
    const bool follows = !buffer_.empty() && static_cast<Encoding>(buffer_.front().tag) == speaking_->encoding();
    if (follows && gap <= buffer_.front().samples && gap % 20 == 0) {
      spill.end = static_cast<uint32_t>(speaking_->recover(buffer_.payload(), gap, spill.octets));
      if (spill.end == gap) buffer_.pass_missing(further);
    }
    if (spill.end != gap) spill.end = static_cast<uint32_t>(speaking_->conceal(samples, spill.octets));
    if (spill.end >= samples) {
      const uint32_t concealed = concealed_ + spill.end;
      spilling_ = speaking_;
      play_spill(samples);
      concealed_ = concealed;
      return;
    }
    spill.end = 0;
  }
  speak_on(samples);
}

void Playout::speak_on(uint32_t samples) {
  if (!concealing_) {
    int16_t heard[dsp::SpokenLoss::kHistory];
    dsp::alaw_decode(&octets_[end_ - dsp::SpokenLoss::kHistory], heard, dsp::SpokenLoss::kHistory);
    loss_.begin(heard);
  }
  seam_ = 0;
  concealing_ = true;
  uint8_t* const out = grow(samples);
  std::memset(out, dsp::kAlawSilence, samples);
  if (concealed_ >= kSilentAfter) return;
  concealed_ += samples;
  for (uint32_t done = 0; done + kUnit <= samples; done += kUnit) {
    int16_t linear[kUnit];
    loss_.speak(linear);
    dsp::alaw_encode(linear, out + done, kUnit);
  }
}

/// Leads the concealment over into what has come after it.
void Playout::smooth() {
  // Something else may have been missing right away: then what is there goes into the history as it is.
  if (seam_ > 0 && end_ - seam_ >= kUnit) {
    int16_t linear[kUnit];
    dsp::alaw_decode(&octets_[seam_], linear, kUnit);
    loss_.lead_over(linear);
    dsp::alaw_encode(linear, &octets_[seam_], kUnit);
  }
  seam_ = 0;
}

// ----------------------------------------------------------------------------------------------------- changing the delay

/// Plays a block that brings the delay nearer to what is wanted, where that will not be heard. False: nothing done.
bool Playout::change_delay(uint8_t* row, int32_t surplus, const Decoders& decoders) {
  const bool shorten = surplus >= kWorthShortening;
  if ((!shorten && surplus > -kWorthLengthening) || concealed_ > 0 || noise_) {
    patience_ = 0;
    return false;
  }
  if (rest_ > 0) {
    --rest_;
    return false;
  }
  ++patience_;
  int32_t least = kMinLag;
  int32_t most = std::min(std::abs(surplus), kMaxLag);
  if (!shorten && most < kMaxLag) {
    // Rather too much than a rest of a few samples, for which a packet would be late all the same.
    least = most;
    most = std::min(most + kOvershoot, kMaxLag);
  }
  int16_t linear[3 * kBlock];
  SplicePoint point;
  if (shorten) {
    const auto needed = kBlock + static_cast<uint32_t>(most);
    if (ahead() < needed) {
      const uint32_t missing = needed - ahead();
      if (missing > spilt() && !buffer_.has(missing - spilt())) return false;
      fill(needed, decoders);
    }
    dsp::alaw_decode(&octets_[at_], linear, needed);
    point = find_splice(linear, least, most, true);
  } else {
    dsp::alaw_decode(&octets_[at_ - kBlock], linear, 2 * kBlock);
    point = find_splice(linear + kBlock, least, most, false);
  }
  const bool urgent = !shorten || surplus > kTooLong;
  if (point.lag == 0 || point.likeness < likeness_needed(patience_, urgent)) return false;
  int16_t block[kBlock];
  splice(shorten ? linear : linear + kBlock, shorten ? point.lag : -point.lag, block);
  dsp::alaw_encode(block, row, kBlock);
  at_ += kBlock + static_cast<uint32_t>(shorten ? point.lag : -point.lag);
  patience_ = 0;
  rest_ = kRestTicks;
  return true;
}

}  // namespace cordboard::rtp
