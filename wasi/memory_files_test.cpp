// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <doctest/doctest.h>
#include <string>
#include <thread>
#include <vector>

#include <tinywasm/wasi_files.hpp>

using namespace tinywasm;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string sorted_names(WasiDirectory& directory) {
  std::vector<std::string> names = directory.names();
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += name + " ";
  return all;
}

}  // namespace

TEST_SUITE("memory_files") {
  TEST_CASE("writing and reading by path") {
    WasiMemoryFiles files;
    CHECK(files.write("a/b/c.txt", "hello").has_value());
    CHECK(*files.read("a/b/c.txt") == "hello");
    CHECK(*files.read("/a//b/c.txt") == "hello");
    CHECK(files.write("a/b/c.txt", "x").has_value());
    CHECK(*files.read("a/b/c.txt") == "x");
    CHECK(files.write("empty", "").has_value());
    CHECK(files.read("empty")->empty());
    CHECK(files.read("a/b").error().message == "a/b: Is a directory");
    CHECK(files.read("a/x").error().message == "a/x: No such file or directory");
    CHECK(files.read("empty/x").error().message == "empty/x: Not a directory");
    CHECK_FALSE(files.write("", "x").has_value());
    CHECK_FALSE(files.write("a/b", "x").has_value());
    CHECK_FALSE(files.write("empty/x", "x").has_value());
    CHECK(sorted_names(*files.root()) == "a empty ");
  }

  TEST_CASE("offsets, holes and sizes") {
    WasiMemoryFiles files;
    REQUIRE(files.write("f", "abc").has_value());
    const auto file = files.root()->find("f").file;
    CHECK(file->write(5, bytes("z")).bytes == 1);
    CHECK(*files.read("f") == std::string("abc\0\0z", 6));
    CHECK(file->write(1, bytes("XY")).bytes == 2);
    CHECK(file->resize(2) == 0);
    CHECK(*files.read("f") == "aX");
    CHECK(file->resize(4) == 0);
    CHECK(*files.read("f") == std::string("aX\0\0", 4));
    std::byte buffer[8];
    CHECK(file->read(1, buffer).bytes == 3);
    CHECK(file->read(4, buffer).bytes == 0);
    CHECK(file->read(~std::uint64_t{0}, buffer).bytes == 0);
    CHECK(file->write(~std::uint64_t{0}, bytes("x")).error == EFBIG);
    CHECK(file->write(std::uint64_t{1} << 62, bytes("x")).error == ENOSPC);
    CHECK(file->resize(~std::uint64_t{0}) == ENOSPC);
    CHECK(file->info().size == 4);
  }

  TEST_CASE("what is held is bounded, and given back") {
    WasiMemoryFiles files({.max_bytes = 256 + 256 + 100});
    const auto root = files.root();
    CHECK(root->create_file("f") == 0);
    const auto file = root->find("f").file;
    CHECK(file->write(0, bytes(std::string(100, 'x'))).bytes == 100);
    CHECK(file->write(100, bytes("x")).error == ENOSPC);
    CHECK(file->resize(101) == ENOSPC);
    CHECK(root->create_directory("d") == ENOSPC);
    CHECK(file->resize(10) == 0);
    CHECK(file->write(10, bytes(std::string(90, 'y'))).bytes == 90);
    CHECK(root->remove_file("f") == 0);
    CHECK(root->create_directory("d") == ENOSPC);  // it is still open
    CHECK(file->read(0, std::span<std::byte>()).bytes == 0);
    const_cast<std::shared_ptr<WasiFile>&>(file).reset();
    CHECK(root->create_directory("d") == 0);
    CHECK_FALSE(files.write("g", "").has_value());
  }

  TEST_CASE("names") {
    WasiMemoryFiles files;
    const auto root = files.root();
    CHECK(root->create_file("f") == 0);
    CHECK(root->create_file("f") == EEXIST);
    CHECK(root->create_directory("f") == EEXIST);
    CHECK(root->create_directory("d") == 0);
    CHECK(root->remove_directory("f") == ENOTDIR);
    CHECK(root->remove_file("d") == EISDIR);
    CHECK(root->remove_file("x") == ENOENT);
    CHECK(root->remove_directory("x") == ENOENT);
    const auto d = root->find("d").directory;
    CHECK(d->create_file("inner") == 0);
    CHECK(root->remove_directory("d") == ENOTEMPTY);
    CHECK(d->remove_file("inner") == 0);
    CHECK(root->remove_directory("d") == 0);
    CHECK(d->create_file("late") == ENOENT);  // open, but gone
    CHECK_FALSE(root->find("d"));
    CHECK(sorted_names(*root) == "f ");
  }

  TEST_CASE("renaming") {
    WasiMemoryFiles files, others;
    const auto root = files.root();
    REQUIRE(files.write("a/f", "1").has_value());
    REQUIRE(files.write("b/g", "2").has_value());
    const auto a = root->find("a").directory, b = root->find("b").directory;
    CHECK(a->rename("f", *b, "f") == 0);
    CHECK(*files.read("b/f") == "1");
    CHECK(b->rename("f", *b, "g") == 0);
    CHECK(*files.read("b/g") == "1");
    CHECK(b->rename("g", *b, "g") == 0);
    CHECK(b->rename("x", *b, "g") == ENOENT);
    CHECK(root->rename("b", *b, "inside") == EINVAL);
    CHECK(root->rename("b", *root, "a") == 0);  // a is empty
    CHECK(sorted_names(*root) == "a ");
    CHECK(root->create_directory("c") == 0);
    CHECK(root->rename("c", *root, "a") == ENOTEMPTY);
    CHECK(root->create_file("h") == 0);
    CHECK(root->rename("h", *root, "a") == EISDIR);
    CHECK(root->rename("a", *root, "h") == ENOTDIR);
    CHECK(root->rename("h", *others.root(), "h") == EXDEV);
    CHECK(root->rename("h", *a, "h") == ENOENT);  // the first a was replaced
    const auto c = root->find("c").directory;
    CHECK(root->rename("a", *c, "deep") == 0);
    CHECK(*files.read("c/deep/g") == "1");
    CHECK(root->rename("c", *c->find("deep").directory, "x") == EINVAL);
  }

  TEST_CASE("times are the embedder's") {
    std::uint64_t now = 5;
    WasiMemoryFiles files({.now = [&] { return now; }});
    REQUIRE(files.write("f", "").has_value());
    const auto file = files.root()->find("f").file;
    CHECK(file->info().modified == 5);
    now = 9;
    CHECK(file->write(0, bytes("x")).bytes == 1);
    CHECK(file->info().modified == 9);
    CHECK(file->info().accessed == 5);
    CHECK(file->set_times(1, std::nullopt) == 0);
    CHECK(file->info().accessed == 1);
    CHECK(file->info().modified == 9);
    CHECK(file->info().inode != files.root()->info().inode);
  }

  TEST_CASE("long names count, and are given back") {
    WasiMemoryFiles files({.max_bytes = 1000});
    const auto root = files.root();
    const std::string name(200, 'n'), other(250, 'o');
    REQUIRE(root->create_file(name) == 0);  // 256 for each of two, 200 for the name
    CHECK(root->create_file("f") == 0);
    CHECK(root->rename(name, *root, other) == ENOSPC);
    CHECK(root->remove_file("f") == 0);
    CHECK(root->rename(name, *root, other) == 0);
    CHECK(root->find(other).file->write(0, bytes(std::string(300, 'x'))).error == ENOSPC);
    CHECK(root->remove_file(other) == 0);
    REQUIRE(files.write("f", std::string(488, 'x')).has_value());  // all there is
    CHECK(root->create_file("g") == ENOSPC);
  }

  TEST_CASE("however deep directories are") {
    WasiMemoryFiles files({.max_bytes = std::uint64_t{1} << 30});
    std::shared_ptr<WasiDirectory> at = files.root();
    for (int depth = 0; depth < 200'000; ++depth) {
      REQUIRE(at->create_directory("d") == 0);
      at = at->find("d").directory;
    }
    CHECK(files.root()->rename("d", *at, "d") == EINVAL);
    // All of it goes at once, and from the middle on.
    CHECK(files.root()->find("d"));
  }

  TEST_CASE("several threads") {
    WasiMemoryFiles files;
    std::atomic<int> made{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const auto root = files.root();
        for (int round = 0; round < 200; ++round) {
          if (root->create_file("shared") == 0) ++made;
          const auto file = root->find("shared").file;
          if (file) (void)file->write(static_cast<std::uint64_t>(i), bytes("x"));
          (void)root->rename("shared", *root, "other");
          (void)root->remove_file("other");
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(made > 0);
  }
}
