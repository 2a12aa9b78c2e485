// SPDX-License-Identifier: GPL-2.0-or-later
// The Node-API face of the engine: class Engine of engine.d.ts. The only place that knows N-API.
//
//   submit(id, name, params) ── decode by the field tables ──> Engine::submit
//   deliver([...]) <── encode <── thread-safe function <── batches from the signalling thread
#include <napi.h>

#include <memory>
#include <utility>

#include "binding/codec.hpp"
#include "binding/datagram_object.hpp"
#include "engine/engine.hpp"

namespace cordboard::binding {

namespace {

using engine::AnyCommand;
using engine::Batch;
using engine::CommandTable;
using engine::Engine;
using engine::EventTable;
using engine::OutMessage;

void throw_error(Napi::Env env, ErrorCode code, const std::string& text) {
  auto error = Napi::Error::New(env, text);
  error.Set("code", Napi::String::New(env, std::string(name_of(code))));
  error.ThrowAsJavaScriptException();
}

Napi::Value encode_message(Napi::Env env, const OutMessage& message) {
  auto object = Napi::Object::New(env);
  if (const auto* event = std::get_if<engine::AnyEvent>(&message.body)) {
    std::visit(
        [&](const auto& payload) {
          using Payload = std::remove_cvref_t<decltype(payload)>;
          std::apply(
              [&](auto... entries) {
                (
                    [&](auto entry) {
                      if constexpr (std::is_same_v<typename decltype(entry)::Payload, Payload>) {
                        object.Set("event", Napi::String::New(env, entry.name.data(), entry.name.size()));
                      }
                    }(entries),
                    ...);
              },
              EventTable{});
          object.Set("data", encode(env, payload));
        },
        *event);
    return object;
  }
  object.Set("re", Napi::Number::New(env, static_cast<double>(message.re)));
  std::visit(
      [&](const auto& reply) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(reply)>, Error>) {
          auto error = Napi::Object::New(env);
          error.Set("code", Napi::String::New(env, std::string(name_of(reply.code))));
          error.Set("text", Napi::String::New(env, reply.text));
          object.Set("error", error);
        } else {
          object.Set("ok", encode(env, reply));
        }
      },
      std::get<engine::AnyReply>(message.body));
  return object;
}

/// Tries each command of the table; false with no exception pending when none has the name.
template <class... Entries>
bool decode_command(const std::string& name, const Napi::Value& params, Decoder& decoder, AnyCommand& command,
                    bool& well_formed, std::tuple<Entries...>*) {
  bool known = false;
  (
      [&] {
        if (known || Entries::name != name) return;
        known = true;
        typename Entries::Params decoded{};
        well_formed = decoder.decode(params, decoded, "");
        command = std::move(decoded);
      }(),
      ...);
  return known;
}

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Engine",
                       {InstanceMethod("submit", &EngineObject::submit), InstanceMethod("close", &EngineObject::close)});
  }

  explicit EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
    const auto env = info.Env();
    if (info.Length() < 2 || !info[1].IsFunction()) {
      throw_error(env, ErrorCode::kInvalid, "an engine takes a configuration and a function for its messages");
      return;
    }
    engine::EngineConfig config;
    Decoder decoder(env);
    if (!decoder.decode(info[0], config, "")) {
      throw_error(env, ErrorCode::kInvalid, decoder.error());
      return;
    }
    deliver_ = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "cordboard engine", 0, 1);
    auto made = Engine::create(config, [tsfn = deliver_](Batch batch) mutable {
      auto held = std::make_unique<Batch>(std::move(batch));
      const auto status = tsfn.NonBlockingCall(held.get(), [](Napi::Env to, Napi::Function callback, Batch* raw) {
        const std::unique_ptr<Batch> messages(raw);
        if (to == nullptr) return;  // the process is ending
        const Napi::HandleScope scope(to);
        auto array = Napi::Array::New(to, messages->size());
        for (std::size_t i = 0; i < messages->size(); ++i) {
          array.Set(static_cast<uint32_t>(i), encode_message(to, (*messages)[i]));
        }
        callback.Call({array});
      });
      if (status == napi_ok) static_cast<void>(held.release());
    });
    if (!made) {
      deliver_.Release();
      throw_error(env, made.error().code, made.error().text);
      return;
    }
    engine_ = std::move(*made);
  }

 private:
  Napi::Value submit(const Napi::CallbackInfo& info) {
    const auto env = info.Env();
    if (!info[0].IsNumber() || !info[1].IsString() || info[0].As<Napi::Number>().Int64Value() < 1) {
      throw_error(env, ErrorCode::kInvalid, "a command takes an id from 1, a name and an object");
      return env.Undefined();
    }
    if (!engine_) {
      throw_error(env, ErrorCode::kClosed, "the engine is closed");
      return env.Undefined();
    }
    const auto name = info[1].As<Napi::String>().Utf8Value();
    AnyCommand command;
    Decoder decoder(env);
    bool well_formed = false;
    if (!decode_command(name, info[2], decoder, command, well_formed, static_cast<CommandTable*>(nullptr))) {
      throw_error(env, ErrorCode::kInvalid, "there is no command " + name);
    } else if (!well_formed) {
      throw_error(env, ErrorCode::kInvalid, name + ": " + decoder.error());
    } else {
      engine_->submit(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()), std::move(command));
    }
    return env.Undefined();
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    const auto env = info.Env();
    if (!closing_.IsEmpty()) return closing_.Value();
    auto deferred = std::make_shared<Napi::Promise::Deferred>(Napi::Promise::Deferred::New(env));
    closing_ = Napi::Persistent(deferred->Promise().As<Napi::Object>());
    if (!engine_) {
      deferred->Resolve(env.Undefined());
      return closing_.Value();
    }
    Ref();  // the object must live until its threads have ended
    engine_->close([this, deferred] {
      auto tsfn = deliver_;
      tsfn.NonBlockingCall([this, deferred](Napi::Env to, Napi::Function) {
        engine_.reset();
        if (to != nullptr) deferred->Resolve(to.Undefined());
        deliver_.Release();
        Unref();
      });
    });
    return closing_.Value();
  }

  std::unique_ptr<Engine> engine_;
  Napi::ThreadSafeFunction deliver_;
  Napi::ObjectReference closing_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", EngineObject::define(env));
  exports.Set("DatagramSocket", define_datagram_socket(env));
  exports.Set("sendLocalDatagram", define_send_local_datagram(env));
  return exports;
}

NODE_API_MODULE(cordboard, init)

}  // namespace

}  // namespace cordboard::binding
