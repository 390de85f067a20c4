#!/bin/sh
# Makes the recordings anew: the traces of each file run on Debian's newest kernel of its series.
# The file is named after the version that ran, which may be newer than the one it replaces.
set -eu
cd "$(dirname "$0")/../.."
npm run build

for old in tests/data/recordings/linux-*.jsonl.gz; do
  series=$(basename "$old" | sed -E 's/^linux-([0-9]+\.[0-9]+).*/\1/')
  version=$(node dist/pfndiff.js kernel fetch "$series" | cut -d' ' -f1)
  new="tests/data/recordings/linux-$version.jsonl"
  node dist/pfndiff.js record --backend "kernel:$series" "$old" -o "$new.part"
  gzip -9 -n < "$new.part" > "$new.gz.part"
  rm "$new.part"
  [ "$old" = "$new.gz" ] || rm "$old"
  mv "$new.gz.part" "$new.gz"
  echo "$new.gz"
done
