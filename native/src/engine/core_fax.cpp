// SPDX-License-Identifier: GPL-2.0-or-later
// Fax ends on ports. The port object is the media thread's from kFaxOn to kFaxDetached, then the worker's until it says
// that it has stopped; its entry here lives as long.
#include "engine/core.hpp"

namespace cordboard::engine {

Result<FaxStarted> Core::handle(const FaxStart& command) {
  if (auto good = check_port(command.port); !good) return good.error();
  auto& state = ports_[command.port];
  if (state.announcer) return fail(ErrorCode::kInvalid, "an announcer cannot fax");
  if (state.fax != 0) return fail(ErrorCode::kBusy, port_name(command.port) + " is faxing already");
  if (command.v17 && !command.v29) return fail(ErrorCode::kInvalid, "v17 needs v29 (T.30 table 2)");
  media::FaxSettings settings;
  settings.calling = command.calling;
  settings.send_file = command.sendFile;
  settings.first_page = command.firstPage;
  settings.last_page = command.lastPage;
  settings.receive_file = command.receiveFile;
  settings.local_identity = command.localIdentity;
  settings.header = command.header;
  settings.modems = media::fax_set(media::FaxModem::kV27ter);
  if (command.v29) settings.modems |= media::fax_set(media::FaxModem::kV29);
  if (command.v17) settings.modems |= media::fax_set(media::FaxModem::kV17);
  settings.ecm = command.ecm;
  settings.max_pages = command.maxPages;

  std::unique_ptr<media::T38End> t38;
  uint16_t udp_port = 0;
  if (command.t38) {
    if (const auto opened = t38_ports_.find(state.leg); opened != t38_ports_.end()) udp_port = opened->second.port;
    auto made = make_t38(state.leg, *command.t38);
    if (!made) return made.error();
    t38 = std::move(*made);
  }

  const auto id = next_fax_++;
  auto& entry = faxes_[id];
  entry.on = command.port;
  entry.udp_port = udp_port;
  media::FaxEvents events;
  events.page = [this, id, port = command.port](const media::FaxPage& page) {
    later([this, id, port, page] {
      event(FaxPageDone{id, port, page.number, page.received, page.rows, page.columns, page.x_dpi, page.y_dpi,
                        page.bad_rows, page.bit_rate, page.ecm});
    });
  };
  events.finished = [this, id](const media::FaxFinished& finished) {
    later([this, id, finished] {
      const auto found = faxes_.find(id);
      if (found == faxes_.end()) return;
      found->second.finished = finished;
      stop_fax(id);
    });
  };
  entry.port = std::make_unique<media::FaxPort>(std::move(settings), std::move(events), std::move(t38));
  state.fax = id;
  stop_plays(command.port, PlayEnd::kReplaced);
  fax_workers_->start(entry.port.get());
  post({.kind = media::OperationKind::kFaxOn, .port = command.port, .fax = entry.port.get()});
  return FaxStarted{id};
}

Result<> Core::handle(const FaxStop& command) {
  if (!faxes_.contains(command.fax)) {
    return fail(ErrorCode::kNotFound, "there is no fax " + std::to_string(command.fax));
  }
  stop_fax(command.fax);
  return Empty{};
}

void Core::stop_fax(uint32_t id) {
  auto& entry = faxes_.at(id);
  if (std::exchange(entry.leaving, true)) return;
  ports_[entry.on].fax = 0;
  post({.kind = media::OperationKind::kFaxOff, .port = entry.on, .fax = entry.port.get()});
}

void Core::fax_detached(media::FaxPort* fax) {
  for (const auto& [id, entry] : faxes_) {
    if (entry.port.get() != fax) continue;
    fax_workers_->stop(fax, [this, id = id](media::FaxPort*) { later([this, id] { fax_finished(id); }); });
    return;
  }
}

/// The worker has let go: after its last event, which stands before this in the queue.
void Core::fax_finished(uint32_t id) {
  const auto found = faxes_.find(id);
  if (found == faxes_.end()) return;
  const auto& finished = found->second.finished;
  std::optional<FaxT38Counts> datagrams;
  if (const auto counts = found->second.port->t38_counts()) {
    datagrams = {static_cast<double>(counts->sent),      static_cast<double>(counts->received),
                 static_cast<double>(counts->lost),      static_cast<double>(counts->recovered),
                 static_cast<double>(counts->malformed), static_cast<double>(counts->foreign)};
  }
  const FaxEnded ended{id,
                       found->second.on,
                       finished.ok,
                       finished.code,
                       finished.text,
                       finished.pages_sent,
                       finished.pages_received,
                       finished.remote_identity,
                       finished.bit_rate,
                       finished.ecm,
                       datagrams};
  const auto udp_port = found->second.udp_port;
  faxes_.erase(found);
  if (udp_port != 0) pool_->give_back(udp_port);
  event(ended);
}

}  // namespace cordboard::engine
