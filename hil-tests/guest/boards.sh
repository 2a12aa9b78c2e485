# Boards are found, set up, checked and put back by the box's own means; the lines of the driver are there and not configured.
source /share/driver-up.sh
grep '^dynamic=' "$CONF/pri.conf" >/run/lines.conf
for module in dahdi dahdi_dynamic dahdi_dynamic_loc; do
  if [ "$module" = dahdi ]; then insmod "$MODULES/$module.ko" auto_assign_spans=1; else insmod "$MODULES/$module.ko"; fi ||
    { echo 'guest: the driver did not come up'; exit 1; }
done
"$TOOLS/dahdi_cfg" -c /run/lines.conf || exit 1
PATH=$TOOLS:$PATH "$NODE" "$ROOT/hil-tests/cases/boards.mjs" && echo OK >/share/boards
