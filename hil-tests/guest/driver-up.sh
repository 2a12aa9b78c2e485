# To be sourced: the driver, its spans and what its channels are for.
driver_load() {
  local module
  insmod "$MODULES/dahdi.ko" auto_assign_spans=1 || return
  for module in dahdi_dynamic dahdi_dynamic_loc; do insmod "$MODULES/$module.ko" || return; done
}

# Spans that are looped to each other, by a system.conf. dahdi_cfg configures spans before it makes the dynamic ones, so they
# are made first.
driver_configure() {
  grep '^dynamic=' "$1" >/run/made.conf
  grep -v '^dynamic=' "$1" >/run/used.conf
  "$TOOLS/dahdi_cfg" -c /run/made.conf && "$TOOLS/dahdi_cfg" -c /run/used.conf
}

# Spans go with the module that made them.
driver_clear() {
  rmmod dahdi_dynamic_loc && insmod "$MODULES/dahdi_dynamic_loc.ko"
}
