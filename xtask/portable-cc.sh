#!/bin/sh
# The linker of the npm package's binary: zig's, which has the symbols of any glibc.
# It brings no libgcc_s; its own libunwind, linked in, does the same.
for argument do
  shift
  case $argument in
    -lgcc_s) set -- "$@" -lunwind ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "$ROOST_LINK_PYTHON" -m ziglang cc -target "x86_64-linux-gnu.$ROOST_LINK_GLIBC" "$@"
