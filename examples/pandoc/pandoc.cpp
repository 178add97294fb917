// SPDX-License-Identifier: Apache-2.0
// Converts documents with pandoc as the npm package "pandoc-wasm" has it: a Haskell program of
// 58 MB that is a library (a WASI reactor), and whose Lua filters throw and catch exceptions.
//
//   pandoc MODULE FROM TO [FILTER.lua] < document > converted
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/tinywasm.hpp>

namespace tw = tinywasm;
namespace fs = std::filesystem;

namespace {

using Address = std::uint32_t;

/// Copies bytes into memory that the guest allocates.
tw::Result<Address> give(const tw::Instance& instance, std::string_view bytes) {
  auto allocate = instance.func<Address(Address)>("malloc");
  if (!allocate) return allocate.error();
  auto address = (*allocate)(static_cast<Address>(bytes.size()));
  if (!address) return address;
  auto memory = instance.memory("memory");
  if (!memory) return memory.error();
  std::byte* const to = memory->find(*address, bytes.size());
  if (to == nullptr) return tw::Error{tw::ErrorKind::host, "malloc failed"};
  bytes.copy(reinterpret_cast<char*>(to), bytes.size());
  return address;
}

/// Little-endian, as the guest has it.
std::string word(Address value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// What a C program finds before main: constructors, and here the start of Haskell's runtime.
tw::Result<void> initialise(const tw::Instance& instance, const std::vector<std::string>& args) {
  for (const char* name : {"_initialize", "__wasm_call_ctors"}) {
    auto function = instance.func<void()>(name);
    if (!function) continue;
    if (auto done = (*function)(); !done) return done;
  }
  std::string argv;
  for (const std::string& arg : args) {
    auto address = give(instance, std::string_view(arg.c_str(), arg.size() + 1));
    if (!address) return address.error();
    argv += word(*address);
  }
  auto argv_array = give(instance, argv + word(0));
  if (!argv_array) return argv_array.error();
  auto argv_pointer = give(instance, word(*argv_array));
  if (!argv_pointer) return argv_pointer.error();
  auto argc_pointer = give(instance, word(static_cast<Address>(args.size())));
  if (!argc_pointer) return argc_pointer.error();
  auto start = instance.func<void(Address, Address)>("hs_init_with_rtsopts");
  if (!start) return start.error();
  return (*start)(*argc_pointer, *argv_pointer);
}

/// Runs the conversion that `options` describe, on the files in `directory`.
tw::Result<void> convert(const char* path, const fs::path& directory, const std::string& options) {
  auto module = tw::Module::from_file(path);
  if (!module) return module.error();
  tw::Store store;
  tw::Linker linker{store};
  const std::vector<std::string> args{"pandoc", "+RTS", "-H64m", "-RTS"};
  linker.define_wasi({.args = args, .preopens = {{.guest = "/", .host = directory.string()}}});
  auto instance = linker.instantiate(*module);
  if (!instance) return instance.error();
  if (auto ready = initialise(*instance, args); !ready) return ready;
  auto address = give(*instance, options);
  if (!address) return address.error();
  auto function = instance->func<void(Address, Address)>("convert");
  if (!function) return function.error();
  return (*function)(*address, static_cast<Address>(options.size()));
}

bool is_format(std::string_view name) {
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '+' && c != '-') {
      return false;
    }
  }
  return !name.empty();
}

/// The module reads and writes files of these names.
int run(const char* module, const fs::path& directory, const std::string& options) {
  std::ofstream(directory / "stdin", std::ios::binary) << std::cin.rdbuf();
  for (const char* name : {"stdout", "stderr", "warnings"}) std::ofstream(directory / name);
  const tw::Result<void> done = convert(module, directory, options);
  if (!done) {
    std::cerr << done.error() << '\n' << tw::backtrace_text(done.error());
    return 1;
  }
  std::ostringstream errors;
  errors << std::ifstream(directory / "stderr", std::ios::binary).rdbuf();
  std::ostringstream output;
  output << std::ifstream(directory / "stdout", std::ios::binary).rdbuf();
  std::cerr << errors.str();
  std::cout << output.str() << std::flush;
  return output.str().empty() && !errors.str().empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5 || !is_format(argv[2]) || !is_format(argv[3])) {
    std::cerr << "usage: pandoc MODULE FROM TO [FILTER.lua] < document > converted\n";
    return 2;
  }
  std::string directory = (fs::temp_directory_path() / "pandoc-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return std::cerr << "no temporary directory\n", 1;
  std::string options = std::string("{\"from\":\"") + argv[2] + "\",\"to\":\"" + argv[3] + '"';
  std::error_code error;
  if (argc == 5) {
    fs::copy_file(argv[4], fs::path(directory) / "filter.lua", error);
    options += ",\"filters\":[\"filter.lua\"]";
  }
  const int status = error ? (std::cerr << argv[4] << ": " << error.message() << '\n', 1)
                           : run(argv[1], directory, options + '}');
  fs::remove_all(directory, error);
  return status;
}
