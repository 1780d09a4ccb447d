"""Linux namespaces for tests, and in them hosts with a network, a name and processes of their own.

A test restarts itself with `rerun`; there, `arguments_within` has its arguments. Needs util-linux, iproute2
and, unless the user is root, unprivileged user namespaces. As a program, it exits with 0 if all is allowed.
"""
import os, subprocess, sys

# Namespaces of a host, except that of its network. All processes end with the first one.
HOST = ["--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]


def in_namespaces(*words):
    """The command that runs `words` as root in new namespaces without a network."""
    user = [] if os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", *user, "--net", *HOST, *words]


def are_allowed():
    """Whether namespaces, tunnel devices and mounts are allowed; some containers do not allow them."""
    probe = "ip tuntap add t0 mode tun && mount -t tmpfs tmpfs /run"
    return subprocess.run(in_namespaces("sh", "-c", probe), stderr=subprocess.DEVNULL).returncode == 0


def rerun(*arguments, **options):
    """Runs this program with the arguments in new namespaces, with options of `subprocess.run`."""
    return subprocess.run(in_namespaces(sys.executable, sys.argv[0], "--within", *arguments), **options)


def arguments_within():
    """The arguments of `rerun`; None outside its namespaces."""
    return sys.argv[2:] if sys.argv[1:2] == ["--within"] else None


def set_up_network():
    """Starts the loopback device; makes /run/netns, the list of hosts, private."""
    sh("ip link set lo up", "mount -t tmpfs tmpfs /run", "mkdir /run/netns")


def add_bridged_hosts(address, hosts):
    """Creates the hosts, addresses by name, on a bridge where this host has the address; all are of one /24.

    This end of a host's link has the host's name.
    """
    sh("ip link add switch type bridge", f"ip addr add {address}/24 dev switch", "ip link set switch up")
    for name in hosts:
        sh(f"ip link add {name} type veth peer name eth0", f"ip link set {name} master switch up")
        add_host(name, "eth0", hosts[name])


def add_host(name, device, address):
    """Creates a host and moves the device there, which gets the address in a /24."""
    sh(f"ip netns add {name}", f"ip link set {device} netns {name}", f"ip -n {name} link set lo up",
       f"ip -n {name} addr add {address}/24 dev {device}", f"ip -n {name} link set {device} up")


def cut_link(device):
    """Cuts the link of this end: packets in both directions are lost."""
    sh(f"ip link set {device} down")


def restore_link(device):
    """Restores a link that was cut."""
    sh(f"ip link set {device} up")


def on_host(name, *words):
    """The command that runs `words` with the network of the host."""
    return ["nsenter", f"--net=/run/netns/{name}", *words]


def on_booted_host(name, *words):
    """The command that runs `words` with the host's network and name; all processes end with the command."""
    # Without `exit`, the shell would replace itself with the last command, which would be process 1.
    script = 'echo "$0" >/proc/sys/kernel/hostname; "$@"; exit'
    return on_host(name, "unshare", *HOST, "sh", "-c", script, name, *words)


def start(words, log, **options):
    """Starts a process that appends its output to the file `log`, with options of `subprocess.Popen`."""
    with open(log, "ab") as output:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)


def sh(*commands):
    """Runs shell commands, which must succeed."""
    for command in commands:
        subprocess.run(command, shell=True, check=True)


if __name__ == "__main__":
    sys.exit(not are_allowed())
