// SPDX-License-Identifier: Apache-2.0
/// @file
/// Value types and values, and the types of what modules import and export.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tinywasm/export.hpp>
#include <tinywasm/store_id.hpp>

namespace tinywasm {

class Store;

namespace vm {
struct Function;
struct HostRoot;
}  // namespace vm

/// A WebAssembly value type: a number type, v128 or a reference type.
class ValueType {
 public:
  static const ValueType i32, i64, f32, f64, v128, funcref, externref;
  static const ValueType anyref, eqref, i31ref, structref, arrayref, exnref;
  static const ValueType nullref, nullfuncref, nullexternref, nullexnref;

  constexpr ValueType() = default;
  /// The inverse of bits(), for this library's own use.
  static constexpr ValueType from_bits(std::uint32_t bits) {
    ValueType type;
    type.bits_ = bits;
    return type;
  }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool is_ref() const { return (bits_ & 0xff) == 0x63 || (bits_ & 0xff) == 0x64; }
  /// How many 64-bit slots a value of this type takes in the raw calling convention.
  constexpr std::uint32_t slots() const { return bits_ == 0x7B ? 2 : 1; }
  friend constexpr bool operator==(ValueType, ValueType) = default;

 private:
  std::uint32_t bits_ = 0;  // as the binary format writes it; references: see decoder/types.hpp
};

inline constexpr ValueType ValueType::i32 = from_bits(0x7F);
inline constexpr ValueType ValueType::i64 = from_bits(0x7E);
inline constexpr ValueType ValueType::f32 = from_bits(0x7D);
inline constexpr ValueType ValueType::f64 = from_bits(0x7C);
inline constexpr ValueType ValueType::v128 = from_bits(0x7B);
inline constexpr ValueType ValueType::funcref = from_bits(0xFFFF7063);
inline constexpr ValueType ValueType::externref = from_bits(0xFFFF6F63);
inline constexpr ValueType ValueType::anyref = from_bits(0xFFFF6E63);
inline constexpr ValueType ValueType::eqref = from_bits(0xFFFF6D63);
inline constexpr ValueType ValueType::i31ref = from_bits(0xFFFF6C63);
inline constexpr ValueType ValueType::structref = from_bits(0xFFFF6B63);
inline constexpr ValueType ValueType::arrayref = from_bits(0xFFFF6A63);
inline constexpr ValueType ValueType::exnref = from_bits(0xFFFF6963);
inline constexpr ValueType ValueType::nullref = from_bits(0xFFFF7163);
inline constexpr ValueType ValueType::nullexternref = from_bits(0xFFFF7263);
inline constexpr ValueType ValueType::nullfuncref = from_bits(0xFFFF7363);
inline constexpr ValueType ValueType::nullexnref = from_bits(0xFFFF7463);

/// The text format's name: "i32", "funcref", "(ref null 3)". A reference to exactly a type, none of
/// its subtypes, is "(ref (exact 3))" and another type than "(ref 3)".
TINYWASM_API std::string to_string(ValueType type);

struct FuncType {
  std::vector<ValueType> params{};
  std::vector<ValueType> results{};
  friend bool operator==(const FuncType&, const FuncType&) = default;
};
/// Sizes of a memory in pages, of a table in elements.
struct Limits {
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max{};
  bool is_64 = false;  ///< addresses are i64
  friend bool operator==(const Limits&, const Limits&) = default;
};
struct MemoryType {
  Limits limits{};
  std::uint32_t page_size = 65536;  ///< bytes of a page: this or 1
  bool is_shared = false;           ///< for several threads; has a maximum
  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};
struct TableType {
  ValueType element = ValueType::funcref;
  Limits limits{};
  friend bool operator==(const TableType&, const TableType&) = default;
};
struct GlobalType {
  ValueType type;
  bool is_mutable = false;
  friend bool operator==(const GlobalType&, const GlobalType&) = default;
};
struct TagType {
  FuncType type;
  friend bool operator==(const TagType&, const TagType&) = default;
};
using ExternType = std::variant<FuncType, TableType, MemoryType, GlobalType, TagType>;

/// In the text format: "(func (param i32 i32) (result i32))", "(memory 1 2)", ...
TINYWASM_API std::string to_string(const ExternType& type);

struct ImportType {
  std::string module;
  std::string name;
  ExternType type;
  bool is_exact = false;  ///< a function of exactly the type, not of a subtype
};
struct ExportType {
  std::string name;
  ExternType type;
};

/// A line of text: "env" "log" (func (param i32)), with the names escaped for a terminal.
TINYWASM_API std::string to_string(const ImportType& import);
/// A line of text: "add" (func (param i32 i32) (result i32)).
TINYWASM_API std::string to_string(const ExportType& entry);

/// 16 bytes, lane 0 first.
struct V128 {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const V128&, const V128&) = default;
};

/// A reference to something of the host's; the guest can pass it on and compare it with null only.
/// The library never dereferences it. A guest can make externrefs of its own objects, too
/// (extern.convert_any); these are never shown as an ExternRef. Where a typed host function wants
/// an ExternRef they end the guest, where a TypedFunc returns one they are an error; a Value can
/// hold them.
struct ExternRef {
  void* pointer = nullptr;  ///< nullptr is the null reference
  friend bool operator==(const ExternRef&, const ExternRef&) = default;
};

/// A function in a Store: a cheap handle. See func.hpp for calling it.
class Func;

/// A reference to a function, or null. When its Store is gone it is good for nothing: no Store
/// takes it, and calling it is an error.
class FuncRef {
 public:
  FuncRef() = default;
  [[nodiscard]] bool is_null() const noexcept { return function_ == nullptr; }
  /// The function. Precondition: not null.
  [[nodiscard]] inline Func func() const;
  friend bool operator==(const FuncRef&, const FuncRef&) = default;

  /// Not null, and `store` is not the Store of it. For this library's own use, as from_slot().
  [[nodiscard]] bool is_foreign(const vm::Store* store) const noexcept {
    return function_ != nullptr && store_.get() != store;
  }
  [[nodiscard]] TINYWASM_API static FuncRef from_slot(vm::Store* store,
                                                      std::uint64_t slot) noexcept;

 private:
  friend class Func;
  friend class Value;
  template <class T>
  friend struct WasmType;
  FuncRef(StoreId store, vm::Function* function) : store_(store), function_(function) {}

  StoreId store_;
  vm::Function* function_ = nullptr;
};

/// What a reference refers to.
enum class RefKind : std::uint8_t {
  null,
  func,  ///< a function
  host,  ///< the host's own, as an ExternRef; also in the hierarchy of any (any.convert_extern)
  i31,   ///< an integer of 31 bits; also in the hierarchy of extern (extern.convert_any)
  structure,  ///< a structure; also in the hierarchy of extern
  array,      ///< an array; also in the hierarchy of extern
  exception,  ///< an exception
};

/// A value of any type. 32 bytes, cheap to copy. References to structures, arrays and exceptions
/// are roots of their Store's garbage collector: what they refer to lives as long as any copy of
/// the Value. Values may outlive their Store, but references are then good for nothing: no Store
/// takes them. Values are used by their Store's thread; any thread may move and destroy them.
///
/// References that come from the guest have the type at the top of their hierarchy: anyref,
/// funcref, externref or exnref. ref_kind() tells what they refer to. As an argument or an element
/// a reference is checked by what it refers to, not by its Value's type.
class Value {
  template <class T>
  using SameSize = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

 public:
  Value() : Value(std::int32_t{0}) {}
  Value(std::int32_t value) : type_(ValueType::i32), bits_{static_cast<std::uint32_t>(value), 0} {}
  Value(std::uint32_t value) : type_(ValueType::i32), bits_{value, 0} {}
  Value(std::int64_t value) : type_(ValueType::i64), bits_{static_cast<std::uint64_t>(value), 0} {}
  Value(std::uint64_t value) : type_(ValueType::i64), bits_{value, 0} {}
  /// The other integer types, as they travel in typed functions: an i64 of 64 bits, an i32 of less.
  template <std::integral T>
  Value(T value) : Value(static_cast<SameSize<T>>(value)) {}
  Value(float value) : type_(ValueType::f32), bits_{std::bit_cast<std::uint32_t>(value), 0} {}
  Value(double value) : type_(ValueType::f64), bits_{std::bit_cast<std::uint64_t>(value), 0} {}
  Value(V128 value) : type_(ValueType::v128) { std::memcpy(bits_, value.bytes.data(), 16); }
  Value(ExternRef value)
      : type_(ValueType::externref), bits_{reinterpret_cast<std::uintptr_t>(value.pointer), 0} {}
  Value(FuncRef value)
      : type_(ValueType::funcref),
        store_number_(value.store_.number()),
        bits_{reinterpret_cast<std::uintptr_t>(value.function_), 0},
        store_life_(value.store_.life()) {}

  Value(const Value& other) noexcept
      : type_(other.type_), store_number_(other.store_number_), store_life_(other.store_life_) {
    std::memcpy(bits_, other.bits_, sizeof bits_);
    if (is_rooted()) retain();
  }
  Value(Value&& other) noexcept
      : type_(other.type_), store_number_(other.store_number_), store_life_(other.store_life_) {
    std::memcpy(bits_, other.bits_, sizeof bits_);
    other.type_ = ValueType::i32;
  }
  Value& operator=(const Value& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Value() {
    if (is_rooted()) release();
  }

  /// The null reference of a reference type.
  static Value null(ValueType type) noexcept {
    Value value;
    value.type_ = type;
    return value;
  }
  /// An i31 with the low 31 bits of `value`.
  static Value i31(std::int32_t value) noexcept {
    Value result;
    result.type_ = ValueType::i31ref;
    result.bits_[0] = static_cast<std::uint32_t>(value) << 1 | 1;
    return result;
  }

  [[nodiscard]] ValueType type() const noexcept { return type_; }
  /// The value of the type named; reading another type of number than the value's gives its raw
  /// bits.
  [[nodiscard]] std::int32_t i32() const noexcept { return static_cast<std::int32_t>(bits_[0]); }
  [[nodiscard]] std::int64_t i64() const noexcept { return static_cast<std::int64_t>(bits_[0]); }
  [[nodiscard]] float f32() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits_[0]));
  }
  [[nodiscard]] double f64() const noexcept { return std::bit_cast<double>(bits_[0]); }
  [[nodiscard]] V128 v128() const noexcept {
    V128 value;
    std::memcpy(value.bytes.data(), bits_, 16);
    return value;
  }
  /// The host's reference; null for all else, also for an object of the guest's.
  [[nodiscard]] ExternRef externref() const noexcept { return {host_pointer()}; }
  /// The reference to a function; null for all else.
  [[nodiscard]] FuncRef funcref() const noexcept {
    if (type_ != ValueType::funcref) return {};
    return {store_id(), reinterpret_cast<vm::Function*>(static_cast<std::uintptr_t>(bits_[0]))};
  }

  /// What a reference refers to; null for numbers and vectors.
  [[nodiscard]] TINYWASM_API RefKind ref_kind() const noexcept;
  /// The integer of a reference of kind i31, sign-extended; else 0.
  [[nodiscard]] TINYWASM_API std::int32_t i31_value() const noexcept;
  /// The host's pointer of a reference of kind host, in whichever hierarchy; else nullptr.
  [[nodiscard]] TINYWASM_API void* host_pointer() const noexcept;

  /// The raw slots: one, or two for v128. f32 keeps its NaN payload.
  [[nodiscard]] const std::uint64_t* slots() const noexcept { return bits_; }
  /// A value of `type` from its raw slots, for this library's own use.
  static Value from_slots(vm::Store* store, ValueType type, const std::uint64_t* slots) {
    Value value;
    value.type_ = type;
    value.bits_[0] = slots[0];
    value.bits_[1] = type == ValueType::v128 ? slots[1] : 0;
    if (type.is_ref() && slots[0] != 0 && store != nullptr) value.take_root(*store);
    return value;
  }
  /// The store a reference belongs to; null for numbers and for null references, and when the store
  /// is gone.
  [[nodiscard]] vm::Store* store() const noexcept { return store_id().get(); }
  /// A reference that `store` must not be given: of another store, or of one that is gone.
  [[nodiscard]] TINYWASM_API bool is_foreign(const vm::Store* store) const noexcept;

 private:
  /// The second half of a reference is what keeps its object alive, if it needs to be.
  bool is_rooted() const noexcept { return bits_[1] != 0 && type_.is_ref(); }
  TINYWASM_API void retain() const noexcept;
  TINYWASM_API void release() noexcept;
  TINYWASM_API void take_root(vm::Store& store);
  StoreId store_id() const noexcept { return {store_life_, store_number_}; }
  void swap(Value& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(bits_, other.bits_);
    std::swap(store_number_, other.store_number_);
    std::swap(store_life_, other.store_life_);
  }

  ValueType type_;
  std::uint32_t store_number_ = 0;  // with store_life_: a StoreId
  std::uint64_t bits_[2] = {0, 0};
  vm::StoreLife* store_life_ = nullptr;
};
static_assert(sizeof(Value) == 32 || sizeof(void*) != 8);

/// A reference of the hierarchy of any: an i31, a structure, an array, what the host gave to
/// any.convert_extern, or null. A root like the Value it holds; cheap to copy. The C++ type of
/// anyref in typed functions and host functions.
class AnyRef {
 public:
  AnyRef() : value_(Value::null(ValueType::anyref)) {}
  /// A value of that hierarchy; of anything else it makes null.
  explicit AnyRef(Value value) : value_(std::move(value)) {
    if (value_.type() != ValueType::anyref && !is_of_any(value_)) {
      value_ = Value::null(ValueType::anyref);
    }
  }
  static AnyRef i31(std::int32_t value) { return AnyRef(Value::i31(value)); }
  /// any.convert_extern: the host's pointer in the hierarchy of any, or what the guest once
  /// converted to an externref; null when the Store's heap is full, when the reference is of
  /// another Store (and for null).
  TINYWASM_API static AnyRef convert_extern(Store& store, const Value& reference);

  [[nodiscard]] bool is_null() const noexcept { return kind() == RefKind::null; }
  [[nodiscard]] RefKind kind() const noexcept { return value_.ref_kind(); }
  [[nodiscard]] std::int32_t i31_value() const noexcept { return value_.i31_value(); }
  [[nodiscard]] void* host_pointer() const noexcept { return value_.host_pointer(); }
  [[nodiscard]] const Value& value() const noexcept { return value_; }
  operator const Value&() const noexcept { return value_; }
  /// ref.eq; references of kind host are equal when they were converted at once.
  friend bool operator==(const AnyRef& a, const AnyRef& b) noexcept {
    return a.value_.slots()[0] == b.value_.slots()[0];
  }

 private:
  TINYWASM_API static bool is_of_any(const Value& value) noexcept;

  Value value_;
};

/// As the command prints results: decimal numbers, "nan:0x7fc00000" for NaNs, "null" for null.
TINYWASM_API std::string to_string(const Value& value);
TINYWASM_API std::ostream& operator<<(std::ostream& out, const Value& value);

/// How a C++ type travels as one WebAssembly value: `kType`, `from_slots`, `to_slots`. For
/// integers up to 32 bits and bool (i32), 64-bit integers (i64), enums (as their underlying type),
/// float, double, V128, ExternRef, FuncRef and AnyRef. A specialisation may also say which values
/// it cannot take:
///     static bool accepts(vm::Store*, const std::uint64_t* slots);   // from the guest
///     static bool is_foreign(const T&, const vm::Store*);            // to a guest of that Store
template <class T>
struct WasmType;

template <class T>
concept WasmValue = requires { WasmType<T>::kType; };

namespace detail {

/// Whether an externref is an object that the guest of `store` has made.
TINYWASM_API bool is_guest_object(vm::Store* store, std::uint64_t slot) noexcept;

/// WasmType<T>::accepts and is_foreign, or what holds for types without them.
template <class T>
bool accepts(vm::Store* store, const std::uint64_t* slots) {
  if constexpr (requires { WasmType<T>::accepts(store, slots); }) {
    return WasmType<T>::accepts(store, slots);
  } else {
    return true;
  }
}
template <class T>
bool is_foreign(const T& value, const vm::Store* store) {
  if constexpr (requires { WasmType<T>::is_foreign(value, store); }) {
    return WasmType<T>::is_foreign(value, store);
  } else {
    return false;
  }
}

}  // namespace detail

template <std::integral T>
struct WasmType<T> {
  static_assert(sizeof(T) <= 8);
  static constexpr ValueType kType = sizeof(T) == 8 ? ValueType::i64 : ValueType::i32;
  static T from_slots(vm::Store*, const std::uint64_t* slots) {
    if constexpr (std::same_as<T, bool>) {
      return static_cast<std::uint32_t>(slots[0]) != 0;
    } else {
      return static_cast<T>(slots[0]);
    }
  }
  static void to_slots(T value, std::uint64_t* slots) {
    if constexpr (sizeof(T) == 8) {
      slots[0] = static_cast<std::uint64_t>(value);
    } else if constexpr (std::is_signed_v<T>) {
      slots[0] = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
    } else {
      slots[0] = static_cast<std::uint32_t>(value);
    }
  }
};

template <class T>
  requires std::is_enum_v<T>
struct WasmType<T> {
  using Underlying = WasmType<std::underlying_type_t<T>>;
  static constexpr ValueType kType = Underlying::kType;
  static T from_slots(vm::Store* store, const std::uint64_t* slots) {
    return static_cast<T>(Underlying::from_slots(store, slots));
  }
  static void to_slots(T value, std::uint64_t* slots) {
    Underlying::to_slots(static_cast<std::underlying_type_t<T>>(value), slots);
  }
};

template <>
struct WasmType<float> {
  static constexpr ValueType kType = ValueType::f32;
  static float from_slots(vm::Store*, const std::uint64_t* slots) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(slots[0]));
  }
  static void to_slots(float value, std::uint64_t* slots) {
    slots[0] = std::bit_cast<std::uint32_t>(value);
  }
};

template <>
struct WasmType<double> {
  static constexpr ValueType kType = ValueType::f64;
  static double from_slots(vm::Store*, const std::uint64_t* slots) {
    return std::bit_cast<double>(slots[0]);
  }
  static void to_slots(double value, std::uint64_t* slots) {
    slots[0] = std::bit_cast<std::uint64_t>(value);
  }
};

template <>
struct WasmType<V128> {
  static constexpr ValueType kType = ValueType::v128;
  static V128 from_slots(vm::Store*, const std::uint64_t* slots) {
    V128 value;
    std::memcpy(value.bytes.data(), slots, 16);
    return value;
  }
  static void to_slots(const V128& value, std::uint64_t* slots) {
    std::memcpy(slots, value.bytes.data(), 16);
  }
};

template <>
struct WasmType<ExternRef> {
  static constexpr ValueType kType = ValueType::externref;
  static ExternRef from_slots(vm::Store* store, const std::uint64_t* slots) {
    if (!accepts(store, slots)) return {};
    return {reinterpret_cast<void*>(static_cast<std::uintptr_t>(slots[0]))};
  }
  /// False: an object of the guest's.
  static bool accepts(vm::Store* store, const std::uint64_t* slots) {
    return slots[0] == 0 || !detail::is_guest_object(store, slots[0]);
  }
  static void to_slots(ExternRef value, std::uint64_t* slots) {
    slots[0] = reinterpret_cast<std::uintptr_t>(value.pointer);
  }
};

template <>
struct WasmType<AnyRef> {
  static constexpr ValueType kType = ValueType::anyref;
  static AnyRef from_slots(vm::Store* store, const std::uint64_t* slots) {
    return AnyRef(Value::from_slots(store, kType, slots));
  }
  static void to_slots(const AnyRef& value, std::uint64_t* slots) {
    slots[0] = value.value().slots()[0];
  }
  static bool is_foreign(const AnyRef& value, const vm::Store* store) {
    return value.value().is_foreign(store);
  }
};

template <>
struct WasmType<FuncRef> {
  static constexpr ValueType kType = ValueType::funcref;
  static FuncRef from_slots(vm::Store* store, const std::uint64_t* slots) {
    return FuncRef::from_slot(store, slots[0]);
  }
  static void to_slots(FuncRef value, std::uint64_t* slots) {
    slots[0] = reinterpret_cast<std::uintptr_t>(value.function_);
  }
  static bool is_foreign(FuncRef value, const vm::Store* store) { return value.is_foreign(store); }
};

}  // namespace tinywasm
