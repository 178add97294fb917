// SPDX-License-Identifier: Apache-2.0
// poll_oneoff: waits for the first of any number of clocks and descriptors.
#include <algorithm>
#include <cerrno>
#include <limits>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "wasi/calls.hpp"
#include "wasi/platform.hpp"
#include "wasi/transfer.hpp"
#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

/// Far more than there can be descriptors; the guest's claim is not to cost host memory.
constexpr Size kMaxSubscriptions = 64 * 1024;
/// What it takes to look at one of them, in bytes of a transfer: a descriptor takes system calls.
constexpr std::uint64_t kBytesEach = 256;
constexpr Timestamp kNever = std::numeric_limits<Timestamp>::max();
constexpr Timestamp kSlice = Timestamp{kWaitSliceMs} * 1'000'000;

bool is_clock(const Subscription& subscription) {
  return subscription.tag == static_cast<std::uint8_t>(EventType::clock);
}
bool is_read(const Subscription& subscription) {
  return subscription.tag == static_cast<std::uint8_t>(EventType::fd_read);
}

Timestamp saturating_add(Timestamp a, Timestamp b) { return a > kNever - b ? kNever : a + b; }

/// One poll_oneoff at work.
class Poll {
 public:
  Poll(const Call& call, std::span<Subscription> subscriptions)
      : call_(call), subscriptions_(subscriptions) {}
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  /// Fills events() with at least one event, or returns false: interrupted.
  bool run() {
    for (const Subscription& subscription : subscriptions_) prepare(subscription);
    for (;;) {
      if (call_.interrupted()) return false;
      const Timestamp wait = events_.empty() ? check_clocks() : 0;
      if (events_.empty() && is_simulated_ && simulate(wait)) return true;
      check_descriptors(events_.empty() ? std::min({wait, real_wait_, kSlice}) : 0);
      // A clock may have come due in the meantime.
      if (events_.size() == early_events_) check_clocks();
      if (!events_.empty()) return true;
    }
  }

  const std::vector<Event>& events() const { return events_; }

 private:
  struct Deadline {
    const Subscription* subscription;
    Timestamp time;
  };
  struct Polled {
    const Subscription* subscription;
    std::size_t entry;  // of polled_
  };

  void emit(const Subscription& subscription, Errno error, FileSize nbytes = 0,
            std::uint16_t flags = 0) {
    events_.push_back({subscription.userdata, error, subscription.tag, nbytes, flags});
  }

  /// Turns a subscription into a deadline, a descriptor to poll or, at once, an event.
  void prepare(const Subscription& subscription) {
    if (is_clock(subscription)) {
      prepare_clock(subscription);
    } else {
      prepare_descriptor(subscription);
    }
    early_events_ = events_.size();
  }

  void prepare_clock(const Subscription& subscription) {
    const auto now = call_.world.clocks.now(subscription.clock);
    if (!now) return emit(subscription, now.error());
    if ((subscription.flags & ~kSubscriptionClockAbstime) != 0) {
      return emit(subscription, Errno::inval);
    }
    const bool is_absolute = (subscription.flags & kSubscriptionClockAbstime) != 0;
    const Timestamp time =
        is_absolute ? subscription.timeout : saturating_add(*now, subscription.timeout);
    // This thread's own time stands still while it waits, as clock_nanosleep(2) knows.
    if (subscription.clock == ClockId::thread_cputime && time > *now) {
      return emit(subscription, Errno::inval);
    }
    deadlines_.push_back({&subscription, time});
  }

  void prepare_descriptor(const Subscription& subscription) {
    const Rights direction = is_read(subscription) ? rights::kFdRead : rights::kFdWrite;
    const auto found = call_.world.get(subscription.fd, direction | rights::kPollFdReadwrite);
    if (!found) return emit(subscription, found.error());
    Descriptor& descriptor = **found;
    switch (descriptor.kind) {
      case Descriptor::Kind::stream:
      case Descriptor::Kind::socket:
      case Descriptor::Kind::listener: {
        const short events = is_read(subscription) ? POLLIN : POLLOUT;
        polled_for_.push_back({&subscription, entry_of(*found, events)});
        return;
      }
      case Descriptor::Kind::buffer:
        return emit(subscription, Errno::success,
                    is_read(subscription) ? descriptor.buffer->size() - descriptor.consumed : 1);
      default:  // never waits
        return emit(subscription, Errno::success, bytes_left(descriptor, subscription));
    }
  }

  /// The index in polled_ of a descriptor. There is one for each, however often it is asked for:
  /// the system takes no more of them than a process may have files.
  std::size_t entry_of(const DescriptorPtr& descriptor, short events) {
    const auto [found, is_new] = entries_.emplace(descriptor.get(), polled_.size());
    if (is_new) {
      polled_.push_back({descriptor->host.get(), 0, 0});
      // While this thread waits another may close it, and the host's number would come to stand for
      // something the guest was never given.
      held_.push_back(descriptor);
    }
    pollfd& entry = polled_[found->second];
    entry.events = static_cast<short>(entry.events | events);
    return found->second;
  }

  static FileSize bytes_left(const Descriptor& descriptor, const Subscription& subscription) {
    if (!is_read(subscription)) return 1;
    if (descriptor.file) {
      const FileSize size = descriptor.file->info().size;
      return size > descriptor.position ? size - descriptor.position : 0;
    }
    struct stat stat{};
    if (!descriptor.host || ::fstat(descriptor.host.get(), &stat) != 0) return 0;
    const off_t position = ::lseek(descriptor.host.get(), 0, SEEK_CUR);
    if (position < 0 || position >= stat.st_size) return 0;
    return static_cast<FileSize>(stat.st_size - position);
  }

  /// With clocks that do not follow the host's nobody has to wait for them: the next deadline comes
  /// at once. But descriptors are given the time that the guest gives them, by the host's clock; or
  /// whether something arrives in time would be a matter of luck.
  bool simulate(Timestamp wait) {
    if (wait == kNever) return false;
    if (!polled_.empty()) {
      timespec now{};
      ::clock_gettime(CLOCK_MONOTONIC, &now);
      if (real_end_ == 0) real_end_ = saturating_add(nanoseconds(now), wait);
      real_wait_ = real_end_ - std::min(nanoseconds(now), real_end_);
      if (real_wait_ != 0) return false;
    }
    for (const Deadline& deadline : deadlines_) {
      const auto now = call_.world.clocks.peek(deadline.subscription->clock);
      if (now && deadline.time - *now == wait) emit(*deadline.subscription, Errno::success);
    }
    call_.world.clocks.pass(wait);
    return true;
  }

  /// Emits what is due and returns the time until the next deadline.
  Timestamp check_clocks() {
    Timestamp wait = kNever;
    for (const Deadline& deadline : deadlines_) {
      const auto now = call_.world.clocks.peek(deadline.subscription->clock);
      if (!now) {
        emit(*deadline.subscription, now.error());
      } else if (*now >= deadline.time) {
        emit(*deadline.subscription, Errno::success);
      } else {
        wait = std::min(wait, deadline.time - *now);
      }
    }
    return wait;
  }

  void check_descriptors(Timestamp wait) {
    const int ready = [&] {
      const Unlocked unlocked(call_.world);
      return platform::poll_for(polled_, wait);
    }();
    if (ready < 0 && errno != EINTR) {
      const Errno error = last_errno();
      for (const Polled& polled : polled_for_) emit(*polled.subscription, error);
    }
    if (ready <= 0) return;
    for (const Polled& polled : polled_for_) {
      const short events = is_read(*polled.subscription) ? POLLIN : POLLOUT;
      const pollfd& entry = polled_[polled.entry];
      if ((entry.revents & (events | POLLERR | POLLHUP | POLLNVAL)) != 0) {
        emit_ready(*polled.subscription, entry);
      }
    }
  }

  void emit_ready(const Subscription& subscription, const pollfd& polled) {
    if ((polled.revents & POLLNVAL) != 0) return emit(subscription, Errno::badf);
    int available = 0;
    if (is_read(subscription) && ::ioctl(polled.fd, FIONREAD, &available) != 0) available = 0;
    const bool is_hangup = (polled.revents & (POLLHUP | POLLERR)) != 0;
    const int nbytes = std::max(available, is_hangup ? 0 : 1);
    emit(subscription, Errno::success, static_cast<FileSize>(nbytes),
         is_hangup ? kEventHangup : std::uint16_t{0});
  }

  const Call& call_;
  std::span<Subscription> subscriptions_;
  std::vector<Event> events_;
  std::size_t early_events_ = 0;  // those that prepare() made
  const bool is_simulated_ = call_.world.clocks.is_simulated();
  Timestamp real_end_ = 0;        // simulated: when descriptors have had their time
  Timestamp real_wait_ = kNever;  // how much of it is left
  std::vector<Deadline> deadlines_;
  std::vector<pollfd> polled_;
  std::vector<Polled> polled_for_;
  std::unordered_map<const Descriptor*, std::size_t> entries_;  // of polled_
  std::vector<DescriptorPtr> held_;
};

template <class Layout>
Result<Errno> poll(const Call& call, Address in, Address out, Size count, Out<Size> stored) {
  if (count == 0 || count > kMaxSubscriptions) return Errno::inval;
  const std::byte* from = call.find(in, std::uint64_t{count} * Layout::kSize);
  if (!from || !call.find(out, std::uint64_t{count} * Event::kSize)) return out_of_bounds();
  call.count(count * kBytesEach);
  std::vector<Subscription> subscriptions;
  subscriptions.reserve(count);
  for (Size i = 0; i < count; ++i, from += Layout::kSize) {
    subscriptions.push_back(Layout::decode(from));
    if (subscriptions.back().tag > static_cast<std::uint8_t>(EventType::fd_write)) {
      return Errno::inval;
    }
  }
  Poll poll(call, subscriptions);
  if (!poll.run()) return interrupted();
  std::byte* to = call.find(out, poll.events().size() * Event::kSize);
  for (const Event& event : poll.events()) {
    event.encode(to);
    to += Event::kSize;
  }
  return stored.set(static_cast<Size>(poll.events().size()));
}

}  // namespace

Result<Errno> poll_oneoff(const Call& call, Address in, Address out, Size count, Out<Size> events) {
  return poll<Subscription>(call, in, out, count, events);
}

Result<Errno> unstable::poll_oneoff(const Call& call, Address in, Address out, Size count,
                                    Out<Size> events) {
  return poll<UnstableSubscription>(call, in, out, count, events);
}

}  // namespace tinywasm::wasi
