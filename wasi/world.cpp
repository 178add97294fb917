// SPDX-License-Identifier: Apache-2.0
#include "wasi/world.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "decoder/utf8.hpp"
#include "wasi/platform.hpp"
#include "wasi/virtual_files.hpp"

namespace tinywasm::wasi {
namespace {

Error io_error(std::string_view what, int host_errno) {
  Error error;
  error.kind = ErrorKind::io;
  error.message = fmt::format("{}: {}", what, std::generic_category().message(host_errno));
  return error;
}

Error usage_error(std::string message) {
  Error error;
  error.kind = ErrorKind::host;
  error.message = std::move(message);
  return error;
}

/// Strings are handed to the guest with a NUL at their end, so they cannot contain one.
bool is_c_string(std::string_view text) { return text.find('\0') == std::string_view::npos; }

struct StandardStream {
  const char* name;
  int inherited;
  Rights direction;  // the other one is never given
};
constexpr StandardStream kStreams[] = {
    {"standard input", 0, rights::kFdRead},
    {"standard output", 1, rights::kFdWrite},
    {"standard error", 2, rights::kFdWrite},
};

Result<Descriptor> open_stream(const StandardStream& stream, const WasiStream& config) {
  Descriptor descriptor;
  descriptor.base = rights::kStream;
  switch (config.kind) {
    case WasiStream::Kind::null:
      break;
    case WasiStream::Kind::buffer:
      if (!config.buffer) return usage_error(fmt::format("{}: no buffer given", stream.name));
      descriptor.kind = Descriptor::Kind::buffer;
      descriptor.buffer = config.buffer;
      break;
    case WasiStream::Kind::callbacks:
      if (stream.direction == rights::kFdRead ? !config.read : !config.write) {
        return usage_error(fmt::format("{}: no function given", stream.name));
      }
      descriptor.kind = Descriptor::Kind::callbacks;
      descriptor.callbacks = std::make_shared<const WasiStream>(config);
      break;
    case WasiStream::Kind::inherit:
    case WasiStream::Kind::fd: {
      const bool is_inherited = config.kind == WasiStream::Kind::inherit;
      const int fd = is_inherited ? stream.inherited : config.descriptor;
      auto opened = Descriptor::of(HostFd::borrow(fd));
      if (opened) {
        descriptor = std::move(*opened);
      } else if (!is_inherited) {
        return io_error(fmt::format("{} (descriptor {})", stream.name, fd), errno);
      }  // else the process was started with it closed: null
      break;
    }
  }
  descriptor.make_standard();
  descriptor.base &= ~(rights::kFdRead | rights::kFdWrite) | stream.direction;
  return descriptor;
}

Result<Descriptor> open_preopen(const WasiPreopen& preopen) {
  if (preopen.guest.empty() || !is_c_string(preopen.guest) || !decoder::is_utf8(preopen.guest)) {
    return usage_error(fmt::format("preopen '{}': the guest's name is no path", preopen.host));
  }
  if (preopen.directory) {
    Descriptor descriptor = virtual_descriptor({nullptr, preopen.directory});
    descriptor.preopen = preopen.guest;
    descriptor.read_only = preopen.read_only;
    return descriptor;
  }
  const auto open = [&](int mode) {
    return is_c_string(preopen.host) ? ::open(preopen.host.c_str(), mode | O_DIRECTORY | O_CLOEXEC)
                                     : (errno = ENOENT, -1);
  };
  HostFd fd(open(O_RDONLY));
  if (!fd && errno == EACCES) fd = HostFd(open(platform::kOpenDirectory));  // may not be listed
  if (!fd) return io_error(fmt::format("preopen '{}'", preopen.host), errno);
  auto descriptor = Descriptor::of(std::move(fd));
  if (!descriptor) return io_error(fmt::format("preopen '{}'", preopen.host), errno);
  descriptor->preopen = preopen.guest;
  descriptor->read_only = preopen.read_only;
  return std::move(*descriptor);
}

Result<Descriptor> open_socket(int fd) {
  auto descriptor = Descriptor::of(HostFd::borrow(fd));
  if (!descriptor) return io_error(fmt::format("socket (descriptor {})", fd), errno);
  if (descriptor->kind != Descriptor::Kind::socket &&
      descriptor->kind != Descriptor::Kind::listener) {
    return usage_error(fmt::format("descriptor {} is not a socket", fd));
  }
  // Others may share the listener and take what poll has seen: accepting must never wait for long.
  const int mode = ::fcntl(fd, F_GETFL);
  if (descriptor->kind == Descriptor::Kind::listener &&
      (mode < 0 || ::fcntl(fd, F_SETFL, mode | O_NONBLOCK) != 0)) {
    return io_error(fmt::format("socket (descriptor {})", fd), errno);
  }
  return std::move(*descriptor);
}

Result<void> add(World& world, Result<Descriptor> descriptor) {
  if (!descriptor) return std::move(descriptor).error();
  if (!world.fds.insert(*std::move(descriptor))) {
    return usage_error("more preopened files than max_open_files");
  }
  return {};
}

Result<void> add_strings(World& world, const WasiConfig& config) {
  std::size_t total = 0;
  for (const std::string& arg : config.args) {
    if (!is_c_string(arg)) return usage_error("an argument contains a NUL byte");
    total += arg.size() + 1 + sizeof(std::uint32_t);
    world.args.push_back(arg);
  }
  for (const auto& [name, value] : config.env) {
    if (name.empty() || name.find('=') != std::string::npos || !is_c_string(name) ||
        !is_c_string(value)) {
      return usage_error("an environment variable's name is empty or has '=' or NUL in it");
    }
    total += name.size() + value.size() + 2 + sizeof(std::uint32_t);
    world.environment.push_back(fmt::format("{}={}", name, value));
  }
  if (total > std::numeric_limits<Size>::max()) return usage_error("arguments are too long");
  return {};
}

/// Callbacks that are to be called are there.
Result<void> check_callbacks(const WasiConfig& config) {
  if (config.clocks.kind == WasiClocks::Kind::custom && !config.clocks.now) {
    return usage_error("clocks: no function given");
  }
  if (config.random.kind == WasiRandom::Kind::custom && !config.random.fill) {
    return usage_error("random: no function given");
  }
  return {};
}

}  // namespace

World::World(const WasiConfig& config)
    : sorts_directories(config.sorted_directories),
      fds(config.max_open_files),
      clocks(config.clocks),
      random(config.random),
      output(config.max_output_bytes),
      report(config.report) {}

Result<std::shared_ptr<World>> World::create(const WasiConfig& config) {
  if (auto checked = check_callbacks(config); !checked) return std::move(checked).error();
  std::shared_ptr<World> world(new World(config));
  if (auto added = add_strings(*world, config); !added) return std::move(added).error();
  const WasiStream* const streams[] = {&config.in, &config.out, &config.err};
  for (std::size_t i = 0; i < std::size(kStreams); ++i) {
    auto stream = open_stream(kStreams[i], *streams[i]);
    if (stream) stream->is_output = i == 1;
    if (auto added = add(*world, std::move(stream)); !added) return std::move(added).error();
  }
  for (const WasiPreopen& preopen : config.preopens) {
    auto added = add(*world, open_preopen(preopen));
    if (!added) return std::move(added).error();
  }
  for (const int socket : config.sockets) {
    auto added = add(*world, open_socket(socket));
    if (!added) return std::move(added).error();
  }
  return world;
}

OrErrno<DescriptorPtr> World::get(Fd fd, Rights rights) const {
  DescriptorPtr descriptor = fds.find(fd);
  if (!descriptor) return Errno::badf;
  const Rights missing = rights & ~descriptor->base;
  if (missing == 0) return descriptor;
  return (missing & (rights::kFdRead | rights::kFdWrite)) != 0 ? Errno::badf : Errno::notcapable;
}

}  // namespace tinywasm::wasi
