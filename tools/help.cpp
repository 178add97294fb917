// SPDX-License-Identifier: Apache-2.0
#include "tools/help.hpp"

#include "tools/report.hpp"

namespace tinywasm::tools {
namespace {

constexpr const char kHelp[] = R"(tinywasm runs WebAssembly programs in a sandbox.

  tinywasm hello.wasm                      run a program (a .wasm or .wat file)
  tinywasm hello.wasm one two              ... with arguments: all after the module is the guest's
  tinywasm --dir . tool.wasm in.txt        ... that may use this directory and nothing else
  tinywasm --dir data::/data::ro tool.wasm ... that sees ./data as /data and cannot change it
  tinywasm --env LANG=C --env HOME a.wasm  ... with these environment variables
  tinywasm --timeout 2s --max-memory 64M --fuel 1000000000 untrusted.wasm
  tinywasm --invoke add math.wat 2 3       call one exported function and print its results
  tinywasm math.wat                        list what a library exports
  tinywasm --preload env=env.wasm app.wasm link with another module's exports
  curl -s https://example.org/a.wasm | tinywasm -
  tinywasm validate *.wasm                 check modules without running them
  tinywasm wasm math.wat                   assemble the text format: math.wasm
  tinywasm wat --fold math.wasm            print a module as text
  tinywasm wast i32.wast                   run test scripts (see tinywasm wast --help)

usage: tinywasm [run] [OPTIONS] MODULE|- [ARGUMENTS...]
       tinywasm validate [--features LIST] MODULE|-...
       tinywasm wasm [-o FILE] FILE.wat
       tinywasm wat [--fold] [-o FILE] FILE.wasm
       tinywasm wast [OPTIONS] FILE|DIRECTORY...

What the guest may use (nothing else of the system is visible to it):
  --dir HOST[::GUEST[::ro]]  a directory, under the guest's name GUEST; with ::ro read only
  --tmpfs GUEST[::SIZE]      an empty directory in memory, under the name GUEST, for files of SIZE
                             together (default 64M); gone when the guest ends
  --env NAME[=VALUE]         an environment variable; without VALUE, as it is here
  --inherit-env              all environment variables of this process
  --tcplisten ADDRESS:PORT   a socket that listens there, as the guest's descriptor 3, or the next
                             after those of --dir; several are allowed. [::1]:PORT is IPv6; with
                             port 0 the system chooses one, which is told on standard error
  --argv0 NAME               the program's name in argv[0]; otherwise the module's file name

The same run twice (all of it but what files hold and when they were changed):
  --clock host|fixed|virtual the host's clocks; or clocks that stand still; or clocks that move by a
                             microsecond a look and by what the guest sleeps, without sleeping:
                             fixed:TIME and virtual:TIME start at 2026-11-22, 2026-11-22T15:04:05Z
                             or seconds since 1970 (without TIME: 2000-01-01)
  --random-seed N            random bytes that follow from N: not for secrets
  --sorted-dirs              directories are read in the order of names
  --deterministic            every NaN it computes is the same on every host; floats are slower

What to run:
  --invoke FUNCTION          call this export with ARGUMENTS, print each result on a line
                             (numbers as in the text format: 1_000, 0x1p-3, nan:0x200000;
                             a v128 is i32x4:1,2,3,4 or 0x and 32 digits)
  --preload NAME=PATH        instantiate PATH first; its exports can be imported from NAME
  --features LIST            what modules may use: wasm1, wasm2, wasm3, all (the default) or a
                             feature's name; +NAME adds one and -NAME takes one away: -gc,+threads

Limits:
  --timeout TIME             end the guest after 500ms, 2s, 1m, ..., from the start of the command
  --fuel N                   end the guest after N instructions, its threads' together; what copies,
                             fills, makes or transfers bytes counts as one more for each 64 of them
  --max-memory SIZE          all its linear memories together, its threads' too, such as 64M
                             (default 4G)
  --max-code SIZE            what its functions are translated to (default 1G)
  --max-stack SIZE           its call stack; each of its threads has one (default 16M)
  --max-files N              files and sockets it may have open at once (default 1024)
  --max-output SIZE          bytes it may write, to all files, sockets and streams together; a new
                             file counts 256, a new directory or symbolic link 4096
  --max-gc SIZE              its garbage-collected heap; each of its threads has one (default 1G)
  --max-threads N            threads it may have at once beside the first (default 64)

The interpreter (for comparison and debugging):
  --no-fuse                  run every instruction on its own
  --dispatch tail|loop       the fast dispatcher or the portable one
  --gc-stats                 report at the end what the garbage collector did
  --count-words FILE         write how often each word of the module's internal code ran

  -h, --help                 this text
  --version                  the version

Exit codes: the guest's own; 134 for a trap, an uncaught exception, an exhausted call stack or
used-up fuel; 124 for --timeout; 130 for Ctrl-C, and 128+n for SIGTERM, SIGHUP, SIGQUIT, SIGUSR1,
SIGUSR2 and SIGALRM, which end the guest (a second one at once); 1 for a file that cannot be read,
decoded, validated or linked, or when standard output fails; 2 for wrong usage.
)";

}  // namespace

int print_help() { return print(kHelp) ? kExitSuccess : kExitFailure; }

}  // namespace tinywasm::tools
