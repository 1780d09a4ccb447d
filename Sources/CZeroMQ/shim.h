#ifndef TRAWL_CZEROMQ_SHIM_H
#define TRAWL_CZEROMQ_SHIM_H

#include <zmq.h>

// eventfd, polled with the sockets; missing in Swift's Glibc module.
#include <sys/eventfd.h>

// libzmq 4.3 supports this option in every build, but its header declares it in draft builds only.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

// Socket filters (BPF programs).
#include <linux/filter.h>

#endif
