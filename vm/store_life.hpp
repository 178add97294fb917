// SPDX-License-Identifier: Apache-2.0
// The places where Stores say that they are there (tinywasm/store_id.hpp).
#pragma once

#include <tinywasm/store_id.hpp>

namespace tinywasm::vm {

/// A place for a Store for as long as this lives. Thread-safe.
class OwnedLife {
 public:
  explicit OwnedLife(Store& store);
  ~OwnedLife();
  OwnedLife(const OwnedLife&) = delete;
  OwnedLife& operator=(const OwnedLife&) = delete;

  StoreId id() const { return id_; }

 private:
  StoreId id_;
};

}  // namespace tinywasm::vm
