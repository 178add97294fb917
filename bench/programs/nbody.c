// SPDX-License-Identifier: Apache-2.0
// Gravity between a star and its planets: f64 multiplications, divisions and square roots.
#include <math.h>

#include "size.h"

enum { kBodies = 6, kSteps = 900000 };

typedef struct {
  double x, y, z;     // position
  double vx, vy, vz;  // velocity
  double mass;
} Body;

static void make_bodies(Body* bodies) {
  bodies[0] = (Body){.mass = 1};
  for (int i = 1; i < kBodies; ++i) {
    // On a circle around the star, a little out of its plane; further out they are slower.
    double radius = 0.5 * i * i, speed = 1 / sqrt(radius);
    bodies[i] = (Body){.x = i % 2 ? radius : -radius,
                       .z = 0.01 * i,
                       .vy = i % 2 ? speed : -speed,
                       .mass = 0.0001 * (i + 1)};
    bodies[0].vy -= bodies[i].mass * bodies[i].vy;  // the momentum of all together is zero
  }
}

static double energy(const Body* bodies) {
  double sum = 0;
  for (int i = 0; i < kBodies; ++i) {
    const Body* a = &bodies[i];
    sum += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int j = i + 1; j < kBodies; ++j) {
      const Body* b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      sum -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

static void advance(Body* bodies, double dt) {
  for (int i = 0; i < kBodies; ++i) {
    Body* a = &bodies[i];
    for (int j = i + 1; j < kBodies; ++j) {
      Body* b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz;
      double pull = dt / (square * sqrt(square));
      a->vx -= dx * b->mass * pull, b->vx += dx * a->mass * pull;
      a->vy -= dy * b->mass * pull, b->vy += dy * a->mass * pull;
      a->vz -= dz * b->mass * pull, b->vz += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < kBodies; ++i) {
    Body* a = &bodies[i];
    a->x += dt * a->vx, a->y += dt * a->vy, a->z += dt * a->vz;
  }
}

int main(int argc, char** argv) {
  int steps = size_argument(argc, argv, kSteps);
  Body bodies[kBodies];
  make_bodies(bodies);
  double before = energy(bodies);
  for (int step = 0; step < steps; ++step) advance(bodies, 0.001);
  double after = energy(bodies);
  if (fabs(after / before - 1) > 0.001) return puts("energy was not conserved"), 1;
  printf("n-body: energy %lld before, %lld after %d steps, in units of 1e-15\n",
         (long long)(before * 1e15), (long long)(after * 1e15), steps);
  return 0;
}
