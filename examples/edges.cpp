// SPDX-License-Identifier: Apache-2.0
// Finds the edges in a picture: reads a PPM file (P6), writes a PGM file (P5). Grey values, a blur
// and the Sobel operator, eight pixels at a time with vector instructions; with --scalar one pixel
// at a time. Both give the same picture.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>
#include <wasm_simd128.h>

namespace {

/// A plane of 16-bit pixels with a border of copies around it, so that every pixel has neighbours.
class Plane {
 public:
  Plane(int width, int height)
      : width_(width),
        height_(height),
        pixels_(static_cast<std::size_t>(stride()) * (height + 2)) {}

  int width() const { return width_; }
  int height() const { return height_; }
  std::int16_t* row(int y) {
    return &pixels_[static_cast<std::size_t>(y + 1) * static_cast<std::size_t>(stride()) + 8];
  }
  const std::int16_t* row(int y) const { return const_cast<Plane*>(this)->row(y); }

  void make_border() {
    for (int y = 0; y < height_; ++y) {
      row(y)[-1] = row(y)[0];
      for (int x = width_; x < stride() - 8; ++x) row(y)[x] = row(y)[width_ - 1];
    }
    const std::size_t bytes = static_cast<std::size_t>(stride()) * sizeof(std::int16_t);
    std::memcpy(row(-1) - 8, row(0) - 8, bytes);
    std::memcpy(row(height_) - 8, row(height_ - 1) - 8, bytes);
  }

 private:
  int stride() const { return (width_ + 7) / 8 * 8 + 16; }

  int width_;
  int height_;
  std::vector<std::int16_t> pixels_;
};

/// One pixel, with the operations that Vector has.
struct Scalar {
  static constexpr int kPixels = 1;
  int value;

  static Scalar load(const std::int16_t* from) { return {*from}; }
  void store(std::int16_t* to) const { *to = static_cast<std::int16_t>(value); }
  friend Scalar operator+(Scalar a, Scalar b) { return {a.value + b.value}; }
  friend Scalar operator-(Scalar a, Scalar b) { return {a.value - b.value}; }
  Scalar shifted_left(int bits) const { return {value * (1 << bits)}; }
  Scalar shifted_right(int bits) const { return {value >> bits}; }
  Scalar magnitude() const { return {value < 0 ? -value : value}; }
  Scalar at_most(int limit) const { return {value > limit ? limit : value}; }
};

/// Eight pixels.
struct Vector {
  static constexpr int kPixels = 8;
  v128_t value;

  static Vector load(const std::int16_t* from) { return {wasm_v128_load(from)}; }
  void store(std::int16_t* to) const { wasm_v128_store(to, value); }
  friend Vector operator+(Vector a, Vector b) { return {wasm_i16x8_add(a.value, b.value)}; }
  friend Vector operator-(Vector a, Vector b) { return {wasm_i16x8_sub(a.value, b.value)}; }
  Vector shifted_left(int bits) const { return {wasm_i16x8_shl(value, bits)}; }
  Vector shifted_right(int bits) const { return {wasm_i16x8_shr(value, bits)}; }
  Vector magnitude() const { return {wasm_i16x8_abs(value)}; }
  Vector at_most(int limit) const {
    return {wasm_i16x8_min(value, wasm_i16x8_splat(static_cast<std::int16_t>(limit)))};
  }
};

/// Grey = (77 red + 150 green + 29 blue) / 256.
void grey(const std::uint8_t* colours, std::int16_t* to, int width, Scalar) {
  for (int x = 0; x < width; ++x, colours += 3) {
    to[x] = static_cast<std::int16_t>((77 * colours[0] + 150 * colours[1] + 29 * colours[2]) >> 8);
  }
}

void grey(const std::uint8_t* colours, std::int16_t* to, int width, Vector) {
  int x = 0;
  for (; x + 10 < width; x += 8, colours += 24) {  // 32 bytes are read
    const v128_t low = wasm_v128_load(colours);
    const v128_t high = wasm_v128_load(colours + 16);
    const v128_t red =
        wasm_i8x16_shuffle(low, high, 0, 3, 6, 9, 12, 15, 18, 21, 0, 0, 0, 0, 0, 0, 0, 0);
    const v128_t green =
        wasm_i8x16_shuffle(low, high, 1, 4, 7, 10, 13, 16, 19, 22, 0, 0, 0, 0, 0, 0, 0, 0);
    const v128_t blue =
        wasm_i8x16_shuffle(low, high, 2, 5, 8, 11, 14, 17, 20, 23, 0, 0, 0, 0, 0, 0, 0, 0);
    v128_t sum = wasm_u16x8_extmul_low_u8x16(red, wasm_u8x16_splat(77));
    sum = wasm_i16x8_add(sum, wasm_u16x8_extmul_low_u8x16(green, wasm_u8x16_splat(150)));
    sum = wasm_i16x8_add(sum, wasm_u16x8_extmul_low_u8x16(blue, wasm_u8x16_splat(29)));
    wasm_v128_store(to + x, wasm_u16x8_shr(sum, 8));
  }
  grey(colours, to + x, width - x, Scalar());
}

/// 1 2 1 in both directions, divided by 16.
template <class Pixels>
void blur(const Plane& from, Plane& to) {
  const auto across = [](const std::int16_t* at) {
    return Pixels::load(at - 1) + Pixels::load(at).shifted_left(1) + Pixels::load(at + 1);
  };
  for (int y = 0; y < from.height(); ++y) {
    for (int x = 0; x < from.width(); x += Pixels::kPixels) {
      const Pixels sum = across(from.row(y - 1) + x) + across(from.row(y) + x).shifted_left(1) +
                         across(from.row(y + 1) + x);
      sum.shifted_right(4).store(to.row(y) + x);
    }
  }
  to.make_border();
}

template <class Pixels>
void sobel(const Plane& from, Plane& to) {
  for (int y = 0; y < from.height(); ++y) {
    for (int x = 0; x < from.width(); x += Pixels::kPixels) {
      const auto at = [&](int dx, int dy) { return Pixels::load(from.row(y + dy) + x + dx); };
      const Pixels across =
          at(1, -1) - at(-1, -1) + (at(1, 0) - at(-1, 0)).shifted_left(1) + at(1, 1) - at(-1, 1);
      const Pixels down =
          at(-1, 1) - at(-1, -1) + (at(0, 1) - at(0, -1)).shifted_left(1) + at(1, 1) - at(1, -1);
      (across.magnitude() + down.magnitude()).at_most(255).store(to.row(y) + x);
    }
  }
}

void narrow(const std::int16_t* from, std::uint8_t* to, int width, Scalar) {
  for (int x = 0; x < width; ++x) to[x] = static_cast<std::uint8_t>(from[x]);
}

void narrow(const std::int16_t* from, std::uint8_t* to, int width, Vector) {
  int x = 0;
  for (; x + 16 <= width; x += 16) {
    const v128_t low = wasm_v128_load(from + x);
    wasm_v128_store(to + x, wasm_u8x16_narrow_i16x8(low, wasm_v128_load(from + x + 8)));
  }
  narrow(from + x, to + x, width - x, Scalar());
}

template <class Pixels>
int find_edges(int width, int height) {
  Plane picture(width, height);
  std::vector<std::uint8_t> line(static_cast<std::size_t>(width) * 3);
  for (int y = 0; y < height; ++y) {
    if (std::fread(line.data(), 1, line.size(), stdin) != line.size()) {
      return std::fputs("edges: the picture is cut short\n", stderr), 1;
    }
    grey(line.data(), picture.row(y), width, Pixels());
  }
  picture.make_border();
  Plane blurred(width, height);
  blur<Pixels>(picture, blurred);
  sobel<Pixels>(blurred, picture);
  std::printf("P5\n%d %d\n255\n", width, height);
  for (int y = 0; y < height; ++y) {
    narrow(picture.row(y), line.data(), width, Pixels());
    std::fwrite(line.data(), 1, static_cast<std::size_t>(width), stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool scalar = argc > 1 && std::strcmp(argv[1], "--scalar") == 0;
  int width = 0;
  int height = 0;
  if (std::scanf("P6 %d %d 255", &width, &height) != 2 || width < 1 || height < 1 ||
      width > 10000 || height > 10000 || std::getchar() == EOF) {
    return std::fputs("edges: a PPM file (P6) is wanted on standard input\n", stderr), 1;
  }
  return scalar ? find_edges<Scalar>(width, height) : find_edges<Vector>(width, height);
}
