# To be sourced: driver_up <system.conf> loads the driver with spans that are looped to each other and configures it.
driver_up() {
  local module
  insmod "$MODULES/dahdi.ko" auto_assign_spans=1 || return
  for module in dahdi_dynamic dahdi_dynamic_loc; do insmod "$MODULES/$module.ko" || return; done
  driver_configure "$1"
}

# dahdi_cfg configures spans before it makes the dynamic ones, so they are made first.
driver_configure() {
  grep '^dynamic=' "$1" >/run/made.conf
  grep -v '^dynamic=' "$1" >/run/used.conf
  "$TOOLS/dahdi_cfg" -c /run/made.conf && "$TOOLS/dahdi_cfg" -c /run/used.conf
}
