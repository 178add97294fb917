// SPDX-License-Identifier: Apache-2.0
// Every call with arguments that no good program has. What a parameter is, follows from its C++
// type: each row of calls.def describes itself, so a new call is attacked from its first day on.
// Addresses outside of memory trap, as the ABI demands; all else is an error code.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "vm/test_random.hpp"
#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;

namespace {

constexpr std::uint32_t kMemory = 65536;

enum class Role {
  fd,
  result,   // address of `size` bytes that are written
  path,     // address and length
  bytes,    // address and length
  vectors,  // address and number of entries of `size` bytes
  length,   // of the one before
  address,  // of an extent that the call works out
  number,
};

struct Param {
  Role role = Role::number;
  std::uint32_t size = 1;
  bool is_wide = false;  // i64
};

template <class T>
struct Describe {
  static std::vector<Param> params() {
    return {{Role::number, 0, HostArg<T>::kParams[0] == ValueType::i64}};
  }
};
template <>
struct Describe<Fd> {
  static std::vector<Param> params() { return {{Role::fd, 0}}; }
};
template <>
struct Describe<Address> {
  static std::vector<Param> params() { return {{Role::address, 0}}; }
};
template <class T>
struct Describe<Out<T>> {
  static std::vector<Param> params() { return {{Role::result, Out<T>::kSize}}; }
};
template <>
struct Describe<GuestPath> {
  static std::vector<Param> params() { return {{Role::path, 1}, {Role::length, 1}}; }
};
template <>
struct Describe<GuestBytes> {
  static std::vector<Param> params() { return {{Role::bytes, 1}, {Role::length, 1}}; }
};
template <>
struct Describe<IoVecs> {
  static std::vector<Param> params() {
    return {{Role::vectors, IoVecs::kEntrySize}, {Role::length, IoVecs::kEntrySize}};
  }
};

struct Row {
  std::string space;  // the import's module
  std::string name;
  std::vector<Param> params;
  bool has_result;
};

template <class R, class... A>
Row describe(const char* space, const char* name, R (*)(const Call&, A...)) {
  Row row{space, name, {}, !std::is_same_v<R, Result<void>>};
  [[maybe_unused]] const auto add = [&](const std::vector<Param>& params) {
    row.params.insert(row.params.end(), params.begin(), params.end());
  };
  (add(Describe<A>::params()), ...);
  return row;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
#define CALL(name, preview1, unstable)                                  \
  describe("wasi_snapshot_preview1", #name, &tinywasm::wasi::preview1), \
      describe("wasi_unstable", #name, &tinywasm::wasi::unstable),
#include "wasi/calls.def"
#undef CALL
  };
  return all;
}

/// How a call ended.
struct Ending {
  bool is_out_of_bounds = false;
  std::uint32_t code = 0;
  std::string text() const {
    return is_out_of_bounds ? "out of bounds" : to_string(static_cast<Errno>(code));
  }
};

using Arguments = std::vector<std::uint64_t>;

/// A guest that imports one call and exports it as "call". Descriptor 0 is a file, 1 another, 3 a
/// directory with a file "a" in it, 4 a connected socket or that file if the call wants one.
class Attacker {
 public:
  explicit Attacker(const Row& row, bool has_memory = true, bool is_virtual = false)
      : row_(row), has_memory_(has_memory), is_virtual_(is_virtual) {
    write_file(temp_ / "a", "text");
    write_file(temp_ / "b", "");
    in_ = HostFd(::open((temp_ / "a").c_str(), O_RDONLY | O_CLOEXEC));
    out_ = HostFd(::open((temp_ / "b").c_str(), O_RDWR | O_CLOEXEC));
    WasiConfig config;
    config.in = WasiStream::fd(in_.get());
    config.out = WasiStream::fd(out_.get());
    config.err = WasiStream::null();
    config.args = {"ab"};
    config.env = {{"A", "1"}};
    config.preopens = {{.guest = "/", .host = (temp_ / "").string()}};
    if (is_virtual) {  // the same in memory
      WasiMemoryFiles files({.max_bytes = 1 << 20});
      REQUIRE(files.write("a", "text"));
      config.preopens = {{.guest = "/", .directory = files.root()}};
    }
    if (row.name == "sock_recv" || row.name == "sock_send") config.sockets = {make_socket()};
    linker_.define_wasi(config);
    std::string params = "(param", arguments;
    for (std::size_t i = 0; i < row.params.size(); ++i) {
      params += row.params[i].is_wide ? " i64" : " i32";
      arguments += fmt::format("(local.get {})", i);
    }
    params += row.has_result ? ") (result i32)" : ")";
    auto module = Module::from_text(
        fmt::format("(module (import \"{}\" \"{}\" (func $call {})) {}"
                    "(func (export \"call\") {} (call $call {})))",
                    row.space, row.name, params, has_memory ? "(memory (export \"memory\") 1)" : "",
                    params, arguments));
    if (!module) FAIL(to_string(module.error()));
    auto instance = linker_.instantiate(*module);
    if (!instance) FAIL(to_string(instance.error()));
    instance_.emplace(*std::move(instance));
    if (has_memory) put_text(kPath, "a");
    if (row.name == "fd_pread" || row.name == "fd_pwrite") open_file();
  }

  bool is_virtual() const { return is_virtual_; }
  void clear() {
    std::ranges::fill(memory(), std::byte{0});
    put_text(kPath, "a");
  }
  void put_text(std::uint32_t at, const std::string& text) {
    std::memcpy(memory().data() + at, text.data(), text.size());
  }
  void put_vector(std::uint32_t index, std::uint32_t address, std::uint32_t length) {
    put(memory().data() + kVectors + index * 8, address);
    put(memory().data() + kVectors + index * 8 + 4, length);
  }

  /// Arguments that are good in themselves, though the call may still answer with an error.
  Arguments good() {
    Arguments arguments;
    Role before = Role::number;
    for (std::size_t i = 0; i < row_.params.size(); ++i) {
      const Role role = row_.params[i].role;
      arguments.push_back(value_of(role, before, static_cast<std::uint32_t>(i)));
      before = role;
    }
    if (row_.name == "poll_oneoff") arguments[2] = 1;
    if (has_memory_) put_vector(0, 4096, 8);
    return arguments;
  }

  Ending call(const Arguments& arguments) {
    std::vector<Value> values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      values.push_back(row_.params[i].is_wide ? Value(arguments[i])
                                              : Value(static_cast<std::uint32_t>(arguments[i])));
    }
    auto function = instance_->func("call");
    REQUIRE(function.has_value());
    const auto result = function->call(values);
    if (result)
      return {false, row_.has_result ? static_cast<std::uint32_t>((*result)[0].slots()[0]) : 0};
    if (result.error().kind == ErrorKind::exit) return {};
    CHECK(result.error().kind == ErrorKind::trap);
    CHECK(result.error().message == "out of bounds memory access");
    return {true};
  }

  static constexpr std::uint32_t kVectors = 256;
  static constexpr std::uint32_t kPath = 512;

 private:
  std::span<std::byte> memory() { return instance_->memory("memory")->bytes(); }

  /// As descriptor 4: standard streams have no positions.
  void open_file() {
    auto module = Module::from_text(R"((module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 8) "a")
      (func (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const 8)
        (i32.const 1) (i32.const 0) (i64.const 66) (i64.const 66) (i32.const 0) (i32.const 0)))))");
    REQUIRE(module.has_value());
    auto instance = linker_.instantiate(*module);
    REQUIRE(instance.has_value());
    CHECK(*(*instance->func<std::uint32_t()>("open"))() == 0);
  }

  int make_socket() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    socket_ = HostFd(pair[0]);
    peer_ = HostFd(pair[1]);
    REQUIRE(::write(peer_.get(), "12345678", 8) == 8);
    return socket_.get();
  }

  static std::uint64_t value_of(Role role, Role before, std::uint32_t index) {
    switch (role) {
      case Role::fd:
        return 3;
      case Role::result:
        return 1024 + 64 * index;
      case Role::path:
        return kPath;
      case Role::bytes:
        return 2048;
      case Role::vectors:
        return kVectors;
      case Role::length:
        return before == Role::bytes ? 16 : 1;
      case Role::address:
        return 8192 + 4096 * index;
      case Role::number:
        break;
    }
    return 0;
  }

  Row row_;
  bool has_memory_;
  bool is_virtual_;
  TempDir temp_;
  HostFd in_, out_, socket_, peer_;
  Store store_;
  Linker linker_{store_};
  std::optional<Instance> instance_;
};

/// Does `act(row, guest, index of parameter)` for every parameter with one of `roles`, with
/// descriptor 3 in the file system and in memory.
template <class F>
void for_each_param(std::initializer_list<Role> roles, F&& act) {
  for (const Row& row : rows()) {
    const std::string space = row.space, name = row.name;
    CAPTURE(space);
    CAPTURE(name);
    for (std::size_t i = 0; i < row.params.size(); ++i) {
      CAPTURE(i);
      if (std::find(roles.begin(), roles.end(), row.params[i].role) == roles.end()) continue;
      for (const bool is_virtual : {false, true}) {
        CAPTURE(is_virtual);
        Attacker guest(row, /*has_memory=*/true, is_virtual);
        act(row, guest, i);
      }
    }
  }
}

/// The bytes that a call whose address parameters say nothing about it reads or writes there.
std::uint32_t extent_of(const Row& row, std::size_t index) {
  const bool is_old = row.space == "wasi_unstable";
  if (row.name == "args_get") return index == 0 ? 4 : 3;
  if (row.name == "environ_get") return 4;
  REQUIRE(row.name == "poll_oneoff");
  if (index == 1) return Event::kSize;
  return is_old ? UnstableSubscription::kSize : Subscription::kSize;
}

}  // namespace

TEST_SUITE("hostile") {
  TEST_CASE("every call is there twice, with parameters that are understood") {
    CHECK(rows().size() == 92);
    for (const Row& row : rows()) {
      const std::string name = row.name;
      CAPTURE(name);
      Attacker guest(row);
      if (name != "proc_exit") CHECK_FALSE(guest.call(guest.good()).is_out_of_bounds);
    }
  }

  TEST_CASE("results at the end of memory, and beyond it") {
    for_each_param(
        {Role::result, Role::address}, [](const Row& row, Attacker& guest, std::size_t i) {
          const Param& param = row.params[i];
          const std::uint32_t size = param.role == Role::result ? param.size : extent_of(row, i);
          const std::uint32_t last = kMemory - size;
          for (const std::uint32_t at :
               {last + 1, kMemory - 1, kMemory, kMemory + 1, 0x7fffffffu, 0x80000000u,
                0xffffffffu - size, 0xffffffffu - size + 1, 0xfffffff8u, 0xffffffffu}) {
            if (at <= last) continue;
            Arguments arguments = guest.good();
            arguments[i] = at;
            CAPTURE(at);
            CHECK(guest.call(arguments).text() == "out of bounds");
          }
          Arguments arguments = guest.good();
          arguments[i] = last;
          CHECK(guest.call(arguments).text() != "out of bounds");
        });
  }

  TEST_CASE("addresses and lengths whose sum or product overflows") {
    for_each_param({Role::path, Role::bytes, Role::vectors}, [](const Row& row, Attacker& guest,
                                                                std::size_t i) {
      const std::uint32_t size = row.params[i].size;
      const std::pair<std::uint32_t, std::uint32_t> outside[] = {
          {kMemory, 1},
          {kMemory - size + 1, 1},
          {kMemory - size, 2},
          {0, kMemory / size + 1},
          {1, kMemory / size},
          {0, 0xffffffff},
          {0, 0x80000000},
          {0, size == 1 ? 0xffffffff : 0xffffffff / size + 1},  // a product of 2^32
          {8, 0x20000000},
          {0x80000000, 0x80000000},
          {0xffffffff, 1},
          {0xffffffff, 2},
          {0xffffffff, 0xffffffff},
          {0xfffffff8, 8},
          {0xfffffff8, 9},
      };
      for (const auto& [address, length] : outside) {
        CAPTURE(address);
        CAPTURE(length);
        Arguments arguments = guest.good();
        arguments[i] = address;
        arguments[i + 1] = length;
        CHECK(guest.call(arguments).text() == "out of bounds");
      }
      for (const auto& [address, length] :
           {std::pair<std::uint32_t, std::uint32_t>{kMemory - size, 1}, {kMemory, 0}, {0, 0}}) {
        Arguments arguments = guest.good();
        arguments[i] = address;
        arguments[i + 1] = length;
        CHECK(guest.call(arguments).text() != "out of bounds");
      }
      // Nothing is there, so nothing is outside... but an address must still be one.
      Arguments arguments = guest.good();
      arguments[i] = 0xffffffff;
      arguments[i + 1] = 0;
      CHECK(guest.call(arguments).text() == "out of bounds");
    });
  }

  TEST_CASE("buffers that lie outside, after others that do not") {
    const std::map<std::string, std::uint64_t> descriptors = {{"fd_read", 0},   {"fd_pread", 4},
                                                              {"fd_write", 1},  {"fd_pwrite", 4},
                                                              {"sock_recv", 4}, {"sock_send", 4}};
    for_each_param({Role::vectors}, [&](const Row& row, Attacker& guest, std::size_t i) {
      REQUIRE(descriptors.count(row.name) == 1);
      Arguments arguments = guest.good();
      arguments[0] = descriptors.at(row.name);
      for (const auto& [address, length] : {std::pair<std::uint32_t, std::uint32_t>{kMemory - 1, 2},
                                            {kMemory, 1},
                                            {0xffffffff, 1},
                                            {0, kMemory + 1},
                                            {0, 0xffffffff},
                                            {0x80000000, 0x80000000},
                                            {0xffffffff, 0xffffffff},
                                            {1, 0xffffffff}}) {
        CAPTURE(address);
        CAPTURE(length);
        guest.put_vector(0, address, length);
        arguments[i + 1] = 1;
        CHECK(guest.call(arguments).text() == "out of bounds");
        guest.put_vector(0, 4096, 8);
        guest.put_vector(1, address, length);
        arguments[i + 1] = 2;
        CHECK(guest.call(arguments).text() == "out of bounds");
      }
      // Empty ones are nowhere. (What was to be received is still there: nothing was transferred.)
      guest.put_vector(0, 0xffffffff, 0);
      guest.put_vector(1, kMemory - 4, 4);
      CHECK(guest.call(arguments).text() == "success");
    });
  }

  TEST_CASE("descriptors that are not open") {
    for_each_param({Role::fd}, [](const Row&, Attacker& guest, std::size_t i) {
      for (const std::uint32_t fd : {5u, 6u, 1023u, 1024u, 65536u + 3, 0x7fffffffu, 0x80000000u,
                                     0x80000003u, 0xfffffffeu, 0xffffffffu}) {
        CAPTURE(fd);
        Arguments arguments = guest.good();
        arguments[i] = fd;
        CHECK(guest.call(arguments).text() == "badf");
      }
    });
  }

  TEST_CASE("paths that are none") {
    for_each_param({Role::path}, [](const Row& row, Attacker& guest, std::size_t i) {
      const bool is_target = row.name == "path_symlink" && i == 0;
      const bool is_link = row.name == "path_symlink" || row.name == "path_link";
      std::vector<std::pair<std::string, std::string>> paths = {
          {"", "noent"},
          {std::string("\0", 1), "inval"},
          {std::string("a\0", 2), "inval"},
          {std::string("a\0/../..", 8), "inval"},
          {"\x80", "ilseq"},              // a continuation alone
          {"a\xc3", "ilseq"},             // cut short
          {"\xc0\xaf", "ilseq"},          // "/" in two bytes
          {"\xe0\x80\xae", "ilseq"},      // "." in three
          {"\xed\xa0\x80", "ilseq"},      // a surrogate
          {"\xf4\x90\x80\x80", "ilseq"},  // beyond the last character
          {"\xff/a", "ilseq"},
          {"/", "perm"},
          {"/a", "perm"},
          {std::string(4096, 'a'), "nametoolong"},
          {std::string(4094, '.') + "/a", "nametoolong"},
          {std::string(60000, '/'), "nametoolong"},
      };
      if (!is_target) {
        paths.push_back({"..", "perm"});
        paths.push_back({"../a", "perm"});
        paths.push_back({std::string(256, 'a') + "/a", "nametoolong"});
      }
      for (const auto& [path, error] : paths) {
        CAPTURE(path);
        Arguments arguments = guest.good();
        guest.put_text(2048, path);
        arguments[i] = 2048;
        arguments[i + 1] = path.size();
        const std::string ending = guest.call(arguments).text();
        // Directories in memory have no links, whatever they were to be called.
        if (ending != "notsup" || !guest.is_virtual() || !is_link) CHECK(ending == error);
      }
    });
  }

  TEST_CASE("a guest without memory has no good address") {
    for (const Row& row : rows()) {
      const std::string name = row.name;
      CAPTURE(name);
      Attacker guest(row, /*has_memory=*/false);
      Arguments arguments = guest.good();
      bool has_address = false;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (row.params[i].role == Role::number || row.params[i].role == Role::fd) continue;
        arguments[i] = 0;
        has_address = has_address || row.params[i].role == Role::result;
      }
      const Ending ending = guest.call(arguments);
      if (has_address) CHECK(ending.text() == "out of bounds");
    }
  }

  TEST_CASE("arguments at random") {
    constexpr std::uint64_t kValues[] = {
        0,          1,          2,          3,          4,          7,          8,          16,
        255,        256,        512,        1024,       4096,       65528,      65535,      65536,
        0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 1ull << 62, 1ull << 63, ~0ull >> 1, ~0ull,
    };
    TestRandom random;
    for (const Row& row : rows()) {
      const std::string name = row.name;
      CAPTURE(name);
      if (name == "proc_exit") continue;
      std::optional<Attacker> guest(std::in_place, row);
      for (int round = 0; round < 400; ++round) {
        if (round == 200) guest.emplace(row, /*has_memory=*/true, /*is_virtual=*/true);
        guest->clear();  // or poll_oneoff would find a clock that is far from due
        Arguments arguments = guest->good();
        for (std::uint64_t& argument : arguments) {
          if (random.below(2) == 0) argument = kValues[random.below(std::size(kValues))];
        }
        if (name == "fd_allocate") arguments[2] |= 1ull << 62;                 // not the disk
        if (name.starts_with("sock_") && arguments[0] == 4) arguments[0] = 3;  // no waiting
        const Ending ending = guest->call(arguments);
        CHECK(ending.code <= static_cast<std::uint32_t>(Errno::notcapable));
      }
    }
  }
}
