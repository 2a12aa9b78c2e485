// SPDX-License-Identifier: GPL-2.0-or-later
// Talk-off: no digit may be heard in an hour of speech and music. Every prompt and every piece of music of Debian's
// Asterisk packages (44 minutes) and 48 minutes spoken by espeak-ng in English and Mandarin are listened to,
// on four channels that differ in where their blocks begin and in level. What is counted is distinct audio, once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "dsp/dtmf.hpp"
#include "dsp/g711.hpp"
#include "dsp_speech.hpp"

namespace cordboard::dsp {
namespace {

/// Digits heard in a file's samples, none if all is well.
std::string heard_in(const std::vector<int16_t>& samples) {
  struct Listener {
    std::size_t offset;
    double gain;
  };
  constexpr std::array<Listener, 4> kListeners{{{0, 1}, {20, 2}, {40, 1}, {60, 0.5}}};
  std::array<std::vector<int16_t>, 4> blocks;
  const std::size_t count = samples.size() / kBlock + 1;
  for (std::size_t c = 0; c < 4; ++c) {
    blocks[c].assign(count * kBlock, 0);
    const std::size_t end = std::min(samples.size(), kListeners[c].offset + blocks[c].size());
    for (std::size_t i = kListeners[c].offset; i < end; ++i) {
      const double sample = std::clamp(samples[i] * kListeners[c].gain, -32768.0, 32767.0);
      blocks[c][i - kListeners[c].offset] = static_cast<int16_t>(sample);
    }
    std::vector<uint8_t> octets(blocks[c].size());
    alaw_encode(blocks[c].data(), octets.data(), octets.size());
    alaw_decode(octets.data(), blocks[c].data(), octets.size());
  }
  DtmfState state[4]{};
  DtmfState* const states[4] = {&state[0], &state[1], &state[2], &state[3]};
  std::string heard;
  for (std::size_t i = 0; i < count * kBlock; i += kBlock) {
    const int16_t* const block[4] = {&blocks[0][i], &blocks[1][i], &blocks[2][i], &blocks[3][i]};
    DtmfEvent events[kMaxDtmfEvents];
    const int found = dtmf_process4(states, block, events);
    for (int e = 0; e < found; ++e) {
      if (events[e].begin) heard += events[e].digit;
    }
  }
  return heard;
}

/// What has been listened to in one of the tests below, and how many digits were heard.
struct Heard {
  std::string what;
  std::size_t samples = 0, digits = 0;

  void listen_to(const std::vector<int16_t>& audio, const std::string& name) {
    const std::string found = heard_in(audio);
    EXPECT_EQ("", found) << name;
    samples += audio.size();
    digits += found.size();
  }

  ~Heard() {
    std::printf("talk-off, %s: %zu s of audio, %zu false digits on four channels\n", what.c_str(), samples / 8000,
                digits);
    testing::Test::RecordProperty("seconds", static_cast<int>(samples / 8000));
    testing::Test::RecordProperty("false_digits", static_cast<int>(digits));
  }
};

void expect_no_digit_in(const std::string& folder, const std::string& package, std::size_t least_seconds) {
  const auto files = wav_files(folder);
  if (files.empty()) GTEST_SKIP() << "TALK-OFF NOT TESTED: " << folder << " is missing; install " << package;
  Heard heard{folder};
  for (const auto& file : files) heard.listen_to(read_wav(file), file);
  EXPECT_GE(heard.samples / 8000, least_seconds) << folder << " holds too little 8 kHz mono 16-bit WAV";
}

TEST(DspTalkOff, HearsNoDigitInPrompts) { expect_no_digit_in(kPromptFolder, "asterisk-core-sounds-en-wav", 1400); }

TEST(DspTalkOff, HearsNoDigitInMusic) { expect_no_digit_in(kMusicFolder, "asterisk-moh-opsound-wav", 1000); }

constexpr const char* kEnglish =
    "The line was quiet for a moment, and then she asked which of the two numbers was the right one. He read it out: "
    "seven, nine, four, double six, three. Could you say that again, more slowly please? Of course. Seven. Nine. Four. "
    "Six. Six. Three. In the meantime the other telephone had begun to ring, and nobody picked it up. "
    "Whoever rings at eight on a Monday usually wants to know where a parcel is, why an invoice came twice, or whether "
    "the engineer will be there before noon. We keep the answers short, we give a name, and we never promise a day "
    "that "
    "we do not know. Bees hum, sirens wail, flutes and whistles climb: oh, ooh, ah, eee, mmm, la la la, do re mi fa "
    "so. "
    "Please zip the six thick sacks, fetch the spare fuse box from the shelf, and choose a cheap, smooth, useful shoe. "
    "Yes. No. Maybe. Hello? Hello! Are you still there? I will put you through now. Thank you very much, goodbye.";

constexpr const char* kMandarin =
    "喂，您好，请问您是哪位？我想查一下我的订单，号码是七九四六六三。请您稍等，我帮您看一下。"
    "您的包裹昨天下午已经从上海发出，预计明天上午送到。如果您不在家，可以放在门口的柜子里。"
    "春天来了，河边的柳树发出了嫩绿的新芽，孩子们在草地上放风筝，老人们坐在树下下棋、喝茶、聊天。"
    "四是四，十是十，十四是十四，四十是四十。妈妈骑马，马慢，妈妈骂马。吃葡萄不吐葡萄皮。"
    "啊，哦，呜，嗯，咿，吁。嘀嘀嗒嗒，叮叮当当，哗啦哗啦，呜呜呜，啦啦啦。"
    "请在提示音之后留言，完成后请挂机，或者按井号键返回。谢谢您的来电，祝您生活愉快，再见。";

std::vector<Speaker> speakers(const std::vector<std::string>& voices) {
  std::vector<Speaker> all;
  int turn = 0;
  for (const std::string& voice : voices) {
    for (const int pitch : {15, 85}) {
      all.push_back({voice, 110 + 30 * (turn % 5), pitch});
      ++turn;
    }
  }
  return all;
}

/// A paragraph and the project's own prompts, by each speaker.
void expect_no_digit_spoken(const std::string& language, const std::vector<std::string>& voices, std::string text,
                            std::size_t least_seconds) {
  if (!can_speak()) GTEST_SKIP() << "TALK-OFF NOT TESTED: install espeak-ng";
  const auto prompts = prompt_texts(language);
  EXPECT_FALSE(prompts.empty()) << "firmware-config/prompts/" << language << ".json was not found";
  for (const std::string& prompt : prompts) text += "\n" + prompt;
  Heard heard{"espeak-ng " + language};
  for (const Speaker& speaker : speakers(voices)) {
    heard.listen_to(spoken(speaker, text), speaker.voice + " speed " + std::to_string(speaker.words_per_minute) +
                                               " pitch " + std::to_string(speaker.pitch));
  }
  EXPECT_GE(heard.samples / 8000, least_seconds);
}

TEST(DspTalkOff, HearsNoDigitInSpokenEnglish) {
  expect_no_digit_spoken("en", {"en-us+f2", "en-us+f5", "en-gb+m3", "en-gb+m7", "en-us+whisper"}, kEnglish, 1000);
}

TEST(DspTalkOff, HearsNoDigitInSpokenMandarin) {
  expect_no_digit_spoken("zh-CN",
                         {"cmn-latn-pinyin", "cmn-latn-pinyin+f3", "cmn-latn-pinyin+f4", "cmn-latn-pinyin+m8",
                          "cmn-latn-pinyin+klatt4", "cmn-latn-pinyin+whisperf"},
                         kMandarin, 1000);
}

}  // namespace
}  // namespace cordboard::dsp
