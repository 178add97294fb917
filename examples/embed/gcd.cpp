// SPDX-License-Identifier: Apache-2.0
// Embedding tinywasm: loads a module, gives it host functions and WASI, and calls an export.
#include <cstdint>
#include <iostream>
#include <string_view>

#include <tinywasm/tinywasm.hpp>

namespace tw = tinywasm;

int run(const char* path) {
  auto module = tw::Module::from_file(path);  // .wasm or .wat; decode + validate
  if (!module) return std::cerr << module.error() << '\n', 1;

  tw::Store store{{.max_memory_bytes = 64 << 20, .fuel = 50'000'000}};
  tw::Linker linker{store};
  linker.define("env", "log", [](tw::GuestSpan<const char> text) {  // wasm (i32 ptr, i32 len)
    std::cout << std::string_view{text.data(), text.size()} << '\n';
  });
  linker.define("env", "check", [](std::int32_t x) -> tw::Result<std::int32_t> {
    if (x < 0) return tw::Error{tw::ErrorKind::host, "negative"};  // traps the guest
    return x;
  });
  linker.define_wasi({.args = {"guest"}, .preopens = {{.guest = "/data", .host = "./data"}}});

  auto instance = linker.instantiate(*module);  // runs the start function
  if (!instance) return std::cerr << instance.error() << '\n', 1;
  auto gcd = instance->func<std::int32_t(std::int32_t, std::int32_t)>("gcd");
  if (!gcd) return std::cerr << gcd.error() << '\n', 1;
  auto answer = (*gcd)(12, 18);  // Result<int32_t>
  if (!answer) return std::cerr << "trap: " << answer.error() << '\n', 1;
  std::cout << *answer << '\n';
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: gcd MODULE\n";
    return 2;
  }
  return run(argv[1]);
}
