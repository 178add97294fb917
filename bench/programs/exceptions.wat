;; SPDX-License-Identifier: Apache-2.0
;; Exceptions: thrown in the same function, through many frames, caught and thrown again on the
;; way, and the price of a try_table around a loop that never throws.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "exceptions: thrown from up to 31 calls deep: ")
  (data (i32.const 320) "exceptions: passed on by handlers: ")
  (data (i32.const 384) "exceptions: divisions by zero: ")
  (data (i32.const 448) "exceptions: solutions of 6 queens: ")

  (tag $deep (param i32 i32))
  (tag $zero)
  (tag $solved (param i32))
  (global $passed (mut i32) (i32.const 0))

  ;; Throws its two parameters from $depth calls further down.
  (func $descend (param $depth i32) (param $value i32) (result i32)
    (if (i32.eqz (local.get $depth))
      (then (throw $deep (local.get $depth) (local.get $value))))
    (i32.add (call $descend (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))
             (i32.const 1)))

  (func $catch_deep (param $depth i32) (result i32)
    (block $caught (result i32 i32)
      (return
        (try_table (result i32) (catch $deep $caught)
          (call $descend (local.get $depth) (local.get $depth)))))
    (i32.add))

  ;; Each level has a handler for everything that counts and throws the exception again.
  (func $pass_on (param $depth i32)
    (if (i32.eqz (local.get $depth)) (then (throw $zero)))
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught)
        (call $pass_on (i32.sub (local.get $depth) (i32.const 1))))
      (return))
    (global.set $passed (i32.add (global.get $passed) (i32.const 1)))
    (throw_ref))

  (func $quotient (param $a i32) (param $b i32) (result i32)
    (if (i32.eqz (local.get $b)) (then (throw $zero)))
    (i32.div_u (local.get $a) (local.get $b)))

  ;; How often a number below $limit, modulo 5, is zero: one in five throws.
  (func $count_zeros (param $limit i32) (result i32)
    (local $i i32) (local $zeros i32) (local $sum i32)
    (loop $next
      (block $done
        (block $division_by_zero
          (try_table (catch $zero $division_by_zero)
            (local.set $sum
              (i32.add (local.get $sum)
                (call $quotient (local.get $limit)
                                (i32.rem_u (local.get $i) (i32.const 5)))))
            (br $done)))
        (local.set $zeros (i32.add (local.get $zeros) (i32.const 1))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $limit))))
    (local.get $zeros))

  ;; Six queens by backtracking; a solution is reported by an exception with its number.
  (func $place (param $row i32) (param $columns i32) (param $rising i32) (param $falling i32)
    (local $free i32) (local $queen i32)
    (if (i32.eq (local.get $row) (i32.const 6))
      (then (throw $solved (local.get $columns))))
    (local.set $free
      (i32.and (i32.const 63)
        (i32.xor (i32.const -1)
          (i32.or (local.get $columns) (i32.or (local.get $rising) (local.get $falling))))))
    (loop $next
      (if (i32.eqz (local.get $free)) (then (return)))
      (local.set $queen
        (i32.and (local.get $free) (i32.sub (i32.const 0) (local.get $free))))
      (local.set $free (i32.xor (local.get $free) (local.get $queen)))
      (block $done
        (block $found (result i32)
          (try_table (catch $solved $found)
            (call $place
              (i32.add (local.get $row) (i32.const 1))
              (i32.or (local.get $columns) (local.get $queen))
              (i32.shl (i32.or (local.get $rising) (local.get $queen)) (i32.const 1))
              (i32.shr_u (i32.or (local.get $falling) (local.get $queen)) (i32.const 1))))
          (br $done))
        ;; All columns are taken: one solution more.
        (local.set $queen (i32.eq (i32.const 63)))
        (global.set $solutions (i32.add (global.get $solutions) (local.get $queen))))
      (br $next)))
  (global $solutions (mut i32) (i32.const 0))

  (func (export "_start")
    (local $round i32) (local $rounds i32) (local $sum i64) (local $zeros i64)
    (local.set $rounds (call $size (i32.const 150000)))
    (loop $next
      (local.set $sum
        (i64.add (local.get $sum)
          (i64.extend_i32_u (call $catch_deep (i32.and (local.get $round) (i32.const 31))))))
      (block $caught
        (try_table (catch $zero $caught)
          (call $pass_on (i32.and (local.get $round) (i32.const 7)))))
      (local.set $zeros
        (i64.add (local.get $zeros) (i64.extend_i32_u (call $count_zeros (i32.const 100)))))
      (if (i32.eqz (i32.and (local.get $round) (i32.const 15)))
        (then (call $place (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $round) (local.get $rounds))))
    (call $print (i32.const 256) (i32.const 45) (local.get $sum))
    (call $print (i32.const 320) (i32.const 35) (i64.extend_i32_u (global.get $passed)))
    (call $print (i32.const 384) (i32.const 31) (local.get $zeros))
    (call $print (i32.const 448) (i32.const 35) (i64.extend_i32_u (global.get $solutions))))

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
