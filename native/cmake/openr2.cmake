# SPDX-License-Identifier: GPL-2.0-or-later
# libopenr2 as an object of our own. The library asks a DAHDI descriptor, the wall clock and the file system; here each of
# those names is bound to a function of signalling/r2_host.cpp, so that bits, tones and time are passed in. Only in this
# copy of the library's archive: the rest of the process keeps its ioctl() and its clock. The names of the library become
# local to the object, so nothing can meet them.
find_path(OPENR2_INCLUDE openr2.h REQUIRED)
find_library(OPENR2_ARCHIVE libopenr2.a REQUIRED)
set(openr2_calls ioctl read write open close fopen mkdir __xstat gettimeofday stdout stderr)
set(openr2_rename)
foreach(call ${openr2_calls})
  string(REGEX REPLACE "^_+" "" name ${call})
  list(APPEND openr2_rename --redefine-sym ${call}=cordboard_r2_${name})
endforeach()
# What signalling/r2_*.cpp uses of the library.
set(openr2_kept
    openr2_context_new openr2_context_delete openr2_context_configure_from_advanced_file openr2_context_set_ani_first
    openr2_context_set_skip_category_request openr2_context_set_immediate_accept openr2_context_set_double_answer
    openr2_context_set_metering_pulse_timeout openr2_context_set_mf_back_timeout openr2_context_set_log_level
    openr2_chan_new_from_fd openr2_chan_delete openr2_chan_process_event openr2_chan_accept_call openr2_chan_answer_call
    openr2_chan_disconnect_call openr2_chan_make_call openr2_chan_set_logging_func openr2_chan_set_client_data
    openr2_chan_get_client_data openr2_chan_get_time_to_next_event openr2_chan_set_log_level openr2_chan_set_idle
    openr2_chan_set_blocked openr2_chan_handle_cas openr2_chan_get_r2_state_string openr2_chan_get_mf_state_string
    openr2_chan_get_mf_group_string openr2_chan_get_call_state_string openr2_chan_get_direction openr2_proto_get_variant
    openr2_proto_get_error)
set(openr2_keep)
foreach(name ${openr2_kept})
  list(APPEND openr2_keep --keep-global-symbol ${name})
endforeach()
set(OPENR2_OBJECT ${CMAKE_CURRENT_BINARY_DIR}/openr2.o)
add_custom_command(
  OUTPUT ${OPENR2_OBJECT}
  COMMAND ${CMAKE_LINKER} -r --whole-archive ${OPENR2_ARCHIVE} -o openr2_whole.o
  COMMAND ${CMAKE_OBJCOPY} ${openr2_rename} ${openr2_keep} openr2_whole.o ${OPENR2_OBJECT}
  DEPENDS ${OPENR2_ARCHIVE} ${CMAKE_CURRENT_LIST_FILE}
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
  VERBATIM)
