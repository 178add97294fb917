// SPDX-License-Identifier: Apache-2.0
// Splits the arguments of a subcommand into its options and the rest.
#include "tools/command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>

namespace tinywasm::tools {
namespace {

/// An argument that is an option: its name, and the value that is written with it.
struct Given {
  std::string_view name;
  std::optional<std::string_view> value;
};

Given split(std::string_view argument) {
  if (!argument.starts_with("--")) {
    constexpr std::size_t kShort = 2;  // "-o"
    if (argument.size() == kShort) return {argument, std::nullopt};
    return {argument.substr(0, kShort), argument.substr(kShort)};
  }
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return {argument, std::nullopt};
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

bool is_option(std::string_view argument) {
  return argument.size() > 1 && argument.starts_with('-') && argument != "--";
}

}  // namespace

void CommandLine::add_flag(std::string_view names, bool& is_given) {
  options_.push_back({.names = names, .flag = &is_given});
}

void CommandLine::add_option(std::string_view names, std::optional<std::string>& value) {
  options_.push_back({.names = names, .value = &value});
}

void CommandLine::add_list(std::string_view names, std::vector<std::string>& values) {
  options_.push_back({.names = names, .list = &values});
}

const CommandLine::Option* CommandLine::find(std::string_view name) const {
  for (const Option& option : options_) {
    const std::size_t comma = option.names.find(',');
    if (option.names.substr(0, comma) == name) return &option;
    if (comma != std::string_view::npos && option.names.substr(comma + 1) == name) return &option;
  }
  return nullptr;
}

std::string CommandLine::set(const Option& option, std::string_view name,
                             const std::string& value) {
  if (option.list != nullptr) {
    option.list->push_back(value);
    return {};
  }
  if (option.value->has_value()) return fmt::format("{} is given twice", name);
  *option.value = value;
  return {};
}

std::string CommandLine::parse(const std::vector<std::string>& arguments, Order order,
                               std::vector<std::string>& rest) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!is_option(argument)) {
      const bool is_end = argument == "--";
      if (is_end || order == Order::options_first) {
        const bool is_left_out = is_end && order == Order::mixed;
        const std::size_t begin = is_left_out ? i + 1 : i;
        rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(begin),
                    arguments.end());
        return {};
      }
      rest.push_back(argument);
      continue;
    }
    const Given given = split(argument);
    const Option* const option = find(given.name);
    if (option == nullptr) return fmt::format("unknown option {}", given.name);
    if (option->flag != nullptr) {
      if (given.value) return fmt::format("{} takes no value", given.name);
      *option->flag = true;
      continue;
    }
    std::string value;
    if (given.value) {
      value = *given.value;
    } else if (++i < arguments.size()) {
      value = arguments[i];
    } else {
      return fmt::format("{} needs a value", given.name);
    }
    if (std::string problem = set(*option, given.name, value); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace tinywasm::tools
