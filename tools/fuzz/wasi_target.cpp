// SPDX-License-Identifier: Apache-2.0
// The target that drives WASI: the input says which calls a guest makes and with what. Around the
// guest's directories lie others, which must be found as they were; what they hold must not turn up
// in the guest's memory.
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tools/fuzz/targets.hpp"
#include "wasi/calls.hpp"
#include "wasi/world.hpp"

namespace tinywasm::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace tinywasm::wasi;

constexpr std::size_t kMemory = 65536;
constexpr std::size_t kMaxCalls = 80;
constexpr const char* kSecret = "CANARY-of-the-outside";

/// The input, bit by bit: zeros after its end.
class Choices {
 public:
  explicit Choices(Input input) : input_(input) {}
  bool is_empty() const { return at_ == input_.size(); }
  std::uint8_t byte() {
    return is_empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(input_[at_++]);
  }
  std::size_t below(std::size_t bound) { return byte() % bound; }
  /// Mostly values at which something changes.
  std::uint64_t number() {
    constexpr std::uint64_t kValues[] = {
        0, 1, 2, 3, 4, 7, 8, 24, 255, 4096, 65535, 65536, ~0ull, ~0ull >> 1, 1ull << 63, 1ull << 32,
    };
    const std::uint8_t choice = byte();
    if (choice < 200) return kValues[choice % std::size(kValues)];
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  /// Few names and many ways to put them together, so that what one call makes another finds.
  std::string path() {
    constexpr const char* kParts[] = {
        "..",   ".",    "",           "a",       "b",      "dir", "dir/sub", "file", "up",   "root",
        "loop", "fifo", "../outside", "outside", "secret", "box", "other",   "ro",   "\xff", "data",
    };
    std::string path;
    const std::size_t count = 1 + below(6);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t choice = byte();
      if (choice == 255) {
        path += static_cast<char>(byte());
      } else {
        path += kParts[choice % std::size(kParts)];
      }
      if (i + 1 < count || choice >= 240) path += '/';
    }
    return path;
  }

 private:
  Input input_;
  std::size_t at_ = 0;
};

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// A directory for all runs of this process, removed at its end.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tinywasm-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "no temporary directory");
    root_ = name;
    for (const char* directory : {"outside", "outside/dir", "ro", "ro/dir"}) {
      fs::create_directory(root_ / directory);
    }
    for (const char* file : {"secret", "outside/data", "outside/file", "outside/dir/a"}) {
      std::ofstream(root_ / file) << kSecret;
    }
    std::ofstream(root_ / "ro/file") << "read only";
    std::ofstream(root_ / "ro/dir/data") << "read only";
    fs::create_symlink("../outside", root_ / "ro/up");
    before_ = surroundings();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  fs::path operator/(const char* name) const { return root_ / name; }

  /// The guest's own directories as each run finds them.
  void reset() const {
    for (const char* name : {"box", "other"}) fs::remove_all(root_ / name);
    for (const char* name : {"box", "other", "box/dir", "box/dir/sub"}) {
      fs::create_directory(root_ / name);
    }
    std::ofstream(root_ / "box/file") << "mine";
    std::ofstream(root_ / "box/dir/data") << "mine";
    fs::create_symlink("..", root_ / "box/up");
    fs::create_symlink("/", root_ / "box/root");
    fs::create_symlink("loop", root_ / "box/loop");
    require(::mkfifo((root_ / "box/fifo").c_str(), 0600) == 0, "no FIFO");
  }

  void check() const {
    require(surroundings() == before_, "something changed outside of the guest's directories");
  }

 private:
  /// Names, kinds, times and contents of all that is not the guest's to change.
  std::string surroundings() const {
    std::string found;
    for (auto it = fs::recursive_directory_iterator(root_);
         it != fs::recursive_directory_iterator(); ++it) {
      const std::string name = fs::relative(it->path(), root_).string();
      if (name == "box" || name == "other") {
        it.disable_recursion_pending();
        continue;
      }
      struct stat stat{};
      require(::lstat(it->path().c_str(), &stat) == 0, "a file is gone");
      found += name + ' ' + std::to_string(stat.st_mode) + ' ' + std::to_string(stat.st_nlink) +
               ' ' + std::to_string(stat.st_mtim.tv_sec) + '.' +
               std::to_string(stat.st_mtim.tv_nsec) + ' ';
      if (S_ISREG(stat.st_mode)) found += read_file(it->path());
      found += '\n';
    }
    return found;
  }

  fs::path root_;
  std::string before_;
};

const Scratch& scratch() {
  static const Scratch the_scratch;
  return the_scratch;
}

/// One guest.
class Run {
 public:
  explicit Run(Input input) : choices_(input), memory_(kMemory) {
    scratch().reset();
    WasiConfig config;
    config.args = {"guest", "argument"};
    config.env = {{"NAME", "value"}};
    config.in = WasiStream::of(std::make_shared<std::string>("input"));
    config.out = WasiStream::of(std::make_shared<std::string>());
    config.err = WasiStream::null();
    config.preopens = {
        {.guest = "/", .host = (scratch() / "box").string()},
        {.guest = "/ro", .host = (scratch() / "ro").string(), .read_only = true},
        {.guest = "/other", .host = (scratch() / "other").string()},
    };
    config.max_open_files = 24;
    config.max_output_bytes = 1 << 20;
    const unsigned options = choices_.byte();
    config.sorted_directories = (options & 1) != 0;
    if ((options & 2) != 0) {  // one of them is in memory
      config.preopens[2].directory = WasiMemoryFiles({.max_bytes = 1 << 16}).root();
    }
    if ((options & 4) != 0) config.clocks = WasiClocks::virtual_time();
    config.random = WasiRandom::seeded(1);  // so that an input does the same again
    auto world = World::create(config);
    require(world.has_value(), "no world");
    world_ = *std::move(world);
    constexpr PathResolver::Mode kModes[] = {PathResolver::Mode::automatic,
                                             PathResolver::Mode::walk};
    world_->paths.set_mode(kModes[choices_.below(2)]);
    world_->is_threaded = choices_.below(2) == 1;
  }

  void run() {
    for (std::size_t i = 0; i < kMaxCalls && !choices_.is_empty(); ++i) {
      const auto lock = world_->lock();
      call_one();
    }
    const std::string_view memory(reinterpret_cast<const char*>(memory_.data()), memory_.size());
    require(memory.find(kSecret) == std::string_view::npos, "the guest has read what is outside");
  }

 private:
  /// A parameter of a call, made of choices, in the bounds that the call can rely on.
  template <class T>
  struct Make;

  template <class R, class... A>
  void make(R (*function)(const Call&, A...)) {
    // The second look at whether the guest is to end says yes: nothing waits for long.
    looks_ = 0;
    const Call call{*world_, guest_memory(), &is_over, this};
    std::tuple<A...> arguments{Make<A>::from(*this)...};  // from left to right
    std::apply([&](A... values) { (void)function(call, values...); }, arguments);
  }

  GuestMemory guest_memory() const {
    return {[](const void* run) {
              return std::span(const_cast<Run*>(static_cast<const Run*>(run))->memory_);
            },
            this};
  }

  static bool is_over(const void* run) {
    const Run& self = *static_cast<const Run*>(run);
    if (++self.looks_ == 1 && self.waits_ < 2) {
      ++self.waits_;
      return false;
    }
    return true;
  }

  void call_one();

#define CALL(name, preview1, unstable) +1
  static constexpr std::size_t kCalls = 0
#include "wasi/calls.def"
      ;
#undef CALL

  /// Mostly where there is still room for `size` bytes; the last place that is good is among them.
  std::size_t place(std::size_t size) {
    const std::size_t last = kMemory - size;
    const std::size_t at = choices_.byte() * std::size_t{64};
    return at > last || at == 255 * 64 ? last : at;
  }

  Choices choices_;
  std::vector<std::byte> memory_;
  std::shared_ptr<World> world_;
  mutable int looks_ = 0;
  mutable int waits_ = 0;
};

template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
struct Run::Make<T> {
  static T from(Run& run) { return static_cast<T>(run.choices_.number()); }
};
template <>
struct Run::Make<Fd> {
  static Fd from(Run& run) {
    const std::uint8_t choice = run.choices_.byte();
    if (choice >= 250) return static_cast<Fd>(run.choices_.number());
    return static_cast<Fd>(choice < 180 ? 3 + choice % 8 : choice % 24);
  }
};
template <class T>
struct Run::Make<Out<T>> {
  static Out<T> from(Run& run) { return {run.guest_memory(), run.place(Out<T>::kSize)}; }
};
template <>
struct Run::Make<GuestPath> {
  static GuestPath from(Run& run) { return {run.choices_.path()}; }
};
template <>
struct Run::Make<GuestBytes> {
  static GuestBytes from(Run& run) {
    const std::size_t length = run.choices_.byte() * std::size_t{16};
    return {run.guest_memory(), run.place(length), length};
  }
};
template <>
struct Run::Make<IoVecs> {
  static IoVecs from(Run& run) {
    const std::size_t count = run.choices_.below(5);
    const std::size_t address = run.place(count * IoVecs::kEntrySize);
    std::byte* const at = run.memory_.data() + address;
    for (std::size_t i = 0; i < count; ++i) {
      put(at + i * 8, static_cast<std::uint32_t>(run.choices_.number()));
      put(at + i * 8 + 4, static_cast<std::uint32_t>(run.choices_.number()));
    }
    return {run.guest_memory(), address, count};
  }
};

void Run::call_one() {
  const std::size_t wanted = choices_.below(kCalls + 1);
  std::size_t at = 0;
#define CALL(name, preview1, unstable) \
  if (wanted == at++) return make(&wasi::preview1);
#include "wasi/calls.def"
#undef CALL
  put(memory_.data() + place(8), choices_.number());  // no call: the guest writes to its memory
}

}  // namespace

void wasi_calls(Input input) {
  Run(input).run();
  scratch().check();
}

}  // namespace tinywasm::fuzz
