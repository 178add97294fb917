;; The greatest common divisor, checked and announced by the host.
(module
  (import "env" "log" (func $log (param i32 i32)))
  (import "env" "check" (func $check (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "computing a greatest common divisor")

  (func (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (call $log (i32.const 16) (i32.const 35))
    (local.set $a (call $check (local.get $a)))
    (local.set $b (call $check (local.get $b)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a)))
