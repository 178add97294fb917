// SPDX-License-Identifier: Apache-2.0
//! Statistics of the lines of text files: counts, the longest line and a histogram of lengths.
//!   lines [FILE...]      reads stdin without FILE

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;

/// Widths of the histogram's classes are powers of two: 0, 1, 2-3, 4-7, 8-15 characters, ...
fn class_of(length: usize) -> u32 {
    usize::BITS - length.leading_zeros()
}

fn class_name(class: u32) -> String {
    match class {
        0 | 1 => class.to_string(),
        _ => format!("{}-{}", 1u64 << (class - 1), (1u64 << class) - 1),
    }
}

#[derive(Default)]
struct Statistics {
    lines: u64,
    words: u64,
    characters: u64,
    bytes: u64,
    longest: usize,
    longest_at: Option<(String, u64)>,
    histogram: BTreeMap<u32, u64>,
}

impl Statistics {
    fn add_line(&mut self, source: &str, number: u64, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches(|c| c == '\n' || c == '\r');
        let length = text.chars().count();
        self.lines += 1;
        self.words += text.split_whitespace().count() as u64;
        self.characters += length as u64;
        self.bytes += bytes.len() as u64;
        *self.histogram.entry(class_of(length)).or_insert(0) += 1;
        if self.longest_at.is_none() || length > self.longest {
            self.longest = length;
            self.longest_at = Some((source.to_owned(), number));
        }
    }

    fn add_all(&mut self, source: &str, mut input: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            self.add_line(source, number, &line);
        }
        Ok(())
    }

    fn print(&self, mut out: impl Write) -> io::Result<()> {
        writeln!(out, "lines       {:>8}", self.lines)?;
        writeln!(out, "words       {:>8}", self.words)?;
        writeln!(out, "characters  {:>8}", self.characters)?;
        writeln!(out, "bytes       {:>8}", self.bytes)?;
        if let Some((source, number)) = &self.longest_at {
            writeln!(out, "longest     {:>8}  {}:{}", self.longest, source, number)?;
            writeln!(out, "mean        {:>8.2}", self.characters as f64 / self.lines as f64)?;
        }
        let most = self.histogram.values().copied().max().unwrap_or(1);
        for (class, count) in &self.histogram {
            let bar = "#".repeat((count * 40 / most).max(1) as usize);
            writeln!(out, "{:>10}  {:>8}  {}", class_name(*class), count, bar)?;
        }
        out.flush()
    }
}

fn main() -> ExitCode {
    let mut statistics = Statistics::default();
    let mut failed = false;
    let paths: Vec<String> = env::args().skip(1).collect();
    if paths.is_empty() {
        if let Err(error) = statistics.add_all("stdin", io::stdin().lock()) {
            eprintln!("lines: stdin: {error}");
            failed = true;
        }
    }
    for path in &paths {
        let read = File::open(path).and_then(|f| statistics.add_all(path, BufReader::new(f)));
        if let Err(error) = read {
            eprintln!("lines: {path}: {error}");
            failed = true;
        }
    }
    if let Err(error) = statistics.print(io::stdout().lock()) {
        eprintln!("lines: {error}");
        failed = true;
    }
    ExitCode::from(failed as u8)
}
