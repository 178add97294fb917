// SPDX-License-Identifier: Apache-2.0
//! Lines of text parsed, grouped and formatted: String, HashMap, BTreeMap, iterators, sorting.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;

const ROUNDS: u32 = 60;
const LINES: u32 = 4000;

#[derive(Default, Clone)]
struct Item {
    count: i64,
    cents: i64,
}

fn make_lines(seed: u32) -> String {
    const KINDS: [&str; 6] = ["bolt", "nut", "washer", "gear", "spring", "lever"];
    let mut state = seed;
    let mut text = String::new();
    for _ in 0..LINES {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let kind = KINDS[(state >> 20) as usize % KINDS.len()];
        let (size, count) = (state >> 8 & 31, (state >> 13 & 127) as i32 - 40);
        writeln!(
            text,
            "{kind}-{size}; {count} ;{}.{:02}",
            state >> 28,
            state >> 4 & 63
        )
        .unwrap();
    }
    text
}

fn parse(line: &str) -> Option<(&str, i64, i64)> {
    let mut fields = line.split(';').map(str::trim);
    let name = fields.next()?;
    let count = fields.next()?.parse().ok()?;
    let (units, cents) = fields.next()?.split_once('.')?;
    Some((
        name,
        count,
        units.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?,
    ))
}

fn report(text: &str) -> (String, u64) {
    let mut items: HashMap<String, Item> = HashMap::new();
    let mut recent: VecDeque<i64> = VecDeque::new();
    let mut peak = 0;
    for (name, count, cents) in text.lines().filter_map(parse) {
        let item = items.entry(name.to_uppercase()).or_default();
        item.count += count;
        item.cents += count * cents;
        recent.push_back(count);
        if recent.len() > 16 {
            recent.pop_front();
        }
        peak = peak.max(recent.iter().sum::<i64>());
    }
    let mut kinds: BTreeMap<&str, Vec<(&String, &Item)>> = BTreeMap::new();
    for (name, item) in &items {
        let kind = name.split('-').next().unwrap_or(name);
        kinds.entry(kind).or_default().push((name, item));
    }
    let mut out = String::new();
    for (kind, members) in &mut kinds {
        members.sort_by(|a, b| b.1.cents.cmp(&a.1.cents).then(a.0.cmp(b.0)));
        let total: i64 = members.iter().map(|(_, item)| item.cents).sum();
        let names: Vec<&str> = members
            .iter()
            .take(3)
            .map(|(name, _)| name.as_str())
            .collect();
        writeln!(
            out,
            "{kind:>8} {:>10.2} {}",
            total as f64 / 100.0,
            names.join(" ")
        )
        .unwrap();
    }
    let checksum = out.bytes().fold(peak as u64, |h, b| {
        h.wrapping_mul(31).wrapping_add(b.into())
    });
    (out, checksum)
}

fn main() {
    let rounds = match std::env::args().nth(1) {
        Some(argument) => argument.parse().expect("usage: inventory [SIZE]"),
        None => ROUNDS,
    };
    let mut checksum = 0u64;
    let mut last = String::new();
    for round in 0..rounds {
        let (out, sum) = report(&make_lines(round));
        checksum ^= sum.rotate_left(round % 64);
        last = out;
    }
    print!("{last}");
    println!("checksum {checksum:016x}");
}
