// SPDX-License-Identifier: Apache-2.0
#include "vm/heap.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <doctest/doctest.h>
#include <thread>
#include <vector>

#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

using decoder::CompositeKind;
using decoder::HeapType;
using decoder::SubType;
using decoder::ValType;

constexpr ValType kAnyRef = ValType::ref(HeapType::kAny, true);

/// A store with the types: 0 a structure of i8, anyref, externref, i32; 1 an array of anyref; 2 an
/// array of i64; 3 a tag's type [i32 anyref].
struct Fixture {
  explicit Fixture(std::uint64_t limit = 1 << 24)
      : store({.memory_bytes = 0,
               .table_elements = 0,
               .stack_bytes = 65536,
               .heap_bytes = limit,
               .instances = 1},
              {}) {
    decoder::Module module;
    const auto add = [&module](CompositeKind kind) -> SubType& {
      SubType& type = module.types.emplace_back();
      type.kind = kind;
      type.rec_start = static_cast<std::uint32_t>(module.types.size() - 1);
      return type;
    };
    add(CompositeKind::struct_).fields = {
        {ValType::kI8, true}, {kAnyRef, true}, {decoder::kExternRef, true}, {ValType::kI32, true}};
    add(CompositeKind::array).fields = {{kAnyRef, true}};
    add(CompositeKind::array).fields = {{ValType::kI64, true}};
    add(CompositeKind::func).func.params = {ValType::kI32, kAnyRef};
    ids = *store.types().add(module);
  }
  Heap& heap() { return store.heap(); }
  std::uint64_t live() {
    heap().collect(nullptr);
    return heap().statistics().live_bytes;
  }

  Store store;
  std::vector<std::uint32_t> ids;
};

void put(Object* object, std::uint32_t offset, const Object* value) {
  const Slot slot = to_slot(value);
  std::memcpy(reinterpret_cast<std::byte*>(object) + offset, &slot, sizeof slot);
}

}  // namespace

TEST_SUITE("heap") {
  TEST_CASE("layout: fields in order, aligned") {
    Fixture f;
    const ObjectType& type = *f.heap().type(f.ids[0]);
    REQUIRE(type.fields.size() == 4);
    CHECK(type.fields[0].offset == 8);
    CHECK(type.fields[1].offset == 16);
    CHECK(type.fields[2].offset == 24);
    CHECK(type.fields[3].offset == 32);
    CHECK(type.size == 36);
    CHECK(type.references == std::vector<std::uint32_t>{16});
    CHECK(type.loose_references == std::vector<std::uint32_t>{24});
    CHECK(type.display[type.depth] == f.ids[0]);
  }

  TEST_CASE("only the addresses of objects are found") {
    Fixture f;
    Object* small = f.heap().allocate_struct(f.ids[0], nullptr);
    Object* large = f.heap().allocate_array(f.ids[2], 10000, nullptr);
    REQUIRE(small != nullptr);
    REQUIRE(large != nullptr);
    CHECK(large->length == 10000);
    CHECK(f.heap().find(to_slot(small)) == small);
    CHECK(f.heap().find(to_slot(large)) == large);
    for (const Slot near : {1u, 8u, 16u, 64u}) {
      CHECK(f.heap().find(to_slot(small) + near) == nullptr);
      CHECK(f.heap().find(to_slot(large) + near) == nullptr);
      CHECK(f.heap().find(near) == nullptr);
    }
    CHECK(f.live() == 0);
    CHECK(f.heap().find(to_slot(small)) == nullptr);
    CHECK(f.heap().find(to_slot(large)) == nullptr);
  }

  TEST_CASE("what roots reach stays") {
    Fixture f;
    Heap& heap = f.heap();
    Object* array = heap.allocate_array(f.ids[1], 3, nullptr);
    HostRoot* root = heap.add_root(to_slot(array));
    Object* inner = heap.allocate_struct(f.ids[0], nullptr);
    put(array, kObjectHeader + 8, inner);
    Object* loose = heap.allocate_struct(f.ids[0], nullptr);
    put(inner, 24, loose);  // as an externref
    put(loose, 16, array);  // a cycle
    heap.allocate_struct(f.ids[0], nullptr);
    CHECK(f.live() == 32 + 48 + 48);
    ++root->holders;
    Heap::release(root);
    CHECK(f.live() == 128);
    Heap::release(root);
    CHECK(f.live() == 0);
    CHECK(heap.statistics().used_bytes == 0);
    CHECK(heap.statistics().collections == 3);
  }

  TEST_CASE("exceptions are objects with a tag and values") {
    Fixture f;
    Heap& heap = f.heap();
    int tag = 0;
    Object* inner = heap.allocate_struct(f.ids[0], nullptr);
    Heap::TemporaryRoots roots(heap);
    roots.slots.push_back(to_slot(inner));
    Object* exception = heap.allocate_exception(f.ids[3], &tag, nullptr);
    REQUIRE(exception != nullptr);
    CHECK(exception->kind() == ObjectKind::exception);
    CHECK(exception->length == 2);
    exception->values()[1] = to_slot(inner);
    roots.slots[0] = to_slot(exception);
    CHECK(f.live() == 32 + 48);
    CHECK(exception->word() == reinterpret_cast<std::uintptr_t>(&tag));
    roots.slots.clear();
    f.store.context().exception = reinterpret_cast<Exception*>(exception);
    CHECK(f.live() == 32 + 48);
    f.store.context().exception = nullptr;
    CHECK(f.live() == 0);
  }

  TEST_CASE("integers and pointers are boxed where they could be confused") {
    Fixture f;
    Heap& heap = f.heap();
    Slot slot = 0;
    const Slot i31 = 5 << 1 | 1;
    REQUIRE(heap.to_extern(i31, slot, nullptr));
    CHECK(slot != i31);
    REQUIRE(heap.to_any(slot, slot, nullptr));
    CHECK(slot == i31);
    REQUIRE(heap.to_any(i31, slot, nullptr));  // the host's pointer 11
    CHECK(to_object(slot)->kind() == ObjectKind::host);
    REQUIRE(heap.to_extern(slot, slot, nullptr));
    CHECK(slot == i31);
    Object* object = heap.allocate_struct(f.ids[0], nullptr);
    REQUIRE(heap.to_extern(to_slot(object), slot, nullptr));
    REQUIRE(heap.to_any(slot, slot, nullptr));
    CHECK(slot == to_slot(object));
    REQUIRE(heap.to_any(0, slot, nullptr));
    CHECK(slot == 0);
  }

  TEST_CASE("beyond the limit there is nothing, after a collection") {
    Fixture f(1 << 20);
    Heap& heap = f.heap();
    CHECK(heap.allocate_array(f.ids[2], 1 << 20, nullptr) == nullptr);
    CHECK(heap.allocate_array(f.ids[2], ~std::uint64_t{0}, nullptr) == nullptr);
    for (int i = 0; i < 100000; ++i) REQUIRE(heap.allocate_struct(f.ids[0], nullptr) != nullptr);
    for (int i = 0; i < 100; ++i) REQUIRE(heap.allocate_array(f.ids[2], 60000, nullptr) != nullptr);
    CHECK(heap.statistics().used_bytes <= 1 << 20);
    Object* list = nullptr;
    Heap::TemporaryRoots roots(heap);
    roots.slots.push_back(0);
    int count = 0;
    while (Object* next = heap.allocate_struct(f.ids[0], nullptr)) {
      put(next, 16, list);
      list = next;
      roots.slots[0] = to_slot(list);
      ++count;
    }
    CHECK(count > 15000);
    roots.slots[0] = 0;
    CHECK(heap.allocate_struct(f.ids[0], nullptr) != nullptr);
  }

  TEST_CASE("a heap that is full of live objects is not searched for every byte") {
    Fixture f(4 << 20);
    Heap& heap = f.heap();
    Heap::TemporaryRoots roots(heap);
    while (Object* array = heap.allocate_array(f.ids[2], 500, nullptr)) {
      roots.slots.push_back(to_slot(array));
    }
    CHECK(heap.failure() == Trap::out_of_memory);
    // A little room: garbage fits in there for a while only.
    roots.slots.resize(roots.slots.size() - 8);
    const std::uint64_t before = heap.statistics().collections;
    int made = 0;
    while (made < 100000 && heap.allocate_array(f.ids[2], 500, nullptr) != nullptr) ++made;
    CHECK(made < 1000);
    CHECK(heap.statistics().collections < before + 5);
    // With room enough it goes on for ever.
    roots.slots.resize(roots.slots.size() * 3 / 4);
    for (int i = 0; i < 10000; ++i) REQUIRE(heap.allocate_array(f.ids[2], 500, nullptr) != nullptr);
  }

  TEST_CASE("interrupts end collections, and nothing is lost") {
    Fixture f(std::uint64_t{1} << 28);
    Heap& heap = f.heap();
    std::atomic<std::uint32_t>& interrupt = f.store.context().interrupt;
    Heap::TemporaryRoots roots(heap);
    // An array of arrays and, in the last one, a list: all ways of marking.
    constexpr int kArrays = 40;
    constexpr int kElements = 5000;
    Object* top = heap.allocate_array(f.ids[1], kArrays, nullptr);
    roots.slots = {to_slot(top), 0};
    const auto element = [](Object* array, int i) {
      return kObjectHeader + static_cast<std::uint32_t>(i) * 8 +
             reinterpret_cast<std::byte*>(array);
    };
    for (int i = 0; i < kArrays; ++i) {
      Object* array = heap.allocate_array(f.ids[1], kElements, nullptr);
      put(top, kObjectHeader + static_cast<std::uint32_t>(i) * 8, array);
      for (int k = 0; k < kElements; ++k) {
        Object* made = heap.allocate_struct(f.ids[0], nullptr);
        const std::int32_t number = i * kElements + k;
        std::memcpy(reinterpret_cast<std::byte*>(made) + 32, &number, 4);
        put(array, kObjectHeader + static_cast<std::uint32_t>(k) * 8, made);
      }
    }
    const std::uint64_t live = f.live();
    const auto is_whole = [&] {
      for (int i = 0; i < kArrays; ++i) {
        Object* array = nullptr;
        std::memcpy(&array, element(top, i), 8);
        if (array->length != kElements || array->kind() != ObjectKind::array) return false;
        for (int k = 0; k < kElements; ++k) {
          Object* made = nullptr;
          std::memcpy(&made, element(array, k), 8);
          std::int32_t number = 0;
          std::memcpy(&number, reinterpret_cast<std::byte*>(made) + 32, 4);
          if (number != i * kElements + k || made->kind() != ObjectKind::structure) return false;
        }
      }
      return true;
    };

    interrupt = 1;
    CHECK(!heap.collect(nullptr));
    heap.set_stress(true);
    CHECK(heap.allocate_struct(f.ids[0], nullptr) == nullptr);
    CHECK(heap.failure() == Trap::interrupted);
    heap.set_stress(false);
    interrupt = 0;
    CHECK(f.live() == live);

    // At any time, from another thread.
    int interrupted = 0;
    const std::uint64_t of_one =
        heap.statistics().pause_nanoseconds / heap.statistics().collections / 1000;
    for (std::uint64_t i = 0; i < 60; ++i) {
      Object* garbage = nullptr;
      for (int k = 0; k < 3000; ++k) garbage = heap.allocate_struct(f.ids[0], nullptr);
      std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(of_one * i / 50));
        interrupt = 1;
      });
      if (!heap.collect(nullptr)) ++interrupted;
      other.join();
      if (i % 3 == 0) CHECK(heap.find(to_slot(garbage)) != top);
      interrupt = 0;
      if (i % 3 != 1) continue;
      REQUIRE(heap.allocate_struct(f.ids[0], nullptr) != nullptr);
      REQUIRE(is_whole());
      CHECK(f.live() == live);
    }
    CHECK(interrupted > 0);
    CHECK(is_whole());
    CHECK(f.live() == live);
  }

  TEST_CASE("sizes of all classes") {
    Fixture f;
    Heap& heap = f.heap();
    Heap::TemporaryRoots roots(heap);
    heap.set_stress(true);
    for (std::uint64_t length = 0; length < 1200; length += 7) {
      Object* array = heap.allocate_array(f.ids[2], length, nullptr);
      REQUIRE(array != nullptr);
      std::memset(array->contents(), 0x5a, length * 8);
      roots.slots.push_back(to_slot(array));
    }
    for (std::size_t i = 0; i < roots.slots.size(); ++i) {
      const Object* array = to_object(roots.slots[i]);
      REQUIRE(array->length == i * 7);
      for (std::uint64_t k = 0; k < array->length * 8; ++k) {
        REQUIRE(array->contents()[k] == std::byte{0x5a});
      }
    }
    CHECK(heap.statistics().collections == roots.slots.size());
  }
}

}  // namespace tinywasm::vm
