// SPDX-License-Identifier: Apache-2.0
// Prints what modules do, in a form that other engines can be compared with (differential.mjs): the
// calls they make, the results or the end of every exported function, and the state afterwards.
//
//   fuzz_trace [--way fused|plain|loop] FILE...   the traces
//   fuzz_trace --types FILE...                    the types of imports and exports, as JSON lines
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <string>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <tinywasm/tinywasm.hpp>

#include "tools/fuzz/imports.hpp"

namespace {

namespace tw = tinywasm;
using nlohmann::json;

/// Numbers by their bits, NaNs as one; of references only whether they are null.
std::string show(const tw::Value& value) {
  const tw::ValueType type = value.type();
  const std::uint64_t bits = value.slots()[0];
  if (type == tw::ValueType::i32) return fmt::format("i32:{:x}", static_cast<std::uint32_t>(bits));
  if (type == tw::ValueType::i64) return fmt::format("i64:{:x}", bits);
  if (type == tw::ValueType::f32) {
    return std::isnan(value.f32()) ? "f32:nan"
                                   : fmt::format("f32:{:x}", static_cast<std::uint32_t>(bits));
  }
  if (type == tw::ValueType::f64) {
    return std::isnan(value.f64()) ? "f64:nan" : fmt::format("f64:{:x}", bits);
  }
  if (type == tw::ValueType::v128) {
    return fmt::format("v128:{:016x}{:016x}", value.slots()[1], bits);
  }
  return bits == 0 ? "null" : "ref";
}

/// What arguments can be: zeros and null.
bool has_zeros(const std::vector<tw::ValueType>& types) {
  return std::all_of(types.begin(), types.end(), tw::fuzz::has_zero);
}

/// How a call ended, as far as engines agree on it.
std::string ending(const tw::Error& error) {
  switch (error.kind) {
    case tw::ErrorKind::exhaustion:
      return "limit";
    case tw::ErrorKind::exception:
      return "exception";
    case tw::ErrorKind::trap:
      return "trap";
    default:
      return "error: " + tw::to_string(error);
  }
}

class Run {
 public:
  Run(const tw::Module& module, const tw::StoreConfig& config)
      : module_(module), store_(config), linker_(store_) {}

  void trace() {
    tw::fuzz::define_imports(module_, store_, linker_, logger);
    auto instance = linker_.instantiate(module_);
    if (!instance) {
      fmt::print("instantiate {}\n", ending(instance.error()));
      return;
    }
    show_state(*instance);
    for (const tw::ExportType& entry : instance->exports()) {
      const auto* type = std::get_if<tw::FuncType>(&entry.type);
      if (type == nullptr || !has_zeros(type->params)) continue;
      std::vector<tw::Value> arguments;
      // The Store's types, which it compares arguments with, not the module's.
      const auto function = instance->func(entry.name);
      for (const tw::ValueType param : function->type().params)
        arguments.push_back(tw::fuzz::zero(param));
      fmt::print("call {}\n", entry.name);
      const auto results = function->call(arguments);
      if (results) {
        std::string line = "  returns";
        for (const tw::Value& result : *results) line += ' ' + show(result);
        fmt::print("{}\n", line);
      } else {
        fmt::print("  {}\n", ending(results.error()));
      }
      show_state(*instance);
    }
  }

 private:
  /// A host function that prints its arguments and returns zeros.
  static tw::HostFunction logger(const std::string& name, const tw::FuncType& type) {
    return tw::HostFunction::dynamic(type,
                                     [name](tw::Caller&, std::span<const tw::Value> arguments,
                                            std::span<tw::Value>) -> tw::Result<void> {
                                       std::string line = "  import " + name;
                                       for (const tw::Value& argument : arguments)
                                         line += ' ' + show(argument);
                                       fmt::print("{}\n", line);
                                       return {};
                                     });
  }

  void show_state(const tw::Instance& instance) {
    for (const tw::ExportType& entry : instance.exports()) {
      if (std::holds_alternative<tw::MemoryType>(entry.type)) {
        const auto memory = instance.memory(entry.name);
        fmt::print("  memory {} {} {:x}\n", entry.name, memory->bytes().size(),
                   hash(memory->bytes()));
      } else if (const auto* type = std::get_if<tw::GlobalType>(&entry.type)) {
        if (type->type == tw::ValueType::v128) continue;  // JavaScript cannot see it
        fmt::print("  global {} {}\n", entry.name, show(instance.global(entry.name)->get()));
      }
    }
  }

  /// Of the words that are not zero, and where they are.
  static std::uint32_t hash(std::span<const std::byte> bytes) {
    std::uint32_t value = 2166136261u;  // FNV-1a, a word at a time
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
      std::uint32_t word;
      std::memcpy(&word, bytes.data() + at, 4);
      if (word != 0) value = (value ^ word ^ static_cast<std::uint32_t>(at)) * 16777619u;
    }
    return value;
  }

  const tw::Module& module_;
  tw::Store store_;
  tw::Linker linker_;
};

json types_of(const std::vector<tw::ValueType>& types) {
  json list = json::array();
  for (const tw::ValueType type : types) list.push_back(to_string(type));
  return list;
}

json describe(const tw::ExternType& type) {
  if (const auto* function = std::get_if<tw::FuncType>(&type)) {
    return {{"kind", "func"},
            {"params", types_of(function->params)},
            {"results", types_of(function->results)},
            {"callable", has_zeros(function->params)}};
  }
  if (const auto* global = std::get_if<tw::GlobalType>(&type)) {
    return {{"kind", "global"}, {"type", to_string(global->type)}, {"mutable", global->is_mutable}};
  }
  if (std::holds_alternative<tw::MemoryType>(type)) return {{"kind", "memory"}};
  if (std::holds_alternative<tw::TableType>(type)) return {{"kind", "table"}};
  return {{"kind", "tag"}, {"params", types_of(std::get<tw::TagType>(type).type.params)}};
}

void print_types(const tw::Module& module) {
  json all = {{"imports", json::array()}, {"exports", json::array()}};
  for (const tw::ImportType& import : module.imports()) {
    all["imports"].push_back(
        {{"module", import.module}, {"name", import.name}, {"type", describe(import.type)}});
  }
  for (const tw::ExportType& entry : module.exports()) {
    all["exports"].push_back({{"name", entry.name}, {"type", describe(entry.type)}});
  }
  fmt::print("{}\n", all.dump());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints what modules do");
  std::string way = "fused";
  bool types = false;
  std::vector<std::string> files;
  app.add_option("--way", way, "fused, plain or loop")
      ->check(CLI::IsMember({"fused", "plain", "loop"}));
  app.add_flag("--types", types, "print the types of imports and exports");
  app.add_option("files", files, "modules")->required();
  CLI11_PARSE(app, argc, argv);
  tw::StoreConfig config;
  config.fuse = way == "fused";
  config.portable_loop = way == "loop";
  config.max_memory_bytes = std::uint64_t{1} << 30;
  for (const std::string& file : files) {
    if (!types) fmt::print("== {}\n", file);
    const auto module = tw::Module::from_file(file);
    if (!module) {
      fmt::print("{}\n", types ? "null" : "load " + tw::to_string(module.error()));
      continue;
    }
    types ? print_types(*module) : Run(*module, config).trace();
  }
}
