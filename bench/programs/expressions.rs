// SPDX-License-Identifier: Apache-2.0
//! Symbolic derivatives: trees of boxed enums, built by pattern matching, simplified, evaluated.
use std::rc::Rc;

const ROUNDS: u32 = 850;

enum Expression {
    Number(f64),
    X,
    Sum(Rc<Expression>, Rc<Expression>),
    Product(Rc<Expression>, Rc<Expression>),
    Power(Rc<Expression>, u32),
}
use Expression::*;

fn number(value: f64) -> Rc<Expression> {
    Rc::new(Number(value))
}

fn sum(a: &Rc<Expression>, b: &Rc<Expression>) -> Rc<Expression> {
    match (&**a, &**b) {
        (Number(x), Number(y)) => number(x + y),
        (Number(x), _) if *x == 0.0 => b.clone(),
        (_, Number(y)) if *y == 0.0 => a.clone(),
        _ => Rc::new(Sum(a.clone(), b.clone())),
    }
}

fn product(a: &Rc<Expression>, b: &Rc<Expression>) -> Rc<Expression> {
    match (&**a, &**b) {
        (Number(x), Number(y)) => number(x * y),
        (Number(x), _) | (_, Number(x)) if *x == 0.0 => number(0.0),
        (Number(x), _) if *x == 1.0 => b.clone(),
        (_, Number(y)) if *y == 1.0 => a.clone(),
        _ => Rc::new(Product(a.clone(), b.clone())),
    }
}

fn power(base: &Rc<Expression>, exponent: u32) -> Rc<Expression> {
    match exponent {
        0 => number(1.0),
        1 => base.clone(),
        _ => Rc::new(Power(base.clone(), exponent)),
    }
}

/// The derivative by x.
fn derive(e: &Expression) -> Rc<Expression> {
    match e {
        Number(_) => number(0.0),
        X => number(1.0),
        Sum(a, b) => sum(&derive(a), &derive(b)),
        Product(a, b) => sum(&product(&derive(a), b), &product(a, &derive(b))),
        Power(base, n) => {
            let outer = product(&number(f64::from(*n)), &power(base, n - 1));
            product(&outer, &derive(base))
        }
    }
}

fn evaluate(e: &Expression, x: f64) -> f64 {
    match e {
        Number(value) => *value,
        X => x,
        Sum(a, b) => evaluate(a, x) + evaluate(b, x),
        Product(a, b) => evaluate(a, x) * evaluate(b, x),
        Power(base, n) => {
            let base = evaluate(base, x);
            (0..*n).fold(1.0, |result, _| result * base)
        }
    }
}

fn size(e: &Expression) -> u64 {
    match e {
        Number(_) | X => 1,
        Sum(a, b) | Product(a, b) => 1 + size(a) + size(b),
        Power(base, _) => 1 + size(base),
    }
}

/// (x + 1)^5 * (x^2 + k)^3 * x
fn make(k: f64) -> Rc<Expression> {
    let x = Rc::new(X);
    let left = power(&sum(&x, &number(1.0)), 5);
    let right = power(&sum(&power(&x, 2), &number(k)), 3);
    product(&product(&left, &right), &x)
}

fn main() {
    let rounds = match std::env::args().nth(1) {
        Some(argument) => argument.parse().expect("usage: expressions [SIZE]"),
        None => ROUNDS,
    };
    let mut nodes = 0;
    let mut total = 0.0;
    for round in 0..rounds {
        let mut e = make(f64::from(round % 8));
        for _ in 0..5 {
            e = derive(&e);
            nodes += size(&e);
            total += evaluate(&e, 0.5);
        }
    }
    println!(
        "expressions: {rounds} rounds, {nodes} nodes in derivatives, sum of values {total:.3}"
    );
}
