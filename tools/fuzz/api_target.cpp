// SPDX-License-Identifier: Apache-2.0
// The target that drives the embedding API: the input says what an embedder does, in any order.
// Stores come, move and go while handles, values and errors of theirs are kept; host functions and
// makers come back in the middle; Stores of several threads share modules and memories. What the
// API calls a programming error is left out: to destroy a Store while it runs.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <tinywasm/tinywasm.hpp>

#include "tools/fuzz/choices.hpp"
#include "tools/fuzz/targets.hpp"
#include "vm/store.hpp"

namespace tinywasm::fuzz {
namespace {

constexpr std::uint32_t kKept = 8;  // of each kind of thing
constexpr int kMaxSteps = 400;
constexpr int kMaxDepth = 12;
constexpr std::uint64_t kFuel = 20'000;

constexpr const char* kModules[] = {
    // One of everything, and calls in all directions.
    R"((module
      (import "env" "act" (func $act (param i32) (result i32)))
      (import "env" "take" (func $take (param funcref anyref externref)))
      (import "env" "func" (func $func (result funcref)))
      (import "env" "any" (func $any (result anyref)))
      (import "env" "extern" (func $extern (result externref)))
      (type $s (struct (field (mut i32)) (field (mut anyref)) (field (mut funcref))))
      (type $unary (func (param i32) (result i32)))
      (tag $e (export "tag") (param i32 anyref))
      (memory (export "memory") 1 4)
      (table $t (export "table") 4 9 funcref)
      (table $x (export "externs") 2 externref)
      (global $any_global (export "any_global") (mut anyref) (ref.null any))
      (global $func_global (export "func_global") (mut funcref) (ref.null func))
      (elem declare func $id $act)
      (elem (table $t) (i32.const 1) func $id $act)
      (func $id (export "id") (param i32) (result i32) (local.get 0))
      (func (export "act") (param i32) (result i32)
        (i32.store (i32.const 8) (local.get 0))
        (drop (call $act (local.get 0)))
        (i32.load (i32.const 8)))
      (func (export "indirect") (param i32 i32) (result i32)
        (call_indirect $t (type $unary) (local.get 0) (local.get 1)))
      (func $make (export "make") (param i32) (result anyref) (local $new (ref $s))
        (local.set $new
          (struct.new $s (local.get 0) (global.get $any_global) (global.get $func_global)))
        (global.set $any_global (local.get $new))
        (local.get $new))
      (func (export "give") (param i32)
        (call $take (table.get $t (i32.const 1)) (call $make (local.get 0))
          (table.get $x (i32.const 0)))
        (call $take (ref.func $act) (ref.i31 (local.get 0)) (ref.null extern)))
      (func (export "get")
        (table.set $t (i32.const 0) (call $func))
        (global.set $func_global (call $func))
        (global.set $any_global (call $any))
        (table.set $x (i32.const 1) (call $extern)))
      (func (export "forge") (param i32)
        (call $take (ref.null func) (ref.null any) (extern.convert_any (call $make (local.get 0)))))
      (func (export "churn") (param i32)
        (loop (drop (struct.new_default $s))
          (br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))))
      (func (export "throw") (param i32) (throw $e (local.get 0) (call $make (local.get 0))))
      (func (export "catch") (param i32) (result i32)
        (block $h (result exnref)
          (try_table (catch_all_ref $h) (return (call $act (local.get 0))))
          (unreachable))
        (drop) (i32.const 77))
      (func (export "same_func") (param funcref) (result funcref) (local.get 0))
      (func (export "same_any") (param anyref) (result anyref) (local.get 0))
      (func (export "same_extern") (param externref) (result externref) (local.get 0))))",
    // These do not come about, after more or less has happened.
    R"((module (import "env" "table" (table 2 funcref)) (import "env" "act" (func (param i32) (result i32)))
      (func $f (param i32) (result i32) (local.get 0))
      (elem (i32.const 0) func 0 $f) (elem (i32.const 200) func $f)
      (elem $d declare funcref (ref.func $f)) (memory 1)))",
    R"((module (import "env" "take" (func $take (param funcref anyref externref)))
      (import "env" "any_global" (global $g (mut anyref)))
      (type $h (struct (field funcref) (field anyref))) (memory 1) (tag $e)
      (elem declare func $s)
      (func $s
        (global.set $g (struct.new $h (ref.func $s) (global.get $g)))
        (call $take (ref.func $s) (global.get $g) (ref.null extern))
        (throw $e))
      (start $s)))",
    R"((module (import "env" "act" (func $act (param i32) (result i32))) (memory 2) (table 5 anyref)
      (func $s (drop (call $act (i32.const 3))) (if (i32.and (call $act (i32.const 4)) (i32.const 1))
        (then unreachable)))
      (start $s)))",
    R"((module (import "env" "unknown" (func)) (type (struct (field i64))) (memory 1)))",
    R"((module (import "env" "shared" (memory 1 3 shared))
      (func (export "id") (param i32) (result i32)
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (memory.grow (i32.const 0)))
        (local.get 0))))",
};

class Driver {
 public:
  explicit Driver(Input input) : choices_(input) {
    for (const char* text : kModules) modules_.push_back(*Module::from_text(text));
    shared_ = *SharedMemory::create({.limits = {.min = 1, .max = 3}, .is_shared = true});
  }
  void run() {
    while (!choices_.is_over() && steps_ < kMaxSteps) step();
  }

 private:
  // ---- What is kept. Things are copied out before they are used: steps nest.
  template <class T>
  void keep(std::vector<T>& things, T thing) {
    if (things.size() < kKept) {
      things.push_back(std::move(thing));
    } else {
      std::swap(things[choices_.below(kKept)], thing);
    }
  }
  template <class T>
  void keep(std::vector<T>& things, Result<T> made) {
    if (made) return keep(things, *std::move(made));
    require(!made.error().message.empty() || made.error().exception, "an error without a message");
    keep(errors_, std::move(made).error());
  }
  void keep(Result<void> done) {
    if (!done) keep(errors_, std::move(done).error());
  }
  template <class T>
  std::optional<T> pick(const std::vector<T>& things) {
    if (things.empty()) return std::nullopt;
    return things[choices_.below(size32(things))];
  }

  template <class Things>
  static std::uint32_t size32(const Things& things) {
    return static_cast<std::uint32_t>(std::size(things));
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(choices_.below(256)); }

  static bool is_running(const Store& store) {
    return store.impl() != nullptr && store.impl()->context().depth != 0;
  }
  /// A Store, which may have been moved from; none when the place is empty.
  std::optional<Store>& place() { return stores_[choices_.below(size32(stores_))]; }
  std::shared_ptr<Linker> linker() { return linkers_[choices_.below(size32(linkers_))]; }

  // ---- Values

  Value value() {
    switch (choices_.below(8)) {
      case 0:
        return static_cast<std::int32_t>(byte());
      case 1:
        return static_cast<long long>(byte());
      case 2:
        return ExternRef{this};
      case 3:
        return Value::i31(byte());
      case 4:
        if (const auto func = pick(funcs_)) return func->ref();
        return FuncRef();
      default:
        return pick(values_).value_or(Value(1));
    }
  }
  /// Often one of the right type.
  Value value_of(ValueType type) {
    for (int i = 0; i < 3; ++i) {
      Value found = value();
      if (found.type() == type) return found;
    }
    return type == ValueType::i32 ? Value(byte()) : Value::null(type);
  }

  // ---- Host functions

  std::int32_t act(std::int32_t argument) {
    if (depth_ < kMaxDepth) {
      ++depth_;
      step();
      --depth_;
    }
    return argument + byte();
  }
  void take(FuncRef func, const AnyRef& any, ExternRef pointer) {
    require(pointer.pointer == nullptr || pointer.pointer == this, "a forged pointer");
    if (!func.is_null()) keep(funcs_, func.func());
    keep(values_, any.value());
  }
  Result<void> fail() {
    if (const auto error = pick(errors_)) return *error;
    return Error{ErrorKind::host, "no error yet"};
  }
  void equip(Linker& linker) {
    linker.define("env", "act", [this](std::int32_t argument) { return act(argument); });
    linker.define("env", "take",
                  [this](FuncRef func, const AnyRef& any, ExternRef p) { take(func, any, p); });
    linker.define("env", "func", [this] {
      const auto func = pick(funcs_);
      return func ? func->ref() : FuncRef();
    });
    linker.define("env", "any", [this] { return AnyRef(value()); });
    linker.define("env", "extern", [this]() -> Result<ExternRef> {
      if (choices_.below(4) == 0) {
        if (Result<void> failed = fail(); !failed) return failed.error();
      }
      return ExternRef{this};
    });
  }
  HostFunction host_function() {
    switch (choices_.below(4)) {
      case 0:
        return make_host_function([this](std::int32_t argument) { return act(argument); });
      case 1:
        return make_host_function([this]() { return fail(); });
      case 2:
        return make_host_function([](std::int32_t) -> std::int32_t { throw 5; });
      default:
        return HostFunction::dynamic({{ValueType::externref}, {ValueType::anyref}},
                                     [this](Caller& caller, std::span<const Value> arguments,
                                            std::span<Value> results) -> Result<void> {
                                       if (auto instance = caller.instance()) {
                                         keep(instances_, *instance);
                                       }
                                       keep(values_, arguments[0]);
                                       results[0] = value();
                                       return {};
                                     });
    }
  }
  std::optional<HostFunction> make(std::string_view name) {
    if (depth_ < kMaxDepth) {
      ++depth_;
      step();
      --depth_;
    }
    if (name != "act") return std::nullopt;
    return make_host_function([this](std::int32_t argument) { return act(argument); });
  }

  // ---- Steps

  void step() {
    if (++steps_ > kMaxSteps) return;
    constexpr void (Driver::* kSteps[])() = {
        &Driver::change_stores,  &Driver::change_stores, &Driver::change_linkers,
        &Driver::define,         &Driver::define,        &Driver::instantiate,
        &Driver::instantiate,    &Driver::export_items,  &Driver::export_items,
        &Driver::call,           &Driver::call,          &Driver::call,
        &Driver::call_typed,     &Driver::use_table,     &Driver::use_global,
        &Driver::use_memory,     &Driver::use_exception, &Driver::create,
        &Driver::change_modules, &Driver::tune,          &Driver::use_threads,
        &Driver::drop,
    };
    (this->*kSteps[choices_.below(size32(kSteps))])();
  }

  void change_stores() {
    std::optional<Store>& at = place();
    if (at && is_running(*at)) return;
    switch (choices_.below(8)) {
      case 0:
        return at.reset();
      case 1: {
        std::optional<Store>& from = place();
        if (&from != &at && from) at = std::move(*from);
        return;
      }
      default:
        at.emplace(StoreConfig{.max_memory_bytes = std::uint64_t{byte()} << 14,
                               .max_stack_bytes = 64 << 10,
                               .max_gc_bytes = 4 << 20,
                               .fuel = kFuel,
                               .max_table_elements = 64,
                               .max_instances = 20,
                               .portable_loop = choices_.below(4) == 0});
    }
    std::shared_ptr<Linker>& slot = linkers_[choices_.below(size32(linkers_))];
    slot = std::make_shared<Linker>(*at);
    equip(*slot);
  }

  void change_linkers() {
    std::shared_ptr<Linker>& slot = linkers_[choices_.below(size32(linkers_))];
    if (choices_.below(4) == 0) return slot.reset();
    if (choices_.below(4) == 0) {
      const auto from = linker();
      if (from) slot = std::make_shared<Linker>(std::move(*from));
      return;
    }
    std::optional<Store>& at = place();
    if (!at) return;
    slot = std::make_shared<Linker>(*at);
    if (choices_.below(4) != 0) equip(*slot);
  }

  void define() {
    const auto to = linker();
    if (!to) return;
    constexpr const char* kNames[] = {"act", "table", "any_global", "shared", "unknown", "take"};
    const char* name = kNames[choices_.below(size32(kNames))];
    switch (choices_.below(7)) {
      case 0:
        return to->define("env", name, host_function());
      case 1:
        return to->define_on_demand("env", [this](std::string_view what) { return make(what); });
      case 2:
        if (const auto instance = pick(instances_)) to->define_instance("env", *instance);
        return;
      case 3:
        if (const auto func = pick(funcs_)) to->define("env", "act", *func);
        return;
      case 4:
        if (const auto table = pick(tables_)) to->define("env", "table", *table);
        return;
      case 5:
        if (const auto global = pick(globals_)) to->define("env", "any_global", *global);
        return;
      default:
        if (const auto memory = pick(memories_)) to->define("env", "shared", *memory);
    }
  }

  void instantiate() {
    const auto module = pick(modules_);
    if (choices_.below(4) == 0) return instantiate_alone(*module);
    const auto with = linker();
    if (!with) return;
    if (choices_.below(8) == 0) (void)with->missing(*module);
    keep(instances_, with->instantiate(*module));
  }
  /// Through a Linker that what nests destroys.
  void instantiate_alone(const Module& module) {
    std::optional<Store>& at = place();
    if (!at) return;
    const auto own = std::make_shared<std::unique_ptr<Linker>>(std::make_unique<Linker>(*at));
    equip(**own);
    (*own)->define("env", "act", [own, this](std::int32_t argument) {
      own->reset();
      return act(argument);
    });
    Linker* const raw = own->get();
    keep(instances_, raw->instantiate(module));
    own->reset();
  }

  void export_items() {
    const auto instance = pick(instances_);
    if (!instance) return;
    for (const ExportType& entry : instance->exports()) {
      if (choices_.below(2) == 0) continue;
      const auto found = instance->find(entry.name);
      require(found.has_value(), "an export that is not there");
      std::visit([this](const auto& item) { add(item); }, *found);
    }
  }
  void add(const Func& func) { keep(funcs_, func); }
  void add(const Table& table) { keep(tables_, table); }
  void add(const Memory& memory) { keep(memories_, memory); }
  void add(const Global& global) { keep(globals_, global); }
  void add(const Tag& tag) { keep(tags_, tag); }

  void call() {
    const auto func = pick(funcs_);
    if (!func) return;
    const FuncType type = func->type();
    std::vector<Value> arguments;
    for (const ValueType param : type.params) arguments.push_back(value_of(param));
    if (choices_.below(16) == 0) arguments.push_back(1);
    const auto results = func->call(arguments);
    if (!results) return keep(errors_, results.error());
    require(results->size() == type.results.size(), "another number of results");
    for (const Value& result : *results) keep(values_, result);
  }

  void call_typed() {
    const auto instance = pick(instances_);
    if (!instance) return;
    switch (choices_.below(5)) {
      case 0:
        if (const auto id = instance->func<std::int32_t(std::int32_t)>("id")) {
          const auto result = (*id)(42);
          require(!result || *result == 42, "42 is not 42");
        }
        return;
      case 1:
        if (const auto same = instance->func<AnyRef(AnyRef)>("same_any")) {
          if (auto result = (*same)(AnyRef(value()))) keep(values_, result->value());
        }
        return;
      case 2:
        if (const auto same = instance->func<FuncRef(FuncRef)>("same_func")) {
          const auto func = pick(funcs_);
          const auto result = (*same)(func ? func->ref() : FuncRef());
          require(!result || result->is_null() || result->func() == *func, "another function");
        }
        return;
      case 3:
        if (const auto forge = instance->func<void(std::int32_t)>("forge")) keep((*forge)(3));
        return;
      default:
        if (const auto same = instance->func<ExternRef(ExternRef)>("same_extern")) {
          const auto result = (*same)(ExternRef{this});
          require(!result || result->pointer == this, "another pointer");
        }
    }
  }

  void use_table() {
    const auto table = pick(tables_);
    if (!table) return;
    keep(values_, table->get(choices_.below(6)));
    const ValueType type = table->type().element;
    keep(table->set(choices_.below(6), value_of(type)));
    if (choices_.below(4) == 0) (void)table->grow(choices_.below(3), value_of(type));
  }
  void use_global() {
    const auto global = pick(globals_);
    if (!global) return;
    keep(values_, global->get());
    keep(global->set(value_of(global->type().type)));
  }
  void use_memory() {
    const auto memory = pick(memories_);
    if (!memory) return;
    keep(memory->write(byte() * 700u, std::uint64_t{1}));
    (void)memory->read<std::uint32_t>(byte() * 700u);
    if (choices_.below(2) == 0) (void)memory->grow(choices_.below(3));
    const auto bytes = memory->bytes();
    if (!bytes.empty()) bytes.back() = std::byte{1};
    require(memory->find(bytes.size(), 1) == nullptr, "a byte behind the end");
  }
  void use_exception() {
    if (const auto tag = pick(tags_)) {
      std::vector<Value> values;
      for (const ValueType type : tag->type().type.params) values.push_back(value_of(type));
      keep(exceptions_, Exception::create(*tag, values));
    }
    if (const auto error = pick(errors_)) {
      if (const auto exception = Exception::of(*error)) keep(exceptions_, *exception);
      (void)to_string(*error);
    }
    if (const auto exception = pick(exceptions_)) {
      for (const Value& kept : exception->values()) keep(values_, kept);
      keep(tags_, exception->tag());
      keep(errors_, exception->error());
    }
  }
  void create() {
    std::optional<Store>& in = place();
    if (!in) return;
    switch (choices_.below(6)) {
      case 0:
        return keep(funcs_, Func::create(*in, host_function()));
      case 1:
        return keep(tables_, Table::create(*in, {ValueType::funcref, {.min = 2, .max = 5}},
                                           value_of(ValueType::funcref)));
      case 2:
        return keep(globals_, Global::create(*in, {ValueType::anyref, true}, value()));
      case 3:
        return keep(memories_, Memory::create(*in, shared_));
      case 4:
        return keep(values_, AnyRef::convert_extern(*in, value()).value());
      default:
        return keep(tags_, Tag::create(*in, {{{ValueType::i32, ValueType::anyref}, {}}}));
    }
  }
  void change_modules() {
    Module& module = modules_[choices_.below(size32(modules_))];
    Module moved = std::move(module);
    (void)module.exports();
    if (const auto with = linker()) keep(instances_, with->instantiate(module));
    module = std::move(moved);
  }
  void tune() {
    std::optional<Store>& store = place();
    if (!store) return;
    switch (choices_.below(6)) {
      case 0:
        return store->set_gc_stress(true);
      case 1:
        return store->set_gc_stress(false);
      case 2:
        return store->interrupt();
      case 3:
        return store->collect_garbage();
      default:
        store->clear_interrupt();
        store->set_fuel(kFuel);
    }
  }

  /// Stores of other threads run a module and a memory of this one's, and let go of what this one
  /// has kept.
  void use_threads() {
    if (choices_.below(4) != 0) return;
    const Module module = *Module::from_text(kModules[std::size(kModules) - 1]);
    const auto work = [&module, shared = shared_](std::vector<Value> values,
                                                  std::vector<Error> errors) {
      Store store({.fuel = kFuel});
      Linker linker(store);
      if (const auto memory = Memory::create(store, shared)) {
        linker.define("env", "shared", *memory);
      }
      if (const auto instance = linker.instantiate(module)) {
        const auto id = instance->func<std::int32_t(std::int32_t)>("id");
        for (int i = 0; i < 5; ++i) require(*(*id)(i) == i, "a thread counts otherwise");
      }
      values.clear();
      errors.clear();
    };
    std::thread first(work, std::vector<Value>(), errors_);
    std::thread second(work, std::exchange(values_, {}), std::exchange(errors_, {}));
    if (depth_ < kMaxDepth) {
      ++depth_;
      step();
      --depth_;
    }
    first.join();
    second.join();
  }

  void drop() {
    switch (choices_.below(6)) {
      case 0:
        return values_.clear();
      case 1:
        return errors_.clear();
      case 2:
        return instances_.clear();
      case 3:
        return exceptions_.clear();
      default:
        if (!values_.empty()) {  // by every way that a Value can be copied and moved
          Value& value = values_[choices_.below(size32(values_))];
          Value moved = std::move(value);
          value = moved;
          Value& self = value;
          value = self;
          moved = Value(1);
        }
    }
  }

  Choices choices_;
  int steps_ = 0;
  int depth_ = 0;
  // Some of this is declared before the Stores and so goes after them.
  std::vector<Value> values_;
  std::vector<Error> errors_;
  std::vector<Func> funcs_;
  std::vector<Table> tables_;
  std::vector<Global> globals_;
  std::vector<Memory> memories_;
  std::vector<Tag> tags_;
  std::vector<Exception> exceptions_;
  std::vector<Instance> instances_;
  std::vector<Module> modules_;
  SharedMemory shared_{nullptr};
  std::array<std::shared_ptr<Linker>, 3> linkers_;
  std::array<std::optional<Store>, 3> stores_;
};

}  // namespace

void api_calls(Input input) { Driver(input).run(); }

}  // namespace tinywasm::fuzz
