export const usage = `cordboard - a call centre in one box

  cordboard start                    runs the box until it is told to stop (SIGTERM, Ctrl-C)
  cordboard demo [--json] [--keep]   one whole call on a throw-away box, shown as it happens
  cordboard boards show | check | preview | apply | undo [--root DIR] [--service UNIT] [--json]
                                     boards of this machine and their driver; apply and undo as root
  cordboard firewall show | apply | remove          rules of the kernel, as the box asks for them; apply and remove as root
  cordboard health   show | look      what needs doing; look, as root, at disks and clock for the box
  cordboard support  [FILE.tar.gz]    what a helper from outside needs to know, without secrets
  cordboard update show | check FILE | install FILE|URL|usb [--restart] [--within MINUTES] | back [--restart] | restart
                                     another version of a box that was booted from an image; as root
  cordboard network show | set [--port P --dhcp | --port P --address A/N [--gateway G] [--dns A,B]] [--host NAME] [--zone ZONE] [--ntp A,B]
                                     addresses, name and time of a box that was booted from an image; set as root
  cordboard drain    [--within MINUTES] [--quiet]   waits until nobody talks; exit code 1: somebody still does
  cordboard user list | password NAME    who may sign in; a new password
  cordboard exchange <what> …        the exchange simulator of a box that runs on this machine
  cordboard station  add | list | show | set | secret | remove    SIP telephones
  cordboard trunk    add | list | show | set | remove             lines to carriers, E1 and SIP
  cordboard queue    add | list | show | set | remove | members | skills    queues, and who serves them
  cordboard callback list | add | cancel | rule          customers who are called back
  cordboard flow     list | show | validate | put | live | versions | rollback | callers | test    flows
  cordboard route    add | list | try | remove                    numbers called, and ways out
  cordboard calendar add | list | show | open | close | clear | import | remove   opening hours
  cordboard list     add | list | put | import | export | remove  black, white and VIP lists
  cordboard survey   add | set | list | show | remove | ask | rules | drop | figures   what callers are asked after a talk
  cordboard number   show                                         region and carrier of a number
  cordboard voicemail add | list | show | set | remove | messages | record   voice messages
  cordboard group    add | list | set | remove                    numbers that ring several telephones
  cordboard backup   list | check | make | verify | restore | remove | places | place | test | send …   back-ups, and where they go; check fails when the one of the day is missing
  cordboard tls      show | upload | own | acme | renew           the certificate of HTTPS and SIP over TLS
  cordboard ban      add | list | lift                            addresses that are not listened to
  cordboard phone    add | list | show | set | provision | access | file | renew | url | unknown | remove   desk telephones that fetch their settings
  cordboard alert    list | ways | rules | test                   who is told of what is wrong
  cordboard diag     list | run | verify | alarms | reports | fetch    measures lines and boards, signed report
                                     of a box that runs on this machine; more with --help behind it

The box keeps everything in its home: --home DIR, else CORDBOARD_HOME, else ~/.local/share/cordboard.

cordboard exchange
  call --to NUMBER [--from NUMBER] [--span N] [--digits KEYS] [--digits-after SECONDS]
       [--play FILE.wav] [--talk SECONDS] [--hang-up-after SECONDS]
                                     calls the box, presses keys, speaks; ends with the call
  calls                              the calls that were placed
  phone N lift | hang-up | flash | dial KEYS | play FILE.wav
  phone N answer [--after SECONDS] [--play FILE.wav] [--hang-up-after SECONDS] | ignore
                                     what telephone N does by itself when it rings
  phones                             the telephones and what they do
  alarm SPAN los|red|yellow|ais on|off
  dchannel SPAN cut|join
  restart SPAN TIMESLOT

  cordboard help                     this text
  cordboard --version
`;
