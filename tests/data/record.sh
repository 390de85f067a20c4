#!/bin/sh
# Makes the recordings and the witnesses (of accepted findings) anew: the traces of each file run on Debian's newest kernel of its series.
# The file is named after the version that ran, which may be newer than the one it replaces. A file
# is replaced when all of its traces were recorded, so whatever stops this leaves whole files only;
# `npm run recordings -- 6.18 7.2` makes those of some series, or goes on with the ones left.
set -eu
cd "$(dirname "$0")/../.."
folder=tests/data/recordings
witnesses=tests/data/witnesses
# Several regions, and the ISA window.
regions=tests/data/regions

series_of() {
  basename "$1" | sed -E 's/^linux-([0-9]+\.[0-9]+).*/\1/'
}

there=$(for file in "$folder"/linux-*.jsonl.gz "$regions"/linux-*.jsonl.gz; do series_of "$file"; done | sort -uV)
for series in "$@"; do
  if ! echo "$there" | grep -qxF -- "$series"; then
    echo "no recordings of $series (there are:" $there")" >&2
    exit 2
  fi
done

npm run build
mkdir -p .pfndiff
part=$(mktemp -d .pfndiff/recordings.XXXXXX)
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT TERM

for old in "$folder"/linux-*.jsonl.gz "$witnesses"/linux-*.jsonl.gz "$regions"/linux-*.jsonl.gz; do
  series=$(series_of "$old")
  case " ${*:-$series} " in *" $series "*) ;; *) continue ;; esac
  fetched=$(node dist/pfndiff.js kernel fetch "$series")
  new="$(dirname "$old")/linux-${fetched%% *}.jsonl.gz"
  node dist/pfndiff.js record --backend "kernel:$series" "$old" -o "$part/new.jsonl"
  if [ "$(wc -l < "$part/new.jsonl")" -ne "$(gzip -dc "$old" | wc -l)" ]; then
    echo "$old: not all of its traces were recorded; it stays as it is" >&2
    exit 1
  fi
  gzip -9 -n "$part/new.jsonl"
  mv "$part/new.jsonl.gz" "$new"
  [ "$old" = "$new" ] || rm "$old"
  echo "$new"
done
node dist/pfndiff.js conform
node dist/pfndiff.js conform "$witnesses"/linux-*.jsonl.gz "$regions"/linux-*.jsonl.gz
