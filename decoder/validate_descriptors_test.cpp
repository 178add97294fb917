// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"

using namespace tinywasm;
using namespace tinywasm::decoder;

namespace {

/// "" for a valid module, else the message up to its first colon.
std::string check(std::string_view fields) {
  auto bytes = assemble("(module " + std::string(fields) + ")");
  if (!bytes) FAIL(bytes.error().message << " in " << fields);
  auto module = read_module(*std::move(bytes));
  if (!module) FAIL(module.error().message << " in " << fields);
  const Result<void> result = validate_module(*module);
  if (result) return "";
  return result.error().message.substr(0, result.error().message.find(':'));
}

/// The same for functions with $a, which has the subtype $b, and their descriptors $ad and $bd.
std::string check_functions(std::string_view functions) {
  return check(R"((rec
      (type $a (sub (descriptor $ad) (struct (field i32))))
      (type $ad (sub (describes $a) (struct)))
      (type $b (sub $a (descriptor $bd) (struct (field i32) (field i64))))
      (type $bd (sub $ad (describes $b) (struct))))
    (type $plain (struct)))" +
               std::string(functions));
}

constexpr const char* kMismatch = "type mismatch";

}  // namespace

TEST_SUITE("validate_descriptors") {
  TEST_CASE("clauses") {
    CHECK(check("(rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))") ==
          "");
    CHECK(check("(type (descriptor 0) (struct))") == "type is not described by its descriptor");
    CHECK(check("(type (struct)) (type (describes 0) (struct))") ==
          "described type is outside rec group");
    CHECK(check("(rec (type (descriptor 7) (struct)) (type (describes 0) (struct)))") ==
          "descriptor type is outside rec group");
    CHECK(check("(type (describes 0) (descriptor 0) (struct))") == "forward use of described type");
    CHECK(check("(rec (type (descriptor 1) (func)) (type (describes 0) (struct)))") ==
          "descriptor type must be a struct");
    CHECK(check("(rec (type (descriptor 1) (struct)) (type (describes 0) (array i8)))") ==
          "described type must be a struct");
  }

  TEST_CASE("types that differ in clauses or exactness are others") {
    const std::string pair =
        "(rec (type (descriptor 1) (struct)) (type (describes 0) (struct)))"
        "(rec (type (descriptor 3) (struct)) (type (describes 2) (struct)))"
        "(rec (type (struct)) (type (struct)))";
    CHECK(check(pair + "(func (param (ref 0)) (result (ref 2)) local.get 0)") == "");
    CHECK(check(pair + "(func (param (ref 0)) (result (ref 4)) local.get 0)") == kMismatch);
    const std::string exact =
        "(type $s (sub (struct))) (type (func (param (ref $s)))) (type (func (param (ref (exact "
        "$s))))) (type (func (param (ref (exact $s)))))";
    CHECK(check(exact + "(func (param (ref 2)) (result (ref 3)) local.get 0)") == "");
    CHECK(check(exact + "(func (param (ref 1)) (result (ref 2)) local.get 0)") == kMismatch);
  }

  TEST_CASE("a subtype that has a descriptor first") {
    CHECK(check("(rec (type $a (sub (struct (field i32)))) (type $b (sub $a (descriptor $bd) "
                "(struct (field i32)))) (type $bd (describes $b) (struct)))") == "");
    CHECK(check("(rec (type $a (sub (descriptor $ad) (struct))) (type $ad (describes $a) (struct))"
                "(type $b (sub $a (struct))))") == "sub type 2 does not match super type 0");
    CHECK(check("(rec (type $a (descriptor $ad) (struct)) (type $ad (describes $a) (struct))"
                "(type $b (sub $a (struct))))") == "sub type 2 has final super type 0");
  }

  TEST_CASE("making structures") {
    CHECK(check_functions("(func (param (ref null (exact $ad))) (result (ref (exact $a)))"
                          " (struct.new_desc $a (i32.const 1) (local.get 0)))") == "");
    CHECK(check_functions("(func (param (ref null (exact $ad))) (result (ref (exact $a)))"
                          " (struct.new_default_desc $a (local.get 0)))") == "");
    CHECK(check_functions("(func (param (ref $ad)) (drop (struct.new_default_desc $a "
                          "(local.get 0))))") == kMismatch);
    CHECK(check_functions("(func (param (ref (exact $bd))) (drop (struct.new_default_desc $a "
                          "(local.get 0))))") == kMismatch);
    CHECK(check_functions("(func (drop (struct.new $a (i32.const 1))))") ==
          "type with descriptor requires descriptor allocation");
    CHECK(check_functions("(func (drop (struct.new_default $a)))") ==
          "type with descriptor requires descriptor allocation");
    CHECK(check_functions("(func (drop (struct.new_desc $plain (ref.null none))))") ==
          "type without descriptor requires non-descriptor allocation");
    CHECK(check_functions("(func (drop (struct.new_desc 99 (ref.null none))))") ==
          "unknown type 99");
    CHECK(check_functions("(global (ref (exact $ad)) (struct.new $ad))"
                          "(global (ref (exact $a)) (struct.new_default_desc $a (global.get 0)))"
                          "(global (ref $a) (struct.new_desc $a (i32.const 1) (global.get 0)))") ==
          "");
    CHECK(check_functions("(global (ref $ad) (ref.get_desc $a (ref.null $a)))") ==
          "constant expression required");
  }

  TEST_CASE("what instructions give is exact") {
    CHECK(check("(type $s (array i8)) (func (result (ref (exact $s))) (array.new_default $s "
                "(i32.const 1)))") == "");
    CHECK(check("(type $f (func)) (func $g (type $f)) (elem declare func $g)"
                "(func (result (ref (exact $f))) (ref.func $g))") == "");
    CHECK(check("(type $f (func)) (import \"\" \"\" (func $g (type $f))) (elem declare func $g)"
                "(func (result (ref (exact $f))) (ref.func $g))") == kMismatch);
    CHECK(check("(type $f (func)) (import \"\" \"\" (func $g (exact (type $f))))"
                "(elem declare func $g) (func (result (ref (exact $f))) (ref.func $g))") == "");
    CHECK(check("(type $s (struct)) (func (drop (block (result (ref (exact $s))) "
                "(struct.new $s))))") == "");
    CHECK(check("(type $s (struct)) (func (param (ref $s)) (drop (block (result (ref (exact $s))) "
                "(local.get 0))))") == kMismatch);
  }

  TEST_CASE("ref.get_desc is as exact as its operand") {
    CHECK(check_functions("(func (param (ref null (exact $a))) (result (ref (exact $ad)))"
                          " (ref.get_desc $a (local.get 0)))") == "");
    CHECK(check_functions("(func (param (ref null $b)) (result (ref $ad))"
                          " (ref.get_desc $a (local.get 0)))") == "");
    CHECK(check_functions("(func (param (ref null $a)) (result (ref (exact $ad)))"
                          " (ref.get_desc $a (local.get 0)))") == kMismatch);
    CHECK(check_functions("(func (param (ref (exact $b))) (result (ref (exact $ad)))"
                          " (ref.get_desc $a (local.get 0)))") == kMismatch);
    CHECK(check_functions("(func (result (ref (exact $ad))) (ref.get_desc $a (unreachable)))") ==
          "");
    CHECK(check_functions("(func (result (ref (exact $ad))) (ref.get_desc $a (ref.null none)))") ==
          "");
    CHECK(check_functions("(func (param anyref) (drop (ref.get_desc $a (local.get 0))))") ==
          kMismatch);
    CHECK(
        check_functions("(func (param (ref $plain)) (drop (ref.get_desc $plain (local.get 0))))") ==
        "type without descriptor 4");
    CHECK(check_functions("(func (drop (ref.get_desc 99 (ref.null none))))") == "unknown type 99");
  }

  TEST_CASE("casts") {
    CHECK(check_functions("(func (param anyref (ref null (exact $ad))) (result (ref (exact $a)))"
                          " (ref.cast_desc_eq (ref (exact $a)) (local.get 0) (local.get 1)))") ==
          "");
    CHECK(check_functions("(func (param anyref (ref null $bd)) (result (ref null $a))"
                          " (ref.cast_desc_eq (ref null $a) (local.get 0) (local.get 1)))") == "");
    CHECK(check_functions("(func (param anyref (ref null $ad)) (result (ref (exact $a)))"
                          " (ref.cast_desc_eq (ref (exact $a)) (local.get 0) (local.get 1)))") ==
          kMismatch);
    CHECK(check_functions("(func (param anyref) (drop"
                          " (ref.cast_desc_eq (ref $plain) (local.get 0) (ref.null none))))") ==
          "type 4 does not have a descriptor");
    CHECK(check_functions("(func (param anyref) (drop"
                          " (ref.cast_desc_eq eqref (local.get 0) (ref.null none))))") ==
          "type eq does not have a descriptor");
    CHECK(check_functions("(func (param anyref (ref $ad)) (result (ref $a))"
                          " (br_on_cast_desc_eq 0 anyref (ref $a) (local.get 0) (local.get 1))"
                          " (unreachable))") == "");
    CHECK(check_functions("(func (param anyref (ref $ad)) (result anyref)"
                          " (br_on_cast_desc_eq_fail 0 anyref (ref $a) (local.get 0)"
                          " (local.get 1)))") == "");
    CHECK(check_functions("(func (param anyref (ref $ad)) (result (ref $b))"
                          " (br_on_cast_desc_eq 0 anyref (ref $a) (local.get 0) (local.get 1))"
                          " (unreachable))") == kMismatch);
    CHECK(check_functions("(func (param funcref (ref $ad)) (result funcref)"
                          " (br_on_cast_desc_eq 0 funcref (ref $a) (local.get 0) (local.get 1))"
                          " (unreachable))") == kMismatch);
    // Source and target of one hierarchy only.
    CHECK(check("(func (param structref) (result anyref)"
                " (br_on_cast 0 structref arrayref (local.get 0)))") == "");
    CHECK(check("(func (param structref) (result funcref)"
                " (br_on_cast 0 structref funcref (local.get 0)) unreachable)") == kMismatch);
  }
}
