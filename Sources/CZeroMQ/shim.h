#ifndef TRAWL_CZEROMQ_SHIM_H
#define TRAWL_CZEROMQ_SHIM_H

#include <zmq.h>

// Polled next to the sockets; Swift's Glibc module leaves it out.
#include <sys/eventfd.h>

// libzmq 4.3 understands this option in every build, but its header shows it to draft builds only.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

// Programs that tell the system what to take in at a socket.
#include <linux/filter.h>

#endif
