;; SPDX-License-Identifier: Apache-2.0
;; Garbage-collected objects: trees of structs that come and go, casts to subtypes, and arrays of
;; bytes and of references.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "gc: nodes of short-lived trees: ")
  (data (i32.const 320) "gc: nodes of the long-lived tree: ")
  (data (i32.const 384) "gc: area of all shapes: ")
  (data (i32.const 448) "gc: primes below 50000: ")

  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node))))
  (rec
    (type $shape (sub (struct (field $next (mut (ref null $shape))))))
    (type $square (sub final $shape
      (struct (field (mut (ref null $shape))) (field $side i32))))
    (type $rectangle (sub final $shape
      (struct (field (mut (ref null $shape))) (field $width i32) (field $height i32)))))
  (type $bytes (array (mut i8)))
  (type $shapes (array (mut (ref null $shape))))

  (func $make_tree (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $depth))
      (then (struct.new_default $node))
      (else
        (struct.new $node
          (call $make_tree (i32.sub (local.get $depth) (i32.const 1)))
          (call $make_tree (i32.sub (local.get $depth) (i32.const 1)))))))

  (func $count_nodes (param $node (ref null $node)) (result i32)
    (if (ref.is_null (local.get $node)) (then (return (i32.const 0))))
    (i32.add (i32.const 1)
      (i32.add (call $count_nodes (struct.get $node $left (local.get $node)))
               (call $count_nodes (struct.get $node $right (local.get $node))))))

  ;; Squares and rectangles in turn, each linked to the one before.
  (func $make_shapes (param $count i32) (result (ref $shapes))
    (local $shapes (ref $shapes)) (local $i i32) (local $last (ref null $shape))
    (local.set $shapes (array.new_default $shapes (local.get $count)))
    (loop $next
      (local.set $last
        (if (result (ref $shape)) (i32.and (local.get $i) (i32.const 1))
          (then (struct.new $square (local.get $last) (local.get $i)))
          (else (struct.new $rectangle (local.get $last) (local.get $i) (i32.const 3)))))
      (array.set $shapes (local.get $shapes) (local.get $i) (local.get $last))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
    (local.get $shapes))

  (func $area (param $shape (ref null $shape)) (result i32)
    (local $rectangle (ref $rectangle)) (local $square (ref $square))
    (block $no_square (result (ref null $shape))
      (local.set $square
        (br_on_cast_fail $no_square (ref null $shape) (ref $square) (local.get $shape)))
      (return (i32.mul (struct.get $square $side (local.get $square))
                       (struct.get $square $side (local.get $square)))))
    (local.set $rectangle (ref.cast (ref $rectangle)))
    (i32.mul (struct.get $rectangle $width (local.get $rectangle))
             (struct.get $rectangle $height (local.get $rectangle))))

  ;; Walks the array, and from its last shape along the links.
  (func $total_area (param $shapes (ref $shapes)) (result i64)
    (local $i i32) (local $sum i64) (local $shape (ref null $shape))
    (loop $next
      (local.set $shape (array.get $shapes (local.get $shapes) (local.get $i)))
      (local.set $sum (i64.add (local.get $sum)
                               (i64.extend_i32_u (call $area (local.get $shape)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (array.len (local.get $shapes)))))
    (loop $along
      (local.set $sum (i64.add (local.get $sum)
                               (i64.extend_i32_u (call $area (local.get $shape)))))
      (local.set $shape (struct.get $shape $next (local.get $shape)))
      (br_if $along (i32.eqz (ref.is_null (local.get $shape)))))
    (local.get $sum))

  (func $primes_below (param $limit i32) (result i32)
    (local $composite (ref $bytes)) (local $i i32) (local $j i32) (local $count i32)
    (local.set $composite (array.new_default $bytes (local.get $limit)))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (array.get_u $bytes (local.get $composite) (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.add (local.get $i) (local.get $i)))
          (loop $multiple
            (if (i32.lt_u (local.get $j) (local.get $limit))
              (then
                (array.set $bytes (local.get $composite) (local.get $j) (i32.const 1))
                (local.set $j (i32.add (local.get $j) (local.get $i)))
                (br $multiple))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $limit))))
    (local.get $count))

  (func (export "_start")
    (local $rounds i32) (local $nodes i64) (local $area i64) (local $primes i32)
    (local $long_lived (ref $node)) (local $shapes (ref $shapes))
    (local.set $rounds (call $size (i32.const 500)))
    (local.set $long_lived (call $make_tree (i32.const 12)))
    (local.set $shapes (call $make_shapes (i32.const 1000)))
    (loop $round
      (local.set $nodes
        (i64.add (local.get $nodes)
          (i64.extend_i32_u (call $count_nodes
            (call $make_tree (i32.add (i32.const 9) (i32.and (local.get $rounds) (i32.const 3))))))))
      (local.set $area (i64.add (local.get $area) (call $total_area (local.get $shapes))))
      (local.set $primes (call $primes_below (i32.const 50000)))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $round (i32.gt_s (local.get $rounds) (i32.const 0))))
    (call $print (i32.const 256) (i32.const 32) (local.get $nodes))
    (call $print (i32.const 320) (i32.const 34)
      (i64.extend_i32_u (call $count_nodes (local.get $long_lived))))
    (call $print (i32.const 384) (i32.const 24) (local.get $area))
    (call $print (i32.const 448) (i32.const 24) (i64.extend_i32_u (local.get $primes))))

  ;; How much there is to do: the program's argument, or the benchmark's own size without one.
  (func $size (param $standard i32) (result i32)
    (local $at i32) (local $size i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.or (i32.lt_u (i32.load (i32.const 0)) (i32.const 2))
                (i32.gt_u (i32.load (i32.const 4)) (i32.const 1024)))
      (then (return (local.get $standard))))
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (local.set $at (i32.load (i32.const 1028)))
    (loop $digit
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10))
        (then
          (local.set $size
            (i32.add (i32.mul (local.get $size) (i32.const 10))
                     (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $digit))))
    (local.get $size))

  ;; Prints the text of these bytes, then the number and the end of the line.
  (func $print (param $text i32) (param $length i32) (param $number i64)
    (local $at i32)
    (local.set $at (i32.const 127))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10))) (i32.const 48)))
      (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $number) (i64.const 0))))
    ;; Two pieces for fd_write: address and length of each.
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (i32.store (i32.const 8) (local.get $at))
    (i32.store (i32.const 12) (i32.sub (i32.const 128) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)))))
