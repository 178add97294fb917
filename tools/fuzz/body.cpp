// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/body.hpp"

#include <cstdint>
#include <string_view>

#include "decoder/binary_writer.hpp"
#include "decoder/text.hpp"

namespace tinywasm::fuzz {
namespace {

// The types of calls and blocks a body is likely to name come first: small numbers are frequent.
constexpr std::string_view kSurroundings = R"((module
  (type (func))
  (type (func (param i32) (result i32)))
  (type (func (param i32 i64 f32 f64) (result i32)))
  (type (func (param i64 i64) (result i64 f64)))
  (type (func (param v128 i32) (result v128)))
  (rec
    (type (sub (descriptor 6) (struct (field (mut i32)))))
    (type (sub (describes 5) (struct (field (mut i64))))))
  (import "host" "nothing" (func (type 0)))
  (import "host" "identity" (func (type 1)))
  (import "host" "global" (global i32))
  (func (type 3) (data.drop 1) (local.get 1) (f64.const 0.5))
  (func (type 1) (i32.load offset=16 (local.get 0)))
  (table 8 funcref)
  (table 4 16 externref)
  (table i64 4 funcref)
  (memory 1 3)
  (memory i64 1 2)
  (tag (type 0))
  (tag (param i32 i64))
  (global (mut i32) (i32.const 64))
  (global (mut i64) (i64.const -1))
  (global (mut f32) (f32.const 1.5))
  (global (mut f64) (f64.const -0.0))
  (global (mut funcref) (ref.func 2))
  (global (mut v128) (v128.const i32x4 1 2 3 4))
  (global (ref (exact 6)) (struct.new_default 6))
  (global (mut anyref) (struct.new_default_desc 5 (global.get 7)))
  (elem (i32.const 1) func 0 1 2 3 4)
  (elem func 2 3)
  (elem declare func 0 1 2 3 4)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\ff\fe\fd\fc")
  (data "passive")
  (export "memory" (memory 0))
  (func (export "body") (type 2) (i32.const 0))
))";

constexpr std::uint8_t kCodeSection = 10;

/// The module without its code section's last body: everything before the section, its bodies but
/// the last, everything after.
struct Frame {
  std::vector<std::byte> before;
  std::vector<std::byte> bodies;
  std::uint32_t count = 0;
  std::vector<std::byte> after;
};

std::uint32_t read_leb(const std::vector<std::byte>& bytes, std::size_t& at) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint32_t>(bytes[at++]);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

Frame make_frame() {
  const std::vector<std::byte> module = *decoder::assemble(kSurroundings);
  const auto place = [&](std::size_t at) {
    return module.begin() + static_cast<std::ptrdiff_t>(at);
  };
  Frame frame;
  std::size_t at = 8;
  for (;;) {
    const std::size_t section = at;
    const std::byte id = module[at++];
    const std::uint32_t size = read_leb(module, at);
    if (id != std::byte{kCodeSection}) {
      at += size;
      continue;
    }
    frame.before.assign(module.begin(), place(section));
    frame.after.assign(place(at + size), module.end());
    frame.count = read_leb(module, at);
    const std::size_t first = at;
    for (std::uint32_t i = 0; i + 1 < frame.count; ++i) {
      const std::uint32_t body = read_leb(module, at);
      at += body;
    }
    frame.bodies.assign(place(first), place(at));
    return frame;
  }
}

}  // namespace

std::vector<std::byte> module_around(Input body) {
  static const Frame frame = make_frame();
  decoder::BinaryWriter code;
  code.unsigned_leb(frame.count);
  code.append(frame.bodies);
  code.unsigned_leb(body.size());
  code.append(body);
  decoder::BinaryWriter module;
  module.append(frame.before);
  module.section(kCodeSection, code);
  module.append(frame.after);
  return module.take();
}

}  // namespace tinywasm::fuzz
