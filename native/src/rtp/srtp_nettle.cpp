// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/srtp_nettle.hpp"

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/hmac.h>
#include <nettle/memxor.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>

namespace cordboard::rtp {

namespace {

// ------------------------------------------------------------------------------------------------------ counter mode

constexpr std::size_t kSalt = 14;

/// Of one length of key.
template <class State, int KeyOctets, srtp_cipher_type_id_t Id, auto SetKey, auto Encrypt>
struct Aes {
  using Context = State;
  static constexpr int kKey = KeyOctets;
  static constexpr srtp_cipher_type_id_t kId = Id;
  static void key(Context& context, const uint8_t* octets) { SetKey(&context, octets); }
  static void encrypt(const void* context, std::size_t octets, uint8_t* to, const uint8_t* from) {
    Encrypt(static_cast<const Context*>(context), octets, to, from);
  }
};
using Aes128 = Aes<aes128_ctx, AES128_KEY_SIZE, SRTP_AES_ICM_128, &aes128_set_encrypt_key, &aes128_encrypt>;
using Aes256 = Aes<aes256_ctx, AES256_KEY_SIZE, SRTP_AES_ICM_256, &aes256_set_encrypt_key, &aes256_encrypt>;

/// A keystream that goes on where the last call ended, as the library's own does.
template <class Cipher>
struct Counter {
  typename Cipher::Context aes;
  std::array<uint8_t, AES_BLOCK_SIZE> salt;
  std::array<uint8_t, AES_BLOCK_SIZE> counter;
  std::array<uint8_t, AES_BLOCK_SIZE> left;  // of the last block, from `used` on
  std::size_t used;

  void key(const uint8_t* key_and_salt) {
    Cipher::key(aes, key_and_salt);
    salt = {};
    std::memcpy(salt.data(), key_and_salt + Cipher::kKey, kSalt);
    begin(nullptr);
  }
  void begin(const uint8_t* iv) {
    counter = salt;
    if (iv != nullptr) memxor(counter.data(), iv, counter.size());
    used = left.size();
  }
  void crypt(uint8_t* octets, std::size_t count) {
    const auto first = std::min(count, left.size() - used);
    memxor(octets, left.data() + used, first);
    used += first;
    octets += first;
    count -= first;
    const auto whole = count / AES_BLOCK_SIZE * AES_BLOCK_SIZE;
    if (whole > 0) ctr_crypt(&aes, &Cipher::encrypt, AES_BLOCK_SIZE, counter.data(), whole, octets, octets);
    if (whole == count) return;
    left = {};
    ctr_crypt(&aes, &Cipher::encrypt, AES_BLOCK_SIZE, counter.data(), left.size(), left.data(), left.data());
    used = count - whole;
    memxor(octets + whole, left.data(), used);
  }
};

template <class Cipher>
const srtp_cipher_type_t& counter_type();

template <class Cipher>
srtp_err_status_t make_counter(srtp_cipher_pointer_t* made, int key_octets, int) {
  if (key_octets != Cipher::kKey + static_cast<int>(kSalt)) return srtp_err_status_bad_param;
  auto* state = new (std::nothrow) Counter<Cipher>{};
  auto* cipher = new (std::nothrow) srtp_cipher_t{&counter_type<Cipher>(), state, key_octets, Cipher::kId};
  if (state == nullptr || cipher == nullptr) {
    delete state;
    delete cipher;
    return srtp_err_status_alloc_fail;
  }
  *made = cipher;
  return srtp_err_status_ok;
}

template <class Cipher>
srtp_err_status_t drop_counter(srtp_cipher_pointer_t cipher) {
  auto* state = static_cast<Counter<Cipher>*>(cipher->state);
  explicit_bzero(state, sizeof *state);
  delete state;
  delete cipher;
  return srtp_err_status_ok;
}

template <class Cipher>
srtp_err_status_t crypt(void* state, uint8_t* octets, unsigned* count) {
  static_cast<Counter<Cipher>*>(state)->crypt(octets, *count);
  return srtp_err_status_ok;
}

template <class Cipher>
srtp_cipher_type_t counter_type_with(const srtp_cipher_test_case_t* test) {
  return {
      .alloc = &make_counter<Cipher>,
      .dealloc = &drop_counter<Cipher>,
      .init =
          [](void* state, const uint8_t* key) {
            static_cast<Counter<Cipher>*>(state)->key(key);
            return srtp_err_status_ok;
          },
      .set_aad = nullptr,
      .encrypt = &crypt<Cipher>,
      .decrypt = &crypt<Cipher>,
      .set_iv =
          [](void* state, uint8_t* iv, srtp_cipher_direction_t) {
            static_cast<Counter<Cipher>*>(state)->begin(iv);
            return srtp_err_status_ok;
          },
      .get_tag = nullptr,
      .description = "AES counter mode by Nettle",
      .test_data = test,
      .id = Cipher::kId,
  };
}

constexpr std::array<uint8_t, 32> kPlain{};
std::array<uint8_t, AES_BLOCK_SIZE> no_index{};

/// RFC 3711 B.2.
constexpr std::array<uint8_t, 30> kKey128{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
                                          0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xf0, 0xf1, 0xf2, 0xf3,
                                          0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
constexpr std::array<uint8_t, 32> kCipher128{0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1,
                                             0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02,
                                             0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab};
/// RFC 6188 7.1.
constexpr std::array<uint8_t, 46> kKey256{0x57, 0xf8, 0x2f, 0xe3, 0x61, 0x3f, 0xd1, 0x70, 0xa8, 0x5e, 0xc9, 0x3c,
                                          0x40, 0xb1, 0xf0, 0x92, 0x2e, 0xc4, 0xcb, 0x0d, 0xc0, 0x25, 0xb5, 0x82,
                                          0x72, 0x14, 0x7c, 0xc4, 0x38, 0x94, 0x4a, 0x98, 0xf0, 0xf1, 0xf2, 0xf3,
                                          0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
constexpr std::array<uint8_t, 32> kCipher256{0x92, 0xbd, 0xd2, 0x8a, 0x93, 0xc3, 0xf5, 0x25, 0x11, 0xc6, 0x77,
                                             0xd0, 0x8b, 0x55, 0x15, 0xa4, 0x9d, 0xa7, 0x1b, 0x23, 0x78, 0xa8,
                                             0x54, 0xf6, 0x70, 0x50, 0x75, 0x6d, 0xed, 0x16, 0x5b, 0xac};

template <std::size_t Key>
srtp_cipher_test_case_t test_of(const std::array<uint8_t, Key>& key, const std::array<uint8_t, 32>& cipher) {
  srtp_cipher_test_case_t test{};
  test.key_length_octets = static_cast<int>(Key);
  test.key = key.data();
  test.idx = no_index.data();
  test.plaintext_length_octets = kPlain.size();
  test.plaintext = kPlain.data();
  test.ciphertext_length_octets = static_cast<unsigned>(cipher.size());
  test.ciphertext = cipher.data();
  return test;
}

template <>
const srtp_cipher_type_t& counter_type<Aes128>() {
  static const auto test = test_of(kKey128, kCipher128);
  static const auto type = counter_type_with<Aes128>(&test);
  return type;
}
template <>
const srtp_cipher_type_t& counter_type<Aes256>() {
  static const auto test = test_of(kKey256, kCipher256);
  static const auto type = counter_type_with<Aes256>(&test);
  return type;
}

// -------------------------------------------------------------------------------------------------------------- HMAC

struct Hmac {
  hmac_sha1_ctx keyed;
  hmac_sha1_ctx now;
};

const srtp_auth_type_t& hmac_type();

srtp_err_status_t make_hmac(srtp_auth_pointer_t* made, int key_octets, int tag_octets) {
  if (key_octets > SHA1_DIGEST_SIZE || tag_octets > SHA1_DIGEST_SIZE) return srtp_err_status_bad_param;
  auto* state = new (std::nothrow) Hmac{};
  auto* auth = new (std::nothrow) srtp_auth_t{&hmac_type(), state, tag_octets, key_octets, 0};
  if (state == nullptr || auth == nullptr) {
    delete state;
    delete auth;
    return srtp_err_status_alloc_fail;
  }
  *made = auth;
  return srtp_err_status_ok;
}

srtp_err_status_t drop_hmac(srtp_auth_pointer_t auth) {
  auto* state = static_cast<Hmac*>(auth->state);
  explicit_bzero(state, sizeof *state);
  delete state;
  delete auth;
  return srtp_err_status_ok;
}

srtp_err_status_t key_hmac(void* state, const uint8_t* key, int octets) {
  auto& hmac = *static_cast<Hmac*>(state);
  hmac_sha1_set_key(&hmac.keyed, static_cast<std::size_t>(octets), key);
  hmac.now = hmac.keyed;
  return srtp_err_status_ok;
}

srtp_err_status_t begin_hmac(void* state) {
  auto& hmac = *static_cast<Hmac*>(state);
  hmac.now = hmac.keyed;
  return srtp_err_status_ok;
}

srtp_err_status_t add_to_hmac(void* state, const uint8_t* octets, int count) {
  hmac_sha1_update(&static_cast<Hmac*>(state)->now, static_cast<std::size_t>(count), octets);
  return srtp_err_status_ok;
}

srtp_err_status_t end_hmac(void* state, const uint8_t* octets, int count, int tag_octets, uint8_t* tag) {
  auto& now = static_cast<Hmac*>(state)->now;
  hmac_sha1_update(&now, static_cast<std::size_t>(count), octets);
  hmac_sha1_digest(&now, static_cast<std::size_t>(tag_octets), tag);
  return srtp_err_status_ok;
}

const srtp_auth_type_t& hmac_type() {
  /// RFC 2202 3, case 1.
  static constexpr std::array<uint8_t, 20> kKey{0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                                                0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
  static constexpr std::array<uint8_t, 8> kData{'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e'};
  static constexpr std::array<uint8_t, 20> kTag{0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
                                                0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00};
  static const srtp_auth_test_case_t test{static_cast<int>(kKey.size()),
                                          kKey.data(),
                                          static_cast<int>(kData.size()),
                                          kData.data(),
                                          static_cast<int>(kTag.size()),
                                          kTag.data(),
                                          nullptr};
  static const srtp_auth_type_t type{
      &make_hmac, &drop_hmac,    &key_hmac, &end_hmac, &add_to_hmac, &begin_hmac, "HMAC-SHA1 by Nettle",
      &test,      SRTP_HMAC_SHA1};
  return type;
}

}  // namespace

bool use_nettle() {
  const bool hmac = srtp_replace_auth_type(&hmac_type(), SRTP_HMAC_SHA1) == srtp_err_status_ok;
  const bool short_keys = srtp_replace_cipher_type(&counter_type<Aes128>(), SRTP_AES_ICM_128) == srtp_err_status_ok;
  const bool long_keys = srtp_replace_cipher_type(&counter_type<Aes256>(), SRTP_AES_ICM_256) == srtp_err_status_ok;
  return hmac && short_keys && long_keys;
}

}  // namespace cordboard::rtp
