# SPDX-License-Identifier: GPL-2.0-or-later
# libss7 as an object of our own. The library reads and writes descriptors, asks the wall clock and never frees a link; here
# each of those names is bound to a function of signalling/ss7_host.cpp, so that signal units and time are passed in. Two
# calls between its layers are bound there as well: every message that level 2 hands to level 3 is looked at before the
# library sees it, and every ISUP message on its way out. Only in this copy of the library's archive, whose names become
# local to the object.
find_path(SS7_INCLUDE libss7.h REQUIRED)
find_library(SS7_ARCHIVE libss7.a REQUIRED)
set(ss7_calls read write gettimeofday calloc malloc free)
set(ss7_rename)
foreach(call ${ss7_calls})
  list(APPEND ss7_rename --redefine-sym ${call}=cordboard_ss7_${call})
endforeach()
# What signalling/ss7_*.cpp uses of the library.
set(ss7_kept
    ss7_new ss7_destroy ss7_set_message ss7_set_error ss7_set_notinservice ss7_set_hangup ss7_set_call_null
    ss7_schedule_run ss7_schedule_next ss7_schedule_del ss7_add_link ss7_find_link ss7_set_network_ind ss7_set_pc
    ss7_set_default_dpc ss7_set_sls_shift ss7_check_event ss7_start ss7_read ss7_write ss7_link_alarm ss7_link_noalarm
    ss7_pollflags ss7_set_mtp3_timer ss7_set_isup_timer ss7_msg_new mtp3_receive mtp3_transmit mtp3_net_mng mtp3_init_restart
    isup_new_call isup_free_call isup_free_call_if_clear isup_clear_callflags isup_set_called isup_set_calling
    isup_set_redirecting_number isup_set_redirection_info isup_set_orig_called_num isup_set_col_req isup_set_connected
    isup_set_calling_party_category isup_set_tmr isup_iam isup_acm
    isup_anm isup_cpg isup_rel isup_rlc isup_sus isup_res isup_grs isup_gra isup_rsc isup_blo isup_ubl isup_bla isup_uba
    isup_cgb isup_cgu isup_cgba isup_cgua)
set(ss7_keep)
foreach(name ${ss7_kept})
  list(APPEND ss7_keep --keep-global-symbol ${name})
endforeach()
set(SS7_OBJECT ${CMAKE_CURRENT_BINARY_DIR}/ss7.o)
set(ss7_members ${CMAKE_CURRENT_BINARY_DIR}/ss7_members)
file(MAKE_DIRECTORY ${ss7_members})
add_custom_command(
  OUTPUT ${SS7_OBJECT}
  COMMAND ${CMAKE_AR} x ${SS7_ARCHIVE}
  COMMAND ${CMAKE_OBJCOPY} --redefine-sym mtp3_receive=cordboard_ss7_receive mtp2.o
  COMMAND ${CMAKE_OBJCOPY} --redefine-sym mtp3_transmit=cordboard_ss7_transmit isup.o
  COMMAND ${CMAKE_LINKER} -r isup.o mtp2.o mtp3.o ss7.o ss7_sched.o version.o -o whole.o
  COMMAND ${CMAKE_OBJCOPY} ${ss7_rename} ${ss7_keep} whole.o ${SS7_OBJECT}
  DEPENDS ${SS7_ARCHIVE} ${CMAKE_CURRENT_LIST_FILE}
  WORKING_DIRECTORY ${ss7_members}
  VERBATIM)
