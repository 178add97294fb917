// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: functions that take any bytes and must return. A crash, a sanitizer's report, a
// hang, memory without bound or a failed `require` is a bug. README.md tells how they are run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tinywasm::fuzz {

using Input = std::span<const std::byte>;

/// What a target takes. Of `calls` any bytes are some; a script is a whole file.
enum class Form { source, module, body, calls, script };

struct Target {
  std::string_view name;
  std::string_view what;
  Form form;
  void (*run)(Input input);
};

/// The reader alone, on modules that are mostly beyond validation.
void read(Input input);
/// The validator: the input is the body of a function in a module that has one of everything.
void validate(Input input);
/// Lexer, parser and assembler; what they make of a source must be readable.
void assemble(Input input);
/// A whole module: loaded, instantiated and all its exports called, under small limits and fuel, in
/// every way of running.
void run_module(Input input);
/// As run_module, on the body of `validate`.
void run_body(Input input);

/// A module under several sets of features: what is valid under some is valid under more.
void features(Input input);
/// A test script, run under small limits.
void scripts(Input input);

/// What a guest does with WASI: calls and their arguments (see wasi_target.cpp).
void wasi_calls(Input input);

/// What an embedder does with the API (see api_target.cpp).
void api_calls(Input input);
/// Programs made of choices (program.hpp), in every way of running.
void run_programs(Input input);

/// What a module costs (cost.hpp): memory, time and printed text, beside what it may cost.
void costs(Input input);
/// The same of modules that are made of choices to cost much (bombs.hpp).
void bombs(Input input);

inline constexpr Target kTargets[] = {
    {"read", "the binary reader", Form::module, &read},
    {"validate", "the validator, on one function body", Form::body, &validate},
    {"assemble", "the text format", Form::source, &assemble},
    {"run_module", "whole modules", Form::module, &run_module},
    {"run_body", "function bodies", Form::body, &run_body},
    {"features", "modules under sets of features", Form::module, &features},
    {"scripts", "test scripts", Form::script, &scripts},
    {"wasi_calls", "calls of WASI", Form::calls, &wasi_calls},
    {"api_calls", "the embedding API", Form::calls, &api_calls},
    {"run_programs", "programs made of any bytes", Form::calls, &run_programs},
    {"costs", "memory and time that modules take", Form::module, &costs},
    {"bombs", "the same of costly modules made of any bytes", Form::calls, &bombs},
};

/// Ends the process with a message unless `holds`.
void require(bool holds, std::string_view message);

}  // namespace tinywasm::fuzz
