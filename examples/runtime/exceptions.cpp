// SPDX-License-Identifier: Apache-2.0
// What C++ needs to throw and catch exceptions of WebAssembly: the functions that the compiler
// calls, by the Itanium C++ ABI and LLVM's convention for WebAssembly. For programs of one thread
// that throw no other language's exceptions. (Debian's libc++abi is built without exceptions; it
// has the type information that this file asks.)
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <typeinfo>

namespace __cxxabiv1 {

// As libc++abi declares it: the base of all type information, of which only can_catch is called.
class __shim_type_info : public std::type_info {
 public:
  ~__shim_type_info() override;
  virtual void noop1() const;
  virtual void noop2() const;
  virtual bool can_catch(const __shim_type_info* thrown, void*& object) const = 0;
};

}  // namespace __cxxabiv1

namespace {

using Type = __cxxabiv1::__shim_type_info;

/// In WebAssembly a destructor returns its object.
using Destructor = void* (*)(void*);

/// Stands before the thrown object. Its address is what travels with the exception.
struct alignas(16) Header {
  const Type* type;
  Destructor destroy;
  Header* outer;  // the exception that was caught before this one and is still being handled
  int handlers;   // that have begun and not ended
  bool rethrown;  // from its last handler: it lives on
  void* caught;   // the object as the matching handler's type

  void* object() { return this + 1; }
};

Header* header_of(void* object) { return static_cast<Header*>(object) - 1; }

Header* handled = nullptr;  // what `throw;` throws

[[noreturn]] void raise(Header* header) {
  __builtin_wasm_throw(0, header);  // tag 0: C++ exceptions
}

void release(Header* header) {
  if (header->destroy != nullptr) header->destroy(header->object());
  std::free(header);
}

/// Reads the table that the compiler writes for each function with handlers.
class TableReader {
 public:
  explicit TableReader(const std::uint8_t* at) : at_(at) {}

  const std::uint8_t* at() const { return at_; }
  std::uint8_t byte() { return *at_++; }
  std::uintptr_t unsigned_number() {
    std::uintptr_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uintptr_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) return value;
    }
  }
  std::intptr_t signed_number() {
    std::uintptr_t value = 0;
    unsigned shift = 0;
    std::uint8_t next = 0;
    do {
      next = byte();
      value |= static_cast<std::uintptr_t>(next & 0x7f) << shift;
      shift += 7;
    } while ((next & 0x80) != 0);
    if ((next & 0x40) != 0 && shift < 32) value |= ~std::uintptr_t{0} << shift;
    return static_cast<std::intptr_t>(value);
  }

 private:
  const std::uint8_t* at_;
};

constexpr std::uint8_t kOmitted = 0xff;

/// The number of the handler at this landing pad that takes the exception; 0: none does.
std::intptr_t find_handler(const std::uint8_t* table, std::uintptr_t landing_pad, Header* header) {
  TableReader reader(table);
  if (reader.byte() != kOmitted) std::abort();  // where landing pads start: never written here
  const Type* const* types = nullptr;           // numbered backwards from here
  if (reader.byte() != kOmitted) {
    const std::uintptr_t distance = reader.unsigned_number();
    types = reinterpret_cast<const Type* const*>(reader.at() + distance);
  }
  reader.byte();  // how numbers are written: as above
  const std::uintptr_t size = reader.unsigned_number();
  const std::uint8_t* const actions = reader.at() + size;
  for (std::uintptr_t i = 0; i < landing_pad; ++i) {
    reader.unsigned_number();
    reader.unsigned_number();
  }
  reader.unsigned_number();
  const std::uintptr_t first = reader.unsigned_number();
  if (first == 0) return 0;
  for (const std::uint8_t* action = actions + first - 1;;) {
    TableReader entry(action);
    const std::intptr_t number = entry.signed_number();
    const std::uint8_t* const next = entry.at();
    if (number > 0) {
      const Type* const wanted = types[-number];
      void* object = header->object();
      if (wanted == nullptr || wanted->can_catch(header->type, object)) {
        header->caught = object;
        return number;
      }
    }
    const std::intptr_t distance = entry.signed_number();
    if (distance == 0) return 0;
    action = next + distance;
  }
}

}  // namespace

extern "C" {

/// A landing pad writes the first two and reads the third.
struct {
  std::uintptr_t landing_pad;
  const std::uint8_t* table;
  std::uintptr_t selector;
} __wasm_lpad_context;

int _Unwind_CallPersonality(void* exception) {
  __wasm_lpad_context.selector = static_cast<std::uintptr_t>(find_handler(
      __wasm_lpad_context.table, __wasm_lpad_context.landing_pad, static_cast<Header*>(exception)));
  return 0;
}

/// Only its name is used.
void __gxx_wasm_personality_v0() {}

void* __cxa_allocate_exception(std::size_t size) noexcept {
  auto* const header = static_cast<Header*>(std::calloc(1, sizeof(Header) + size));
  if (header == nullptr) std::terminate();
  return header->object();
}

void __cxa_free_exception(void* object) noexcept { std::free(header_of(object)); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, Destructor destroy) {
  Header* const header = header_of(object);
  header->type = static_cast<const Type*>(type);
  header->destroy = destroy;
  raise(header);
}

void* __cxa_get_exception_ptr(void* exception) noexcept {
  return static_cast<Header*>(exception)->caught;
}

void* __cxa_begin_catch(void* exception) noexcept {
  auto* const header = static_cast<Header*>(exception);
  if (header != handled) {
    header->outer = handled;
    handled = header;
  }
  ++header->handlers;
  header->rethrown = false;
  return header->caught;
}

void __cxa_end_catch() {
  Header* const header = handled;
  if (--header->handlers > 0) return;
  handled = header->outer;
  if (!header->rethrown) release(header);
}

[[noreturn]] void __cxa_rethrow() {
  if (handled == nullptr) std::terminate();
  handled->rethrown = true;
  raise(handled);
}

}  // extern "C"
