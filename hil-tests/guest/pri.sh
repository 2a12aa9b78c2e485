# The cases on PRI: $CASES is the program of the cases, $FILTER which of them.
source /share/driver-up.sh
driver_up "$CONF/pri.conf" || { echo 'guest: the driver did not come up'; exit 1; }
read -r up _ </proc/uptime
echo "guest: driver up after $up s"
case ${FILTER:-Addon} in
  *Addon*)
    echo '[ RUN      ] Addon.OpensTwoSpansOfTheDriver'
    if "$NODE" "$ROOT/hil-tests/cases/addon.mjs"; then word=OK; else word=FAILED; fi
    echo "[ $word ] Addon.OpensTwoSpansOfTheDriver"
    echo "$word" >/share/addon
    ;;
esac
"$CASES" --gtest_color=no --gtest_output=json:/share/cases.json ${FILTER:+--gtest_filter="$FILTER"}
