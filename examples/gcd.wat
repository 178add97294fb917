;; SPDX-License-Identifier: Apache-2.0
;; A module without WASI: its functions are called by name.
;;   tinywasm run --invoke gcd examples/gcd.wat 48 36
(module
  ;; The greatest common divisor of two unsigned numbers, by Euclid.
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))

  ;; The least common multiple; 0 if one of the numbers is 0.
  (func (export "lcm") (param $a i32) (param $b i32) (result i64)
    (if (result i64) (i32.eqz (i32.and (i32.ne (local.get $a) (i32.const 0))
                                       (i32.ne (local.get $b) (i32.const 0))))
      (then (i64.const 0))
      (else
        (i64.mul
          (i64.extend_i32_u
            (i32.div_u (local.get $a) (call $gcd (local.get $a) (local.get $b))))
          (i64.extend_i32_u (local.get $b)))))))
