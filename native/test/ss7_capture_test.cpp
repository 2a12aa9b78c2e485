// SPDX-License-Identifier: GPL-2.0-or-later
// What goes over the links, read by somebody else: Wireshark's dissectors of MTP2, MTP3 and ISUP.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ss7_pair.hpp"

namespace cordboard::signalling {
namespace {

class Ss7Capture : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Codes, Ss7Capture, testing::Values(false, true),
                         [](const auto& with) { return with.param ? "China" : "Itu"; });

void write_capture(const std::string& path, const std::vector<Ss7Pair::Sent>& units) {
  std::ofstream out(path, std::ios::binary);
  const auto number = [&](uint32_t value) { out.write(reinterpret_cast<const char*>(&value), 4); };
  constexpr uint32_t kMagic = 0xa1b2c3d4, kVersion = 2 | 4 << 16, kMtp2 = 140;
  for (const uint32_t value : {kMagic, kVersion, 0U, 0U, 65535U, kMtp2}) number(value);
  for (const auto& [at_ms, unit] : units) {
    number(static_cast<uint32_t>(at_ms / 1000));
    number(static_cast<uint32_t>(at_ms % 1000 * 1000));
    number(static_cast<uint32_t>(unit.size()));
    number(static_cast<uint32_t>(unit.size()));
    out.write(reinterpret_cast<const char*>(unit.data()), static_cast<std::streamsize>(unit.size()));
  }
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> part;
  while (const auto got = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), got);
  pclose(pipe);
  return text;
}

TEST_P(Ss7Capture, IsUnderstoodByWireshark) {
  if (std::system("command -v tshark >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
  auto with = GetParam() ? china() : itu();
  with.check_every = 2;
  Ss7Pair pair(with);
  pair.bring_up();
  for (int i = 0; i < 2; ++i) {
    const auto seized = pair.a.set->seize(
        {.called = "95001", .calling = "13800138000", .restricted = i == 1, .redirecting = "4008001234"}, pair.now_ms);
    ASSERT_TRUE(seized);
    pair.a.known.insert(seized->call);
    pair.run_for(200);
    const auto in = pair.b.offers.back().call;
    EXPECT_TRUE(pair.b.set->progress(in, pair.now_ms));
    EXPECT_TRUE(pair.b.set->alert(in, pair.now_ms));
    EXPECT_TRUE(pair.b.set->answer(in, pair.now_ms));
    EXPECT_TRUE(pair.b.set->suspend(in, true, pair.now_ms));
    EXPECT_TRUE(pair.b.set->suspend(in, false, pair.now_ms));
    pair.run_for(200);
    EXPECT_TRUE(pair.a.set->release(seized->call, 17, pair.now_ms));
    pair.run_for(200);
  }
  const std::array<Ss7Circuit, 1> one{7};
  EXPECT_TRUE(pair.a.set->block(one, true, pair.now_ms));
  pair.run_for(100);
  EXPECT_TRUE(pair.a.set->block(one, false, pair.now_ms));
  EXPECT_TRUE(pair.a.set->reset(one, pair.now_ms));
  EXPECT_TRUE(pair.a.set->test(9, pair.now_ms));
  pair.run_for(300);
  EXPECT_TRUE(pair.b.set->block(pair.b.options.circuits, true, pair.now_ms));
  pair.run_for(100);
  EXPECT_TRUE(pair.b.set->block(pair.b.options.circuits, false, pair.now_ms));
  pair.cut[0] = true;
  pair.run_for(400);
  pair.cut[0] = false;
  pair.run_for(3000);

  const auto path =
      (std::filesystem::temp_directory_path() / ("cordboard-ss7-" + std::to_string(getpid()) + ".pcap")).string();
  write_capture(path, pair.sent);
  const std::string tshark =
      std::string("tshark -r ") + path + " -o 'mtp3.standard:" + (GetParam() ? "Chinese ITU" : "ITU") + "' ";
  const auto types = output_of(tshark + "-T fields -e isup.message_type 2>/dev/null");
  std::map<std::string, int> seen;
  std::string line;
  for (const char c : types) {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (!line.empty()) ++seen[line];
    line.clear();
  }
  const auto kinds = seen.size();
  int messages = 0;
  for (const auto& [type, count] : seen) messages += count;
  // IAM, COT, ACM, ANM, REL, SUS, RES, RLC, CCR, RSC, BLO, UBL, BLA, UBA, GRS, CGB, CGU, CGBA, CGUA, GRA, CPG.
  for (const int type : {1, 5, 6, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 41, 44}) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "0x%02x", type);
    EXPECT_GT(seen[std::to_string(type)] + seen[hex], 0) << "message " << hex << " was not seen";
  }
  const auto broken = output_of(tshark + "-Y '_ws.malformed || _ws.expert.severity >= 8388608' 2>/dev/null");
  EXPECT_EQ("", broken);
  const auto addresses = output_of(
      tshark +
      "-Y 'isup.message_type == 1' -T fields -e isup.called -e isup.calling -e mtp3.dpc -e mtp3.opc 2>/dev/null");
  EXPECT_NE(std::string::npos, addresses.find("95001")) << addresses;
  EXPECT_NE(std::string::npos, addresses.find("13800138000")) << addresses;
  const auto management = output_of(tshark + "-Y mtp3mg -T fields -e _ws.col.Info 2>/dev/null");
  EXPECT_NE(std::string::npos, management.find("COO")) << management;
  std::printf("%d ISUP messages of %zu kinds, %zu units with information, none malformed\n", messages, kinds,
              pair.sent.size());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace cordboard::signalling
