// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/seeds.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "decoder/module.hpp"
#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/text_lexer.hpp"

namespace tinywasm::fuzz {
namespace {

namespace fs = std::filesystem;
using decoder::TextLexer;
using decoder::Token;
using decoder::TokenKind;

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Seed bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

void visit_module(Seed module, Form form, const std::function<void(Seed)>& visit) {
  if (form != Form::body) return visit(std::move(module));
  const auto read = decoder::read_module(std::move(module));
  if (!read) return;
  for (const decoder::FunctionBody& body : read->bodies) {
    visit({read->bytes.begin() + body.begin, read->bytes.begin() + body.end});
  }
}

void visit_source(std::string_view source, Form form, const std::function<void(Seed)>& visit) {
  if (form == Form::source) return visit(bytes_of(source));
  auto module = decoder::assemble(source);
  if (module) visit_module(std::move(*module), form, visit);
}

/// Every "(module ...)" of a script, wherever it stands.
void visit_script(std::string_view script, Form form, const std::function<void(Seed)>& visit) {
  TextLexer lexer(script);
  for (Token token = lexer.next();
       token.kind != TokenKind::end && token.kind != TokenKind::error;) {
    const Token word = lexer.next();
    if (token.kind != TokenKind::left || word.text != "module") {
      token = word;
      continue;
    }
    const std::size_t begin = lexer.offset_of(token);
    std::size_t end = begin;
    for (int depth = 1; depth > 0;) {
      const Token next = lexer.next();
      if (next.kind == TokenKind::end || next.kind == TokenKind::error) return;
      if (next.kind == TokenKind::left) ++depth;
      if (next.kind == TokenKind::right) --depth;
      end = lexer.offset_of(next) + 1;
    }
    visit_source(script.substr(begin, end - begin), form, visit);
    token = lexer.next();
  }
}

bool visit_file(const fs::path& path, Form form, const std::function<void(Seed)>& visit) {
  const std::optional<std::string> contents = read_file(path);
  if (!contents) return false;
  if (form == Form::script) {
    if (path.extension() != ".wasm") visit(bytes_of(*contents));
  } else if (path.extension() == ".wast") {
    visit_script(*contents, form, visit);
  } else if (path.extension() == ".wat") {
    visit_source(*contents, form, visit);
  } else if (path.extension() == ".wasm") {
    visit_module(bytes_of(*contents), form, visit);
  } else {
    visit(bytes_of(*contents));
  }
  return true;
}

}  // namespace

bool for_each_seed(const std::string& path, Form form, const std::function<void(Seed)>& visit) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return visit_file(path, form, visit);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  if (error) return false;
  std::sort(files.begin(), files.end());
  return std::all_of(files.begin(), files.end(),
                     [&](const fs::path& file) { return visit_file(file, form, visit); });
}

}  // namespace tinywasm::fuzz
