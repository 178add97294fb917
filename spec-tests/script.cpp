// SPDX-License-Identifier: Apache-2.0
#include "spec-tests/script.hpp"

#include <algorithm>
#include <utility>

namespace tinywasm::spec {

using decoder::Insn;
using decoder::Keyword;
using decoder::Message;
using decoder::TextCursor;
using decoder::TextLexer;
using decoder::TextModule;
using decoder::Token;
using decoder::TokenKind;

namespace {

struct CommandWord {
  std::string_view text;
  CommandKind kind;
};
constexpr CommandWord kCommandWords[] = {
    {"module", CommandKind::module},
    {"register", CommandKind::register_},
    {"invoke", CommandKind::action},
    {"get", CommandKind::action},
    {"assert_return", CommandKind::assert_return},
    {"assert_trap", CommandKind::assert_trap},
    {"assert_exhaustion", CommandKind::assert_exhaustion},
    {"assert_exception", CommandKind::assert_exception},
    {"assert_invalid", CommandKind::assert_invalid},
    {"assert_malformed", CommandKind::assert_malformed},
    {"assert_unlinkable", CommandKind::assert_unlinkable},
    {"assert_invalid_custom", CommandKind::assert_invalid_custom},
    {"assert_malformed_custom", CommandKind::assert_malformed_custom},
    {"thread", CommandKind::thread},
    {"wait", CommandKind::wait},
};

std::optional<CommandKind> find_command(std::string_view text) {
  const auto* found = std::find_if(std::begin(kCommandWords), std::end(kCommandWords),
                                   [&](const CommandWord& word) { return word.text == text; });
  if (found == std::end(kCommandWords)) return std::nullopt;
  return found->kind;
}

bool is_module_field(Keyword word) {
  switch (word) {
    case Keyword::type:
    case Keyword::rec:
    case Keyword::import_:
    case Keyword::func:
    case Keyword::table:
    case Keyword::memory:
    case Keyword::global:
    case Keyword::tag:
    case Keyword::export_:
    case Keyword::start:
    case Keyword::elem:
    case Keyword::data:
      return true;
    default:
      return false;
  }
}

std::optional<std::string> accept_name(TextCursor& in) {
  const auto name = in.accept_identifier();
  if (!name) return std::nullopt;
  return std::string(*name);
}

/// "invoke" or "get" with what follows, and the closing parenthesis.
Action parse_action(TextCursor& in) {
  Action action;
  const Token word = in.next();
  action.is_get = word.text == "get";
  if (!action.is_get && word.text != "invoke") in.fail_unexpected(word);
  action.instance = accept_name(in);
  action.name = in.expect_string();
  while (!action.is_get && in.accept(TokenKind::left)) {
    action.arguments.push_back(parse_argument(in));
  }
  in.expect_right();
  return action;
}

}  // namespace

std::optional<Result<Command>> ScriptReader::next() {
  if (is_over_ || lexer_.peek().kind == TokenKind::end) return std::nullopt;
  TextCursor in{lexer_};
  Command command;
  command.offset = lexer_.position();
  const bool is_first = std::exchange(is_first_, false);
  if (is_first && in.at(TokenKind::left) && is_module_field(in.peek_second().keyword)) {
    return inline_module();
  }
  read_command(in, command);
  if (!in.failed()) return command;
  skip_form_at(command.offset);
  return in.error();
}

/// The fields of a module that is the whole script.
Command ScriptReader::inline_module() {
  is_over_ = true;
  Command command;
  command.offset = lexer_.position();
  command.module = decoder::parse_text_fields(lexer_);
  return command;
}

void ScriptReader::read_command(TextCursor& in, Command& command) {
  if (!in.at(TokenKind::left)) return in.fail_unexpected();
  const Token word = in.peek_second();
  const auto kind = find_command(word.text);
  if (!kind) return in.fail_unexpected(word);
  command.kind = *kind;
  switch (*kind) {
    case CommandKind::module:
      return read_module(in, command);
    case CommandKind::action:
      in.expect_left();
      command.action = parse_action(in);
      return;
    case CommandKind::thread:
      return read_thread(in, command);
    case CommandKind::wait:
      in.expect_left();
      in.next();
      command.instance = accept_name(in);
      return in.expect_right();
    case CommandKind::register_:
      in.expect_left();
      in.next();
      command.text = in.expect_name();
      command.instance = accept_name(in);
      return in.expect_right();
    default:
      in.expect_left();
      in.next();
      return read_assertion(in, command);
  }
}

void ScriptReader::read_module(TextCursor& in, Command& command) {
  const std::size_t begin = in.position();
  in.expect_left();
  in.next();
  if (!in.accept(Keyword::instance)) {
    in.seek(begin);
    command.module = module_form();
    return;
  }
  if (command.kind == CommandKind::module) command.kind = CommandKind::instance;
  command.is_instantiation = true;
  command.instance = accept_name(in);
  command.definition = accept_name(in);
  in.expect_right();
}

/// A thread's commands are read with it. Threads start no others.
void ScriptReader::read_thread(TextCursor& in, Command& command) {
  in.expect_left();
  in.next();
  command.instance = accept_name(in);
  while (in.accept_open(Keyword::shared)) {
    in.expect_open(Keyword::module);
    command.shared.push_back(accept_name(in).value_or(""));
    in.expect_right();
    in.expect_right();
  }
  while (!in.failed() && in.at(TokenKind::left)) {
    const Token word = in.peek_second();
    const auto kind = find_command(word.text);
    if (kind == CommandKind::thread || kind == CommandKind::wait) return in.fail_unexpected(word);
    Command& inner = command.commands.emplace_back();
    inner.offset = in.position();
    read_command(in, inner);
  }
  in.expect_right();
}

void ScriptReader::read_assertion(TextCursor& in, Command& command) {
  const bool is_about_actions = command.kind == CommandKind::assert_return ||
                                command.kind == CommandKind::assert_trap ||
                                command.kind == CommandKind::assert_exhaustion ||
                                command.kind == CommandKind::assert_exception;
  const bool has_module = in.at_open(Keyword::module);
  if (has_module && command.kind != CommandKind::assert_return) {
    read_module(in, command);
    const bool takes_instance = is_about_actions || command.kind == CommandKind::assert_unlinkable;
    if (command.is_instantiation && !takes_instance) return in.fail_unexpected();
  } else if (is_about_actions) {
    in.expect_left();
    command.action = parse_action(in);
  } else {
    return in.fail_unexpected();
  }
  if (command.kind == CommandKind::assert_return) {
    const std::size_t begin = in.position();
    while (in.accept(TokenKind::left)) command.results.push_back(parse_pattern(in));
    command.results_text = source_.substr(begin, in.position() - begin);
  } else if (command.kind != CommandKind::assert_exception) {
    command.text = in.expect_string();
  }
  in.expect_right();
}

/// The module that comes next. One that cannot be parsed is skipped.
Result<TextModule> ScriptReader::module_form() {
  const std::size_t begin = lexer_.position();
  auto module = decoder::parse_text_module(lexer_);
  if (!module) skip_form_at(begin);
  return module;
}

/// Goes on after the form that begins at `begin`. What is wrong inside of it has been told.
void ScriptReader::skip_form_at(std::size_t begin) {
  lexer_.seek(begin);
  TextCursor in{lexer_};
  if (in.accept(TokenKind::left)) {
    in.skip_form();
  } else {
    in.next();
  }
  // Without an end of the form there is nothing to go on with.
  if (in.failed()) is_over_ = true;
}

}  // namespace tinywasm::spec
