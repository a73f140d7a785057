#!/bin/sh
# A mesh on a real disk of 8 MB that is filled to the brim: what happens to run, query, doctor, and afterwards.
# Needs the right to mount a tmpfs (root). The tests do the same with a limit on the size of files, which needs no right.
#
#   sudo PATH="$PATH" scripts/full_disk.sh
set -eu

disk=$(mktemp -d)
mount -t tmpfs -o size=8m none "$disk"
trap 'cd /; umount "$disk"; rmdir "$disk"' EXIT

hanse init "$disk/shop"
cd "$disk/shop"
hanse apply --yes
hanse run
rows() { hanse query "SELECT count(*) AS n FROM sales.orders.orders" | tail -1; }
before=$(rows)

dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null || true
for command in "run --force" "maintain"; do
    # shellcheck disable=SC2086
    if hanse $command; then
        [ "$command" = maintain ] || { echo "FAILED: $command on a full disk"; exit 1; }
    fi
done
[ "$(rows)" = "$before" ] || { echo "FAILED: readers of a full disk"; exit 1; }
hanse doctor

rm "$disk/filler"
hanse run --force
hanse doctor --deep
[ "$(rows)" = "$before" ]

mount -o remount,ro "$disk"
[ "$(rows)" = "$before" ] || { echo "FAILED: readers of a read-only disk"; exit 1; }
hanse doctor --deep
if hanse run --force; then echo "FAILED: run on a read-only disk"; exit 1; fi
mount -o remount,rw "$disk"
echo "ok: full and read-only disks"
