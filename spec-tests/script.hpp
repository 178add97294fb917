// SPDX-License-Identifier: Apache-2.0
// Test scripts of the official suite
// (https://github.com/WebAssembly/spec/tree/main/interpreter#scripts): modules in the text format
// with commands and assertions around them, read one command at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tinywasm/result.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/value.hpp>

#include "decoder/text_cursor.hpp"
#include "decoder/text_lexer.hpp"
#include "decoder/text_parser.hpp"
#include "decoder/utf8.hpp"

namespace tinywasm::spec {

/// What an argument is or a result has to be.
struct Pattern {
  enum class Kind : std::uint8_t {
    number,   // `type` is a number type or v128; `lanes` says which
    null,     // of `heap`, or any null
    func,     // (ref.func): any function
    extern_,  // (ref.extern N) or (ref.extern)
    host,     // (ref.host N) or (ref.host): one of the host's as the `any` hierarchy sees it
    any,
    eq,
    i31,
    struct_,
    array,
    exn,
    either,  // one of `alternatives`
  };
  /// One lane of a v128; a number is a single lane.
  struct Lane {
    enum class Kind : std::uint8_t { bits, nan_canonical, nan_arithmetic };
    Kind kind = Kind::bits;
    std::uint64_t bits = 0;
  };

  Kind kind = Kind::number;
  ValueType type{};
  unsigned lane_bits = 0;
  unsigned lane_count = 0;
  std::array<Lane, 16> lanes{};
  std::optional<decoder::HeapType> heap{};  // kind == null
  std::optional<std::uint32_t> number{};    // kind == extern_ or host: which one
  std::vector<Pattern> alternatives{};

  bool matches(const Value& value) const;
  /// Whether it names exactly one value, and can be an argument.
  bool is_value() const;
  /// That value, for calls in `store`.
  Value value(Store& store) const;
};

/// (invoke $instance? "name" arguments...) or (get $instance? "name")
struct Action {
  bool is_get = false;
  std::optional<std::string> instance;
  std::string name;
  std::vector<Pattern> arguments;  // that name a value
};

enum class CommandKind : std::uint8_t {
  module,     // (module ...), (module definition ...)
  instance,   // (module instance $instance? $module?)
  register_,  // (register "name" $instance?)
  action,
  assert_return,
  assert_trap,
  assert_exhaustion,
  assert_exception,
  assert_invalid,
  assert_malformed,
  assert_unlinkable,
  assert_invalid_custom,
  assert_malformed_custom,
  thread,  // (thread $name? (shared (module $instance))* commands...)
  wait,    // (wait $thread?)
};

struct Command {
  CommandKind kind = CommandKind::module;
  std::size_t offset = 0;  // in the script
  /// The module of a module command, or what an assertion is about unless it is `action`. When it
  /// could not be parsed: why.
  std::optional<Result<decoder::TextModule>> module{};
  std::optional<Action> action{};
  std::vector<Pattern> results{};   // assert_return
  std::string_view results_text{};  // as the script writes them
  std::string text{};               // the message expected; register: the name
  /// instance: to be bound; register: to be used; thread and wait: the thread.
  std::optional<std::string> instance{};
  /// Makes an instance, `instance`, of a module that is there: (module instance $i? $m?), the
  /// command or what an assertion is about.
  bool is_instantiation = false;
  std::optional<std::string> definition{};  // of which module
  std::vector<std::string> shared{};        // thread: instances it shares memories with
  std::vector<Command> commands{};          // thread
};

/// Reads a script's commands in turn. The source outlives it.
class ScriptReader {
 public:
  explicit ScriptReader(std::string_view source) : source_(source), lexer_(source) {
    lexer_.seek(decoder::byte_order_mark(source));
  }

  /// The next command; nothing at the end. After an error, which tells a line, reading goes on
  /// with the command after the one that is wrong, if its end can be found.
  std::optional<Result<Command>> next();

  /// The line of a place in the script.
  std::uint32_t line(std::size_t offset) const { return lexer_.place(offset).line; }

 private:
  void read_command(decoder::TextCursor& in, Command& command);
  void read_module(decoder::TextCursor& in, Command& command);
  void read_thread(decoder::TextCursor& in, Command& command);
  void read_assertion(decoder::TextCursor& in, Command& command);
  Command inline_module();
  Result<decoder::TextModule> module_form();
  void skip_form_at(std::size_t begin);

  std::string_view source_;
  decoder::TextLexer lexer_;
  bool is_first_ = true;
  bool is_over_ = false;
};

/// Parses a pattern after its opening parenthesis, and the closing one.
Pattern parse_pattern(decoder::TextCursor& in);
/// As parse_pattern, of one that names a value.
Pattern parse_argument(decoder::TextCursor& in);

}  // namespace tinywasm::spec
