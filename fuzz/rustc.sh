#!/bin/sh
# Stands before rustc for this workspace's own crates: has the host's library count which of its edges are
# taken (LLVM's SanitizerCoverage), and look for overflows. What it depends on is compiled as ever, and shared with other builds.
case " $* " in
*" --crate-name roost "*)
  exec "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Coverflow-checks=yes
  ;;
*" --crate-name fuzz "*) exec "$@" --cfg fuzzing ;;
esac
exec "$@"
