# The cases of each kind of line in turn, on spans that are made anew for it: $CASES is their program, $KINDS which kinds,
# $FILTER_<kind> which cases.
source /share/driver-up.sh
driver_load || { echo 'guest: the driver was not loaded'; exit 1; }
for kind in $KINDS; do
  driver_configure "$CONF/$kind.conf" || { echo "guest: the driver was not configured for $kind"; exit 1; }
  read -r up _ </proc/uptime
  echo "guest: configured for $kind after $up s"
  filter=FILTER_$kind
  export FAR_CONF="$CONF/$kind-far.conf"
  if [[ ${!filter} == *Addon.* ]]; then
    echo '[ RUN      ] Addon.OpensTwoSpansOfTheDriver'
    if "$NODE" "$ROOT/hil-tests/cases/addon.mjs"; then word=OK; else word=FAILED; fi
    echo "[ $word ] Addon.OpensTwoSpansOfTheDriver"
    echo "$word" >/share/addon
  fi
  "$CASES" --gtest_color=no --gtest_output="json:/share/$kind.json" --gtest_filter="${!filter}"
  echo "guest: cases of $kind ended with $?"
  driver_clear
done
