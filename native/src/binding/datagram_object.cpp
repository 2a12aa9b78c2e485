// SPDX-License-Identifier: GPL-2.0-or-later
#include "binding/datagram_object.hpp"

#include <uv.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datagrams/datagram_socket.hpp"
#include "datagrams/local_datagram.hpp"
#include "datagrams/sip_judge.hpp"

namespace cordboard::binding {

namespace {

using datagrams::DatagramSocket;
using datagrams::Outgoing;
using datagrams::Peer;
using datagrams::SipVerdict;

class DatagramSocketObject;

/// What libuv holds; it outlives the object by the turn that closing takes.
struct Watch {
  uv_poll_t poll{};
  DatagramSocketObject* owner{};
  napi_async_cleanup_hook_handle cleanup{};
};

class DatagramSocketObject : public Napi::ObjectWrap<DatagramSocketObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "DatagramSocket",
        {InstanceAccessor<&DatagramSocketObject::port>("port"), InstanceMethod("send", &DatagramSocketObject::send),
         InstanceMethod("awaitWritable", &DatagramSocketObject::await_writable),
         InstanceMethod("close", &DatagramSocketObject::close)});
  }

  explicit DatagramSocketObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<DatagramSocketObject>(info), context_(info.Env(), "CORDBOARD_DATAGRAMS") {
    open(info);
  }

 private:
  void open(const Napi::CallbackInfo& info) {
    const auto env = info.Env();
    const bool whole =
        info.Length() == 4 && info[0].IsObject() && info[1].IsObject() && info[2].IsFunction() && info[3].IsFunction();
    if (!whole) return misused(env, "it takes where to listen, memory, and functions for what came and for room");
    const auto memory = info[1].As<Napi::Object>();
    if (!take_memory(memory)) return misused(env, "its memory is not the batch's");
    const auto options = info[0].As<Napi::Object>();
    const auto number = [&](const char* name) { return options.Get(name).ToNumber().Uint32Value(); };
    const auto host = options.Get("host").ToString().Utf8Value();
    take_rules(options.Get("sip"));
    const auto wanted = number("port");
    const int error = wanted > UINT16_MAX ? EINVAL
                                          : socket_.open(host, static_cast<uint16_t>(wanted), number("receiveBytes"),
                                                         number("sendBytes"));
    if (error != 0) return refuse(env, "bind", -error, host);

    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    auto watch = std::make_unique<Watch>();
    if (const int failed = uv_poll_init(loop, &watch->poll, socket_.descriptor()); failed != 0) {
      socket_.close();
      return refuse(env, "poll", failed, host);
    }
    memory_ = Napi::Persistent(memory);
    came_ = Napi::Persistent(info[2].As<Napi::Function>());
    room_ = Napi::Persistent(info[3].As<Napi::Function>());
    watch_ = watch.release();
    watch_->owner = this;
    watch_->poll.data = watch_;
    // A worker that is terminated closes nothing itself.
    napi_add_async_cleanup_hook(
        env, [](napi_async_cleanup_hook_handle, void* raw) { static_cast<Watch*>(raw)->owner->shut(true); }, watch_,
        &watch_->cleanup);
    listen(UV_READABLE);
    Ref();  // an open socket stays, whoever has forgotten it
  }

  static void misused(Napi::Env env, const char* text) {
    Napi::TypeError::New(env, std::string("a datagram socket: ") + text).ThrowAsJavaScriptException();
  }

  static void refuse(Napi::Env env, const std::string& call, int error, const std::string& host) {
    auto made = Napi::Error::New(env, call + " " + uv_err_name(error) + " " + host + ": " + uv_strerror(error));
    made.Set("code", Napi::String::New(env, uv_err_name(error)));
    made.ThrowAsJavaScriptException();
  }

  bool take_memory(const Napi::Object& memory) {
    const auto slots = memory.Get("slots");
    const auto numbers = [&](const char* name, int32_t*& to) {
      const auto array = memory.Get(name);
      if (!array.IsTypedArray() || array.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) return false;
      auto typed = array.As<Napi::Int32Array>();
      to = typed.Data();
      return typed.ElementLength() == DatagramSocket::kBatch;
    };
    if (!slots.IsBuffer()) return false;
    auto buffer = slots.As<Napi::Buffer<std::byte>>();
    slots_ = buffer.Data();
    return buffer.ByteLength() == DatagramSocket::kBatch * DatagramSocket::kSlotBytes && numbers("slotOf", slot_of_) &&
           numbers("lengths", lengths_) && numbers("ports", ports_) && numbers("begins", begins_) &&
           numbers("errors", errors_);
  }

  void take_rules(const Napi::Value& value) {
    if (!value.IsObject()) return;
    const auto given = value.As<Napi::Object>();
    rules_.emplace();
    rules_->refusal_tag = given.Get("refusalTag").ToString().Utf8Value();
    const auto exempt = given.Get("exempt");
    if (!exempt.IsArray()) return;
    const auto users = exempt.As<Napi::Array>();
    for (uint32_t i = 0; i < users.Length(); ++i)
      rules_->exempt.push_back(Napi::Value(users[i]).ToString().Utf8Value());
  }

  Napi::Value port(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), socket_.port()); }

  /// (packets, hosts, ports): as many from the front as one call takes. Returns how many are done with.
  Napi::Value send(const Napi::CallbackInfo& info) {
    const auto env = info.Env();
    if (info.Length() != 3 || !info[0].IsArray() || !info[1].IsArray() || !info[2].IsArray()) {
      misused(env, "send takes packets, hosts and ports");
      return env.Undefined();
    }
    if (watch_ == nullptr) return Napi::Number::New(env, 0);
    const auto packets = info[0].As<Napi::Array>();
    const auto hosts = info[1].As<Napi::Array>();
    const auto ports = info[2].As<Napi::Array>();
    outgoing_.clear();
    for (uint32_t i = 0; i < packets.Length() && outgoing_.size() < DatagramSocket::kBatch; ++i) {
      const Napi::Value packet = packets[i];
      Outgoing next;
      if (packet.IsBuffer()) {
        auto bytes = packet.As<Napi::Buffer<std::byte>>();
        next.bytes = {bytes.Data(), bytes.ByteLength()};
        next.to = peer(Napi::Value(hosts[i]), Napi::Value(ports[i]).ToNumber().Uint32Value());
      }
      outgoing_.push_back(next);
    }
    return Napi::Number::New(env, static_cast<double>(socket_.send(outgoing_, {errors_, DatagramSocket::kBatch})));
  }

  static Peer peer(const Napi::Value& host, uint32_t port) {
    if (!host.IsString() || port == 0 || port > UINT16_MAX) return {};
    std::array<char, 64> text{};
    std::size_t length = 0;
    napi_get_value_string_latin1(host.Env(), host, text.data(), text.size(), &length);
    return Peer::parse({text.data(), length}, static_cast<uint16_t>(port));
  }

  Napi::Value await_writable(const Napi::CallbackInfo& info) {
    if (watch_ != nullptr) listen(UV_READABLE | UV_WRITABLE);
    return info.Env().Undefined();
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    shut(false);
    return info.Env().Undefined();
  }

  void listen(int events) {
    uv_poll_start(&watch_->poll, events,
                  [](uv_poll_t* poll, int, int now) { static_cast<Watch*>(poll->data)->owner->ready(now); });
  }

  void ready(int events) {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    if ((events & UV_WRITABLE) != 0) {
      listen(UV_READABLE);
      call(room_, {});
    }
    // Whatever is called may close it. An error of the poll is one of the socket, which reading gives.
    if (watch_ == nullptr || events == UV_WRITABLE) return;
    const int count = socket_.receive(slots_);
    if (count == -EAGAIN || count == -EWOULDBLOCK || count == -EINTR) return;
    if (count < 0) return call(came_, {Napi::Number::New(env, count)});
    auto hosts = Napi::Array::New(env);
    uint32_t kept = 0;
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(count); ++slot) {
      const std::span<const std::byte> bytes(slots_ + slot * DatagramSocket::kSlotBytes, socket_.length(slot));
      const auto verdict = rules_ ? datagrams::judge(bytes, *rules_) : SipVerdict::kRead;
      if (verdict == SipVerdict::kConfirmsRefusal) continue;
      slot_of_[kept] = static_cast<int32_t>(slot);
      lengths_[kept] = static_cast<int32_t>(socket_.length(slot));
      ports_[kept] = socket_.from(slot).port();
      begins_[kept] = verdict == SipVerdict::kBeginsCall ? 1 : 0;
      hosts.Set(kept++, Napi::String::New(env, socket_.from(slot).host()));
    }
    call(came_, {Napi::Number::New(env, count), hosts});
  }

  /// With its microtasks afterwards; what it throws is an uncaught exception, as of any other event.
  void call(const Napi::FunctionReference& function, const std::vector<napi_value>& arguments) {
    const Napi::Env env = Env();
    function.Value().MakeCallback(Value(), arguments, context_);
    if (!env.IsExceptionPending()) return;
    const auto error = env.GetAndClearPendingException();
    napi_fatal_exception(env, error.Value());
  }

  void shut(bool environment_ends) {
    if (watch_ == nullptr) return;
    auto* watch = watch_;
    watch_ = nullptr;
    uv_poll_stop(&watch->poll);
    socket_.close();
    uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll), [](uv_handle_t* handle) {
      const std::unique_ptr<Watch> held(static_cast<Watch*>(handle->data));
      napi_remove_async_cleanup_hook(held->cleanup);
    });
    if (!environment_ends) Unref();
  }

  DatagramSocket socket_;
  std::optional<datagrams::SipRules> rules_;
  Napi::AsyncContext context_;
  Napi::ObjectReference memory_;
  Napi::FunctionReference came_;
  Napi::FunctionReference room_;
  Watch* watch_{};
  std::byte* slots_{};
  int32_t* slot_of_{};
  int32_t* lengths_{};
  int32_t* ports_{};
  int32_t* begins_{};
  int32_t* errors_{};
  std::vector<Outgoing> outgoing_;
};

}  // namespace

Napi::Function define_datagram_socket(Napi::Env env) { return DatagramSocketObject::define(env); }

Napi::Function define_send_local_datagram(Napi::Env env) {
  return Napi::Function::New(
      env,
      [](const Napi::CallbackInfo& info) -> Napi::Value {
        const bool whole = info.Length() == 2 && info[0].IsString() && info[1].IsString();
        const int failed = whole ? datagrams::send_local_datagram(info[0].As<Napi::String>().Utf8Value(),
                                                                  info[1].As<Napi::String>().Utf8Value())
                                 : EINVAL;
        return Napi::Number::New(info.Env(), failed);
      },
      "sendLocalDatagram");
}

}  // namespace cordboard::binding
