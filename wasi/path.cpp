// SPDX-License-Identifier: Apache-2.0
#include "wasi/path.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include "decoder/utf8.hpp"
#include "wasi/platform.hpp"

namespace tinywasm::wasi {
namespace {

/// Of a link's text, as many as take as long as looking up a name.
constexpr std::size_t kCharactersPerStep = 64;

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

/// The walk without the kernel's help. A link is never followed by the kernel: its text is read and
/// takes the link's place in what remains of the path. The directories on the way stay open, so
/// that ".." goes back to the one that was passed through, wherever it may have been moved.
class Walk {
 public:
  Walk(int base, const std::string& path, int& steps) : base_(base), rest_(path), steps_(steps) {}

  OrErrno<HostFd> run() {
    while (at_ < rest_.size()) {
      if (const Errno error = step(take_component()); error != Errno::success) return error;
    }
    if (below_.empty()) return HostFd::borrow(base_);
    return std::move(below_.back());
  }

 private:
  std::string take_component() {
    const std::size_t end = std::min(rest_.find('/', at_), rest_.size());
    std::string component = rest_.substr(at_, end - at_);
    at_ = std::min(end + 1, rest_.size());
    return component;
  }

  Errno step(const std::string& component) {
    if (component.empty() || component == ".") return Errno::success;
    if (component == "..") {
      if (below_.empty()) return Errno::perm;
      below_.pop_back();
      return Errno::success;
    }
    if (steps_ <= 0) return Errno::loop;
    --steps_;
    const int here = below_.empty() ? base_ : below_.back().get();
    HostFd next(::openat(here, component.c_str(), platform::kOpenDirectory | O_NOFOLLOW));
    if (next) {
      if (below_.size() == PathResolver::kMaxDepth) return Errno::nametoolong;
      below_.push_back(std::move(next));
      return Errno::success;
    }
    // What a link answers here: ENOTDIR on Linux, ELOOP or EMLINK on others.
    if (errno != ENOTDIR && errno != ELOOP && errno != EMLINK) return last_errno();
    return expand_link(here, component);
  }

  Errno expand_link(int here, const std::string& component) {
    const auto target = read_link(here, component);
    if (!target) return target.error() == Errno::inval ? Errno::notdir : target.error();
    if (is_absolute(*target)) return Errno::perm;
    if (++links_ > PathResolver::kMaxLinks) return Errno::loop;
    // What is between the names takes time, too: slashes and dots.
    steps_ -= static_cast<int>(target->size() / kCharactersPerStep);
    if (target->size() + rest_.size() - at_ >= PathResolver::kMaxPath) return Errno::nametoolong;
    rest_ = *target + "/" + rest_.substr(at_);
    at_ = 0;
    return Errno::success;
  }

  int base_;
  std::string rest_;
  std::size_t at_ = 0;  // what remains of rest_ begins here
  std::vector<HostFd> below_;
  int links_ = 0;
  int& steps_;
};

OrErrno<HostFd> walk(int base, const std::string& path, int& steps) {
  return Walk(base, path, steps).run();
}

/// A path as directory and last component; false when there is no component to split off ("..").
struct Split {
  std::string parent;  // empty: the base itself
  std::string name;
  bool is_special = false;  // the last component is "." or ".."
};

Split split_last(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  Split split;
  if (slash == std::string::npos) {
    split.name = path;
  } else {
    split.parent = path.substr(0, slash);
    split.name = path.substr(slash + 1);
  }
  split.is_special = split.name == "." || split.name == "..";
  return split;
}

}  // namespace

OrErrno<HostFd> PathResolver::open_directory(int base, const std::string& path, int& steps) const {
  if (path.empty()) return HostFd::borrow(base);
  if (mode_ == Mode::walk || !platform::kHasOpenBeneath ||
      is_kernel_refusing_.load(std::memory_order_relaxed)) {
    return walk(base, path, steps);
  }
  // EAGAIN: something was renamed meanwhile and the kernel could not be sure about a "..".
  for (int attempt = 0; attempt < 16; ++attempt) {
    HostFd directory(platform::open_directory_beneath(base, path.c_str()));
    if (directory) return directory;
    if (errno == EXDEV) return Errno::perm;
    if (errno == ELOOP) break;  // a link
    if (errno == ENOSYS || errno == EPERM) {
      if (mode_ == Mode::kernel) return last_errno();
      is_kernel_refusing_.store(true, std::memory_order_relaxed);
      break;
    }
    if (errno != EAGAIN && errno != EINTR) return last_errno();
  }
  return walk(base, path, steps);
}

OrErrno<Place> PathResolver::resolve(int base, std::string_view path, LastLink last,
                                     std::uint64_t& lookups) const {
  std::string text(path.substr(0, kMaxPath));
  if (const Errno error = check_path_text(text); error != Errno::success) return error;
  if (is_absolute(text)) return Errno::perm;
  int steps = kMaxSteps;
  auto place = resolve_within(base, std::move(text), last, steps, lookups);
  lookups += static_cast<std::uint64_t>(kMaxSteps - std::max(steps, 0));
  return place;
}

OrErrno<Place> PathResolver::resolve_within(int base, std::string current, LastLink last,
                                            int& steps, std::uint64_t& lookups) const {
  Place place;
  for (int links = 0;;) {
    if (current.ends_with('/')) place.must_be_directory = true;
    current.erase(current.find_last_not_of('/') + 1);
    Split split = split_last(current);
    if (split.is_special) {
      // "." in the directory meant: no name in it has to be trusted.
      split.parent = std::move(current);
      split.name = ".";
    }
    auto directory = open_directory(base, split.parent, steps);
    if (!directory) return directory.error();
    place.directory = std::move(*directory);
    place.name = std::move(split.name);
    const bool follows =
        last == LastLink::follow || (last == LastLink::keep && place.must_be_directory);
    if (split.is_special || !follows) return place;

    const auto target = read_link(place.directory.get(), place.name);
    if (!target) return place;  // no link; or an error that the use of the place will meet again
    if (is_absolute(*target)) return Errno::perm;
    if (++links > kMaxLinks) return Errno::loop;
    current = split.parent.empty() ? *target : split.parent + "/" + *target;
    if (current.size() >= kMaxPath) return Errno::nametoolong;
    lookups += 1 + static_cast<std::uint64_t>(std::count(current.begin(), current.end(), '/'));
  }
}

Errno check_path_text(std::string_view text) {
  if (text.empty()) return Errno::noent;
  if (text.size() >= PathResolver::kMaxPath) return Errno::nametoolong;
  if (text.find('\0') != std::string_view::npos) return Errno::inval;
  if (!decoder::is_utf8(text)) return Errno::ilseq;
  return Errno::success;
}

Errno check_link_target(std::string_view target) {
  if (const Errno error = check_path_text(target); error != Errno::success) return error;
  return is_absolute(target) ? Errno::perm : Errno::success;
}

OrErrno<std::string> read_link(int directory, const std::string& name) {
  char target[PathResolver::kMaxPath];
  const ssize_t length = ::readlinkat(directory, name.c_str(), target, sizeof target);
  if (length < 0) return last_errno();
  if (static_cast<std::size_t>(length) == sizeof target) return Errno::nametoolong;
  if (length == 0) return Errno::noent;
  return std::string(target, static_cast<std::size_t>(length));
}

OrErrno<HostFd> open_place(const Place& place, int flags, unsigned mode) {
  flags |= O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if (place.must_be_directory) flags |= O_DIRECTORY;
  for (;;) {
    HostFd fd(::openat(place.directory.get(), place.name.c_str(), flags, mode));
    if (fd) return fd;
    if (errno != EINTR) return last_errno();
  }
}

}  // namespace tinywasm::wasi
