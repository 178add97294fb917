// SPDX-License-Identifier: Apache-2.0
//! A program in Rust on a library in C, each a module of its own, linked when they are run:
//!   tinywasm --preload env=linked/words.wasm linked/frequencies.wasm < TEXT
//! The library cuts the text into words and sorts; the program counts and prints. Strings and
//! structures pass through the memory that both use, functions through the table that both use.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::io::{self, Read, Write};

/// As in words.c.
#[repr(C)]
#[derive(Clone, Copy)]
struct Word {
    text: *const u8,
    length: usize,
}

type Visit = extern "C" fn(context: *mut c_void, text: *const u8, length: usize);
type IsBefore = extern "C" fn(a: *const c_void, b: *const c_void) -> bool;

#[link(wasm_import_module = "env")]
extern "C" {
    fn words_each(text: *const u8, length: usize, visit: Visit, context: *mut c_void) -> usize;
    fn words_sort(array: *mut c_void, count: usize, size: usize, is_before: IsBefore);
    fn words_longest_first() -> IsBefore;
    fn words_about(about: *mut Word);
    fn words_calls() -> usize;
}

/// A word and how often it occurs.
#[repr(C)]
struct Entry {
    word: Word,
    count: usize,
}

fn text_of(word: &Word) -> &str {
    let bytes = unsafe { std::slice::from_raw_parts(word.text, word.length) };
    std::str::from_utf8(bytes).unwrap_or("?")
}

/// Called by the library.
extern "C" fn count(context: *mut c_void, text: *const u8, length: usize) {
    let counts = unsafe { &mut *(context as *mut BTreeMap<String, usize>) };
    let word = Word { text, length };
    *counts.entry(text_of(&word).to_lowercase()).or_insert(0) += 1;
}

/// Called by the library: the more frequent first, then in the order of the alphabet.
extern "C" fn is_more_frequent(a: *const c_void, b: *const c_void) -> bool {
    let (a, b) = unsafe { (&*(a as *const Entry), &*(b as *const Entry)) };
    (b.count, text_of(&a.word)) < (a.count, text_of(&b.word))
}

fn sort(entries: &mut [Entry], is_before: IsBefore) {
    let size = std::mem::size_of::<Entry>();
    unsafe { words_sort(entries.as_mut_ptr() as *mut c_void, entries.len(), size, is_before) }
}

fn run() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut out = io::stdout();

    let mut about = Word { text: std::ptr::null(), length: 0 };
    unsafe { words_about(&mut about) };
    writeln!(out, "with {}", text_of(&about))?;

    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let context = &mut counts as *mut _ as *mut c_void;
    let total = unsafe { words_each(text.as_ptr(), text.len(), count, context) };
    let mut entries: Vec<Entry> = counts
        .iter()
        .map(|(word, &count)| Entry { word: Word { text: word.as_ptr(), length: word.len() }, count })
        .collect();
    writeln!(out, "{} words, {} different", total, entries.len())?;

    sort(&mut entries, is_more_frequent);
    for entry in entries.iter().take(5) {
        writeln!(out, "{:5} {}", entry.count, text_of(&entry.word))?;
    }

    // The library's own order: an Entry begins with a Word. And called from here, too.
    let longest_first = unsafe { words_longest_first() };
    sort(&mut entries, longest_first);
    writeln!(out, "longest: {} letters", text_of(&entries[0].word).chars().count())?;
    let pointers = [&entries[0], &entries[entries.len() - 1]].map(|e| e as *const Entry as *const c_void);
    writeln!(out, "longer than the shortest: {}", longest_first(pointers[0], pointers[1]))?;
    writeln!(out, "{} calls back", unsafe { words_calls() })?;
    Ok(())
}

/// The C library's start calls this: the linker that comes with Rust could not place the program's
/// memory above the library's.
#[no_mangle]
pub extern "C" fn main(_: i32, _: *const *const u8) -> i32 {
    match run() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("frequencies: {error}");
            1
        }
    }
}
