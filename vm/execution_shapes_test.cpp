// SPDX-License-Identifier: Apache-2.0
// Superinstructions: comparisons that branch in every sense and direction, and every family of
// patterns with its operands in registers and in slots.
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "vm/test_run.hpp"

using tinywasm::Machines;
using tinywasm::Value;

namespace {

template <class T>
struct Compare {
  const char* name;
  bool (*holds)(T, T);
};

template <class T>
bool less_unsigned(T a, T b) {
  return static_cast<std::make_unsigned_t<T>>(a) < static_cast<std::make_unsigned_t<T>>(b);
}
template <class T>
constexpr Compare<T> kIntCompares[] = {{"eq", [](T a, T b) { return a == b; }},
                                       {"ne", [](T a, T b) { return a != b; }},
                                       {"lt_s", [](T a, T b) { return a < b; }},
                                       {"lt_u", [](T a, T b) { return less_unsigned(a, b); }},
                                       {"gt_s", [](T a, T b) { return a > b; }},
                                       {"gt_u", [](T a, T b) { return less_unsigned(b, a); }},
                                       {"le_s", [](T a, T b) { return a <= b; }},
                                       {"le_u", [](T a, T b) { return !less_unsigned(b, a); }},
                                       {"ge_s", [](T a, T b) { return a >= b; }},
                                       {"ge_u", [](T a, T b) { return !less_unsigned(a, b); }}};
template <class T>
constexpr Compare<T> kFloatCompares[] = {
    {"eq", [](T a, T b) { return a == b; }}, {"ne", [](T a, T b) { return a != b; }},
    {"lt", [](T a, T b) { return a < b; }},  {"gt", [](T a, T b) { return a > b; }},
    {"le", [](T a, T b) { return a <= b; }}, {"ge", [](T a, T b) { return a >= b; }}};

/// All the ways a condition can decide where control goes. Each export is of two parameters, `a`
/// and `b`, and gives 1 if the condition holds.
struct Decision {
  const char* name;
  const char* before;
  const char* after;
};
constexpr Decision kDecisions[] = {
    {"value", "", ""},
    {"eqz", "", " i32.eqz i32.eqz"},
    {"br_if", " block", " br_if 0 i32.const 0 return end i32.const 1"},
    {"br_unless", " block", " i32.eqz br_if 0 i32.const 1 return end i32.const 0"},
    {"if", "", " if (result i32) i32.const 1 else i32.const 0 end"},
    {"if_eqz", "", " i32.eqz if (result i32) i32.const 0 else i32.const 1 end"},
    {"return", "", " if i32.const 1 return end i32.const 0"},
    {"select", " i32.const 1 i32.const 0", " select"},
    // Back-edges: once round if the condition (does not) hold.
    {"back",
     " loop local.get $n i32.const 1 i32.add local.tee $n i32.const 2 i32.ge_u if"
     " i32.const 1 return end",
     " br_if 0 end i32.const 0"},
    {"back_unless",
     " loop local.get $n i32.const 1 i32.add local.tee $n i32.const 2 i32.ge_u if"
     " i32.const 0 return end",
     " i32.eqz br_if 0 end i32.const 1"},
    {"br_table", " block block", " br_table 0 1 end i32.const 0 return end i32.const 1"},
    {"br_if_value", " block (result i32) i32.const 1", " br_if 0 drop i32.const 0 end"},
};

/// Functions for each decision on the condition `text`.
std::string decisions(const std::string& type, const std::string& text, const std::string& prefix) {
  std::string source;
  for (const Decision& decision : kDecisions) {
    source += "(func (export \"" + prefix + decision.name + "\") (param $a " + type +
              ") (param $b " + type + ") (result i32) (local $n i32)" + decision.before + text +
              decision.after + ")\n";
  }
  return source;
}

template <class T>
std::string literal(T value) {
  if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else {
    if (value != value) return "nan";
    return to_string(Value(value));
  }
}

template <class T>
void check_compare(const char* type, const Compare<T>& compare, const std::vector<T>& values) {
  const std::string op = std::string(" ") + type + "." + compare.name;
  std::string source = "(memory 1)" + decisions(type, " local.get $a local.get $b" + op, "x ");
  // A loaded value on the left.
  const std::string store =
      std::string(" i32.const 8 local.get $a ") + type + ".store i32.const 8 " + type + ".load";
  source += decisions(type, store + " local.get $b" + op, "load ");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string constant = std::string(" ") + type + ".const " + literal(values[i]);
    const std::string name = std::to_string(i);
    source += decisions(type, " local.get $a" + constant + op, "right " + name + " ");
    source += decisions(type, constant + " local.get $a" + op, "left " + name + " ");
    source += decisions(type, store + constant + op, "load " + name + " ");
  }
  Machines machines(source);
  const auto check = [&](const std::string& prefix, T a, T b, bool expected) {
    CAPTURE(prefix);
    CAPTURE(a);
    CAPTURE(b);
    for (const Decision& decision : kDecisions) {
      CAPTURE(decision.name);
      CHECK(machines.call(prefix + decision.name, {a, b}) == (expected ? "1" : "0"));
    }
  };
  for (const T a : values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T b = values[i];
      const std::string name = std::to_string(i);
      check("x ", a, b, compare.holds(a, b));
      check("load ", a, b, compare.holds(a, b));
      check("right " + name + " ", a, b, compare.holds(a, b));
      check("left " + name + " ", a, b, compare.holds(b, a));
      check("load " + name + " ", a, b, compare.holds(a, b));
    }
  }
}

/// A leaf of a pattern: %a, %b, %c are i32 locals, %A, %B, %C i64, %x, %y, %z f64, %u, %v f32.
struct Leaf {
  char letter;
  const char* type;
};
constexpr Leaf kLeaves[] = {{'a', "i32"}, {'b', "i32"}, {'c', "i32"}, {'A', "i64"},
                            {'B', "i64"}, {'C', "i64"}, {'x', "f64"}, {'y', "f64"},
                            {'z', "f64"}, {'u', "f32"}, {'v', "f32"}};

/// A function that evaluates `pattern` three times in a loop. Bit i of `in_register` tells whether
/// the pattern's i-th leaf is used so much that it is given a register; three others of each class
/// come before the rest, which stay in their slots. Weights come from reads that are dropped.
std::string looped(const std::string& name, const std::string& pattern, const std::string& type,
                   unsigned in_register, bool result_in_register) {
  const auto weigh = [](const std::string& local, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += " local.get $" + local + " drop";
    return text;
  };
  std::string body;
  std::string parameters;
  std::string weights;
  unsigned leaf_number = 0;
  for (const Leaf& leaf : kLeaves) {
    const std::string local(1, leaf.letter);
    parameters += " (param $" + local + " " + leaf.type + ")";
    if (pattern.find("%" + local) == std::string::npos) continue;
    if ((in_register >> leaf_number++ & 1) != 0) weights += weigh(local, 60);
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    body +=
        pattern[i] == '%' ? std::string("local.get $") + pattern[++i] : std::string(1, pattern[i]);
  }
  std::string locals = "(local $n i32) (local $r " + type + ") (local $sum " + type + ")";
  std::string keep;  // the three of each class must be live all the time
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    locals += "(local $p" + number + " i32) (local $q" + number + " f64)";
    weights += weigh("p" + number, 30) + weigh("q" + number, 30);
    keep += " local.get $p" + number + " i32.const 1 i32.add local.set $p" + number +
            " local.get $q" + number + " f64.const 1 f64.add local.set $q" + number;
  }
  if (result_in_register) weights += weigh("r", 100);
  const bool is_int = type[0] == 'i';
  const std::string reset =
      " i32.const 0 i32.const 0 i32.const 256 memory.fill"
      " i32.const 0 i32.const 0 i32.const 12 memory.init $low"
      " i32.const 64 i32.const 0 i32.const 8 memory.init $high i32.const 5 global.set $g";
  return "(func (export \"" + name + "\")" + parameters + " (result " + type + " i32 f64)" +
         locals + reset + " loop" + weights + keep + " " + body +
         " local.set $r local.get $sum local.get $r" +
         (is_int ? " " + type + ".const 31 " + type + ".mul " + type + ".xor"
                 : " " + type + ".add") +
         " local.set $sum local.get $n i32.const 1 i32.add local.tee $n i32.const 3 i32.ne br_if 0 "
         "end"
         " local.get $sum local.get $p0 local.get $p1 i32.add local.get $p2 i32.add"
         " local.get $q0 local.get $q1 f64.add local.get $q2 f64.add)\n";
}

struct Pattern {
  const char* type;
  std::string text;
};

void check_patterns(const std::vector<Pattern>& patterns) {
  for (const Pattern& pattern : patterns) {
    CAPTURE(pattern.text);
    std::string source =
        "(memory 1) (global $g (mut i32) (i32.const 5))\n"
        "(data $low \"\\81\\02\\03\\00\\85\\06\\07\\08\\89\\00\\00\\00\")\n"
        "(data $high \"\\00\\00\\00\\00\\00\\00\\f8\\3f\")\n";
    unsigned leaves = 0;
    for (const Leaf& leaf : kLeaves) {
      leaves += pattern.text.find(std::string("%") + leaf.letter) != std::string::npos ? 1 : 0;
    }
    for (unsigned mask = 0; mask < 1u << leaves; ++mask) {
      for (const bool result : {false, true}) {
        source += looped(std::to_string(mask) + (result ? "r" : "s"), pattern.text, pattern.type,
                         mask, result);
      }
    }
    Machines machines(source);
    const std::int32_t ints[][3] = {{0, 4, 8}, {64, 0, 1}, {-1, 3, 33}, {40, -40, 2}};
    for (const auto& [a, b, c] : ints) {
      std::string first;
      for (unsigned mask = 0; mask < 1u << leaves; ++mask) {
        for (const char* result : {"s", "r"}) {
          const std::int64_t wide = std::int64_t{a} * 0x100000001;
          const std::string text =
              machines.call(std::to_string(mask) + result,
                            {a, b, c, wide, std::int64_t{b}, std::int64_t{c} << 40, a + 0.5,
                             b * 2.0, c - 0.25, static_cast<float>(a) / 2, static_cast<float>(b)});
          if (first.empty()) first = text;
          CHECK(text == first);
        }
      }
    }
  }
}

}  // namespace

TEST_SUITE("execution_shapes") {
  TEST_CASE("integer comparisons that branch") {
    for (const auto& compare : kIntCompares<std::int32_t>) {
      check_compare<std::int32_t>("i32", compare,
                                  {0, 1, -1, std::numeric_limits<std::int32_t>::min()});
    }
    for (const auto& compare : kIntCompares<std::int64_t>) {
      check_compare<std::int64_t>("i64", compare,
                                  {0, -1, 0x80000000, std::numeric_limits<std::int64_t>::min()});
    }
  }

  TEST_CASE("float comparisons that branch") {
    for (const auto& compare : kFloatCompares<float>) {
      check_compare<float>("f32", compare, {0.0f, -1.5f, std::numeric_limits<float>::quiet_NaN()});
    }
    for (const auto& compare : kFloatCompares<double>) {
      check_compare<double>("f64", compare, {0.0, -1.5, std::numeric_limits<double>::quiet_NaN()});
    }
  }

  TEST_CASE("counted loops: step, compare, branch back") {
    for (const char* type : {"i32", "i64"}) {
      for (const auto& compare : kIntCompares<std::int32_t>) {
        std::string source;
        const std::string t = type;
        const std::string get = " local.get $x ";
        std::vector<std::string> names;
        for (const int step : {1, -1, 3}) {
          for (const std::string& other : {std::string("local.get $y "), t + ".const 10 "}) {
            const std::string name = std::to_string(names.size());
            names.push_back(name);
            // The round is counted too, so that every loop ends.
            source +=
                "(func (export \"" + name + "\") (param $x " + t + ") (param $y " + t +
                ") (result i32 " + t +
                ") (local $n i32) block loop"
                " local.get $n i32.const 1 i32.add local.tee $n i32.const 20 i32.gt_u br_if 1" +
                get + t + ".const " + std::to_string(step) + " " + t + ".add local.tee $x " +
                other + t + "." + compare.name + " br_if 0 end end local.get $n" + get + ")\n";
          }
        }
        Machines machines(source);
        for (const std::string& name : names) {
          for (const int x : {0, 5, 10, 20, -4}) {
            for (const int y : {10, 0, -3}) {
              CAPTURE(compare.name);
              const std::string result =
                  t == "i32" ? machines.call(name, {x, y})
                             : machines.call(name, {std::int64_t{x}, std::int64_t{y}});
              // The number of rounds, by the definition.
              const std::size_t number = std::stoul(name);
              const int step = number / 2 == 0 ? 1 : number / 2 == 1 ? -1 : 3;
              const int limit = number % 2 == 0 ? y : 10;
              int rounds = 1;
              int value = x + step;
              for (; compare.holds(value, limit) && rounds <= 20; ++rounds) {
                if (rounds + 1 > 20) {
                  ++rounds;
                  break;
                }
                value += step;
              }
              CHECK(result == std::to_string(rounds) + " " + std::to_string(value));
            }
          }
        }
      }
    }
  }

  TEST_CASE("addresses") {
    std::vector<Pattern> patterns;
    // Loads at base + constant, base + index, base + scaled index.
    const char* const loads[][2] = {{"i32", "i32.load"},     {"i32", "i32.load8_s"},
                                    {"i32", "i32.load8_u"},  {"i32", "i32.load16_s"},
                                    {"i32", "i32.load16_u"}, {"i64", "i64.load"},
                                    {"i64", "i64.load32_s"}, {"i64", "i64.load8_u"},
                                    {"f32", "f32.load"},     {"f64", "f64.load"}};
    for (const auto& [type, load] : loads) {
      const std::string access = std::string(" ") + load + " offset=4";
      patterns.push_back({type, "%b" + access});
      patterns.push_back({type, "%b i32.const 60 i32.add" + access});
      patterns.push_back({type, "%a %c i32.add" + access});
      patterns.push_back({type, "%c i32.const 3 i32.shl %a i32.add" + access});
      patterns.push_back({type, "%a %c i32.const 2 i32.shl i32.add" + access});
    }
    const char* const stores[][3] = {{"i32", "i32.store", "%b"},   {"i32", "i32.store8", "%b"},
                                     {"i32", "i32.store16", "%b"}, {"i64", "i64.store", "%B"},
                                     {"i64", "i64.store32", "%B"}, {"f32", "f32.store", "%v"},
                                     {"f64", "f64.store", "%y"}};
    for (const auto& [type, store, value] : stores) {
      const std::string end = std::string(" ") + store + " offset=8 i32.const 8 " + type + ".load";
      const std::string constant = std::string(" ") + type + ".const 77";
      for (const char* address :
           {"%a", "%a i32.const 4 i32.add", "%a %c i32.add", "%c i32.const 2 i32.shl %a i32.add"}) {
        patterns.push_back({type, std::string(address) + " " + value + end});
        patterns.push_back({type, address + constant + end});
      }
    }
    check_patterns(patterns);
  }

  TEST_CASE("changes of values in memory") {
    check_patterns({
        {"i32", "i32.const 128 %a i32.load i32.store %b i32.load"},
        {"i32", "%b i32.const 8 i32.load i32.store i32.const 4 i32.load"},
        {"i64", "i32.const 128 %a i64.load i64.store i32.const 128 i64.load"},
        {"i32", "i32.const 128 %a i32.load8_u i32.store8 i32.const 128 i32.load"},
        {"f64", "i32.const 128 %a f64.load f64.store i32.const 128 f64.load"},
        {"i32", "%b %b i32.load i32.const 3 i32.add i32.store %b i32.load"},
        {"i32", "%a %b i32.const 3 i32.add i32.store %a i32.load"},
        {"i32", "%a %b %c i32.add i32.store %a i32.load"},
        {"f64", "%a %x %y f64.add f64.store %a f64.load"},
        {"f64", "%a %x %y f64.mul f64.store %a f64.load"},
        {"i32", "%a i32.load %b i32.add"},
        {"i32", "%a i32.load %b i32.and"},
        {"i32", "%b %a i32.load i32.or"},
        {"i32", "%a i32.load %b i32.xor"},
        {"i32", "%a i32.load8_u %b i32.xor"},
        {"i32", "%a i32.load i32.const 7 i32.add"},
        {"i32", "%a i32.load i32.const 7 i32.and"},
        {"i64", "%a i64.load %B i64.add"},
        {"i64", "%a i64.load %B i64.xor"},
        {"f64", "%a f64.load %x f64.add"},
        {"f64", "%a f64.load %x f64.mul"},
        {"f64", "%a f64.load %x f64.mul %y f64.add"},
        {"f64", "%y %a f64.load %x f64.mul f64.add"},
    });
  }

  TEST_CASE("operations on constants that feed others") {
    std::vector<Pattern> patterns;
    for (const char* inner : {"shl", "shr_u", "shr_s", "rotl", "and", "mul", "add", "sub", "xor"}) {
      for (const char* outer : {"add", "or", "xor", "and", "shl", "sub", "eq", "ne", "shr_s"}) {
        const std::string in = inner;
        const std::string out = outer;
        patterns.push_back({"i32", "%a i32.const 5 i32." + in + " %b i32." + out});
        patterns.push_back({"i32", "%a i32.const 5 i32." + in + " i32.const 12 i32." + out});
        patterns.push_back({"i32", "%a %b i32." + in + " %c i32." + out});
        if (out == "eq" || out == "ne") continue;
        patterns.push_back({"i32", "%b %a i32.const 5 i32." + in + " i32." + out});
        patterns.push_back({"i64", "%A i64.const 7 i64." + in + " %B i64." + out});
        patterns.push_back({"i64", "%A i64.const 7 i64." + in + " i64.const 12 i64." + out});
        patterns.push_back({"i64", "%A %B i64." + in + " %C i64." + out});
      }
    }
    patterns.push_back({"i32", "%A i64.const 9 i64.add i32.wrap_i64"});
    patterns.push_back({"i64", "%a i64.extend_i32_u i64.const 9 i64.add"});
    patterns.push_back({"i64", "%a i64.extend_i32_s %B i64.add"});
    check_patterns(patterns);
  }

  TEST_CASE("float pairs round twice") {
    check_patterns({
        {"f64", "%x %y f64.mul %z f64.add"},
        {"f64", "%z %x %y f64.mul f64.add"},
        {"f64", "%z %x %y f64.mul f64.sub"},
        {"f64", "%x %y f64.mul %z f64.sub"},
        {"f64", "%x %y f64.add %z f64.add"},
        {"f64", "%x %y f64.sub %z f64.div"},
        {"f32", "%u %v f32.mul %u f32.add"},
        {"f32", "%u %v f32.add %v f32.add"},
        {"f64", "%u f64.promote_f32 %x f64.add"},
        {"f64", "%a f64.convert_i32_s %x f64.mul"},
    });
    // 1 + 2^-53 squared is 1 when it is rounded before the subtraction.
    CHECK(tinywasm::run("(func (export \"f\") (param f64) (result f64) (local f64)"
                        " local.get 0 local.get 0 f64.mul f64.const -1 f64.add)",
                        {1.0 + 0x1p-30}) == to_string(Value(0x1p-29)));
  }

  TEST_CASE("selects, globals and wide constants") {
    check_patterns({
        {"i32", "%a %b %c select"},
        {"i64", "%A %B %a select"},
        {"f64", "%x %y %a select"},
        {"f32", "%u %v %a select"},
        {"i32", "%a i32.const 7 %b %c i32.lt_s select"},
        {"i32", "global.get $g %a i32.add global.set $g global.get $g"},
        {"i32", "global.get $g i32.const 16 i32.sub local.tee $b global.set $g %b"},
        {"i32", "%a i32.const 9 i32.add global.set $g global.get $g"},
        {"i64", "%A i64.const 0x123456789abcdef i64.add"},
        {"i64", "i64.const 0x123456789abcdef %A i64.sub"},
        {"i64", "%A i64.const -0x80000001 i64.xor %B i64.add"},
    });
  }

  TEST_CASE("returns of expressions") {
    const char* const bodies[][2] = {{"i32", "%a %b i32.add"},
                                     {"i32", "%a i32.const 4 i32.add"},
                                     {"i32", "i32.const -7"},
                                     {"i64", "i64.const 0x123456789ab"},
                                     {"f64", "f64.const 2.5"},
                                     {"f32", "f32.const -0.5"},
                                     {"i64", "%A %A i64.add"},
                                     {"f64", "%x %x f64.add"},
                                     {"i32", "%b i32.load"},
                                     {"i64", "%b i64.load"},
                                     {"f64", "%b f64.load"},
                                     {"i32", "%b i32.load8_s"},
                                     {"i32", "%b"},
                                     {"i64", "%A"},
                                     {"f64", "%x"},
                                     {"i32", "%a %b i32.lt_s"},
                                     {"i32", "%a i32.const 12 i32.div_s"},
                                     {"f64", "%x f64.sqrt"}};
    for (const auto& [type, body] : bodies) {
      CAPTURE(body);
      std::string text;
      for (const char* at = body; *at != '\0'; ++at) {
        text += *at == '%' ? std::string("local.get $") + *++at : std::string(1, *at);
      }
      const std::string head =
          "(param $a i32) (param $b i32) (param $A i64) (param $x f64) (result " +
          std::string(type) + ") ";
      std::string weights;
      for (const char* local : {"$a", "$b", "$A", "$x"}) {
        for (int i = 0; i < 9; ++i) weights += std::string(" local.get ") + local + " drop";
      }
      Machines machines(
          "(memory 1) (data (i32.const 0) \"\\81\\02\\03\\00\\85\\06\\07\\08\")"
          "(func (export \"slots\") " +
          head + text +
          ")"
          "(func $r (export \"registers\") " +
          head + weights + " " + text +
          ")"
          "(func (export \"called\") " +
          head + " local.get $a local.get $b local.get $A local.get $x call $r)");
      const std::string slots = machines.call("slots", {24, 0, std::int64_t{1} << 33, 2.25});
      CHECK(slots.find("trap") == std::string::npos);
      CHECK(machines.call("registers", {24, 0, std::int64_t{1} << 33, 2.25}) == slots);
      CHECK(machines.call("called", {24, 0, std::int64_t{1} << 33, 2.25}) == slots);
    }
  }
}
