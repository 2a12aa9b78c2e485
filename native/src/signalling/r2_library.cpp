// SPDX-License-Identifier: GPL-2.0-or-later
// libopenr2's interfaces: where it is told of tones and tells of calls, and its words for causes and categories.
#include <cstdio>

#include "signalling/r2_core.hpp"

namespace cordboard::signalling {
namespace {

R2Channel& channel_of(void* handle) { return *static_cast<R2Channel*>(handle); }
R2Channel& channel_of(openr2_chan_t* library) { return channel_of(openr2_chan_get_client_data(library)); }

void* read_init(void* handle, int forward) {
  channel_of(handle).core->listen(channel_of(handle), forward != 0);
  return handle;
}
void* write_init(void* handle, int forward) {
  channel_of(handle).core->begin_sending(channel_of(handle), forward != 0);
  return handle;
}
int detect_tone(void* handle, const int16_t*, int) { return channel_of(handle).core->detect_tone(channel_of(handle)); }
int generate_tone(void*, int16_t*, int) { return 0; }
int select_tone(void* handle, char signal) {
  channel_of(handle).core->select_tone(channel_of(handle), signal);
  return 0;
}
/// The tones are made elsewhere.
int want_generate(void*, int) { return 0; }

openr2_mflib_interface_t tones{.mf_read_init = read_init,
                               .mf_write_init = write_init,
                               .mf_detect_tone = detect_tone,
                               .mf_generate_tone = generate_tone,
                               .mf_select_tone = select_tone,
                               .mf_want_generate = want_generate,
                               .mf_read_dispose = nullptr,
                               .mf_write_dispose = nullptr};

void happened(openr2_chan_t* library, R2Happening what, int detail = 0) {
  auto& channel = channel_of(library);
  channel.core->happened(channel, what, detail);
}

R2LogLevel level_of(openr2_log_level_t level) {
  switch (level) {
    case OR2_LOG_ERROR:
    case OR2_LOG_WARNING:
      return R2LogLevel::kWarn;  // what a far end does wrong is no error of ours
    case OR2_LOG_NOTICE:
      return R2LogLevel::kInfo;
    default:
      return R2LogLevel::kDebug;
  }
}

std::string text_of(const char* format, va_list values) {
  char line[512];
  std::vsnprintf(line, sizeof line, format, values);
  std::string text = line;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (auto& letter : text)
    if (letter == '\n' || letter == '\r') letter = ' ';
  return text;
}

void log_channel(openr2_chan_t* library, openr2_log_level_t level, const char* format, va_list values) {
  auto* handle = openr2_chan_get_client_data(library);
  if (handle == nullptr) return;  // while it is being made
  auto& channel = channel_of(handle);
  channel.core->log(level_of(level), channel.timeslot, text_of(format, values));
}

openr2_event_interface_t events{
    .on_call_init = [](openr2_chan_t* library) { happened(library, R2Happening::kSeized); },
    .on_call_offered =
        [](openr2_chan_t* library, const char* calling, const char* called, openr2_calling_party_category_t category) {
          auto& channel = channel_of(library);
          channel.core->offered(channel, calling, called, category);
        },
    .on_call_accepted = [](openr2_chan_t* library, openr2_call_mode_t) { happened(library, R2Happening::kAccepted); },
    .on_call_answered = [](openr2_chan_t* library) { happened(library, R2Happening::kAnswered); },
    .on_call_disconnect =
        [](openr2_chan_t* library, openr2_call_disconnect_cause_t cause) {
          happened(library, R2Happening::kDisconnected, cause);
        },
    .on_call_end = [](openr2_chan_t* library) { happened(library, R2Happening::kEnded); },
    .on_call_read = [](openr2_chan_t*, const unsigned char*, int) {},
    .on_hardware_alarm = [](openr2_chan_t*, int) {},
    .on_os_error = [](openr2_chan_t*, int) {},
    .on_protocol_error = [](openr2_chan_t* library,
                            openr2_protocol_error_t reason) { happened(library, R2Happening::kFault, reason); },
    .on_line_blocked = [](openr2_chan_t* library) { happened(library, R2Happening::kBlocked); },
    .on_line_idle = [](openr2_chan_t* library) { happened(library, R2Happening::kFree); },
    .on_context_log = [](openr2_context_t*, openr2_log_level_t, const char*, va_list) {},
    .on_dnis_digit_received = [](openr2_chan_t*, char) { return 1; },
    .on_ani_digit_received = [](openr2_chan_t*, char) {},
    .on_billing_pulse_received = [](openr2_chan_t* library) { happened(library, R2Happening::kMetered); }};

}  // namespace

openr2_context_t* make_r2_context(const R2Options& options) {
  const auto variant = openr2_proto_get_variant(options.variant.c_str());
  if (variant == OR2_VAR_UNKNOWN) return nullptr;
  auto* context = openr2_context_new(&tones, &events, nullptr, variant, options.calling_digits, options.called_digits);
  if (context == nullptr) return nullptr;
  openr2_context_set_log_level(context, OR2_LOG_NOTHING);
  openr2_context_set_ani_first(context, options.calling_first);
  openr2_context_set_skip_category_request(context, !options.category);
  openr2_context_set_immediate_accept(context, options.accept_at_once);
  openr2_context_set_double_answer(context, options.double_answer);
  openr2_context_set_metering_pulse_timeout(context, static_cast<int>(options.metering_ms));
  openr2_context_set_mf_back_timeout(context, static_cast<int>(options.digit_ms));
  if (!options.definitions.empty()) openr2_context_configure_from_advanced_file(context, "definitions");
  return context;
}

openr2_chan_t* make_r2_channel(openr2_context_t* context, R2Channel& channel) {
  auto* library = openr2_chan_new_from_fd(context, channel.timeslot, &channel, &channel);
  if (library == nullptr) return nullptr;
  openr2_chan_set_client_data(library, &channel);
  openr2_chan_set_logging_func(library, log_channel);
  openr2_chan_set_log_level(library, static_cast<openr2_log_level_t>(OR2_LOG_ERROR | OR2_LOG_WARNING));
  return library;
}

openr2_calling_party_category_t r2_library_category(R2Category category) {
  switch (category) {
    case R2Category::kPriority:
      return OR2_CALLING_PARTY_CATEGORY_NATIONAL_PRIORITY_SUBSCRIBER;
    case R2Category::kInternational:
      return OR2_CALLING_PARTY_CATEGORY_INTERNATIONAL_SUBSCRIBER;
    case R2Category::kInternationalPriority:
      return OR2_CALLING_PARTY_CATEGORY_INTERNATIONAL_PRIORITY_SUBSCRIBER;
    case R2Category::kCollect:
      return OR2_CALLING_PARTY_CATEGORY_COLLECT_CALL;
    case R2Category::kTest:
      return OR2_CALLING_PARTY_CATEGORY_TEST_EQUIPMENT;
    case R2Category::kOrdinary:
    case R2Category::kUnknown:
      break;
  }
  return OR2_CALLING_PARTY_CATEGORY_NATIONAL_SUBSCRIBER;
}

openr2_call_disconnect_cause_t r2_refusal(uint8_t cause) {
  switch (cause) {
    case 1:  // unallocated
    case 2:
    case 3:   // no route
    case 28:  // invalid number format
      return OR2_CAUSE_UNALLOCATED_NUMBER;
    case 22:
      return OR2_CAUSE_NUMBER_CHANGED;
    case 27:  // destination out of order
    case 20:  // subscriber absent
      return OR2_CAUSE_OUT_OF_ORDER;
    case 34:  // no circuit
    case 38:  // network out of order
    case 41:  // temporary failure
    case 42:  // switching equipment congestion
    case 43:
    case 44:
    case 47:  // resource unavailable
    case 102:
      return OR2_CAUSE_NETWORK_CONGESTION;
    default:
      return OR2_CAUSE_BUSY_NUMBER;
  }
}

uint8_t r2_cause(int refusal) {
  switch (refusal) {
    case OR2_CAUSE_BUSY_NUMBER:
      return 17;
    case OR2_CAUSE_NETWORK_CONGESTION:
      return 42;
    case OR2_CAUSE_UNALLOCATED_NUMBER:
      return 1;
    case OR2_CAUSE_OUT_OF_ORDER:
      return 27;
    case OR2_CAUSE_NO_ANSWER:
      return 19;
    case OR2_CAUSE_NORMAL_CLEARING:
      return 16;
    case OR2_CAUSE_COLLECT_CALL_REJECTED:
      return 21;
    case OR2_CAUSE_NUMBER_CHANGED:
      return 22;
    default:  // forced release among them
      return 31;
  }
}

}  // namespace cordboard::signalling
