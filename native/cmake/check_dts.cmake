# SPDX-License-Identifier: GPL-2.0-or-later
# engine.d.ts must say what the C++ structs say.
execute_process(COMMAND ${GENERATOR} OUTPUT_VARIABLE generated RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the generator of engine.d.ts failed")
endif()
file(READ ${DECLARATION} committed)
if(NOT generated STREQUAL committed)
  message(FATAL_ERROR "engine.d.ts is stale: run the generate_dts program and keep what it prints")
endif()
