;; SPDX-License-Identifier: Apache-2.0
;; Tail calls: loops written as calls, a scanner whose states are functions in a table, and
;; continuations by reference.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 256) "tail calls: steps of Euclid: ")
  (data (i32.const 320) "tail calls: sum of the numbers in the text: ")
  (data (i32.const 384) "tail calls: factorials modulo 1000003: ")
  (data (i32.const 512) "width = 120; height = 45; // 99 is no number here\0a"
                        "x1 = 7 + 3*(12-5); name = \"17 pages\"; end\0a")

  (type $state (func (param i32 i32 i64) (result i64)))  ;; position, end, sum so far
  (type $continuation (func (param i64) (result i64)))

  ;; The number of steps in which Euclid's algorithm by subtraction ends.
  (func $euclid (param $a i32) (param $b i32) (param $steps i32) (result i32)
    (if (i32.eq (local.get $a) (local.get $b)) (then (return (local.get $steps))))
    (if (i32.lt_u (local.get $a) (local.get $b))
      (then (return_call $euclid (local.get $b) (local.get $a) (local.get $steps))))
    (return_call $euclid (i32.sub (local.get $a) (local.get $b)) (local.get $b)
                         (i32.add (local.get $steps) (i32.const 1))))

  ;; The scanner: the class of a character is the state's place in the table, 4 * state + class.
  ;; States: between, name, number, string. Classes: other, letter, digit, quote.
  (table $states 16 funcref)
  (elem (table $states) (i32.const 0) func
    $other $letter $digit $quote     ;; between words
    $other $letter $letter $quote    ;; in a name digits are letters
    $other $letter $digit $quote     ;; in a number
    $text $text $text $other)        ;; in a string, up to the next quote
  (global $number (mut i64) (i64.const 0))

  (func $class (param $c i32) (result i32)
    (if (i32.eq (local.get $c) (i32.const 34)) (then (return (i32.const 3))))
    (if (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
      (then (return (i32.const 2))))
    (i32.lt_u (i32.sub (i32.or (local.get $c) (i32.const 32)) (i32.const 97)) (i32.const 26)))

  (func $next (param $at i32) (param $end i32) (param $sum i64) (param $state i32) (result i64)
    (if (i32.eq (local.get $at) (local.get $end)) (then (return (local.get $sum))))
    (return_call_indirect $states (type $state)
      (i32.add (local.get $at) (i32.const 1)) (local.get $end) (local.get $sum)
      (i32.add (i32.shl (local.get $state) (i32.const 2))
               (call $class (i32.load8_u (local.get $at))))))

  (func $other (type $state) (param $at i32) (param $end i32) (param $sum i64) (result i64)
    (local.set $sum (i64.add (local.get $sum) (global.get $number)))
    (global.set $number (i64.const 0))
    (return_call $next (local.get $at) (local.get $end) (local.get $sum) (i32.const 0)))
  (func $letter (type $state) (param $at i32) (param $end i32) (param $sum i64) (result i64)
    (return_call $next (local.get $at) (local.get $end) (local.get $sum) (i32.const 1)))
  (func $digit (type $state) (param $at i32) (param $end i32) (param $sum i64) (result i64)
    (global.set $number
      (i64.add (i64.mul (global.get $number) (i64.const 10))
        (i64.extend_i32_u
          (i32.sub (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 48)))))
    (return_call $next (local.get $at) (local.get $end) (local.get $sum) (i32.const 2)))
  (func $quote (type $state) (param $at i32) (param $end i32) (param $sum i64) (result i64)
    (return_call $next (local.get $at) (local.get $end) (local.get $sum) (i32.const 3)))
  (func $text (type $state) (param $at i32) (param $end i32) (param $sum i64) (result i64)
    (return_call $next (local.get $at) (local.get $end) (local.get $sum) (i32.const 3)))

  ;; The factorial modulo a prime; what comes after is a function reference.
  (func $factorial (param $n i32) (param $product i64) (param $then (ref $continuation))
    (result i64)
    (if (i32.eqz (local.get $n))
      (then (return_call_ref $continuation (local.get $product) (local.get $then))))
    (return_call $factorial
      (i32.sub (local.get $n) (i32.const 1))
      (i64.rem_u (i64.mul (local.get $product) (i64.extend_i32_u (local.get $n)))
                 (i64.const 1000003))
      (local.get $then)))
  (func $as_it_is (type $continuation) (local.get 0))
  (func $plus_one (type $continuation) (i64.add (local.get 0) (i64.const 1)))
  (elem declare func $as_it_is $plus_one)

  (func (export "_start")
    (local $round i32) (local $rounds i32) (local $steps i64) (local $sum i64)
    (local $factorials i64)
    (local.set $rounds (call $size (i32.const 60000)))
    (loop $next
      (local.set $steps
        (i64.add (local.get $steps)
          (i64.extend_i32_u
            (call $euclid
              (i32.add (i32.and (local.get $round) (i32.const 1023)) (i32.const 1000))
              (i32.const 7) (i32.const 0)))))
      (local.set $sum
        (i64.add (local.get $sum)
          (call $next (i32.const 512) (i32.const 605) (i64.const 0) (i32.const 0))))
      (local.set $factorials
        (i64.add (local.get $factorials)
          (call $factorial (i32.and (local.get $round) (i32.const 255)) (i64.const 1)
            (if (result (ref $continuation)) (i32.and (local.get $round) (i32.const 1))
              (then (ref.func $as_it_is))
              (else (ref.func $plus_one))))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $round) (local.get $rounds))))
    (call $print (i32.const 256) (i32.const 29) (local.get $steps))
    (call $print (i32.const 320) (i32.const 44) (local.get $sum))
    (call $print (i32.const 384) (i32.const 39) (local.get $factorials)))

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
