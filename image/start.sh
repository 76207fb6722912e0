#!/bin/sh
# start.sh PROGRAM [ARGUMENTS…]   becomes that program of the lab.
# start.sh --snapshot PROGRAM…    makes snapshots of programs as they are once loaded, for this kind of processor.
# Going on from a snapshot takes half the time. V8 refuses one that was made on another kind of processor: there the
# program is loaded as usual.
cd /opt/l4lab || exit 1

# What tells kinds of processors apart, in $processor. No program is started for it: that would take a part of the gain.
read_processor() {
  processor=
  while IFS= read -r line && [ -n "$line" ]; do
    case $line in
    vendor_id* | 'cpu family'* | model* | stepping* | flags* | 'CPU '* | Features*) processor="$processor$line;" ;;
    esac
  done </proc/cpuinfo
}

# An agent lives for seconds, and a load balancer for little longer: code that V8 optimises would never pay for it.
if [ "$1" = --snapshot ]; then
  shift
  for program; do
    node --no-opt --snapshot-blob "$program.blob" --build-snapshot "$program.cjs" || exit
  done
  read_processor
  printf '%s\n' "$processor" >processor
  exit
fi

program=$1
shift
read_processor
IFS= read -r made_for <processor
if [ -n "$processor" ] && [ "$processor" = "$made_for" ]; then
  exec node --no-opt --snapshot-blob "$program.blob" "$program" "$@"
fi
exec node --no-opt "$program.cjs" "$@"
