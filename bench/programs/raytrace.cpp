// SPDX-License-Identifier: Apache-2.0
// A ray tracer of spheres, planes and boxes: virtual methods (call_indirect) and f64 vectors.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "size.h"

namespace {

constexpr int kWidth = 96, kHeight = 64, kFrames = 80, kReflections = 3;
constexpr double kFar = 1e9, kNear = 1e-6;

struct Vector {
  double x, y, z;
};
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vector operator*(Vector a, double k) { return {a.x * k, a.y * k, a.z * k}; }
double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vector unit(Vector a) { return a * (1 / std::sqrt(dot(a, a))); }

struct Ray {
  Vector from, direction;
};

class Shape {
 public:
  explicit Shape(double mirror) : mirror_(mirror) {}
  virtual ~Shape() = default;
  /// The distance at which the ray meets the shape; kFar if it does not.
  virtual double distance(const Ray& ray) const = 0;
  virtual Vector normal(Vector at) const = 0;
  virtual double brightness(Vector) const { return 0.8; }
  double mirror() const { return mirror_; }

 private:
  double mirror_;
};

class Sphere : public Shape {
 public:
  Sphere(Vector center, double radius) : Shape(0.4), center_(center), radius_(radius) {}
  double distance(const Ray& ray) const override {
    const Vector to = center_ - ray.from;
    const double along = dot(to, ray.direction);
    const double square = along * along - dot(to, to) + radius_ * radius_;
    if (square < 0) return kFar;
    const double half = std::sqrt(square);
    if (along - half > kNear) return along - half;
    return along + half > kNear ? along + half : kFar;
  }
  Vector normal(Vector at) const override { return unit(at - center_); }

 private:
  Vector center_;
  double radius_;
};

class Floor : public Shape {
 public:
  Floor() : Shape(0.2) {}
  double distance(const Ray& ray) const override {
    const double t = -ray.from.y / ray.direction.y;
    return t > kNear ? t : kFar;
  }
  Vector normal(Vector) const override { return {0, 1, 0}; }
  double brightness(Vector at) const override {  // a chessboard
    const int field = static_cast<int>(std::floor(at.x)) + static_cast<int>(std::floor(at.z));
    return field % 2 == 0 ? 1.0 : 0.2;
  }
};

class Slab : public Shape {  // between two heights, endless to the sides
 public:
  Slab(double low, double high) : Shape(0), low_(low), high_(high) {}
  double distance(const Ray& ray) const override {
    const double wall = ray.direction.y > 0 ? low_ : high_;
    const double t = (wall - ray.from.y) / ray.direction.y;
    return t > kNear ? t : kFar;
  }
  Vector normal(Vector at) const override { return {0, at.y < (low_ + high_) / 2 ? -1.0 : 1.0, 0}; }
  double brightness(Vector) const override { return 0.5; }

 private:
  double low_, high_;
};

using Scene = std::vector<std::unique_ptr<Shape>>;

Scene make_scene() {
  Scene scene;
  scene.push_back(std::make_unique<Floor>());
  scene.push_back(std::make_unique<Slab>(8, 9));
  for (int i = 0; i < 7; ++i) {
    scene.push_back(std::make_unique<Sphere>(Vector{i * 1.1 - 3.3, 0.6 + i % 3, 3.0 + i % 2}, 0.6));
  }
  return scene;
}

double trace(const Scene& scene, const Ray& ray, int reflections) {
  const Shape* nearest = nullptr;
  double least = kFar;
  for (const auto& shape : scene) {
    const double distance = shape->distance(ray);
    if (distance < least) least = distance, nearest = shape.get();
  }
  if (!nearest) return 0.1;
  const Vector at = ray.from + ray.direction * least;
  const Vector normal = nearest->normal(at);
  const Vector to_light = unit(Vector{-3, 7, -4} - at);
  double light = dot(normal, to_light);
  if (light > 0) {
    for (const auto& shape : scene) {
      if (shape->distance({at, to_light}) < 5) light = 0;
    }
  }
  const double own = nearest->brightness(at) * (0.2 + (light > 0 ? 0.8 * light : 0));
  if (reflections == 0 || nearest->mirror() == 0) return own;
  const Vector mirrored = ray.direction - normal * (2 * dot(normal, ray.direction));
  return own + nearest->mirror() * trace(scene, {at, mirrored}, reflections - 1);
}

}  // namespace

int main(int argc, char** argv) {
  const int frames = size_argument(argc, argv, kFrames);
  const Scene scene = make_scene();
  double sum = 0;
  for (int frame = 0; frame < frames; ++frame) {
    const Vector eye{0.1 * (frame % 20), 2, -4};
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const Vector direction{(x + 0.5) / kHeight - 0.75, 0.4 - (y + 0.5) / kHeight, 1};
        sum += trace(scene, {eye, unit(direction)}, kReflections);
      }
    }
  }
  const double mean = sum / kWidth / kHeight / frames;
  std::printf("raytrace: %d frames of %dx%d, mean brightness %d in millionths\n", frames, kWidth,
              kHeight, static_cast<int>(mean * 1e6));
  return 0;
}
