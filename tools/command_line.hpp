// SPDX-License-Identifier: Apache-2.0
// Splits the arguments of a subcommand into its options and the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tinywasm::tools {

/// Options are declared with the variable that gets their value, then parse() fills these in.
/// Names are given as "--name" or "-n,--name". A value follows as the next argument, or as
/// --name=VALUE or -nVALUE; an empty one is a value like any other, so that --name= never takes the
/// argument behind it.
class CommandLine {
 public:
  enum class Order : unsigned char {
    mixed,          // options stand anywhere before "--", which is left out
    options_first,  // the first argument that is no option, "--" included, begins the rest
  };

  /// An option without a value.
  void add_flag(std::string_view names, bool& is_given);
  /// An option with a value, at most once.
  void add_option(std::string_view names, std::optional<std::string>& value);
  /// An option with a value, any number of times.
  void add_list(std::string_view names, std::vector<std::string>& values);

  /// Sets the variables and appends all other arguments to `rest`. What is wrong, or "".
  std::string parse(const std::vector<std::string>& arguments, Order order,
                    std::vector<std::string>& rest) const;

 private:
  struct Option {
    std::string_view names;
    bool* flag = nullptr;
    std::optional<std::string>* value = nullptr;
    std::vector<std::string>* list = nullptr;
  };

  const Option* find(std::string_view name) const;
  static std::string set(const Option& option, std::string_view name, const std::string& value);

  std::vector<Option> options_;
};

}  // namespace tinywasm::tools
